"""The operators' paths, `/-/…`: liveness, readiness, metrics, the status page, and the push feed.

Who may come here was judged at the door, by the peer that connected. Knows HTTP and the plant.
"""

import json
import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, final

from gateway.core.applications import Application
from gateway.core.errors import Refusal, StoreError
from gateway.core.replies import Rendition
from gateway.core.secrets import Secret
from gateway.door import peer_of, read_body
from gateway.feed.push import PREVAILS_FOR, NewsFault, read_news
from gateway.operations import metrics, status
from gateway.plant import Plant
from gateway.wiring import clock

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

log = logging.getLogger(__name__)

Headers = tuple[tuple[str, str], ...]

OURS: Final[Headers] = (("Cache-Control", "no-store"), ("Cache-Status", "callgate"))
_SAFE: Final[Headers] = (("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"))
_PUSH: Final = "/-/calls"
_PATHS: Final = "There are /-/live, /-/ready, /-/metrics, /-/status, and /-/calls for POST."


@final
class Operators:
    """Answers to operators. Shared by all threads."""

    def __init__(self, plant: Plant) -> None:
        self._plant = plant
        self._most = plant.config.server.max_body

    def answer(self, path: str, environ: "WSGIEnvironment") -> Rendition:
        """The answer to a path that begins with `/-/`."""
        if path == _PUSH:
            return self._push(environ)
        if environ["REQUEST_METHOD"] not in {"GET", "HEAD"}:
            return plain(HTTPStatus.METHOD_NOT_ALLOWED, "GET or HEAD.", (("Allow", "GET, HEAD"),))
        match path:
            case "/-/live":
                return plain(HTTPStatus.OK, "live")
            case "/-/ready":
                health = self._plant.health()
                told = HTTPStatus.OK if health.ready else HTTPStatus.SERVICE_UNAVAILABLE
                return plain(told, f"{'ready' if health.ready else 'not ready'}: {health.reason}")
            case "/-/metrics" | "/-/status":
                return self._figures(path)
            case _:
                return plain(HTTPStatus.NOT_FOUND, _PATHS)

    def _figures(self, path: str) -> Rendition:
        try:
            figures = self._plant.figures()
        except StoreError as error:
            return plain(HTTPStatus.SERVICE_UNAVAILABLE, str(error))
        if path == "/-/metrics":
            headers = (("Content-Type", metrics.CONTENT_TYPE), *OURS, *_SAFE)
            return Rendition(HTTPStatus.OK, headers, metrics.exposition(figures))
        html = ("Content-Type", "text/html; charset=UTF-8")
        headers = (html, ("Content-Security-Policy", status.POLICY), *OURS, *_SAFE)
        return Rendition(HTTPStatus.OK, headers, status.page(figures, self._plant.health()))

    def _push(self, environ: "WSGIEnvironment") -> Rendition:
        if environ["REQUEST_METHOD"] != "POST":
            return _said(HTTPStatus.METHOD_NOT_ALLOWED, "POST events.", (("Allow", "POST"),))
        application = self._pusher(environ)
        if application is None:
            message = "X-API-Key or Authorization: Bearer must hold the key of an application"
            return _said(HTTPStatus.UNAUTHORIZED, message, (("WWW-Authenticate", "Bearer"),))
        if not application.may_push:
            return _said(HTTPStatus.FORBIDDEN, "this application may not push: set may_push = true")
        return self._take(environ)

    def _take(self, environ: "WSGIEnvironment") -> Rendition:
        """Take in events, all of them or none."""
        try:
            body = read_body(environ, self._most)
            state, now = self._plant.store.state(), clock()
            news = read_news(body, self._plant.store, now, state.recorder_ahead)
            self._plant.store.overrule(news.calls, news.removed, now + PREVAILS_FOR)
        except Refusal as refusal:
            return _said(HTTPStatus(refusal.status), refusal.message)
        except NewsFault as fault:
            return _said(HTTPStatus.BAD_REQUEST, str(fault))
        except StoreError as error:
            log.error("pushed news are not stored: %s", error)
            return _said(
                HTTPStatus.SERVICE_UNAVAILABLE, "the index cannot be written at the moment"
            )
        return _json(HTTPStatus.OK, {"stored": len(news.calls), "removed": len(news.removed)})

    def _pusher(self, environ: "WSGIEnvironment") -> Application | None:
        scheme, _, bearer = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
        key = environ.get("HTTP_X_API_KEY", "") or (bearer if scheme.lower() == "bearer" else "")
        application = self._plant.gateway.applications.with_key(Secret(key.strip()))
        if application is None:
            return None
        peer = peer_of(environ)
        return application if application.may_come_from(peer) else None


def plain(status_: HTTPStatus, text: str, more: Headers = ()) -> Rendition:
    """An answer in a line of text."""
    headers = (("Content-Type", "text/plain; charset=UTF-8"), *OURS, *more)
    return Rendition(status_, headers, f"{text}\n".encode())


def _said(status_: HTTPStatus, message: str, more: Headers = ()) -> Rendition:
    return _json(status_, {"error": message}, more)


def _json(status_: HTTPStatus, document: object, more: Headers = ()) -> Rendition:
    headers = (("Content-Type", "application/json; charset=utf-8"), *OURS, *_SAFE, *more)
    return Rendition(status_, headers, json.dumps(document).encode() + b"\n")
