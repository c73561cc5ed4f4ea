"""Waiting for the index to change: whoever parks a request here is woken when it should look.

One thread a worker asks the store what changed, and only while somebody waits. Knows nothing of
what is waited for beyond the parties that a query concerns.
"""

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Final, Protocol, final

from gateway.core.calls import Call
from gateway.core.errors import ClientGone, GatewayStopping, StoreError
from gateway.core.query import ByParty, Query
from gateway.stores import Changes, Pulse
from gateway.stores.bell import Bell, HungUp, Ticks

log = logging.getLogger(__name__)

LOOK_EVERY: Final = 0.025  # seconds: a call is noticed that long after it was written, at most


class Revisions(Protocol):
    """What the watch asks of a store."""

    def pulse(self) -> Pulse:
        """As `CallStore`."""
        ...

    def changes(self, since: int) -> Changes:
        """As `CallStore`."""
        ...


@final
class Watch:
    """The waiters of one worker, by the parties that they wait for."""

    def __init__(self, store: Revisions, ticks: Ticks = time.monotonic) -> None:
        self._store = store
        self._ticks = ticks
        self._bells: set[Bell] = set()
        self._by_party: defaultdict[str, set[Bell]] = defaultdict(set)
        self._to_ask: list[Bell] = []
        self._lock = threading.Lock()
        self._revision: int | None = None
        self._as_of: datetime | None = None
        self._looking = False
        self._failing = False
        self._stopped = threading.Event()

    @contextmanager
    def over(self, query: Query, hung_up: HungUp = lambda: False) -> Iterator[Bell]:
        """A bell that is rung whenever a call of the query's parties changes, from now on.

        `hung_up`: whether there is nobody left to be woken; it is asked once in a while.
        """
        parties = query.selector.numbers if isinstance(query.selector, ByParty) else ()
        bell = Bell(hung_up, self._ticks)
        self._enter(bell, parties)
        try:
            yield bell
        finally:
            self._leave(bell, parties)

    def stop(self) -> None:
        """Wake everybody for good."""
        self._stopped.set()
        with self._lock:
            waiting = tuple(self._bells)
        for bell in waiting:
            bell.send_away(GatewayStopping())

    @property
    def parked(self) -> int:
        """How many requests wait at the moment."""
        return len(self._bells)

    def _enter(self, bell: Bell, parties: tuple[str, ...]) -> None:
        with self._lock:
            self._bells.add(bell)
            for each in parties:
                self._by_party[each].add(bell)
            if self._stopped.is_set():
                bell.send_away(GatewayStopping())
            elif not self._looking:
                self._looking = True
                # Before the waiter looks himself, so that nothing is missed in between.
                self._revision = self._current()
                threading.Thread(target=self._look_on, name="watch", daemon=True).start()

    def _leave(self, bell: Bell, parties: tuple[str, ...]) -> None:
        with self._lock:
            self._bells.discard(bell)
            for each in set(parties):
                self._by_party[each].discard(bell)
                if not self._by_party[each]:
                    del self._by_party[each]

    def _look_on(self) -> None:
        """Ring for what changed, until nobody waits."""
        while self._somebody_waits():
            self._stopped.wait(LOOK_EVERY)
            if self._revision is None:
                self._catch_up()
            elif not self._ring(self._revision):
                self._sweep()

    def _catch_up(self) -> None:
        """Whoever came while the store could not be read looks again."""
        self._revision = self._current()
        if self._revision is not None:
            with self._lock:
                waiting = tuple(self._bells)
            for bell in waiting:
                bell.ring()

    def _ring(self, since: int) -> bool:
        """Ring for the latest news; whether anybody was woken."""
        news, newer = self._news(since)
        by_party: defaultdict[str, list[Call]] = defaultdict(list)
        for call in news.snapshot.calls if news else ():
            for each in {call.caller, call.called}:
                by_party[each].append(call)
        concerned = self._concerned(by_party, newer=newer)
        for bell, party in concerned:
            bell.ring(_of(by_party[party], news) if news and party else None)
        return bool(concerned)

    def _sweep(self) -> None:
        """Forget whoever has hung up; not while others are to be woken."""
        for bell in self._some():
            if self._has_hung_up(bell):
                bell.send_away(ClientGone())

    def _has_hung_up(self, bell: Bell) -> bool:
        try:
            return bell.hung_up()
        except Exception as error:  # noqa: BLE001 - whatever it is, the watch must go on
            self._say(error)
            return False

    def _some(self) -> Iterable[Bell]:
        """A few of the waiters, so that each has its turn about once a second."""
        with self._lock:
            if not self._to_ask:
                self._to_ask = list(self._bells)
            share = int(len(self._bells) * LOOK_EVERY) + 1
            some, self._to_ask = self._to_ask[:share], self._to_ask[share:]
        return some

    def _news(self, since: int) -> tuple[Changes | None, bool]:
        """What changed since the last look, and whether the index was fed since then."""
        try:
            changes = self._store.changes(since)
        except Exception as error:  # noqa: BLE001 - whatever it is, the watch must go on
            self._say(error)
            return None, False
        newer = changes.snapshot.as_of != self._as_of
        self._revision, self._as_of = changes.revision, changes.snapshot.as_of
        self._failing = False
        return changes, newer

    def _concerned(self, parties: Iterable[str], *, newer: bool) -> list[tuple[Bell, str | None]]:
        """The bells to ring, and for whose calls; `None`: for no news but that there are none."""
        with self._lock:
            concerned: list[tuple[Bell, str | None]] = [
                (bell, party) for party in parties for bell in self._by_party.get(party, ())
            ]
            if newer:
                concerned += ((bell, None) for bell in self._bells if bell.wants_newer)
            return concerned

    def _current(self) -> int | None:
        try:
            return self._store.pulse().revision
        except StoreError:
            return None  # not an early one, whose changes might be everything that there is

    def _somebody_waits(self) -> bool:
        with self._lock:
            self._looking = bool(self._bells) and not self._stopped.is_set()
            return self._looking

    def _say(self, error: Exception) -> None:
        """Once for each failure, not forty times a second for as long as it lasts."""
        if not self._failing:
            known = isinstance(error, StoreError)
            log.error("waiting requests cannot be woken: %s", error, exc_info=not known)
        self._failing = True


def _of(calls: Iterable[Call], news: Changes) -> Changes:
    """The part of the news that is about these calls."""
    return replace(news, snapshot=replace(news.snapshot, calls=tuple(calls)))
