"""One round of polling: which calls are ongoing, which were recorded since, and how sure is that.

The recorded calls are asked for by a window of begins that overlaps the one before. Knows the
recorder's SearchCalls, and nothing of who feeds or how often.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, final
from zoneinfo import ZoneInfo

from gateway.core.calls import Call, same
from gateway.core.requests import Clock
from gateway.feed.account import Page
from gateway.feed.missing import Missing
from gateway.feed.paging import BEGINNING, Lists, Search
from gateway.feed.reconciliation import reconcile
from gateway.feed.records import call_of, local_start, local_time
from gateway.stores import CallStore, FeedState

OVERLAP: Final = timedelta(minutes=1)  # of two neighbouring windows
SWEEP: Final = timedelta(minutes=15)  # how far back for records that appear late …
SWEEP_EVERY: Final = timedelta(minutes=1)  # … and how often
OUTAGE: Final = timedelta(minutes=1)
# After an outage: calls that nobody saw ongoing may have begun that long before it.
LONGEST_CALL: Final = timedelta(hours=12)
TIDY_EVERY: Final = timedelta(hours=1)
FUTURE: Final = timedelta(days=366)  # whatever the clocks say, the newest call is in the window
_AROUND: Final = timedelta(seconds=1)


@final
@dataclass(slots=True)
class Poll:
    """Rounds of polling into one store. Mutable: it remembers what it did when.

    `keep`: how far back the index reaches. `hold` is called before each request and before the
    round is vouched for, and raises what ends it if somebody else feeds by now.
    """

    store: CallStore
    account: Search
    zone: ZoneInfo
    keep: timedelta
    clock: Clock
    hold: Callable[[], None] = field(default=lambda: None)
    _swept_at: datetime | None = None
    _tidied_at: datetime | None = None
    _missing: Missing = field(default_factory=Missing)
    _lists: Lists = field(init=False)

    def __post_init__(self) -> None:
        self._lists = Lists(self.account, self.zone, self.hold)

    def round(self) -> None:
        """Bring the index up to date. Raises `RecorderError` and `StoreError`.

        The index is as of the moment at which the round began, and only once the whole round has
        succeeded. Ongoing calls are asked for before recorded ones: a call that ends in between
        is in both lists, and not in neither.
        """
        asked_at = self.clock()
        state = self.store.state()
        ongoing, ahead = self._ongoing(state, asked_at)
        now = asked_at + ahead
        sweep = _is_due(self._swept_at, asked_at, SWEEP_EVERY)
        since = self._window(state, now, sweep=sweep)
        start, end = local_start(since, now, self.zone), local_time(now + FUTURE, self.zone)
        state = self._store_recorded(state, start, end)
        self._store_missing(state, ongoing, since, now)
        calls = reconcile(self.store.unfinished(), ongoing, now)
        state = replace(state, as_of=asked_at, recorder_ahead=ahead)
        self.hold()
        self.store.update(calls, state)
        self._swept_at = asked_at if sweep else self._swept_at
        if _is_due(self._tidied_at, asked_at, TIDY_EVERY):
            self._tidy(state, now)
            self._tidied_at = asked_at

    def _ongoing(self, state: FeedState, now: datetime) -> tuple[tuple[Call, ...], timedelta]:
        """The ongoing calls, and how far the recorder's clock is ahead of ours.

        All of them: stuck ones may be older than whatever the index keeps.
        """
        start, end = (local_time(each, self.zone) for each in (BEGINNING, now + FUTURE))
        pages = list(self._lists.pages("ongoing", start, end))
        told = [page.recorder_ahead for page in pages if page.recorder_ahead is not None]
        calls = tuple(call for page in pages for call in self._calls(page) if call.ongoing)
        return calls, told[0] if told else state.recorder_ahead

    def _window(self, state: FeedState, now: datetime, *, sweep: bool) -> datetime:
        """From which begin on recorded calls are asked for (the recorder's clock)."""
        oldest = now - self.keep
        if state.as_of is None:
            return oldest
        since = min(state.recorded_until or now, now) - OVERLAP
        seen_at = state.as_of + state.recorder_ahead
        if now - seen_at > OUTAGE:
            since = min(since, seen_at - LONGEST_CALL)
        if sweep:
            since = min(since, now - SWEEP)
        return max(since, oldest)

    def _store_recorded(self, state: FeedState, start: str, end: str) -> FeedState:
        """Store the recorded calls that began in between; the state with its mark moved on."""
        for page in self._lists.pages("recorded", start, end):
            calls = tuple(call for call in self._calls(page) if not call.ongoing)
            if calls:
                newest = max(call.started_at for call in calls)
                mark = max(newest, state.recorded_until or newest)
                state = replace(state, recorded_until=mark)
                self.hold()
                self.store.update(calls, state)
        return state

    def _store_missing(
        self, state: FeedState, ongoing: tuple[Call, ...], since: datetime, now: datetime
    ) -> None:
        """Look for the records of calls that have ended and began before the window."""
        listed = {same(call.id) for call in ongoing}
        missing = (
            call
            for call in self.store.unfinished()
            if same(call.id) not in listed and call.started_at < since
        )
        for call in self._missing.due(missing, now):
            start, end = call.started_at - _AROUND, call.started_at + _AROUND
            self._store_recorded(state, local_time(start, self.zone), local_time(end, self.zone))

    def _tidy(self, state: FeedState, now: datetime) -> None:
        """Forget what is too old, and find out whether the recorder remembers more than we do."""
        oldest = now - self.keep
        older = self._lists.has_any_before(oldest)
        self.hold()
        self.store.update((), replace(state, complete=not older))
        self.store.forget_before(oldest)

    def _calls(self, page: Page) -> list[Call]:
        return [call for row in page.rows if (call := call_of(row, self.zone))]


def _is_due(last: datetime | None, now: datetime, period: timedelta) -> bool:
    return last is None or now - last >= period
