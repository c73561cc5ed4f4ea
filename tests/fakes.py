"""Stand-ins for what the gateway talks to: named, typed, and no cleverer than their contract."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from gateway.core.admission import Admitted
from gateway.core.applications import Application
from gateway.core.calls import Call, Snapshot
from gateway.core.errors import NoAnswer, StoreError
from gateway.core.query import Query
from gateway.core.replies import Document, Origin, Reply, Source
from gateway.core.secrets import Secret
from gateway.core.tokens import TokenRecord
from gateway.stores import Pulse

KEY = "74c8eea0-50c6-40b2-9f3e-252ed501c3c8"
TOKEN = "09835e02-6c10-11e0-bb22-ba324924019b"
SAMPLE_ID = "a8343631-9f35-4a3a-83f0-9e81592339fb"
NODE = "http://recorder.example/verba/api"
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)

FROM_INDEX = Source(Origin.HIT)
FROM_RECORDER = Source(Origin.MISS)

FOUND = f"""\
<?xml version="1.0" encoding="UTF-8"?>
<VerbaApi>
<Response code="0" type="GetCallID"/>
<CallID>{SAMPLE_ID}</CallID>
</VerbaApi>
""".encode()

NOT_FOUND = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n'
    b"<VerbaApi>\n"
    b'<Response code="2" type="GetCallID">\n'
    b"<ErrorMessage>Unable to retrieve the call identifier, "
    b"because the call cannot be found.</ErrorMessage>\n"
    b"</Response>\n"
    b"</VerbaApi>\n"
)


def refused_with(code: int, action: str = "GetCallID") -> bytes:
    """The recorder's error answer with that code."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<VerbaApi>\n'
        f'<Response code="{code}" type="{action}">\n<ErrorMessage>No.</ErrorMessage>\n'
        "</Response>\n</VerbaApi>\n"
    ).encode()


def issued(token: str) -> bytes:
    """The recorder's answer to a RequestToken that succeeded."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<VerbaApi>\n'
        f'<Response code="0" type="RequestToken" token="{token}"/>\n</VerbaApi>\n'
    ).encode()


@dataclass
class FrozenClock:
    """A clock that stands still until it is moved, and knows how often it was read."""

    now: datetime = NOON
    read: int = 0

    def __call__(self) -> datetime:
        self.read += 1
        return self.now

    def move(self, seconds: float) -> None:
        """Later by so many seconds."""
        self.now += timedelta(seconds=seconds)


@dataclass
class FrozenTicks:
    """A monotonic clock, in seconds, that stands still until it is moved."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class FakeRecorder:
    """A recorder that gives the replies it was given, in their order, and the last one for ever."""

    replies: list[Reply | NoAnswer]
    node: str = NODE
    asked: list[Admitted] = field(default_factory=list)

    def ask(self, admitted: Admitted) -> tuple[Reply, str]:
        """The next reply, or the next failure."""
        self.asked.append(admitted)
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        if isinstance(reply, NoAnswer):
            raise reply
        return reply, self.node


class NoChunks:
    """Media of no length."""

    def __iter__(self) -> Iterator[bytes]:
        return iter(())

    def close(self) -> None:
        """Nothing was open."""


class BrokenStore:
    """A store that can neither be read nor written."""

    def snapshot(self, query: Query) -> Snapshot:
        """Fail."""
        raise StoreError(f"no snapshot for {query.asked_at}")

    def overrule(self, calls: Collection[Call], removed: Collection[str], until: datetime) -> None:
        """Fail."""
        raise StoreError(f"cannot overrule {calls} and {removed} until {until}")

    def pulse(self) -> Pulse:
        """Fail."""
        raise StoreError("no pulse")

    def recall(self, token: Secret, application: str) -> TokenRecord | None:
        """Fail."""
        raise StoreError(f"nothing of {token} for {application}")

    def remember(self, token: Secret, record: TokenRecord) -> None:
        """Fail."""
        raise StoreError(f"cannot keep {token}: {record.node}")


def document(body: bytes) -> Document:
    """A recorder's document."""
    return Document(body, "text/xml; charset=UTF-8", NODE)


def application(*, name: str = "crm", key: str = KEY, **more: object) -> Application:
    """An application that holds the sample's key."""
    return Application(name, frozenset({Secret(key).digest}), **more)  # type: ignore[arg-type]


def call(  # noqa: PLR0913 - a test names the few that matter to it
    id_: str = SAMPLE_ID,
    *,
    caller: str = "8856",
    called: str = "+3612345678",
    started: float = -600.0,
    ended: float | None = -300.0,
    manual: bool = False,
) -> Call:
    """A call with the sample's extension; times in seconds after noon."""
    return Call(
        id=id_,
        caller=caller,
        called=called,
        started_at=NOON + timedelta(seconds=started),
        ended_at=None if ended is None else NOON + timedelta(seconds=ended),
        platform_call_id=f"platform-{id_}",
        native_id=f"native-{id_}",
        manual=manual,
    )


def guessed(ended: Call, **more: Any) -> Call:
    """The same call, whose end was inferred: within the second before `ended_at`."""
    changed = replace(ended, **more)
    end = changed.ended_at
    return replace(changed, ended_after=end and max(end - timedelta(seconds=1), ended.started_at))


def pairs(
    *, key: str | None = KEY, token: str | None = TOKEN, **more: str
) -> Iterable[tuple[str, str]]:
    """Parameters of a request, in an order that clients use."""
    named = {"apiKey": key, "token": token, **more}
    return tuple((name, value) for name, value in named.items() if value is not None)
