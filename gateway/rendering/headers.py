"""The headers of a rendition: what it is, that it must not be kept, and where it came from."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Final, final

from gateway.core.parameters import ResponseType
from gateway.core.replies import Answer, Document, Source, Stream

Header = tuple[str, str]

CONTENT_TYPES: Final[Mapping[ResponseType, str]] = MappingProxyType(
    {
        ResponseType.XML: "text/xml; charset=UTF-8",
        ResponseType.AS_SENT: "text/xml; charset=UTF-8",
        ResponseType.HTML: "text/html; charset=UTF-8",
        ResponseType.TEXT: "text/plain; charset=UTF-8",
        ResponseType.JSON: "application/json; charset=utf-8",
    }
)
_ILLEGAL: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]|[^\x00-\xff]")
_LENGTH: Final = re.compile(r"[0-9]{1,18}")
_OURS: Final = frozenset({"cache-control", "cache-status", "proxy-status", "age"})


def of_made(response_type: ResponseType, styles: Iterable[str] = ()) -> tuple[Header, ...]:
    """Of a body that was made here. `styles`: the hashes of the style elements in it."""
    content_type = ("Content-Type", CONTENT_TYPES[response_type])
    no_sniffing = ("X-Content-Type-Options", "nosniff")
    match response_type:
        case ResponseType.XML | ResponseType.AS_SENT:
            return (content_type,)
        case ResponseType.HTML:
            style = " ".join(styles) or "'none'"
            policy = ("Content-Security-Policy", f"default-src 'none'; style-src {style}")
            return (content_type, no_sniffing, policy)
        case _:
            return (content_type, no_sniffing)


def of_sent(document: Document) -> tuple[Header, ...]:
    """Of the recorder's own body."""
    return (("Content-Type", _type_of(document)), *of_session(document))


def _type_of(document: Document) -> str:
    """What the recorder said it is; with the charset that it is in, if that was left out."""
    said = document.content_type
    if not said or not _is_legal(said):
        return CONTENT_TYPES[ResponseType.XML]
    if said.lower().startswith("text/") and "charset" not in said.lower():
        try:
            document.body.decode()
        except UnicodeDecodeError:
            return said  # its declaration may know better
        return f"{said.rstrip('; ')}; charset=UTF-8"
    return said


def of_session(document: Document) -> Iterator[Header]:
    """The cookies that the recorder set for this client."""
    return (("Set-Cookie", cookie) for cookie in document.cookies if _is_legal(cookie))


def of_source(source: Source) -> Iterator[Header]:
    """Where the answer came from (RFC 9211), how old it is, and that nobody may keep it.

    And, if there is none, what went wrong between here and the recorder (RFC 9209).
    """
    yield "Cache-Control", "no-store"
    yield "Cache-Status", cache_status(source)
    if source.error:
        yield "Proxy-Status", f"callgate; error={source.error}"
    if source.age is not None:
        yield "Age", str(max(0, int(source.age.total_seconds())))


def cache_status(source: Source) -> str:
    """The value of that header; what the RFC does not name is added behind what it does."""
    if source.as_of_age is None:
        return f"{_origin(source)}{_why(source)}"
    return f"{_origin(source)}{_AS_OF}{source.as_of_age.total_seconds():.3f}{_why(source)}"


@final
@dataclass(frozen=True, slots=True)
class Aging:
    """The header of an answer that is given again, but for how old the index is by then."""

    before: str
    after: str

    def at(self, age: timedelta) -> Header:
        """The header at that age."""
        return "Cache-Status", f"{self.before}{age.total_seconds():.3f}{self.after}"


def aging(source: Source) -> Aging:
    """What `cache_status` says of a source at any age of the index."""
    return Aging(f"{_origin(source)}{_AS_OF}", _why(source))


_AS_OF: Final = "; as-of-age="


def _origin(source: Source) -> str:
    return f"callgate; {source.origin.value}"


def _why(source: Source) -> str:
    return "".join(f"; {name}={_bare(value)}" for name, value in source.why)


def _bare(value: str | int) -> str:
    """A value as a structured field has it: a string or an integer."""
    if isinstance(value, int):
        return str(value)
    return '"' + value.replace("\\", "").replace('"', "'") + '"'


def of_waiting(answer: Answer) -> Iterator[Header]:
    """When to try again, in seconds."""
    if answer.retry_after is not None:
        yield "Retry-After", str(answer.retry_after)


def of_stream(stream: Stream) -> Iterator[Header]:
    """The stream's own, without those that are ours to say."""
    return (
        (name, value)
        for name, value in stream.headers.items()
        if name.lower() not in _OURS
        and _is_legal(value)
        and (name.lower() != "content-length" or _LENGTH.fullmatch(value))
    )


def _is_legal(value: str) -> bool:
    """Whether a value of the recorder's may stand in a header of ours (RFC 9110, 5.5)."""
    return not _ILLEGAL.search(value)
