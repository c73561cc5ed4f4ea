"""Whether the recorder still has what the index has, and the index what the recorder has.

Records appear late, and are deleted at the recorder by people and by its own rules. Neither is in
any list of news, so what is known is asked for again: the latest minutes often, all the rest a
slice at a time, round and round. Knows nothing of who asks, or how often.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, final

from gateway.core.calls import Call, same
from gateway.feed.paging import PAGE_LENGTH
from gateway.stores import CallStore

MOST_ASKED: Final = 5  # records of which it is asked one by one whether they are gone
SHORTEST: Final = timedelta(seconds=10)
LATEST: Final = timedelta(minutes=15)
LONGEST: Final = timedelta(days=1)
_AROUND: Final = timedelta(seconds=1)


@final
@dataclass(slots=True)
class Recheck:
    """Reads lists again, and removes what is gone. Mutable: it remembers how far back it is.

    `listed`: stores what the recorder lists between two begins, and tells the ids in it.
    `remove`: takes calls out of the index, by their ids.
    """

    store: CallStore
    listed: Callable[[datetime, datetime], set[str]]
    remove: Callable[[Sequence[str]], None]
    _absent: dict[str, Call] = field(default_factory=dict)
    _recent: timedelta = LATEST
    _reached: datetime | None = None
    _length: timedelta = timedelta(hours=1)

    def latest(self, now: datetime) -> None:
        """Read the latest minutes; fewer of them where they hold more than a few pages.

        What was absent the last time, and is so still, goes: one empty answer proves nothing.
        """
        self._remove(list(self._absent.values()))
        self._absent.clear()
        count = self._window(now - self._recent, now)
        self._recent = _fitted(self._recent, count, 5 * PAGE_LENGTH, LATEST)

    def further_back(self, now: datetime, oldest: datetime) -> None:
        """Read the next slice before the one that was read last, of about a page."""
        newest, end = now - self._recent, self._reached
        if end is None or not oldest < end <= newest:
            end = newest
        start = max(end - self._length, oldest)
        count = self._window(start, end)
        self._reached = start
        self._length = _fitted(self._length, count, PAGE_LENGTH, LONGEST)

    def _window(self, start: datetime, end: datetime) -> int:
        """Read what began between two times; how many calls the recorder lists there."""
        # What the index has is looked up first: what comes meanwhile is not missing.
        ours = self.store.within(start, end)
        ids = self.listed(start, end)
        self._absent.update((each.id, each) for each in ours if same(each.id) not in ids)
        return len(ids)

    def _remove(self, absent: Sequence[Call]) -> None:
        """Remove those that are gone for sure: each is asked for by itself.

        Of very many some are, and if they are gone, so are all: the recorder has cleared up.
        """
        asked = absent[:: max(len(absent) // MOST_ASKED, 1)]
        gone = [call for call in asked if not self._is_listed(call)]
        if len(gone) == len(asked):
            gone = list(absent)
        if gone:
            self.remove([call.id for call in gone])

    def _is_listed(self, call: Call) -> bool:
        return same(call.id) in self.listed(*around(call))


def around(call: Call) -> tuple[datetime, datetime]:
    """Between which begins a list holds this call's record, and few others."""
    return call.started_at - _AROUND, call.started_at + _AROUND


def _fitted(length: timedelta, count: int, most: int, longest: timedelta) -> timedelta:
    """The length of the next window, so that it holds about as much as it shall."""
    if count > most:
        return max(length / 2, SHORTEST)
    return min(length * 2, longest) if count < most // 4 else length
