"""Ways to spoil a good answer. Each has been seen in the field, or near it."""

from collections.abc import Callable, Container, Iterator
from dataclasses import replace
from threading import Event
from typing import Final

from gateway.simulator.answers import Answer, write_xml
from gateway.simulator.faults import Kind
from gateway.simulator.response import TRACE, Response

PIECES: Final = 20
"""A dripped body comes in so many pieces."""


def trace_answer(action: str) -> Response:
    """An error whose message is a whole exception trace."""
    answer = Answer(action, -1, TRACE)
    return Response(write_xml(answer), "text/xml;charset=UTF-8")


def spoil(response: Response, kinds: Container[Kind]) -> Response:
    """The response with these faults in its XML; what is not XML stays as it is."""
    if response.stream is not None or not response.content_type.startswith("text/xml"):
        return response
    body = response.body
    for kind, change in _CHANGES.items():
        if kind in kinds:
            body = change(body)
    return replace(response, body=body)


def drip(response: Response, seconds: float, stopping: Event) -> Response:
    """The same bytes, with the same length announced, but spread over the seconds."""
    if response.stream is not None:
        return response
    length = ("Content-Length", str(len(response.body)))
    drops = _drops(response.body, seconds, stopping)
    return replace(response, headers=(*response.headers, length), stream=drops)


def _drops(body: bytes, seconds: float, stopping: Event) -> Iterator[bytes]:
    size = max(1, -(-len(body) // PIECES))
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    for number, piece in enumerate(pieces):
        if number:
            stopping.wait(seconds / (len(pieces) - 1))
        yield piece


def _blank_lines(body: bytes) -> bytes:
    return b"\r\n\r\n" + body


def _latin1(body: bytes) -> bytes:
    return body.replace(b"?>\n", b"?>\n<!-- f\xfcr Z\xfcrich -->\n", 1)


def _unclosed(body: bytes) -> bytes:
    return body[: body.rstrip().rfind(b"</")]


def _old_error(body: bytes) -> bytes:
    opening, closing = b"<ErrorMessage>", b"</ErrorMessage>"
    before, found, rest = body.partition(opening)
    if not found:
        return body
    message, _, after = rest.partition(closing)
    description = message.replace(b'"', b"&quot;").replace(b"\n", b"&#10;")
    return before + b'<ErrorMessage description="' + description + b'"/>' + after


_CHANGES: Final[dict[Kind, Callable[[bytes], bytes]]] = {
    Kind.OLD_ERROR: _old_error,
    Kind.LATIN1: _latin1,
    Kind.UNCLOSED: _unclosed,
    Kind.BLANK_LINES: _blank_lines,
}
