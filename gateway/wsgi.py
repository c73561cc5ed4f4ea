"""The doors: HTTP in, a `Rendition` out. `create_app`, `Middleware`, and `app` for any server.

Knows WSGI and HTTP, and nothing of calls, keys or XML.
"""

import logging
import os
import threading
from collections.abc import Iterable
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Final, final

from gateway.config import Config
from gateway.cooperation import give_way, has_hung_up
from gateway.core.errors import Refusal
from gateway.core.replies import Rendition
from gateway.door import METHODS, Door, check, query_pairs
from gateway.memo import Memo
from gateway.operations.logs import frames
from gateway.operators import OURS, Operators, plain
from gateway.plant import Plant
from gateway.wiring import build, clock

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger(__name__)

_REASONS: Final = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}
_FAILED: Final = "Something went wrong in the gateway. Its log says what, under this request's id."


@final
class Application:
    """The gateway as a WSGI application: the API at its path, `/-/…` for operators, else 404."""

    def __init__(self, plant: Plant) -> None:
        self.plant = plant
        server = plant.config.server
        self._path = server.path
        self._operators = server.operators
        self._door = Door(server.trusted_proxies, server.max_body, has_hung_up=has_hung_up)
        self._memo = Memo(plant.gateway)
        self._pages = Operators(plant)

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Answer one request, whatever it is."""
        give_way()
        self.plant.start()
        id_ = self._door.request_id(environ)
        try:
            rendition = self._rendition(environ, id_)
        except Exception as error:  # noqa: BLE001 - nothing that a client sends may become a trace
            log.error("request %s: %s", id_, frames(error))
            rendition = plain(HTTPStatus.INTERNAL_SERVER_ERROR, _FAILED)
        return _send(rendition, id_, environ, start_response)

    def is_for(self, environ: "WSGIEnvironment") -> bool:
        """Whether the request is for the API's path."""
        path: str = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
        return path == self._path or path.rstrip("/") == self._path.rstrip("/")

    def _rendition(self, environ: "WSGIEnvironment", id_: str) -> Rendition:
        if self.is_for(environ):
            return self._call(environ, id_)
        path: str = environ.get("PATH_INFO", "")
        if path.startswith("/-/"):
            return self._operate(path, environ)
        return plain(HTTPStatus.NOT_FOUND, f"Nothing is here. The API is at {self._path}.")

    def _call(self, environ: "WSGIEnvironment", id_: str) -> Rendition:
        now = clock()
        likeness = self._door.likeness(environ)
        if likeness and (again := self._memo.recall(likeness, now)):
            return again
        gateway = self.plant.gateway
        try:
            request = self._door.request(environ, id_, now)
        except Refusal as refusal:
            rendition = gateway.refuse(query_pairs(environ), refusal)
            return _allowing(rendition) if refusal.status == _NOT_ALLOWED else rendition
        if environ["REQUEST_METHOD"] == "OPTIONS":
            return Rendition(HTTPStatus.NO_CONTENT, (("Allow", ", ".join(METHODS)), *OURS), b"")
        if likeness:
            return self._memo.travel(likeness, request)
        return gateway.travel(request).rendition

    def _operate(self, path: str, environ: "WSGIEnvironment") -> Rendition:
        try:
            check(environ)
        except Refusal as refusal:
            return plain(HTTPStatus(refusal.status), refusal.message)
        if not self._door.is_from(environ, self._operators):
            return plain(HTTPStatus.FORBIDDEN, "This is for operators' networks only.")
        return self._pages.answer(path, environ)


@final
class Middleware:
    """Wraps another WSGI application: takes the requests for the API's path, hands on the rest."""

    def __init__(self, application: "WSGIApplication", config: Config | Path | str) -> None:
        self._inner = application
        self.gateway = create_app(config)

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Answer it, or let the wrapped application do so."""
        ours = self.gateway.is_for(environ)
        return (self.gateway if ours else self._inner)(environ, start_response)


def create_app(config: Config | Path | str) -> Application:
    """The gateway for a configuration, or for the path of one.

    Raises:
        ConfigurationFaults: every fault of the configuration at once.
    """
    return Application(build(config))


@final
class Configured:
    """`app`: made from the file that `CALLGATE_CONFIG` names, when it is first needed.

    Importing this module must have no effects, for those who want `create_app` alone.
    """

    def __init__(self) -> None:
        self._application: Application | None = None
        self._lock = threading.Lock()

    def load(self) -> Application:
        """The application, made once. Raises `ConfigurationFaults`, or says what is not set."""
        with self._lock:
            if self._application is None:
                path = os.environ.get("CALLGATE_CONFIG")
                if not path:
                    message = "set CALLGATE_CONFIG to the path of a configuration file"
                    raise RuntimeError(message)
                self._application = create_app(path)
            return self._application

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Answer one request."""
        return (self._application or self.load())(environ, start_response)


app: Final = Configured()

_NOT_ALLOWED: Final = HTTPStatus.METHOD_NOT_ALLOWED


def _allowing(rendition: Rendition) -> Rendition:
    headers = (*rendition.headers, ("Allow", ", ".join(METHODS)))
    return Rendition(rendition.status, headers, rendition.body)


def _send(
    rendition: Rendition, id_: str, environ: "WSGIEnvironment", start_response: "StartResponse"
) -> Iterable[bytes]:
    headers = [*rendition.headers, ("X-Request-ID", id_)]
    body = rendition.body
    if isinstance(body, bytes) and rendition.status != HTTPStatus.NO_CONTENT:
        headers.append(("Content-Length", str(len(body))))
    start_response(_REASONS.get(rendition.status, f"{rendition.status} Unknown"), headers)
    if environ["REQUEST_METHOD"] != "HEAD":
        return (body,) if isinstance(body, bytes) else body
    if not isinstance(body, bytes):
        body.close()
    return ()
