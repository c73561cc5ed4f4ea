"""What the exceptions of others mean here. Their texts hold whole URLs: none gets out."""

import http.client
import logging
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import requests
import urllib3.exceptions

from gateway.core.errors import (
    RecorderConnectTimeout,
    RecorderCutOff,
    RecorderError,
    RecorderGarbled,
    RecorderHungUp,
    RecorderNotFound,
    RecorderNotListening,
    RecorderTimeout,
    RecorderUnreachable,
    RecorderUntrusted,
    RecorderWithoutTls,
)
from gateway.recorder.deadlines import Leash

log = logging.getLogger(__name__)

Table = tuple[tuple[type[BaseException], type[RecorderError]], ...]

# Every exception that may come out of the libraries, most special first.
MEANING: Final[Table] = (
    (requests.exceptions.ConnectTimeout, RecorderConnectTimeout),
    (requests.exceptions.Timeout, RecorderTimeout),
    (requests.exceptions.SSLError, RecorderWithoutTls),
    (requests.exceptions.ChunkedEncodingError, RecorderCutOff),
    (requests.exceptions.ContentDecodingError, RecorderGarbled),
    (requests.exceptions.ConnectionError, RecorderUnreachable),
    (requests.exceptions.RequestException, RecorderGarbled),
    (urllib3.exceptions.ReadTimeoutError, RecorderTimeout),
    (urllib3.exceptions.HTTPError, RecorderGarbled),
    (http.client.HTTPException, RecorderGarbled),
    (ssl.SSLError, RecorderWithoutTls),
    (TimeoutError, RecorderTimeout),
    (OSError, RecorderUnreachable),
    (ValueError, RecorderGarbled),  # a header that cannot be read
)

# What they are wrapped around, where it says more than the wrapping. The innermost is asked first.
CAUSES: Final[Table] = (
    (urllib3.exceptions.ConnectTimeoutError, RecorderConnectTimeout),
    (urllib3.exceptions.IncompleteRead, RecorderCutOff),
    (http.client.IncompleteRead, RecorderCutOff),
    (http.client.RemoteDisconnected, RecorderHungUp),
    (http.client.HTTPException, RecorderGarbled),
    (ssl.SSLCertVerificationError, RecorderUntrusted),
    (ssl.SSLError, RecorderWithoutTls),
    (socket.gaierror, RecorderNotFound),
    (ConnectionRefusedError, RecorderNotListening),
    (ConnectionError, RecorderHungUp),
)

_FOREIGN: Final = tuple(foreign for foreign, _ in MEANING)


def meaning(error: BaseException) -> type[RecorderError]:
    """What an exception of others means, whatever it is wrapped in."""
    for cause in reversed(list(_wrapped(error))):
        for foreign, meant in CAUSES:
            if isinstance(cause, foreign):
                return meant
    return next(meant for foreign, meant in MEANING if isinstance(error, foreign))


def _wrapped(error: BaseException) -> Iterator[BaseException]:
    """An exception and what it was raised for, from the outside in; the chain may be a ring."""
    seen: set[int] = set()
    cause: object = error
    while isinstance(cause, BaseException) and id(cause) not in seen:
        seen.add(id(cause))
        yield cause
        within = [each for each in cause.args if isinstance(each, BaseException)]
        cause = getattr(cause, "reason", None) or cause.__cause__ or next(iter(within), None)


@contextmanager
def translated(leash: Leash) -> Iterator[None]:
    """Foreign exceptions become `RecorderError`, without their texts.

    What comes after the deadline means that, whatever else it says, even if it looks whole.
    """
    try:
        yield
    except _FOREIGN as error:
        ours, seen = leash.late if leash.over else meaning(error), type(error).__name__
    else:
        if not leash.over:
            return
        ours, seen = leash.late, "cut off"
    log.warning("the recorder: %s (%s, %s)", ours.message, ours.kind, seen)
    raise ours from None
