"""The yardstick: a WSGI application that does nothing but return the bytes of one answer."""

import json
import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

import gevent

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

ANSWER = json.loads(os.environ["BARE_ANSWER"])
BODY = ANSWER["body"].encode()
HEADERS = [(name, value) for name, value in ANSWER["headers"]]
YIELDS = ANSWER["yields"]


def app(_environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    """Answer every request alike."""
    if YIELDS:
        gevent.sleep(0)
    start_response("200 OK", HEADERS)
    return (BODY,)
