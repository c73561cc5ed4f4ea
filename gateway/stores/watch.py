"""Waiting for the index to change: whoever parks a request here is woken when it should look.

One thread a worker asks the store what changed, and only while somebody waits. It uses
`threading` alone, and so parks threads under `gthread` and greenlets under `gevent`. Knows
nothing of what is waited for beyond the parties that a query concerns.
"""

import logging
import threading
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final, Protocol, final

from gateway.core.errors import ClientGone, GatewayStopping, NoAnswer, StoreError
from gateway.core.query import ByParty, Query
from gateway.stores import Changes, Pulse

log = logging.getLogger(__name__)

LOOK_EVERY: Final = 0.025  # seconds: a call is noticed that long after it was written, at most
PAUSE: Final = 0.1  # seconds between looks when a deadline has passed


HungUp = Callable[[], bool]


class Revisions(Protocol):
    """What the watch asks of a store."""

    def pulse(self) -> Pulse:
        """As `CallStore`."""
        ...

    def changes(self, since: int) -> Changes:
        """As `CallStore`."""
        ...


@final
class Bell:
    """Rung when a party's calls change; the waiter then looks again."""

    def __init__(self, hung_up: HungUp) -> None:
        self._rung = threading.Event()
        self.wants_newer = False
        self.hung_up = hung_up
        self.sent_away: NoAnswer | None = None

    def ring(self) -> None:
        """Wake the waiter, or keep him from falling asleep."""
        self._rung.set()

    def wait(self, left: timedelta, *, newer: bool = False) -> None:
        """Return when the bell was rung or the time is over; at least a short pause.

        `newer`: it is rung for a newer snapshot, too, be there anything new in it or not. Raises
        `GatewayStopping` when nobody will ring any more, `ClientGone` when nobody waits.
        """
        self.wants_newer = newer
        self._rung.wait(max(left.total_seconds(), PAUSE))
        self._rung.clear()
        if self.sent_away is not None:
            raise self.sent_away

    def send_away(self, reason: NoAnswer) -> None:
        """Let the waiter wait no longer, for good."""
        self.sent_away = reason
        self.ring()


@final
class Watch:
    """The waiters of one worker, by the parties that they wait for."""

    def __init__(self, store: Revisions) -> None:
        self._store = store
        self._bells: set[Bell] = set()
        self._by_party: defaultdict[str, set[Bell]] = defaultdict(set)
        self._to_ask: list[Bell] = []
        self._lock = threading.Lock()
        self._revision = 0
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
        bell = Bell(hung_up)
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
            for bell in self._concerned(*self._news()):
                bell.ring()
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

    def _news(self) -> tuple[Collection[str], bool]:
        """Whose calls changed since the last look, and whether the index was fed since then."""
        try:
            changes, as_of = self._store.changes(self._revision), self._store.pulse().as_of
        except Exception as error:  # noqa: BLE001 - whatever it is, the watch must go on
            self._say(error)
            return (), False
        newer = as_of != self._as_of
        self._revision, self._as_of, self._failing = changes.revision, as_of, False
        return changes.parties, newer

    def _concerned(self, parties: Collection[str], newer: bool) -> Collection[Bell]:  # noqa: FBT001
        with self._lock:
            concerned = {bell for each in parties for bell in self._by_party.get(each, ())}
            if newer:
                concerned.update(bell for bell in self._bells if bell.wants_newer)
            return concerned

    def _current(self) -> int:
        try:
            return self._store.pulse().revision
        except StoreError:
            return self._revision  # too early rather than too late: it wakes for nothing

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
