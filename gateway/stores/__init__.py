"""What every store promises: where calls and tokens are remembered.

Two small Protocols. `memory` is the model that says what they mean; `sqlite` keeps the same
promises for all workers of a machine. One test suite holds every store to them.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol, final

from gateway.core.calls import Call, Snapshot
from gateway.core.query import Query
from gateway.core.secrets import Secret
from gateway.core.tokens import TokenRecord
from gateway.core.verification import Disagreement, Tally

KEPT_AFTER_EXPIRY: Final = timedelta(days=1)  # of a token: that it was refused stays known

# How long it stays known that a call was overruled, and twice as long as anybody overrules.
OVERRULED_FOR: Final = timedelta(days=2)


@final
@dataclass(frozen=True, slots=True)
class FeedState:
    """How far the feed has come; kept with the calls, so that whoever feeds next goes on there.

    `as_of`, `complete` and `recorder_ahead` as in `Snapshot`. `recorded_until` is the feed's
    high-water mark: the latest begin of a recorded call that it has read (recorder's clock), and
    `read_since` how far back it has read. `contradicted`: how many calls the recorder lists as
    ongoing although their records say that they have ended; the records are believed.
    """

    as_of: datetime | None = None
    complete: bool = False
    recorder_ahead: timedelta = timedelta(0)
    recorded_until: datetime | None = None
    read_since: datetime | None = None
    contradicted: int = 0


@final
@dataclass(frozen=True, slots=True)
class Pulse:
    """How far a store has come. `as_of` as in `Snapshot`.

    `revision` is the number of the latest update that changed anything which an answer may rest
    on: a call, whether the index is complete, a token that was refused. It only grows, and while
    it stands still, so does every verdict that does not depend on the time.
    """

    as_of: datetime | None
    revision: int


@final
@dataclass(frozen=True, slots=True)
class Changes:
    """What changed up to a revision: the calls that are new or other than they were.

    `snapshot` holds these calls alone, and vouches for them as any snapshot does. Calls that
    were removed are not among them.
    """

    revision: int
    snapshot: Snapshot

    def followed_by(self, news: "Changes") -> "Changes":
        """These changes and those that came after them, in one."""
        return Changes(news.revision, self.snapshot.renewed_by(news.snapshot))

    @property
    def parties(self) -> frozenset[str]:
        """Whose calls changed, in the form in which numbers are compared."""
        return frozenset(p for call in self.snapshot.calls for p in (call.caller, call.called))


class CallStore(Protocol):
    """The call index. Every method raises `StoreError` if the store cannot be read or written.

    The feed is moved on by whoever holds the lease. Reading is for everybody, at any time, and
    always sees whole updates: a snapshot's calls and its `as_of` belong together.
    """

    def snapshot(self, query: Query) -> Snapshot:
        """The calls that decide this query, and perhaps others, and as of when they are true."""
        ...

    def state(self) -> FeedState:
        """How far the feed has come."""
        ...

    def unfinished(self) -> tuple[Call, ...]:
        """The calls that are ongoing, and those whose end is provisional."""
        ...

    def known(self, ids: Collection[str]) -> tuple[Call, ...]:
        """The calls that have these ids, in any case."""
        ...

    def within(self, start: datetime, end: datetime) -> tuple[Call, ...]:
        """The calls that began and ended for good between two times (recorder's clock)."""
        ...

    def update(
        self,
        calls: Collection[Call],
        state: FeedState | None = None,
        *,
        removed: Collection[str] = (),
        asked_at: datetime | None = None,
    ) -> None:
        """Put these calls in the place of what was known under their ids, and move the feed on.

        `state`: how far it has come; `None`: no further than it had. A call that has ended for
        good stays so: a record that says otherwise is stuck. No call ends before it begins.
        `removed` are the ids of calls that are no more. `asked_at`: when the recorder was asked
        for all this (the gateway's clock); news of a call that was overruled since then are
        dropped. `None`: they count whenever they come.
        """
        ...

    def overrule(self, calls: Collection[Call], removed: Collection[str], until: datetime) -> None:
        """Put in what somebody knows better, or sooner, than the recorder's lists; for everybody.

        What the recorder was asked before `until` (the gateway's clock) changes none of it.
        """
        ...

    def pulse(self) -> Pulse:
        """How far the store has come; cheap enough for every request."""
        ...

    def size(self) -> int:
        """About how many calls there are, at most: numbers that were dropped may be counted."""
        ...

    def tallies(self) -> Mapping[str, Tally]:
        """What checks against the recorder have shown, by the form of question."""
        ...

    def tally(self, form: str, disagreement: Disagreement | None) -> Tally:
        """Count one more check; what they have shown by now. For everybody, at any time."""
        ...

    def changes(self, since: int) -> Changes:
        """What changed after that revision."""
        ...

    def forget_before(self, before: datetime) -> int:
        """Drop calls that ended before then (recorder's clock); how many were dropped."""
        ...

    def lease(self, holder: str, now: datetime, term: timedelta) -> bool:
        """Take or prolong the one lease to feed. Whether `holder` has it until `now + term`."""
        ...

    def release(self, holder: str) -> None:
        """Give the lease back, if `holder` has it."""
        ...

    def close(self) -> None:
        """Let go of files and connections; nothing is asked after that."""
        ...


class TokenStore(Protocol):
    """What is remembered of tokens. They are kept as SHA-256 digests, and so cannot leak."""

    def recall(self, token: Secret, application: str) -> TokenRecord | None:
        """What is remembered of this application's token."""
        ...

    def remember(self, token: Secret, record: TokenRecord) -> None:
        """Remember it, in the place of what was known.

        What expired a day before this one does is forgotten.
        """
        ...
