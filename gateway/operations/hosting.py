"""What gunicorn is told besides its settings: hooks, and a logger that keeps secrets.

Read by `config/gunicorn.conf.py`. The arbiter must not import what needs gevent's patches, so
nothing here imports the gateway itself; a worker's hook gets it from gunicorn.
"""

import gc
import logging
import re
import threading
from typing import Any, Final, Protocol, final

from gunicorn.glogging import Logger

from gateway.operations.logs import start_logging

LOOK_EVERY: Final = 0.2  # seconds between a worker's being told to stop and our noticing it

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


class Worker(Protocol):
    """What of a gunicorn worker is used here."""

    alive: bool
    wsgi: Any


def when_ready(_server: object) -> None:
    """The arbiter listens, and its workers are about to start."""
    start_logging()


def post_worker_init(worker: Worker) -> None:
    """A worker has forked and loaded the application: feed, and stop when it does."""
    start_logging()
    plant = worker.wsgi.load().plant
    # What was imported stays: the collector need not look through it again and again.
    gc.collect()
    gc.freeze()
    plant.start()

    def stop_with_worker() -> None:
        # A signal's own function may not take locks, and a vanished arbiter sends no signal.
        while worker.alive:
            stopping.wait(LOOK_EVERY)
        plant.stop()

    stopping = threading.Event()
    threading.Thread(target=stop_with_worker, name="stop", daemon=True).start()
