"""How far the recorder's clock is ahead of ours, from the recorder's own answers. Reads no clock.

Its `Date` header has whole seconds, so that one answer tells little; but each of many, asked at
another fraction of a second, narrows it further. A recorder that sends none is judged by the
begins of the calls that it lists for the first time.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, final

KEPT: Final = 120  # answers: clocks drift, and old ones are worth less every minute
BEGINS: Final = 25
FEWEST_BEGINS: Final = 3  # before that many calls have begun nothing is said
_SECOND: Final = timedelta(seconds=1)
# No clock is so wrong: a header that says so is broken.
_ABSURD: Final = timedelta(days=366)

Bounds = tuple[timedelta, timedelta]


@final
@dataclass(slots=True)
class ClockDifference:
    """The difference as it is known so far. Mutable: it learns. One recorder node's."""

    _told: deque[Bounds] = field(default_factory=lambda: deque(maxlen=KEPT))
    _begun: deque[timedelta] = field(default_factory=lambda: deque(maxlen=BEGINS))

    def learn(self, told: datetime, asked_at: datetime, answered_at: datetime) -> None:
        """Take in a `Date` of an answer that was asked for and came at these times of ours."""
        try:
            bounds = told - answered_at, told + _SECOND - asked_at
        except OverflowError:
            return
        if abs(bounds[0]) > _ABSURD:
            return
        self._told.append(bounds)
        if _intersection(self._told) is None:  # somebody has set a clock
            self._told.clear()
            self._told.append(bounds)

    def learn_begins(self, begins: Iterable[datetime], answered_at: datetime) -> None:
        """Take in when calls began that are listed for the first time."""
        self._begun.extend(began - answered_at for began in begins)

    @property
    def ahead(self) -> timedelta | None:
        """The recorder's clock minus ours, at the least; `None` if nothing is known.

        The least, because a call that may have begun after a question shall count as such.
        """
        if (bounds := _intersection(self._told)) is not None:
            return bounds[0]
        if len(self._begun) >= FEWEST_BEGINS:
            return sorted(self._begun)[len(self._begun) // 2]
        return None


def _intersection(bounds: Iterable[Bounds]) -> Bounds | None:
    """What is inside all of them, if anything is."""
    each = tuple(bounds)
    if not each:
        return None
    low, high = max(low for low, _ in each), min(high for _, high in each)
    return (low, high) if low <= high else None
