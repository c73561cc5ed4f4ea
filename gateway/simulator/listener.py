"""HTTP/1.1 with keep-alive, one thread for each connection, as the recorder's container does it.

Werkzeug's own server closes every connection after one answer; a recorder does not, and the
gateway's pool should be seen to work. Knows no calls.
"""

import io
import socket
import struct
import sys
import threading
from collections.abc import Iterable
from contextlib import suppress
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer, ThreadingMixIn
from typing import IO, Any, ClassVar, Final, cast, final
from urllib.parse import unquote_to_bytes

from werkzeug.serving import DechunkedInput

from gateway.simulator.application import Simulator
from gateway.simulator.response import Dropped

MOST_BODY: Final = 256 * 1024 * 1024
"""Bytes of an upload."""
WITHOUT_GRACE: Final = struct.pack("ii", 1, 0)
"""The linger option that makes a close a reset."""

Headers = list[tuple[str, str]]


@final
class Listener(ThreadingMixIn, TCPServer):
    """Accepts connections for an application; `server_close` waits for every thread."""

    allow_reuse_address = True
    request_queue_size = 256
    daemon_threads = False

    def __init__(self, address: tuple[str, int], application: Simulator) -> None:
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self.application = application
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(address, Conversation)

    def hang_up(self) -> None:
        """Ends every connection, whatever it is doing."""
        with self._lock:
            for connection in self._connections:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - the library's
        """Remembers the connection, then gives it a thread."""
        with self._lock:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:  # noqa: ANN401 - the library's
        """Closes at once: a farewell before it would soften a reset."""
        with self._lock:
            self._connections.discard(request)
        self.close_request(request)


class Conversation(BaseHTTPRequestHandler):
    """The requests on one connection, one after the other. One object, one thread: mutable."""

    server: Listener
    raw_requestline: bytes
    protocol_version = "HTTP/1.1"
    timeout: ClassVar[float] = 60.0
    disable_nagle_algorithm = True
    wbufsize = 65_536

    def handle(self) -> None:
        """Ends quietly when the other side does."""
        with suppress(OSError):
            super().handle()

    def finish(self) -> None:
        """The same at the very end, where the rest of the output is written."""
        with suppress(OSError):
            super().finish()
        self.rfile.close()

    def parse_request(self) -> bool:
        """Reads the head. Blanks in the address are tolerated: the vendor's sample has them."""
        method, _, rest = self.raw_requestline.strip().partition(b" ")
        address, _, version = rest.rpartition(b" ")
        address = address.strip().replace(b" ", b"%20")
        if version.startswith(b"HTTP/"):
            self.raw_requestline = b"%s %s %s\r\n" % (method, address, version)
        return super().parse_request()

    def version_string(self) -> str:
        """The Server header."""
        return "Apache-Coyote/1.1"

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The recorder's own clock, which may be wrong."""
        now = self.server.application.world.now() if timestamp is None else timestamp
        return formatdate(now, usegmt=True)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Says nothing: the control endpoint shows what arrived."""

    def converse(self) -> None:
        """Answers one request."""
        body = self._body()
        if body is None:
            self.send_error(413)
            self.close_connection = True
            return
        told: list[tuple[str, Headers]] = []

        def start_response(status: str, headers: Headers, *_: object) -> Any:  # noqa: ANN401 - WSGI's
            told.append((status, headers))

        try:
            chunks = self.server.application(self._environ(body), start_response)
        except Dropped as dropped:
            self._drop(reset=dropped.reset)
            return
        self._write(*told[0], chunks)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = converse  # noqa: N815 - the library's names

    def _write(self, status: str, headers: Headers, chunks: Iterable[bytes]) -> None:
        code, _, phrase = status.partition(" ")
        self.send_response(int(code), phrase)
        for name, value in headers:
            self.send_header(name, value)
        unmeasured = all(name != "Content-Length" for name, _ in headers)
        chunked = unmeasured and self.request_version == "HTTP/1.1"
        if chunked:
            self.send_header("Transfer-Encoding", "chunked")
        self.close_connection |= unmeasured and not chunked
        self.end_headers()
        if self.command != "HEAD":
            self._write_body(chunks, chunked=chunked)

    def _write_body(self, chunks: Iterable[bytes], *, chunked: bool) -> None:
        for chunk in chunks:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk) if chunked else chunk)
            self.wfile.flush()
        if chunked:
            self.wfile.write(b"0\r\n\r\n")

    def _body(self) -> bytes | None:
        """The whole body, read before anything else: none of it may be taken for a request."""
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return DechunkedInput(cast("IO[bytes]", self.rfile)).read(MOST_BODY)
        length = self.headers.get("Content-Length", "0")
        if not (length.isascii() and length.isdigit()) or int(length) > MOST_BODY:
            return None
        return self.rfile.read(int(length))

    def _drop(self, *, reset: bool) -> None:
        if reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, WITHOUT_GRACE)
        self.close_connection = True

    def _environ(self, body: bytes) -> dict[str, Any]:
        path, _, query = self.path.partition("?")
        fields = {
            f"HTTP_{name.upper().replace('-', '_')}": value for name, value in self.headers.items()
        }
        return {
            **fields,
            "REQUEST_METHOD": self.command,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
            "QUERY_STRING": query,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "REMOTE_ADDR": self.client_address[0],
            "SERVER_NAME": str(self.server.server_address[0]),
            "SERVER_PORT": str(self.server.server_address[1]),
            "SERVER_PROTOCOL": self.request_version,
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
