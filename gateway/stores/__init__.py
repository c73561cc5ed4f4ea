"""What every store promises: where calls and tokens are remembered.

Two small Protocols. `memory` is the model that says what they mean; `sqlite` keeps the same
promises for all workers of a machine. One test suite holds every store to them.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol, final

from gateway.core.calls import Call, Snapshot
from gateway.core.query import Query
from gateway.core.secrets import Secret
from gateway.core.tokens import TokenRecord

KEPT_AFTER_EXPIRY: Final = timedelta(days=1)  # of a token: that it was refused stays known


@final
@dataclass(frozen=True, slots=True)
class FeedState:
    """How far the feed has come; kept with the calls, so that whoever feeds next goes on there.

    `as_of`, `complete` and `recorder_ahead` as in `Snapshot`. `recorded_until` is the feed's
    high-water mark: the latest begin of a recorded call that it has read (recorder's clock).
    """

    as_of: datetime | None = None
    complete: bool = False
    recorder_ahead: timedelta = timedelta(0)
    recorded_until: datetime | None = None


@final
@dataclass(frozen=True, slots=True)
class Changes:
    """Which parties' calls changed since an earlier revision, in the form that is compared."""

    revision: int
    parties: frozenset[str]


class CallStore(Protocol):
    """The call index. Every method raises `StoreError` if the store cannot be read or written.

    Writing is for whoever holds the lease; reading is for everybody, at any time, and always
    sees whole updates: a snapshot's calls and its `as_of` belong together.
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

    def update(self, calls: Collection[Call], state: FeedState) -> None:
        """Put these calls in the place of what was known under their ids, and move the feed on.

        A call that has ended for good stays so: a record that says otherwise is stuck. No call
        ends before it begins.
        """
        ...

    def revision(self) -> int:
        """The number of the latest update that changed a call; it only grows."""
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
