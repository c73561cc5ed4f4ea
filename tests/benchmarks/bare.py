"""The yardstick: a WSGI application that does nothing but return the bytes of the answer."""

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

import gevent

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

BODY = b"x" * int(os.environ.get("BARE_BYTES", "154"))
YIELDS = os.environ.get("BARE_YIELDS", "1") == "1"
HEADERS = [
    ("Content-Type", "text/xml; charset=UTF-8"),
    ("Cache-Control", "no-store"),
    ("Cache-Status", "callgate; hit; detail=index"),
    ("X-Request-ID", "0" * 32),
    ("Content-Length", str(len(BODY))),
]


def app(_environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    """Answer every request alike."""
    if YIELDS:
        gevent.sleep(0)
    start_response("200 OK", HEADERS)
    return (BODY,)
