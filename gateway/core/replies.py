"""What is answered, before it is dressed: our own word, the recorder's document, or a stream.

Knows what an answer means, and nothing of how it looks: no XML, HTML or HTTP header.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from types import MappingProxyType
from typing import Final, Protocol, assert_never, final

from gateway.core.errors import Code, NoAnswer, Refusal
from gateway.core.verdicts import Ambiguous, Found, NotFound, Spoken

# The seed's own sentence.
CANNOT_BE_FOUND: Final = "Unable to retrieve the call identifier, because the call cannot be found."


class Dialect(Enum):
    """`error_codes`: what a call that cannot be found is numbered. Both occur in the field."""

    DOCUMENTED = "documented"
    NUMBERED = "numbered"


class Origin(Enum):
    """Where a reply came from, in the terms of RFC 9211 (Cache-Status)."""

    HIT = "hit; detail=index"
    STALE = "hit; detail=stale"
    NEAR = "hit; detail=recorder"
    MISS = "fwd=miss"
    BYPASS = "fwd=bypass"
    REFUSED = "detail=refused"
    UNANSWERED = "detail=unanswered"


@final
@dataclass(frozen=True, slots=True)
class Source:
    """Where a reply came from and, if it is stale, how old it is.

    `as_of_age`: how old the index was, if it was fit to be asked. `why`: what else led to it, as
    names and values for people who ask. `error`: what went wrong with the recorder, in the terms
    of RFC 9209, if that is why there is no answer.
    """

    origin: Origin
    age: timedelta | None = None
    why: tuple[tuple[str, str | int], ...] = ()
    as_of_age: timedelta | None = None
    error: str = ""


PASSED_ON: Final = Source(Origin.BYPASS)
REFUSED: Final = Source(Origin.REFUSED)


@final
@dataclass(frozen=True, slots=True)
class Answer:
    """Our own word, in the API's terms.

    `status` is HTTP's, where it is something that the recorder never says; `retry_after` is
    in seconds. `token`: one that was issued; it is secret.
    """

    action: str
    code: int
    message: str = ""
    call_id: str = ""
    status: int = 200
    retry_after: int | None = None
    token: str = field(default="", repr=False)


@final
@dataclass(frozen=True, slots=True)
class Document:
    """The recorder's own answer, unread. `node`: the recorder node that gave it.

    `cookies`: what it set, whole header values; they are the client's, and secret. `logged_as`:
    the id of the request under which the log has its message, if no client is to see that.
    `shared`: another asked for it, up to a moment earlier.
    `reading`: what whoever has read it made of it, for the next who wants to; of one request only.
    """

    body: bytes = field(repr=False)
    content_type: str
    node: str
    cookies: tuple[str, ...] = field(default=(), repr=False)
    logged_as: str = ""
    shared: bool = False
    reading: object = field(default=None, repr=False, compare=False)


class Chunks(Protocol):
    """Bytes that come when they come. Whoever takes them calls `close`, read to the end or not."""

    def __iter__(self) -> Iterator[bytes]: ...

    def close(self) -> None:
        """Hang up on whoever sends them."""
        ...


@final
@dataclass(frozen=True, slots=True)
class Stream:
    """Media, passed on unread. `headers` are those that describe them."""

    status: int
    headers: Mapping[str, str]
    chunks: Chunks


Reply = Answer | Document | Stream


@final
@dataclass(frozen=True, slots=True)
class Outcome:
    """What a recorder's document says, wherever in it that stood. `code` `None`: none was found.

    `token` and `call_id` are empty if there is none.
    """

    code: int | None
    message: str = ""
    token: str = field(default="", repr=False)
    call_id: str = ""

    @property
    def accepted(self) -> bool:
        """Whether the recorder let the request's key and token pass.

        It did if it succeeded, or if it looked for a call and found none. A bare `2` is not
        enough: in the documented dialect everything that goes wrong is a `2`.
        """
        if self.code == Code.CANNOT_BE_FOUND:
            return self.message.strip() == CANNOT_BE_FOUND
        return self.code in {Code.SUCCESS, Code.CALL_NOT_FOUND}

    @property
    def succeeded(self) -> bool:
        """Whether the recorder did what it was asked."""
        return self.code == Code.SUCCESS

    @property
    def token_refused(self) -> bool:
        """Whether the recorder said that it does not know the token, or no longer."""
        return self.code in {Code.LOGIN_REQUIRED, Code.TOKEN_EXPIRED}


def answer(action: str, verdict: Spoken, dialect: Dialect) -> Answer:
    """Say a verdict in the API's terms. Source: the seed."""
    match verdict:
        case Found(call):
            return Answer(action, Code.SUCCESS, call_id=call.id)
        case NotFound():
            return Answer(action, NOT_FOUND[dialect], CANNOT_BE_FOUND)
        case Ambiguous(candidates):
            message = (
                "Unable to retrieve the call identifier, "
                f"because {candidates} calls match and only one may."
            )
            return Answer(action, NOT_FOUND[dialect], message)
        case _:  # pragma: no cover - the type checker proves that nothing is left
            assert_never(verdict)


def excuse(action: str, error: Refusal | NoAnswer) -> Answer:
    """Say that a request was refused, or that nobody can answer it."""
    code = error.code if isinstance(error, Refusal) else Code.UNEXPECTED_ERROR
    wait = RETRY_AFTER if error.status in {503, 504} else None
    return Answer(action, code, error.message, status=error.status, retry_after=wait)


def unanswered(error: NoAnswer) -> Source:
    """Where an excuse came from."""
    return Source(Origin.UNANSWERED, error=error.kind)


RETRY_AFTER: Final = 5  # seconds: a client that polls more often gains nothing

NOT_FOUND: Final = MappingProxyType(
    {Dialect.DOCUMENTED: Code.CANNOT_BE_FOUND, Dialect.NUMBERED: Code.CALL_NOT_FOUND}
)

# `http_status = "standard"`: what an API error is in HTTP's terms. Any other code is a 400.
STANDARD_STATUS: Final[Mapping[int, int]] = MappingProxyType(
    {
        Code.SUCCESS: 200,
        Code.CANNOT_BE_FOUND: 404,
        Code.UNEXPECTED_ERROR: 500,
        Code.EVALUATION_EXPIRED: 403,
        Code.INVALID_CREDENTIALS: 401,
        Code.INVALID_API_KEY: 401,
        Code.LOGIN_REQUIRED: 401,
        Code.TOKEN_EXPIRED: 401,
        Code.CALL_NOT_FOUND: 404,
        Code.INVALID_BUSINESS_ID: 404,
        Code.MEDIA_NOT_FOUND: 404,
        Code.VIDEO_NOT_FOUND: 404,
        Code.PROPERTY_NOT_FOUND: 404,
    }
)


@final
@dataclass(frozen=True, slots=True)
class Rendition:
    """What goes out: an HTTP status, headers, and bytes or chunks of them."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes | Chunks
