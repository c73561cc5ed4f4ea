"""Servers on loopback that say exactly what a test wants, in ways that no library would."""

import socket
import threading
from collections.abc import Callable
from typing import Self

Conversation = Callable[[socket.socket, bytes], None]


def answering(answer: bytes) -> Conversation:
    """Send these bytes and hang up."""

    def converse(connection: socket.socket, _request: bytes) -> None:
        connection.sendall(answer)

    return converse


def ok(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """An HTTP answer with that body."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


class RawServer:
    """Takes one request a connection, whole, and leaves the answer to the test.

    `requests` are the bytes that arrived, head and body. The last conversation is repeated.
    """

    def __init__(self, *conversations: Conversation) -> None:
        self.requests: list[bytes] = []
        self._conversations = list(conversations)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve)
        self._workers: list[threading.Thread] = []

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}/verba/api"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        # Closing alone does not wake a thread that accepts.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()
        for worker in self._workers:
            worker.join()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            worker = threading.Thread(target=self._talk, args=(connection,))
            self._workers.append(worker)
            worker.start()

    def _talk(self, connection: socket.socket) -> None:
        with connection:
            try:
                request = _whole(connection)
                self.requests.append(request)
                many = len(self._conversations) > 1
                converse = self._conversations.pop(0) if many else self._conversations[0]
                converse(connection, request)
            except OSError:
                pass  # the other side hung up, as some tests want it to


def _whole(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        data += _more(connection)
    head, _, body = data.partition(b"\r\n\r\n")
    headers = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
    if headers.get(b"transfer-encoding") == b"chunked":
        while not body.endswith(b"0\r\n\r\n"):
            body += _more(connection)
    while len(body) < int(headers.get(b"content-length", b"0")):
        body += _more(connection)
    return head + b"\r\n\r\n" + body


def _more(connection: socket.socket) -> bytes:
    piece = connection.recv(65536)
    if not piece:
        raise OSError
    return piece
