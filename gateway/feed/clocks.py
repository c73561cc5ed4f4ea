"""How far the recorder's clock is ahead of ours, from the recorder's own answers. Reads no clock.

Its `Date` header has whole seconds, so that one answer tells little; but each of many, asked at
another fraction of a second, narrows it further. A recorder that sends none is judged by the
begins of the calls that it lists for the first time: they lie between two lists.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, final

KEPT: Final = 120  # answers, or begins: clocks drift, and old ones are worth less every minute
FEWEST_BEGINS: Final = 3  # that agree, before anything is said
_SECOND: Final = timedelta(seconds=1)
# No clock is so wrong: a header that says so is broken.
_ABSURD: Final = timedelta(days=366)


@final
@dataclass(frozen=True, slots=True)
class Ahead:
    """The recorder's clock minus ours: at the least, and at the most."""

    least: timedelta
    most: timedelta


UNKNOWN: Final = Ahead(timedelta(days=-1), timedelta(days=1))


@final
@dataclass(slots=True)
class ClockDifference:
    """The difference as it is known so far. Mutable: it learns. One recorder node's."""

    _told: deque[Ahead] = field(default_factory=lambda: deque(maxlen=KEPT))
    _begun: deque[Ahead] = field(default_factory=lambda: deque(maxlen=KEPT))
    _odd: list[Ahead] = field(default_factory=list)

    def learn(self, told: datetime, asked_at: datetime, answered_at: datetime) -> None:
        """Take in a `Date` of an answer that was asked for and came at these times of ours."""
        try:
            ahead = Ahead(told - answered_at, told + _SECOND - asked_at)
        except OverflowError:
            return
        if abs(ahead.least) > _ABSURD:
            return
        if _common((*self._told, ahead)) is None:  # somebody has set a clock
            self._told.clear()
        self._told.append(ahead)

    def learn_begins(
        self, begins: Iterable[datetime], before: datetime, answered_at: datetime
    ) -> None:
        """Take in when calls began that this list has, and the list before had not.

        One that contradicts all others is odd; several in a row that do are the new truth.
        """
        for began in begins:
            ahead = Ahead(began - answered_at, began - before)
            if _common((*self._begun, ahead)) is not None:
                self._begun.append(ahead)
                self._odd.clear()
            else:
                self._odd.append(ahead)
            latest = self._odd[-FEWEST_BEGINS:]
            if len(latest) == FEWEST_BEGINS and _common(latest) is not None:
                self._begun.clear()
                self._begun.extend(latest)
                self._odd.clear()

    @property
    def ahead(self) -> Ahead | None:
        """What all agree on; `None` if nothing is known."""
        if self._told:
            return _common(self._told)
        return _common(self._begun) if len(self._begun) >= FEWEST_BEGINS else None


def _common(bounds: Iterable[Ahead]) -> Ahead | None:
    """What is inside all of them, if anything is."""
    each = tuple(bounds)
    least, most = max(one.least for one in each), min(one.most for one in each)
    return Ahead(least, most) if least <= most else None
