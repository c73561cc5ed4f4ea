"""One round of polling: which calls are ongoing, which were recorded since, and how sure is that.

The recorded calls are asked for by a window of begins that overlaps the one before. Knows the
recorder's SearchCalls, and nothing of who feeds or how often.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from heapq import nlargest
from typing import Final, final
from zoneinfo import ZoneInfo

from gateway.core.calls import Call, same
from gateway.core.requests import Clock
from gateway.feed.account import Page
from gateway.feed.clocks import UNKNOWN, Ahead, ClockDifference
from gateway.feed.missing import Missing
from gateway.feed.paging import BEGINNING, Lists, Search
from gateway.feed.recheck import Recheck, around
from gateway.feed.reconciliation import Listing, reconcile
from gateway.feed.records import call_of, id_of, is_secondary, local_end, local_start, local_time
from gateway.stores import CallStore, FeedState

# Two neighbouring windows share so many calls, and so much time at the least and at the most.
SHARED: Final = 200
OVERLAP: Final = timedelta(minutes=1)
LEAST_OVERLAP: Final = timedelta(seconds=1)
SWEEP_EVERY: Final = timedelta(minutes=1)
OUTAGE: Final = timedelta(minutes=1)
# After an outage: calls that nobody saw ongoing may have begun that long before it.
LONGEST_CALL: Final = timedelta(hours=12)
BUDGET: Final = timedelta(seconds=1)  # of a round, for records that are missing
TIDY_EVERY: Final = timedelta(hours=1)
FUTURE: Final = timedelta(days=366)  # whatever the clocks say, the newest call is in the window


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
    _done_at: datetime | None = None
    _latest: list[datetime] = field(default_factory=list)
    _swept_at: datetime | None = None
    _tidied_at: datetime | None = None
    _clocks: ClockDifference = field(default_factory=ClockDifference)
    _missing: Missing = field(default_factory=Missing)
    _lists: Lists = field(init=False)
    _recheck: Recheck = field(init=False)

    def __post_init__(self) -> None:
        self._lists = Lists(self.account, self.zone, self.hold)
        self._recheck = Recheck(self.store, self._listed, self._remove)

    def round(self) -> None:
        """Bring the index up to date. Raises `RecorderError` and `StoreError`.

        The index is as of the moment at which the round began, and only once the lists of this
        round were read whole. Ongoing calls are asked for before recorded ones: a call that ends
        in between is in both lists, and not in neither. What is looked for beyond that comes
        after the index is vouched for, and makes nobody wait.
        """
        asked_at = self.clock()
        state = self.store.state()
        pages = self._ongoing_pages(asked_at)
        told = self._ahead(pages, state)
        ahead, least = told or UNKNOWN, told.least if told else state.recorder_ahead
        now = asked_at + least
        ongoing = [call for page in pages for call in self._calls(page, now) if call.ongoing]
        since = self._window(state, now)
        state, over = self._store_recorded(state, since, asked_at, now)
        before = (state.as_of or asked_at) + ahead.least
        listing = Listing(ongoing, before, asked_at + ahead.least, asked_at + ahead.most)
        unfinished = [call for call in self.store.unfinished() if same(call.id) not in over]
        difference = reconcile(unfinished, listing)
        removed = (*difference.removed, *_secondaries(pages))
        state = replace(
            state,
            as_of=asked_at,
            recorder_ahead=least,
            read_since=max(state.read_since or since, now - self.keep),
            contradicted=self._contradicted(difference.calls),
        )
        self.hold()
        # A call that ended meanwhile is in both lists: its record has the last word.
        changed = (*difference.calls, *over.values())
        self.store.update(changed, state, removed=removed, asked_at=asked_at)
        ended = [call for call in (*unfinished, *difference.calls) if call.provisional]
        try:
            self._look_further(ended, since, asked_at, now)
        finally:
            self._done_at = self.clock()

    def _ongoing_pages(self, now: datetime) -> list[Page]:
        """All ongoing calls: stuck ones may be older than whatever the index keeps."""
        start, end = (local_time(each, self.zone) for each in (BEGINNING, now + FUTURE))
        return list(self._lists.pages("ongoing", start, end))

    def _contradicted(self, changed: Iterable[Call]) -> int:
        """How many calls are listed as ongoing though their own records say that they are over."""
        ongoing = [call.id for call in changed if call.ongoing]
        return sum(call.final for call in self.store.known(ongoing))

    def _ahead(self, pages: list[Page], state: FeedState) -> Ahead | None:
        """How far the recorder's clock is ahead of ours, if anything is known of it."""
        if pages[0].ahead is not None:
            return pages[0].ahead
        answered_at = self.clock()
        if state.as_of is not None:
            known = {same(call.id) for call in self.store.unfinished()}
            listed = [call for page in pages for call in self._calls(page, answered_at)]
            new = (call.started_at for call in listed if same(call.id) not in known)
            self._clocks.learn_begins(new, state.as_of, answered_at)
        return self._clocks.ahead

    def _window(self, state: FeedState, now: datetime) -> datetime:
        """From which begin on recorded calls are asked for (the recorder's clock)."""
        oldest = now - self.keep
        if state.as_of is None or state.recorded_until is None:
            return oldest  # without any record the recorder's own time is not known for sure
        since = min(state.recorded_until, now) - self._overlap(state.recorded_until)
        seen_at = state.as_of + state.recorder_ahead
        # A round that took long is no outage: what it read need not be read again.
        resumed_at = self._done_at and self._done_at + state.recorder_ahead
        if now - max(seen_at, resumed_at or seen_at) > OUTAGE:
            since = min(since, seen_at - LONGEST_CALL)
        return max(since, oldest)

    def _overlap(self, mark: datetime) -> timedelta:
        """A minute where calls are few; where they are many, no more than is worth it."""
        if len(self._latest) < SHARED:
            return OVERLAP
        return min(max(mark - self._latest[-1], LEAST_OVERLAP), OVERLAP)

    def _store_recorded(
        self, state: FeedState, since: datetime, asked_at: datetime, now: datetime
    ) -> tuple[FeedState, dict[str, Call]]:
        """Store the recorded calls that began since then; the state with its mark moved on.

        Those that the index holds as unfinished are not stored but returned by id: half of the
        ends that a list brings, beside calls that are still held to be ongoing, is what was never
        true. The mark in the store waits for them.
        """
        unfinished = {same(call.id) for call in self.store.unfinished()}
        over: dict[str, Call] = {}
        start, end = local_start(since, now, self.zone), local_time(now + FUTURE, self.zone)
        for page in self._lists.pages("recorded", start, end):
            calls = [call for call in self._calls(page, now) if not call.ongoing]
            if calls:
                newest = max(call.started_at for call in calls)
                mark = max(newest, state.recorded_until or newest)
                begins = {call.started_at for call in calls}
                self._latest = nlargest(SHARED, begins.union(self._latest))
                state = replace(state, recorded_until=mark)
            over |= {same(call.id): call for call in calls if same(call.id) in unfinished}
            new = [call for call in calls if same(call.id) not in unfinished]
            self._store(new, None if over else state, _secondaries([page]), asked_at)
        return state, over

    def _look_further(
        self, ended: list[Call], since: datetime, asked_at: datetime, now: datetime
    ) -> None:
        """For records that are missing, that appear late, and that are no more."""
        self._store_missing(ended, since, now)
        if _is_due(self._swept_at, asked_at, SWEEP_EVERY):
            self._recheck.latest(now)
            self._recheck.further_back(now, now - self.keep)
            self._swept_at = asked_at
        if _is_due(self._tidied_at, asked_at, TIDY_EVERY):
            self._tidy(now)
            self._tidied_at = asked_at

    def _store_missing(self, ended: list[Call], since: datetime, now: datetime) -> None:
        """Look for the records of calls that have ended and began before the window."""
        missing = (call for call in ended if call.started_at < since)
        deadline = self.clock() + BUDGET
        for call in self._missing.due(missing, now):
            if self.clock() > deadline:
                return  # each will have its turn again
            self._listed(*around(call))

    def _listed(self, start: datetime, end: datetime) -> set[str]:
        """Store what the recorder lists between two begins, and tell the ids in it."""
        asked_at = self.clock()
        now = asked_at + self.store.state().recorder_ahead
        first, last = local_start(start, end, self.zone), local_end(start, end, self.zone)
        ids: set[str] = set()
        for page in self._lists.pages("recorded", first, last):
            calls = [call for call in self._calls(page, now) if not call.ongoing]
            ids |= {same(call.id) for call in calls}
            self._store(self._settled(calls), None, _secondaries([page]), asked_at)
        return ids

    def _settled(self, calls: list[Call]) -> list[Call]:
        """Without those that ended after the index was vouched for: they are the next round's."""
        state = self.store.state()
        at = state.as_of and state.as_of + state.recorder_ahead
        known = self.store.known([call.id for call in calls])
        alive = {same(call.id) for call in known if call.ongoing}
        return [
            call
            for call in calls
            if same(call.id) not in alive or at is None or (call.ended_at and call.ended_at <= at)
        ]

    def _remove(self, ids: Sequence[str]) -> None:
        self._store([], None, tuple(ids), self.clock())

    def _store(
        self,
        calls: list[Call],
        state: FeedState | None,
        removed: tuple[str, ...],
        asked_at: datetime,
    ) -> None:
        if calls or removed:
            self.hold()
            self.store.update(calls, state, removed=removed, asked_at=asked_at)

    def _tidy(self, now: datetime) -> None:
        """Forget what is too old, and find out whether the recorder remembers more than we do."""
        state, oldest = self.store.state(), now - self.keep
        # Not `oldest` alone: whoever is told to keep more has not read it yet.
        older = self._lists.has_any_before(state.read_since or oldest)
        self.hold()
        self.store.update((), replace(state, complete=not older))
        self.store.forget_before(oldest)

    def _calls(self, page: Page, now: datetime) -> list[Call]:
        each = (call_of(row, self.zone, now, self._known) for row in page.rows)
        return [call for call in each if call is not None]

    def _known(self, id_: str) -> Call | None:
        return next(iter(self.store.known((id_,))), None)


def _secondaries(pages: Iterable[Page]) -> tuple[str, ...]:
    """Records that are duplicates: one that was no duplicate before is no call any more."""
    return tuple(id_of(row) for page in pages for row in page.rows if is_secondary(row))


def _is_due(last: datetime | None, now: datetime, period: timedelta) -> bool:
    return last is None or now - last >= period
