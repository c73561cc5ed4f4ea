"""The model of a store: a dictionary in one process. What it does is what the promises mean.

Good for tests and for a gateway with a single worker; with several, each would be an index of
its own.
"""

import threading
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import assert_never, final

from gateway.core.calls import Call, Snapshot, same
from gateway.core.query import ByNativeID, ByParty, ByPlatformCallID, Query, Selector
from gateway.core.secrets import Secret
from gateway.core.tokens import TokenRecord
from gateway.stores import KEPT_AFTER_EXPIRY, Changes, FeedState


@final
@dataclass(slots=True)
class MemoryStore:
    """Calls and tokens in dictionaries behind one lock. Mutable: it is the state."""

    _calls: dict[str, Call] = field(default_factory=dict)
    _revisions: dict[str, int] = field(default_factory=dict)
    _tokens: dict[tuple[str, str], TokenRecord] = field(default_factory=dict)
    _state: FeedState = field(default_factory=FeedState)
    _revision: int = 0
    _leased: tuple[str, datetime] | None = None
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def snapshot(self, query: Query) -> Snapshot:
        """See `CallStore`."""
        with self._lock:
            calls = tuple(c for c in self._calls.values() if _concerns(c, query.selector))
            state = self._state
        return Snapshot(calls, state.as_of, state.complete, state.recorder_ahead)

    def state(self) -> FeedState:
        """See `CallStore`."""
        return self._state

    def unfinished(self) -> tuple[Call, ...]:
        """See `CallStore`."""
        with self._lock:
            return tuple(c for c in self._calls.values() if c.ongoing or c.provisional)

    def update(self, calls: Collection[Call], state: FeedState) -> None:
        """See `CallStore`."""
        with self._lock:
            revision = self._revision + 1
            for call in calls:
                key = same(call.id)
                if _replaces(call, self._calls.get(key)):
                    self._calls[key] = call
                    self._revisions[key] = self._revision = revision
            self._state = state

    def revision(self) -> int:
        """See `CallStore`."""
        return self._revision

    def changes(self, since: int) -> Changes:
        """See `CallStore`."""
        with self._lock:
            if since >= self._revision:
                return Changes(self._revision, frozenset())
            changed = [self._calls[key] for key, at in self._revisions.items() if at > since]
            parties = frozenset(p for call in changed for p in (call.caller, call.called))
            return Changes(self._revision, parties)

    def forget_before(self, before: datetime) -> int:
        """See `CallStore`."""
        with self._lock:
            old = [k for k, c in self._calls.items() if c.ended_at and c.ended_at < before]
            for key in old:
                del self._calls[key], self._revisions[key]
            return len(old)

    def lease(self, holder: str, now: datetime, term: timedelta) -> bool:
        """See `CallStore`."""
        with self._lock:
            if self._leased and self._leased[0] != holder and now < self._leased[1]:
                return False
            self._leased = (holder, now + term)
            return True

    def release(self, holder: str) -> None:
        """See `CallStore`."""
        with self._lock:
            if self._leased and self._leased[0] == holder:
                self._leased = None

    def recall(self, token: Secret, application: str) -> TokenRecord | None:
        """See `TokenStore`."""
        return self._tokens.get((token.digest, application))

    def remember(self, token: Secret, record: TokenRecord) -> None:
        """See `TokenStore`."""
        stale = record.expires_at - KEPT_AFTER_EXPIRY
        with self._lock:
            for key in [k for k, known in self._tokens.items() if known.expires_at < stale]:
                del self._tokens[key]
            self._tokens[token.digest, record.application] = record

    def close(self) -> None:
        """See `CallStore`."""


def _replaces(call: Call, known: Call | None) -> bool:
    """Whether it is news. What has ended for good is replaced only by what has, too."""
    if known is None:
        return True
    return known != call and (_ended_for_good(call) or not _ended_for_good(known))


def _ended_for_good(call: Call) -> bool:
    return not (call.ongoing or call.provisional)


def _concerns(call: Call, selector: Selector) -> bool:
    match selector:
        case ByParty(numbers, _):
            return any(call.concerns(number) for number in numbers)
        case ByPlatformCallID(value):
            return call.platform_call_id == value
        case ByNativeID(value):
            return call.native_id == value
        case _:  # pragma: no cover - the type checker proves that nothing is left
            assert_never(selector)
