"""The model of a store: a dictionary in one process. What it does is what the promises mean.

Good for tests and for a gateway with a single worker; with several, each would be an index of
its own.
"""

import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import assert_never, final

from gateway.core.calls import Call, Snapshot, same
from gateway.core.query import ByNativeID, ByParty, ByPlatformCallID, Query, Selector
from gateway.core.secrets import Secret
from gateway.core.tokens import TokenRecord
from gateway.core.verification import Disagreement, Tally, silent_among
from gateway.stores import KEPT_AFTER_EXPIRY, OVERRULED_FOR, Changes, FeedState, Pulse


@final
@dataclass(slots=True)
class MemoryStore:
    """Calls and tokens in dictionaries behind one lock. Mutable: it is the state."""

    _calls: dict[str, Call] = field(default_factory=dict)
    _revisions: dict[str, int] = field(default_factory=dict)
    _overruled: dict[str, datetime] = field(default_factory=dict)
    _tokens: dict[tuple[str, str], TokenRecord] = field(default_factory=dict)
    _tallies: dict[str, Tally] = field(default_factory=dict)
    _state: FeedState = field(default_factory=FeedState)
    _revision: int = 0
    _leased: tuple[str, datetime] | None = None
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def snapshot(self, query: Query) -> Snapshot:
        """See `CallStore`."""
        with self._lock:
            concerned = (c for c in self._calls.values() if _concerns(c, query.selector))
            return self._vouched_for(tuple(concerned))

    def state(self) -> FeedState:
        """See `CallStore`."""
        return self._state

    def unfinished(self) -> tuple[Call, ...]:
        """See `CallStore`."""
        with self._lock:
            return tuple(c for c in self._calls.values() if c.ongoing or c.provisional)

    def known(self, ids: Collection[str]) -> tuple[Call, ...]:
        """See `CallStore`."""
        with self._lock:
            found = (self._calls.get(same(each)) for each in ids)
            return tuple(call for call in found if call is not None)

    def within(self, start: datetime, end: datetime) -> tuple[Call, ...]:
        """See `CallStore`."""
        with self._lock:
            final = [call for call in self._calls.values() if call.final]
        return tuple(c for c in final if c.ended_at and start <= c.started_at <= c.ended_at <= end)

    def update(
        self,
        calls: Collection[Call],
        state: FeedState | None = None,
        *,
        removed: Collection[str] = (),
        asked_at: datetime | None = None,
    ) -> None:
        """See `CallStore`."""
        with self._lock:
            changed = self._put(
                [call for call in calls if not self._is_overruled(call.id, asked_at)],
                [each for each in removed if not self._is_overruled(each, asked_at)],
            )
            state = state or self._state
            self._revision += changed or self._state.complete != state.complete
            self._state = state

    def overrule(self, calls: Collection[Call], removed: Collection[str], until: datetime) -> None:
        """See `CallStore`."""
        over = until - OVERRULED_FOR
        with self._lock:
            self._overruled = {k: ends for k, ends in self._overruled.items() if ends >= over}
            for key in map(same, (*(call.id for call in calls), *removed)):
                self._overruled[key] = max(until, self._overruled.get(key, until))
            self._put(calls, removed)
            self._revision += 1

    def pulse(self) -> Pulse:
        """See `CallStore`."""
        with self._lock:
            return Pulse(self._state.as_of, self._revision)

    def _put(self, calls: Collection[Call], removed: Collection[str]) -> bool:
        changed = False
        for call in calls:
            key = same(call.id)
            if _replaces(call, self._calls.get(key)):
                self._calls[key] = call
                self._revisions[key] = self._revision + 1
                changed = True
        for key in map(same, removed):
            changed |= self._calls.pop(key, None) is not None
            self._revisions.pop(key, None)
        return changed

    def _is_overruled(self, id_: str, asked_at: datetime | None) -> bool:
        until = self._overruled.get(same(id_))
        return until is not None and asked_at is not None and until > asked_at

    def size(self) -> int:
        """See `CallStore`."""
        return len(self._calls)

    def tallies(self) -> Mapping[str, Tally]:
        """See `CallStore`."""
        with self._lock:
            return dict(self._tallies)

    def tally(self, form: str, disagreement: Disagreement | None) -> Tally:
        """See `CallStore`."""
        with self._lock:
            before = self._silent()
            self._tallies[form] = after = self._tallies.get(form, Tally()).after(disagreement)
            self._revision += before != self._silent()
        return after

    def _vouched_for(self, calls: tuple[Call, ...]) -> Snapshot:
        state, silent = self._state, self._silent()
        return Snapshot(calls, state.as_of, state.complete, state.recorder_ahead, silent)

    def _silent(self) -> frozenset[str]:
        return frozenset(silent_among(self._tallies))

    def changes(self, since: int) -> Changes:
        """See `CallStore`."""
        with self._lock:
            # Whoever waits asks forty times a second: the common answer shall not cost a search.
            revisions = self._revisions.items() if since < self._revision else ()
            changed = tuple(self._calls[key] for key, at in revisions if at > since)
            return Changes(self._revision, self._vouched_for(changed))

    def forget_before(self, before: datetime) -> int:
        """See `CallStore`."""
        with self._lock:
            old = [k for k, c in self._calls.items() if c.ended_at and c.ended_at < before]
            for key in old:
                del self._calls[key], self._revisions[key]
            self._revision += bool(old)
            return len(old)

    def lease(self, holder: str, now: datetime, term: timedelta) -> bool:
        """See `CallStore`."""
        with self._lock:
            if self._leased and self._leased[0] != holder and now < self._leased[1] <= now + term:
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
            self._revision += record.refused

    def close(self) -> None:
        """See `CallStore`."""


def _replaces(call: Call, known: Call | None) -> bool:
    """Whether it is news. What has ended for good is replaced only by what has, too."""
    if known is None:
        return True
    return known != call and (call.final or not known.final)


def _concerns(call: Call, selector: Selector) -> bool:
    match selector:
        case ByParty(numbers, _):
            return any(call.concerns(number) for number in numbers)
        case ByPlatformCallID(value, _):
            return call.platform_call_id == value
        case ByNativeID(value, _):
            return call.native_id == value
        case _:  # pragma: no cover - the type checker proves that nothing is left
            assert_never(selector)
