"""Connections to the recorder that are on a leash, and heads that are whole and of a fair size.

The library tells nobody which socket it takes for a request, so the leash is handed to the
connection through the thread that asks; the connection lets go before it is shared again.
"""

import http.client
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, final

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from gateway.core.errors import RecorderConnectTimeout
from gateway.recorder.deadlines import Leash

MOST_HEAD: Final = 256 * 1024  # bytes of a head, with all that was said before it

_asking: Final = threading.local()


@final
@dataclass(frozen=True, slots=True)
class Terms:
    """What an exchange grants, in seconds. `uploads`: sending takes the client's time, not its."""

    leash: Leash
    connect: float
    allowed: float
    deadline: float
    uploads: bool

    def begin(self) -> None:
        """The recorder is there, and is sent the request."""
        if self.uploads:
            self.leash.pause()
        else:
            self.leash.until(self.deadline)


@contextmanager
def on(terms: Terms) -> Iterator[None]:
    """What this thread asks of the recorder meanwhile is under these terms."""
    _asking.terms = terms
    try:
        yield
    finally:
        del _asking.terms


def _terms() -> Terms:
    terms: Terms = _asking.terms
    return terms


class _BrokenHeadError(http.client.HTTPException):
    """It ended before its end, or it has none."""


@final
class _Head:
    """Lines of a head. `http.client` takes an end of the connection for the end of the head."""

    def __init__(self, lines: Any) -> None:  # noqa: ANN401 - untyped in the library
        self._lines = lines
        self._size = 0

    def readline(self, limit: int = -1) -> bytes:
        """The next line; raises if there is none, or if there were too many."""
        line: bytes = self._lines.readline(limit)
        self._size += len(line)
        if self._size > MOST_HEAD or (self._size and not line.endswith(b"\n")):
            raise _BrokenHeadError
        return line

    def flush(self) -> None:
        """Nothing to do; the library does it as it closes."""

    def close(self) -> None:
        """Hang up."""
        self._lines.close()


@final
class _HeadResponse(http.client.HTTPResponse):
    def begin(self) -> None:
        """Read the head, as a whole."""
        lines = self.fp
        self.fp = _Head(lines)  # type: ignore[assignment]
        super().begin()
        if self.fp is not None:  # it is, if there is no body
            self.fp = lines


class _Leashed:
    """What both kinds of connections have in common: who holds them, and for how long."""

    leash: Leash | None = None
    sock: Any

    def let_go(self) -> None:
        """Before another exchange may have the connection."""
        leash, self.leash = self.leash, None
        if leash is not None:
            leash.release()

    def _new_conn(self) -> Any:  # noqa: ANN401 - a socket of some kind
        self._hold(sock := super()._new_conn())  # type: ignore[misc]
        return sock

    def _hold(self, sock: Any) -> None:  # noqa: ANN401 - a socket of some kind
        self.leash = _terms().leash
        self.leash.hold(sock.fileno())

    def connect(self) -> None:
        """Connect, TLS included, within the deadline for that."""
        terms = _terms()
        at_most = min(terms.deadline, time.monotonic() + terms.connect)
        terms.leash.until(at_most, RecorderConnectTimeout)
        super().connect()  # type: ignore[misc]
        terms.leash.check()
        terms.begin()

    def request(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - passes them on
        """Send. The time of an upload is the client's own; the recorder's begins after it."""
        terms = _terms()
        if self.sock is not None:
            self._hold(self.sock)
            terms.begin()
        super().request(*args, **options)  # type: ignore[misc]
        if terms.uploads:
            terms.leash.until(time.monotonic() + terms.allowed)


class _Plain(_Leashed, HTTPConnection):
    response_class = _HeadResponse


class _Secure(_Leashed, HTTPSConnection):
    response_class = _HeadResponse


class _Shared:
    """A pool whose connections are on nobody's leash while they are in it."""

    def _put_conn(self, conn: Any) -> None:  # noqa: ANN401 - one of the above, or none
        if conn is not None:
            conn.let_go()
        super()._put_conn(conn)  # type: ignore[misc]


class _PlainPool(_Shared, HTTPConnectionPool):
    ConnectionCls = _Plain


class _SecurePool(_Shared, HTTPSConnectionPool):
    ConnectionCls = _Secure


@final
class Adapter(HTTPAdapter):
    """Makes such connections."""

    def init_poolmanager(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - passes them on
        """Take our pools in the place of the library's."""
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _SecurePool}
