"""What gunicorn is told besides its settings: hooks, and a logger that keeps secrets.

Read by `config/gunicorn.conf.py`. The arbiter must not import what needs gevent's patches, so
nothing here imports the gateway itself; a worker's hook gets it from gunicorn.
"""

import gc
import logging
import re
import resource
import threading
from collections.abc import Callable
from datetime import timedelta
from functools import lru_cache
from typing import Any, Final, Protocol, final
from urllib.parse import quote

from gunicorn.glogging import Logger, SafeAtoms

from gateway.operations.logs import start_logging

LOOK_EVERY: Final = 0.2  # seconds between a worker's being told to stop and our noticing it

MOST_DESCRIPTORS: Final = 65_536  # of a worker
LONGEST_PATH: Final = 100  # characters of it in the access log

_REQUEST_ID: Final = "{x-request-id}o"
_MILLISECOND: Final = timedelta(milliseconds=1)
_BEYOND_THE_PATH: Final = re.compile(r"[?;].*", re.DOTALL)
_QUERY: Final = re.compile(r"\?\S*")


@final
class WithoutQueries(logging.Filter):
    """Cuts query strings out of whatever is logged: gunicorn logs a failed request's whole URI."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep every record, without queries."""
        record.msg = _QUERY.sub("?…", record.getMessage())
        record.args = ()
        return True


@final
class QuietLogger(Logger):  # type: ignore[misc]  # gunicorn ships no types
    """gunicorn's logger, which leaves out query strings."""

    def setup(self, cfg: Any) -> None:  # noqa: ANN401 - gunicorn ships no types
        """As gunicorn does, and then the filter."""
        super().setup(cfg)
        self.error_log.addFilter(WithoutQueries())

    def atoms(self, *given: Any) -> "Atoms":  # noqa: ANN401 - gunicorn ships no types
        """What a line may be made of, made when the line's format wants it."""
        return Atoms(super().atoms, given)

    def atoms_wrapper_class(self, atoms: "Atoms") -> "Atoms":
        """They need no wrapping to be safe."""
        return atoms


@final
class Atoms(dict[str, Any]):
    """The parts of a line of the access log: those of the shipped format at once, others as asked.

    Gunicorn makes some forty for each request, whatever the format, which takes as long as all of
    the rest of an answer. Mutable: it fills itself.
    """

    def __init__(self, make_all: Callable[..., dict[str, Any]], given: tuple[Any, ...]) -> None:
        response, _, environ, took = given
        super().__init__(
            h=environ.get("REMOTE_ADDR", "-"),
            m=environ.get("REQUEST_METHOD", "-"),
            U=_path(environ.get("PATH_INFO") or "-"),
            s=str(response.status).split(None, 1)[0],
            B=getattr(response, "sent", None),
            M=took // _MILLISECOND,
        )
        self._make_all = make_all
        self._given = given

    def __missing__(self, name: str) -> Any:  # noqa: ANN401 - gunicorn ships no types
        """An answer's header, or whatever gunicorn itself knows by that name."""
        if name == _REQUEST_ID:
            headers: list[tuple[str, str]] = self._given[0].headers
            return next((value for key, value in headers if key.lower() == "x-request-id"), "-")
        every = SafeAtoms({**self._make_all(*self._given), "U": self["U"]})
        return every[name]


@lru_cache
def _path(path: str) -> str:
    """As the server decoded it, a path could forge a line, or hide a secret behind a `%3F`."""
    bare = _BEYOND_THE_PATH.sub("", path)
    return quote(bare.encode("latin-1", "replace"), safe="/-._~")[:LONGEST_PATH]


class Worker(Protocol):
    """What of a gunicorn worker is used here."""

    alive: bool
    cfg: Any
    wsgi: Any
    handle_error: Callable[..., None]


def when_ready(_server: object) -> None:
    """The arbiter listens, and its workers are about to start."""
    start_logging()


def without_words(handle_error: Callable[..., None]) -> Callable[..., None]:
    """What gunicorn says to what is no HTTP, without repeating it to the client and to the log.

    A request with raw blanks in its query, as old clients send it, is one: it holds a key.
    """

    def handle(request: object, client: object, address: object, error: Exception) -> None:
        kind = type(error)
        words = f"{kind.__name__} (what was sent is not repeated)"
        error.__class__ = type(kind.__name__, (kind,), {"__str__": lambda _: words})
        handle_error(request, client, address, error)

    return handle


def _raise_limit() -> None:
    """Every connection is a descriptor: the usual soft limit would refuse the thousandth."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, MOST_DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def post_worker_init(worker: Worker) -> None:
    """A worker has forked and loaded the application: feed, and stop when it does."""
    start_logging()
    _raise_limit()
    worker.handle_error = without_words(worker.handle_error)
    plant = worker.wsgi.load().plant
    plant.among(worker.cfg.workers)
    # What was imported stays: the collector need not look through it again and again.
    gc.collect()
    gc.freeze()
    # Ten thousand parked requests are a million objects, none of them garbage.
    gc.set_threshold(20_000, 20, 50)
    plant.start()

    def stop_with_worker() -> None:
        # A signal's own function may not take locks, and a vanished arbiter sends no signal.
        while worker.alive:
            stopping.wait(LOOK_EVERY)
        plant.stop()

    stopping = threading.Event()
    threading.Thread(target=stop_with_worker, name="stop", daemon=True).start()
