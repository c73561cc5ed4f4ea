"""A recorder that knows one list of 20,000 calls, in a process of its own; and the list itself."""

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

from tests.benchmarks.churn import SAMPLE, TOKEN

CALLS = 20_000
NAME = "All"  # what one searches for to get the list; the feed, which searches too, gets none


def listing(calls: int = CALLS) -> bytes:
    """So many calls of half a kilobyte each, as SearchCalls gives them."""
    fields = "".join(f"<field_{n}>some value {n}</field_{n}>" for n in range(14))
    records = (
        f'<verbacdr state="1"><ccdr_id>{number}</ccdr_id>{fields}</verbacdr>'
        for number in range(calls)
    )
    return f"<verbacdrlist>{''.join(records)}</verbacdrlist>".encode()


class Recorder(BaseHTTPRequestHandler):
    """Answers RequestToken, GetCallID and SearchCalls."""

    protocol_version = "HTTP/1.1"
    whole = b""

    def do_POST(self) -> None:
        """One request."""
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        body = TOKEN if form["action"] == ["RequestToken"] else SAMPLE
        if form["action"] == ["SearchCalls"]:
            body = self.whole if form.get("name") == [NAME] else b"<verbacdrlist/>"
        self.send_response(200)
        self.send_header("Content-Type", "text/xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def main() -> None:
    """Serve on the port of the command line."""
    Recorder.whole = listing()
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Recorder).serve_forever()


if __name__ == "__main__":
    main()
