"""Short names for what the tests of rendering make again and again."""

from collections.abc import Iterator
from typing import final

from gateway.core.replies import Document, Rendition


@final
class Pieces:
    """Media in pieces that were read before."""

    def __init__(self, *pieces: bytes) -> None:
        self._pieces = pieces

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._pieces)

    def close(self) -> None:
        """There is nobody to hang up on."""


def document(body: bytes | str, content_type: str = "text/xml") -> Document:
    """A recorder's answer."""
    return Document(body.encode() if isinstance(body, str) else body, content_type, "node-1")


def envelope(code: int | str, content: str = "", action: str = "GetCallID") -> str:
    """An answer whose Response holds `content`."""
    response = f'<Response code="{code}" type="{action}">{content}</Response>'
    return f"<VerbaApi>{response}</VerbaApi>"


def bytes_of(rendition: Rendition) -> bytes:
    """The body of a rendition that is no stream."""
    if isinstance(rendition.body, bytes):
        return rendition.body
    return b"".join(rendition.body)


def values(rendition: Rendition, name: str) -> list[str]:
    """All values of a header."""
    return [value for key, value in rendition.headers if key.lower() == name.lower()]


def prefixes(body: bytes) -> Iterator[bytes]:
    """Every way in which a body can be cut off."""
    return (body[:end] for end in range(len(body)))
