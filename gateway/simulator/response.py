"""A response before it meets HTTP, and the two pages that the servlet container makes itself."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape
from http import HTTPStatus
from typing import Final, final

TRACE: Final = """java.lang.NullPointerException: Cannot invoke "CallRecord.getCcdrId()"
\tat com.verba.api.http.ApiServlet.getCallId(ApiServlet.java:412)
\tat com.verba.api.http.ApiServlet.doGet(ApiServlet.java:163)
\tat javax.servlet.http.HttpServlet.service(HttpServlet.java:655)
\tat org.apache.catalina.core.ApplicationFilterChain.doFilter(ApplicationFilterChain.java:166)
\tat java.base/java.lang.Thread.run(Thread.java:829)
Caused by: java.sql.SQLTransientConnectionException: HikariPool-1 - Connection is not available
"""


class Dropped(Exception):
    """The connection ends without an answer: by a reset, or quietly."""

    def __init__(self, *, reset: bool) -> None:
        super().__init__("reset" if reset else "closed")
        self.reset = reset


@final
@dataclass(frozen=True, slots=True)
class Response:
    """Status, headers and bytes; a `stream` stands in for the body if the length is not known."""

    body: bytes
    content_type: str
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    stream: Iterator[bytes] | None = None

    @property
    def status_line(self) -> str:
        """The status as WSGI wants it."""
        return f"{self.status} {HTTPStatus(self.status).phrase}"

    @property
    def head(self) -> list[tuple[str, str]]:
        """The headers, with the length where it is known."""
        length = [("Content-Length", str(len(self.body)))] if self.stream is None else []
        return [("Content-Type", self.content_type), *length, *self.headers]

    @property
    def chunks(self) -> Iterable[bytes]:
        """The body as WSGI wants it."""
        return (self.body,) if self.stream is None else self.stream


def container_page(status: int, trace: str = "") -> Response:
    """An error page as Tomcat makes it."""
    phrase = HTTPStatus(status).phrase
    exception = f"<p><b>Exception</b></p><pre>{escape(trace)}</pre>" if trace else ""
    page = (
        f'<!doctype html><html lang="en"><head><title>HTTP Status {status} &ndash; {phrase}</title>'
        f'</head><body><h1>HTTP Status {status} &ndash; {phrase}</h1><hr class="line" />'
        f"<p><b>Type</b> Exception Report</p>{exception}<h3>Apache Tomcat/9.0.71</h3></body></html>"
    )
    return Response(page.encode(), "text/html;charset=utf-8", status)
