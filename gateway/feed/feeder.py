"""Who feeds, and when: one worker of all, for as long as it holds the lease in the store.

Every worker has a feeder; those without the lease look at it once a second, so that another
feeds within seconds of a death. Knows nothing of calls.
"""

import logging
import threading
import time
from datetime import datetime, timedelta
from typing import Final, Protocol, final

from gateway.core.errors import CallgateError, StoreError
from gateway.core.requests import Clock

log = logging.getLogger(__name__)

# Of the lease. So long after a death nobody feeds at most, and a beat and a round: five seconds.
TERM: Final = timedelta(seconds=3)
DITHER: Final = 0.1  # by which part the time between two rounds is shortened, at the most
GOLDEN: Final = 0.618  # steps by it come everywhere, and nowhere twice
SHORTEST_PAUSE: Final = 0.05  # seconds between two rounds
BEAT: Final = 1.0  # seconds between prolonging the lease, or trying to get it


class Rounds(Protocol):
    """What a feeder does again and again."""

    def round(self) -> None:
        """One round. Raises `RecorderError` and `StoreError`."""
        ...


class Leases(Protocol):
    """Where the one lease is kept."""

    def lease(self, holder: str, now: datetime, term: timedelta) -> bool:
        """As `CallStore`."""
        ...

    def release(self, holder: str) -> None:
        """As `CallStore`."""
        ...


class LeaseLostError(CallgateError):
    """Somebody else feeds by now: this round stops where it is."""


@final
class Lease:
    """The right to feed, as one worker sees it. `holder` is a name that no other worker has.

    A thread prolongs it once a second, however long the recorder takes for an answer.
    """

    def __init__(self, store: Leases, holder: str, clock: Clock) -> None:
        self._store = store
        self._holder = holder
        self._clock = clock
        self._until: datetime | None = None
        self._failing = ""
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="lease", daemon=True)
        self.ours = threading.Event()

    def start(self) -> None:
        """Begin to want it; returns at once."""
        self._thread.start()

    def hold(self) -> None:
        """Raise `LeaseLostError` unless it is ours, by the clock, too, and wanted still."""
        until = self._until
        if self._stopped.is_set() or until is None or self._clock() >= until:
            raise LeaseLostError

    def give_up(self) -> None:
        """Want it no longer: no round goes on after the request that is under way."""
        self._stopped.set()
        self.ours.set()  # whoever waits for it goes on, and sees that it is over

    def stop(self, within: float) -> None:
        """Give it back, so that another feeds at once. Does nothing if it was never wanted."""
        self.give_up()
        if not self._thread.ident:
            return
        self._thread.join(within)
        self._until = None
        try:
            self._store.release(self._holder)
        except StoreError as error:
            log.warning("the lease is not given back: %s", error)

    def _keep(self) -> None:
        while not self._stopped.is_set():
            now = self._clock()
            self._take(now)
            if self._until is not None and now < self._until:
                self.ours.set()
            else:
                self.ours.clear()
            self._stopped.wait(BEAT)
        self.ours.set()  # it may have been cleared since it was given up

    def _take(self, now: datetime) -> None:
        try:
            taken = self._store.lease(self._holder, now, TERM)
        except Exception as error:  # noqa: BLE001 - what was ours is so until its term is over
            if self._failing != str(error):
                log.warning("the lease to feed cannot be taken: %s", error)
            self._failing = str(error)
        else:
            self._until = now + TERM if taken else None
            self._failing = ""


@final
class Feeder:
    """A thread that feeds while the lease is ours. `every`: seconds from round to round."""

    def __init__(self, rounds: Rounds, lease: Lease, every: float) -> None:
        self._rounds = rounds
        self._lease = lease
        self._every = every
        self._fraction = 0.0
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="feed", daemon=True)
        self._failing = ""

    def start(self) -> None:
        """Begin; returns at once. Does nothing after `stop`."""
        if not self._stopped.is_set():
            self._lease.start()
            self._thread.start()

    def stop(self, within: float = 2.0) -> None:
        """End after the request that is under way, in `within` seconds, and let another feed.

        May be called before `start`, and again.
        """
        self._stopped.set()
        self._lease.give_up()
        if self._thread.ident:
            self._thread.join(within)
        self._lease.stop(within)

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._lease.ours.wait()
            if not self._stopped.is_set():
                begun = time.monotonic()
                self._step()
                # From begin to begin: a slow recorder must not make the index older still.
                # And at another fraction of a second each time: the recorder's clock is told
                # in whole seconds.
                self._fraction = (self._fraction + GOLDEN) % 1.0
                every = self._every * (1.0 - DITHER * self._fraction)
                left = every - (time.monotonic() - begun)
                self._stopped.wait(max(left, SHORTEST_PAUSE))

    def _step(self) -> None:
        try:
            self._rounds.round()
        except LeaseLostError:
            log.info("this worker feeds no longer")
        except Exception as error:  # noqa: BLE001 - whatever it is, the feed must go on
            self._say(error)
        else:
            if self._failing:
                log.info("the index is fed again")
            self._failing = ""

    def _say(self, error: Exception) -> None:
        """Once for each failure, not once a second for as long as it lasts."""
        told = f"{type(error).__name__}: {error}"
        if self._failing != told:
            unexpected = not isinstance(error, CallgateError)
            log.warning("the index is not fed: %s", error, exc_info=unexpected)
        self._failing = told
