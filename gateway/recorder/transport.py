"""One exchange with a recorder node over HTTP, within a deadline, leaving no trace of secrets.

What `requests` does by default and must not here: keep cookies (one client's session would be
another's), follow redirects and honour proxies or `.netrc` (the secrets would go there), wait
for as long as something drips. Its exceptions hold whole URLs, so none of them gets out.
Knows nothing of actions, applications or tokens.
"""

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import Final, final
from urllib.parse import urlencode

import requests

from gateway.core.errors import RecorderTooLong
from gateway.core.parameters import Pair
from gateway.recorder.connections import Adapter, Terms, on
from gateway.recorder.deadlines import Leash, Watch
from gateway.recorder.meaning import translated

MOST_BYTES: Final = 64 * 1024 * 1024  # of a document; media are passed on unread
_CHUNK: Final = 64 * 1024
_CONNECTIONS: Final = 150  # a node: as many as the recorder has threads
_FORM: Final = "application/x-www-form-urlencoded; charset=UTF-8"


@final
@dataclass(frozen=True, slots=True)
class Settings:
    """How to reach the recorder. Times in seconds; `timeout` is for a whole document."""

    connect_timeout: float
    timeout: float
    verify_tls: bool | Path = True
    method: str = "POST"


@final
@dataclass(frozen=True, slots=True)
class Question:
    """What is sent. `allow`: seconds that the recorder may take beyond the usual timeout."""

    node: str
    pairs: tuple[Pair, ...] = field(repr=False)
    headers: Mapping[str, str] = field(repr=False, default_factory=dict)
    allow: float = 0.0
    body: Iterable[bytes] | None = None  # an upload; the pairs then stand in the URL


@final
class Response:
    """What came back: status and headers now, the body by one of two ways, once.

    `idle`: how long the recorder may be silent between two pieces of a stream, in seconds.
    """

    def __init__(self, response: requests.Response, leash: Leash, idle: float) -> None:
        self._response = response
        self._leash = leash
        self._idle = idle
        self.status = response.status_code
        self.headers: Mapping[str, str] = response.headers

    @property
    def cookies(self) -> tuple[str, ...]:
        """The values of all `Set-Cookie` headers."""
        return tuple(self._response.raw.headers.getlist("Set-Cookie"))

    def body(self) -> bytes:
        """The whole body, decoded; raises `RecorderError` past the deadline or `MOST_BYTES`."""
        pieces, size = [], 0
        with closing(self), translated(self._leash):
            while piece := self._read(decode=True):
                pieces.append(piece)
                size += len(piece)
                if size > MOST_BYTES:
                    raise RecorderTooLong
                self._leash.check()
        return b"".join(pieces)

    def __iter__(self) -> Iterator[bytes]:
        """The body as it comes, as it was encoded; raises `RecorderError` if it breaks off."""
        with closing(self), translated(self._leash):
            while piece := self._within_idle():
                yield piece

    def close(self) -> None:
        """Hang up, unless all was read and the connection is kept."""
        self._leash.cut()
        self._response.close()

    def _within_idle(self) -> bytes:
        """The next piece. Between two of them it is the client who takes his time."""
        self._leash.until(time.monotonic() + self._idle)
        piece = self._read(decode=False)
        self._leash.pause()
        return piece

    def _read(self, *, decode: bool) -> bytes:
        # read1 returns what one read of the socket brings; read would wait for a full chunk,
        # and a stream that drips would not be passed on.
        piece: bytes = self._response.raw.read1(_CHUNK, decode_content=decode)
        return piece


@final
class Transport:
    """A session for each process, shared by its threads."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._session = _session(settings)
        self._watch = Watch()

    def exchange(self, question: Question) -> Response:
        """Send, and return when the answer begins. Raises `RecorderError`, never another."""
        settings = self._settings
        allowed = settings.timeout + question.allow
        deadline = time.monotonic() + allowed
        leash = Leash(self._watch, deadline)
        uploads = question.body is not None
        terms = Terms(leash, settings.connect_timeout, allowed, deadline, uploads)
        try:
            with translated(leash), on(terms):
                response = self._send(question, allowed)
        except BaseException:
            leash.release()
            raise
        return Response(response, leash, settings.timeout)

    def _send(self, question: Question, allowed: float) -> requests.Response:
        settings = self._settings
        return self._session.send(
            self._session.prepare_request(_request(question, settings.method)),
            stream=True,
            timeout=(settings.connect_timeout, allowed),
            allow_redirects=False,
            verify=_verify(settings),
        )

    def close(self) -> None:
        """Close what is pooled."""
        self._session.close()


def _request(question: Question, method: str) -> requests.Request:
    pairs = urlencode(question.pairs, errors="surrogateescape")
    headers = dict(question.headers)
    if question.body is not None:
        return requests.Request(
            "POST", f"{question.node}?{pairs}", headers=headers, data=question.body
        )
    if method == "GET":
        return requests.Request("GET", f"{question.node}?{pairs}", headers=headers)
    headers["Content-Type"] = _FORM
    return requests.Request("POST", question.node, headers=headers, data=pairs)


def _verify(settings: Settings) -> bool | str:
    return (
        settings.verify_tls if isinstance(settings.verify_tls, bool) else str(settings.verify_tls)
    )


class _Session(requests.Session):
    """A session that sees no redirect.

    Told not to follow one, `requests` still reads its whole body to see where it would lead.
    """

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Nowhere."""
        del resp
        return None


def _session(settings: Settings) -> requests.Session:
    session = _Session()
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.headers.clear()
    session.headers["User-Agent"] = "callgate"
    session.verify = _verify(settings)
    adapter = Adapter(pool_maxsize=_CONNECTIONS, max_retries=0)
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return session
