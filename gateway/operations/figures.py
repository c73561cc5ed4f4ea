"""What there is to know of the index at a glance; the same for metrics, status and readiness."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final, final

from gateway.core.calls import Call
from gateway.core.selection import Terms, is_stuck
from gateway.core.verification import Tally
from gateway.recorder.bulkheads import Occupancy
from gateway.stores import CallStore

NO_LANES: Final[Mapping[str, Occupancy]] = MappingProxyType({})


@final
@dataclass(frozen=True, slots=True)
class Figures:
    """The index at a moment. `age`: `None` if it was never fed.

    `contradicted`: as in `FeedState`. `parked` and `lanes`: in this worker.
    """

    now: datetime
    age: timedelta | None
    complete: bool
    recorder_ahead: timedelta
    calls: int
    ongoing: int
    provisional: int
    stuck: tuple[Call, ...]
    contradicted: int
    tallies: Mapping[str, Tally]
    parked: int
    lanes: Mapping[str, Occupancy]


def figures(
    store: CallStore,
    terms: Terms,
    now: datetime,
    parked: int = 0,
    lanes: Mapping[str, Occupancy] = NO_LANES,
) -> Figures:
    """Look at everything once. Raises `StoreError`."""
    state, unfinished = store.state(), store.unfinished()
    at_recorder = now + state.recorder_ahead
    stuck = tuple(c for c in unfinished if is_stuck(c, at_recorder, terms.stuck_after))
    return Figures(
        now=now,
        age=now - state.as_of if state.as_of else None,
        complete=state.complete,
        recorder_ahead=state.recorder_ahead,
        calls=store.size(),
        ongoing=sum(call.ongoing for call in unfinished) - len(stuck),
        provisional=sum(call.provisional for call in unfinished),
        stuck=stuck,
        contradicted=state.contradicted,
        tallies=store.tallies(),
        parked=parked,
        lanes=lanes,
    )
