"""What there is to know of the index and the nodes at a glance, for metrics and the status page."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import final

from gateway.core.calls import Call
from gateway.core.selection import Terms, is_stuck
from gateway.core.verification import Tally
from gateway.recorder.bulkheads import Occupancy
from gateway.recorder.client import Standing
from gateway.stores import CallStore


@final
@dataclass(frozen=True, slots=True)
class Here:
    """One worker: how many requests wait in it, and how it stands with the recorder."""

    parked: int
    lanes: Mapping[str, Occupancy]
    recorder: Standing


@final
@dataclass(frozen=True, slots=True)
class Figures:
    """The index at a moment. `age`: `None` if it was never fed.

    `contradicted`: as in `FeedState`. `here`: in the worker that was asked.
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
    here: Here


def figures(store: CallStore, terms: Terms, now: datetime, here: Here) -> Figures:
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
        here=here,
    )
