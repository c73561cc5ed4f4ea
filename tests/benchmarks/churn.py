"""A recorder in which calls change so many times a second, in a process of its own.

It says as little as the feed needs, and costs as little as it can: a call begins and ends within a
second or two, one after the other, each with an id, a begin and an end that follow from its number.
"""

import sys
import time
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs
from uuid import UUID

LASTS = 2.0  # seconds
SAMPLE = (
    b'<VerbaApi><Response code="0" type="GetCallID"/>'
    b"<CallID>a8343631-9f35-4a3a-83f0-9e81592339fb</CallID></VerbaApi>"
)
TOKEN = b'<VerbaApi><Response code="0" type="RequestToken" token="t"/></VerbaApi>'


def text(moment: float) -> str:
    """A time as the recorder writes it."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]


def record(number: int, rate: float, *, ended: bool) -> str:
    """The call that began as the so-many-eth since 1970."""
    began = number / rate
    end = f"<end_time>{text(began + LASTS)}</end_time>" if ended else ""
    return (
        f"<verbacdr><ccdr_id>{UUID(int=number)}</ccdr_id><native_id>N{number}</native_id>"
        f"<source_caller_id>{9000 + number % 1000}</source_caller_id>"
        f"<destination_caller_id>+3612345{number % 1000:03}</destination_caller_id>"
        f"<start_time>{text(began)}</start_time>{end}</verbacdr>"
    )


class Recorder(BaseHTTPRequestHandler):
    """Answers RequestToken, GetCallID and SearchCalls."""

    protocol_version = "HTTP/1.1"
    rate = 0.0  # calls that begin a second

    def do_POST(self) -> None:
        """One request."""
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        action = form["action"][0]
        body = TOKEN if action == "RequestToken" else SAMPLE
        if action == "SearchCalls":
            body = self._page(form)
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _page(self, form: dict[str, list[str]]) -> bytes:
        rate, now = self.rate, time.time()  # noqa: TID251 - a recorder has a clock
        start = datetime.fromisoformat(form["start"][0]).replace(tzinfo=UTC).timestamp()
        first, length = int(form["pagefirst"][0]), int(form["pagelen"][0])
        ended = form["status"][0] == "recorded"
        newest = now - LASTS if ended else now
        oldest = max(start, now - 60.0 if ended else now - LASTS)
        numbers = range(int(oldest * rate) + 1, int(newest * rate) + 1) if rate else range(0)
        rows = "".join(record(n, rate, ended=ended) for n in numbers[first : first + length])
        if ended and first == 0 and (not rate or start < now - 3600):
            rows = (
                "<verbacdr><ccdr_id>a8343631-9f35-4a3a-83f0-9e81592339fb</ccdr_id>"
                "<source_caller_id>8856</source_caller_id><start_time>"
                f"{text(now - 3500)}</start_time><end_time>{text(now - 3400)}</end_time></verbacdr>"
            ) + rows
        return f"<verbacdrlist>{rows}</verbacdrlist>".encode()


def main() -> None:
    """Serve on the port and at the rate of the command line."""
    Recorder.rate = float(sys.argv[2])
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Recorder).serve_forever()


if __name__ == "__main__":
    main()
