"""Ten thousand requests that wait for their next call in one worker, and all calls at once."""

import resource
import selectors
import socket
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import requests

from gateway.core.calls import Call
from gateway.stores.sqlite import SqliteStore
from tests.end_to_end.conftest import Hosted, eventually
from tests.fakes import KEY, TOKEN

MANY = 10_000


def memory(pid: int) -> float:
    """What a process holds, in MB."""
    status = Path(f"/proc/{pid}/status").read_text("ascii")
    line = next(each for each in status.splitlines() if each.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def ten_thousand(hosted: Hosted) -> dict[str, float]:
    """What they cost, how long it takes to wake them all, and how others fare meanwhile."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    (worker,) = hosted.workers()
    before = memory(worker)
    selector = selectors.DefaultSelector()
    waiting = [_ask(hosted.port, number) for number in range(MANY)]
    for connection in waiting:
        selector.register(connection, selectors.EVENT_READ)
    eventually(lambda: _parked(hosted) >= MANY, within=60)
    held = memory(worker)
    begun = time.perf_counter()
    hosted.ask()
    meanwhile = time.perf_counter() - begun
    now = datetime.now(UTC)  # noqa: TID251 - the recorder's clock
    calls = [Call(f"next-{n}", str(20_000 + n), "1", now) for n in range(MANY)]
    with closing(SqliteStore(hosted.folder / "demo.db")) as store:
        store.update(calls)
    begun = time.perf_counter()
    answered = _drain(selector, begun + 30)
    woken = time.perf_counter() - begun
    for connection in waiting:
        connection.close()
    return {
        "parked": MANY,
        "answered": answered,
        "seconds until all were woken": woken,
        "MB in all": held,
        "KB for each": (held - before) * 1024 / MANY,
        "ms for another meanwhile": meanwhile * 1000,
    }


def _ask(port: int, number: int) -> socket.socket:
    query = f"action=GetCallID&apiKey={KEY}&token={TOKEN}&extension={20_000 + number}&status=next"
    connection = socket.create_connection(("127.0.0.1", port))
    connection.sendall(f"GET /verba/api?{query} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
    return connection


def _parked(hosted: Hosted) -> float:
    text = requests.get(f"{hosted.origin}/-/metrics", timeout=60).text
    lines = (line for line in text.splitlines() if line.startswith("callgate_index_parked"))
    return float(next(lines).split()[1])


def _drain(selector: selectors.BaseSelector, deadline: float) -> int:
    """How many were answered with their own call."""
    received: dict[socket.socket, bytes] = {}
    answered = 0
    while selector.get_map() and time.perf_counter() < deadline:
        for key, _ in selector.select(1):
            connection = key.fileobj
            assert isinstance(connection, socket.socket)
            received[connection] = received.get(connection, b"") + connection.recv(4096)
            if received[connection].endswith(b"</VerbaApi>\n"):
                answered += b"<CallID>next-" in received[connection]
                selector.unregister(connection)
    return answered
