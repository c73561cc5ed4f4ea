"""A client that keeps connections busy and times every answer: one thread, and no library."""

import selectors
import socket
import time
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Load:
    """What a run showed: answers a second, and quantiles of their times in milliseconds."""

    per_second: float
    p50: float
    p99: float


def run(port: int, target: str, *, connections: int = 16, seconds: float = 2.0) -> Load:
    """Keep so many connections busy with one request for so long. Every answer must be a 200."""
    request = f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
    selector = selectors.DefaultSelector()
    begun: dict[socket.socket, float] = {}
    for _ in range(connections):
        connection = socket.create_connection(("127.0.0.1", port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        selector.register(connection, selectors.EVENT_READ)
        begun[connection] = time.perf_counter()
        connection.sendall(request)
    times: list[float] = []
    received: dict[socket.socket, bytes] = dict.fromkeys(begun, b"")
    start = time.perf_counter()
    while (now := time.perf_counter()) < start + seconds:
        for key, _ in selector.select(0.1):
            connection = key.fileobj  # type: ignore[assignment]
            received[connection] += connection.recv(65536)
            if _is_whole(received[connection]):
                now = time.perf_counter()
                times.append(now - begun[connection])
                begun[connection], received[connection] = now, b""
                connection.sendall(request)
    for connection in begun:
        selector.unregister(connection)
        connection.close()
    times.sort()
    at = int(len(times) * 0.99)
    return Load(len(times) / (now - start), median(times) * 1000, times[at] * 1000)


def _is_whole(data: bytes) -> bool:
    head, end, body = data.partition(b"\r\n\r\n")
    if not end:
        return False
    if not head.startswith(b"HTTP/1.1 200 "):
        message = f"not a 200: {head[:200]!r}"
        raise RuntimeError(message)
    length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
    return len(body) >= int(length)
