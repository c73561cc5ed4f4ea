"""What an index may hold, and an oracle that decides by brute force what `select` decides.

The oracle shares nothing with the code under test but the types: it counts in seconds, by the
gateway's clock, and tells a verdict as a plain tuple.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import product
from typing import Final

from hypothesis import strategies as st

from gateway.core.calls import Call, Snapshot
from gateway.core.query import ByParty, Query, Status
from gateway.core.selection import Terms, select
from gateway.core.verdicts import Ambiguous, Found, NotFound, NotYet, Unknown, Unsure, Verdict
from tests.fakes import NOON

FORMS: Final = ("ongoing", "next", "last", "ongoing,next", "last,ongoing")
MAX_AGE: Final = timedelta(seconds=3)
TERMS: Final = Terms(MAX_AGE)
Told = tuple[str] | tuple[str, object]


def at(seconds: float) -> datetime:
    """So many seconds after noon."""
    return NOON + timedelta(seconds=seconds)


@dataclass(frozen=True)
class Case:
    """One question to one index; times in seconds after noon, `age` and `ahead` in seconds."""

    form: str
    numbers: tuple[str, ...]
    calls: tuple[Call, ...]
    asked: int = 0
    now: int = 0
    age: int | None = 0
    ahead: int = 0
    complete: bool = True
    manual: bool = False

    @property
    def query(self) -> Query:
        """The question."""
        statuses = tuple(Status(word) for word in self.form.split(","))
        return Query(ByParty(self.numbers, statuses), at(self.asked), self.manual)

    @property
    def snapshot(self) -> Snapshot:
        """The index."""
        as_of = None if self.age is None else at(self.now - self.age)
        return Snapshot(self.calls, as_of, self.complete, timedelta(seconds=self.ahead))

    @property
    def verdict(self) -> Verdict:
        """What `select` says."""
        return select(self.query, self.snapshot, at(self.now), TERMS)

    @property
    def candidates(self) -> list[Call]:
        """The calls of the first reading of the number that has any."""
        asked = [call for call in self.calls if call.manual or not self.manual]
        each = [[c for c in asked if n in {c.caller, c.called}] for n in self.numbers]
        return next(filter(None, each), [])


def oracle(case: Case) -> Told:
    """The verdict, by brute force."""
    if case.age is None or case.age > 3:
        return ("unknown",)
    likeliest = [c for c in case.candidates if case.numbers[0] in {c.caller, c.called}]
    if case.candidates and not likeliest and not case.complete:
        return ("unknown",)
    told: Told = ("not found",)
    for word in case.form.split(","):
        told = _ORACLES[word](case)
        if told != ("not found",):
            break
    return told


def _one(winners: Sequence[Call], otherwise: Told) -> Told:
    if len(winners) == 1:
        return ("found", winners[0].id)
    return ("ambiguous", len(winners)) if winners else otherwise


def _first(calls: Sequence[Call], rank: Callable[[Call], tuple[float, ...]]) -> list[Call]:
    """Those that nobody is ranked before."""
    return [call for call in calls if all(rank(call) <= rank(other) for other in calls)]


def _seconds(time: datetime | None) -> float:
    return (time - NOON).total_seconds() if time else 0.0


def _ongoing(case: Case) -> Told:
    return _one([call for call in case.candidates if call.ended_at is None], ("not found",))


def _last(case: Case) -> Told:
    ended = [call for call in case.candidates if call.ended_at is not None]
    latest = _first(ended, lambda call: (-_seconds(call.ended_at), -_seconds(call.started_at)))
    return _one(latest, ("not found",) if case.complete else ("unknown",))


def _next(case: Case) -> Told:
    over = case.now - (case.age or 0) >= case.asked + 60
    begun = [
        call
        for call in case.candidates
        if case.asked < _seconds(call.started_at) - case.ahead <= case.asked + 60
    ]
    earliest = _first(begun, lambda call: (_seconds(call.started_at),))
    return _one(earliest, ("not found",) if over else ("not yet", case.asked + 60))


_ORACLES: Final = {"ongoing": _ongoing, "last": _last, "next": _next}


def told(verdict: Verdict) -> Told:
    """A verdict in the oracle's terms."""
    match verdict:
        case Found(call):
            return ("found", call.id)
        case NotFound():
            return ("not found",)
        case Ambiguous(candidates):
            return ("ambiguous", candidates)
        case Unknown():
            return ("unknown",)
        case NotYet(until):
            return ("not yet", (until - NOON).total_seconds())
        case Unsure(until):
            return ("unsure", (until - NOON).total_seconds())


# Few numbers and few instants, so that calls meet and tie.
_BEGINS: Final = (-120, -61, -60, -1, 0, 1, 2, 30, 59, 60, 61, 120)
_LENGTHS: Final = (None, 0, 1, 30)


def calls_between(*parties: str) -> st.SearchStrategy[tuple[Call, ...]]:
    """A few calls between these parties; each has its own id."""
    rows = product(parties, parties, _BEGINS, _LENGTHS, (False, True))
    kinds = [
        Call(
            "",
            caller,
            called,
            at(begin),
            None if length is None else at(begin + length),
            manual=manual,
        )
        for caller, called, begin, length, manual in rows
    ]
    # One draw for each call: Hypothesis takes its time for every draw.
    some = st.lists(st.sampled_from(kinds), max_size=6)
    return some.map(lambda drawn: tuple(_named(drawn, "-".join(parties))))


def _named(calls: Sequence[Call], name: str) -> Iterator[Call]:
    for number, call in enumerate(calls):
        yield replace(call, id=f"{name}:{number}")


CASES: Final = st.builds(
    Case,
    form=st.sampled_from(FORMS),
    numbers=st.sampled_from([("1",), ("+1", "1"), ("1", "+1"), ("2",)]),
    calls=calls_between("1", "+1", "2", "7"),
    asked=st.sampled_from([-60, -58, -1, 0]),
    now=st.sampled_from([0, 1, 2]),
    age=st.none() | st.integers(-1, 5),
    ahead=st.sampled_from([-61, -2, 0, 0, 1, 59]),
    complete=st.booleans(),
    manual=st.booleans(),
)
FRESH: Final = CASES.map(lambda case: replace(case, age=min(case.age or 0, 3)))
