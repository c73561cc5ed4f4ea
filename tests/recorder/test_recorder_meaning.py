import http.client
import importlib
import inspect
import pkgutil
import socket
import ssl
from collections.abc import Iterator
from types import ModuleType

import pytest
import requests
import urllib3

from gateway.core.errors import (
    RecorderConnectTimeout,
    RecorderError,
    RecorderHungUp,
    RecorderNotFound,
    RecorderNotListening,
    RecorderTimeout,
    RecorderUntrusted,
)
from gateway.recorder.deadlines import Leash, Watch
from gateway.recorder.meaning import CAUSES, MEANING, Table, meaning, translated

# What is never raised on the way to the recorder and back, and why.
ELSEWHERE = {
    "CookieConflictError": "no cookie is kept",
    "_GiveupOnSendfile": "no file is sent",
}
# Parts of the libraries that need what is not installed, and are not used.
OPTIONAL = ("urllib3.contrib", "urllib3.http2")


def modules(package: ModuleType) -> Iterator[ModuleType]:
    yield package
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if not found.name.startswith(OPTIONAL):
            yield importlib.import_module(found.name)


def exceptions(module: ModuleType) -> Iterator[type[Exception]]:
    for each in vars(module).values():
        is_one = inspect.isclass(each) and issubclass(each, Exception)
        if is_one and not issubclass(each, Warning) and each.__module__ == module.__name__:
            yield each


FOREIGN = [
    each
    for module in (*modules(requests), *modules(urllib3), http.client, ssl, socket)
    for each in (*exceptions(module), *((ssl.SSLError, socket.gaierror) if module is ssl else ()))
    if each.__name__ not in ELSEWHERE
]


def test_the_walk_finds_what_the_libraries_are_known_to_raise() -> None:
    known = {
        requests.exceptions.ReadTimeout,
        urllib3.exceptions.ProtocolError,
        http.client.BadStatusLine,
        ssl.SSLCertVerificationError,
        socket.gaierror,
    }
    assert known <= set(FOREIGN)
    assert len(FOREIGN) > 60


@pytest.mark.parametrize("exception", FOREIGN, ids=lambda each: each.__name__)
def test_the_table_of_foreign_exceptions_is_complete(exception: type[Exception]) -> None:
    assert any(issubclass(exception, known) for known, _ in MEANING)


@pytest.mark.parametrize("table", [MEANING, CAUSES], ids=["outer", "inner"])
def test_in_the_table_the_special_stands_before_the_general(table: Table) -> None:
    known = [each for each, _ in table]
    for at, special in enumerate(known):
        assert not any(issubclass(special, earlier) for earlier in known[:at])


WRAPPED: list[tuple[Exception, type[RecorderError]]] = [
    (ConnectionRefusedError(), RecorderNotListening),
    (ConnectionResetError(), RecorderHungUp),
    (socket.gaierror(), RecorderNotFound),
    (ssl.SSLCertVerificationError(), RecorderUntrusted),
    (http.client.RemoteDisconnected(""), RecorderHungUp),
    (urllib3.exceptions.ConnectTimeoutError(), RecorderConnectTimeout),
]


@pytest.mark.parametrize(("inner", "meant"), WRAPPED, ids=lambda each: type(each).__name__)
def test_what_is_wrapped_decides(inner: Exception, meant: type[RecorderError]) -> None:
    outer = requests.exceptions.ConnectionError(urllib3.exceptions.ProtocolError("canary", inner))
    assert meaning(inner) is meant
    assert meaning(outer) is meant


def test_a_ring_of_exceptions_has_an_end() -> None:
    first, second = OSError(), OSError()
    first.__cause__, second.__cause__ = second, first
    assert issubclass(meaning(first), RecorderError)


def test_after_the_deadline_whatever_goes_wrong_is_late(caplog: pytest.LogCaptureFixture) -> None:
    leash = Leash(Watch(), 0.0)
    leash.expire(1.0)
    with pytest.raises(RecorderTimeout), translated(leash):
        raise ConnectionResetError
    with pytest.raises(RecorderTimeout), translated(leash):
        pass  # an answer without a length ends as if it were whole
    assert [record.getMessage() for record in caplog.records] == [
        f"the recorder: The recorder did not answer in time. (http_response_timeout, {seen})"
        for seen in ("ConnectionResetError", "cut off")
    ]
