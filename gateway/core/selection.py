"""Which call is it? From a query and a snapshot to a verdict. The heart of the index.

Several candidates are an error, never a choice: a wrong recording is worse than none. And the
index speaks only while it can vouch for what it says; else the verdict is `Unknown`, and the
recorder is asked. Knows no clock: `now` is an argument.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final, assert_never, final

from gateway.core.calls import Call, Snapshot
from gateway.core.query import ByNativeID, ByParty, ByPlatformCallID, Query, Status, form_of
from gateway.core.verdicts import (
    CONTRADICTED,
    FROM_THE_FUTURE,
    INCOMPLETE,
    NEVER_FED,
    RECORD_MISSING,
    TOO_CLOSE,
    TOO_OLD,
    Ambiguous,
    Found,
    NotFound,
    NotYet,
    Spoken,
    Unsure,
    Verdict,
)

RECORD_IS_LATE: Final = timedelta(minutes=1)  # after the end of its call
CLOCKS_DIFFER: Final = timedelta(seconds=1)  # at most, those of the machines that share a store
FOR_GOOD: Final = datetime.max.replace(tzinfo=UTC)
NEXT_WITHIN: Final = timedelta(minutes=1)  # source: the seed, "the upcoming 1 minute time range"


@final
@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms the index speaks.

    `max_age`: how old a snapshot may be, by the gateway's clock, and still be spoken from;
    `max_age_of_no`: how old if what it says is no, where a site is stricter about that.
    `stuck_after`: a call that is said to be ongoing for longer is not; `None`: none ever is.
    `though_contradicted`: also on forms on which the recorder contradicts the index.
    """

    max_age: timedelta
    max_age_of_no: timedelta | None = None
    stuck_after: timedelta | None = None
    though_contradicted: bool = False

    def bound(self, *, no: bool) -> timedelta:
        """How old what an answer rests on may be; `no`: if the answer is that there is no call."""
        return self.max_age_of_no if no and self.max_age_of_no is not None else self.max_age

    def at_any_age(self) -> "Terms":
        """The same, but for how old a snapshot may be."""
        return replace(self, max_age=timedelta.max, max_age_of_no=None)


def select(query: Query, snapshot: Snapshot, now: datetime, terms: Terms) -> Verdict:
    """Decide, or say why not."""
    if snapshot.as_of is None:
        return NEVER_FED
    age = now - snapshot.as_of
    if age > terms.max_age:
        return TOO_OLD
    if age < -CLOCKS_DIFFER:
        return FROM_THE_FUTURE
    if form_of(query) in snapshot.silent and not terms.though_contradicted:
        return CONTRADICTED
    verdict = _decide(query, snapshot, now + snapshot.recorder_ahead, terms)
    if age > terms.bound(no=isinstance(verdict, NotFound)):
        return Unsure(snapshot.as_of + terms.max_age)
    return verdict


def lasts_until(
    query: Query, snapshot: Snapshot, verdict: Spoken, now: datetime, terms: Terms
) -> datetime | None:
    """Until when the same question has the same verdict, while nothing in the index changes.

    `None`: not even now. One on `next` depends on when the question was put. Others last until
    one of the calls has been ongoing for too long; `FOR_GOOD` if there is none.
    """
    if isinstance(query.selector, ByParty):
        rule = "" if isinstance(verdict, NotFound) else verdict.rule
        tried = [status.value for status in query.selector.statuses]
        if Status.NEXT.value in tried[: tried.index(rule) + 1 if rule in tried else None]:
            return None
    if isinstance(verdict, Found) and verdict.call.provisional:
        return None  # its record is awaited
    after, at_recorder = terms.stuck_after, now + snapshot.recorder_ahead
    if after is None:
        return FOR_GOOD
    alive = (c for c in snapshot.calls if c.ongoing and not is_stuck(c, at_recorder, after))
    return min((c.started_at + after - snapshot.recorder_ahead for c in alive), default=FOR_GOOD)


def is_stuck(call: Call, now: datetime, after: timedelta | None) -> bool:
    """Whether an ongoing call has been so for too long (`now`: the recorder's clock)."""
    return call.ongoing and after is not None and now - call.started_at > after


def _decide(query: Query, snapshot: Snapshot, now: datetime, terms: Terms) -> Verdict:
    calls = [call for call in snapshot.calls if call.manual or not query.manual]
    match query.selector:
        case ByParty(numbers, statuses):
            number = _first_with_calls(calls, numbers)
            # The likelier reading may have calls that the index does not know.
            if number != numbers[0] and not snapshot.complete:
                return INCOMPLETE
            concerned = [call for call in calls if call.concerns(number)]
            alive = [call for call in concerned if not is_stuck(call, now, terms.stuck_after)]
            return _by_party(query, snapshot, alive, statuses)
        case ByPlatformCallID(value, _):
            return _by_id([c for c in calls if c.platform_call_id == value], snapshot, "platform")
        case ByNativeID(value, _):
            return _by_own_id([c for c in calls if c.native_id == value], snapshot)
        case _:  # pragma: no cover - the type checker proves that nothing is left
            assert_never(query.selector)


def _first_with_calls(calls: Sequence[Call], numbers: tuple[str, ...]) -> str:
    """The likeliest reading of a number that has any call; if none has, the likeliest."""
    having = (number for number in numbers if any(call.concerns(number) for call in calls))
    return next(having, numbers[0])


def _by_party(
    query: Query, snapshot: Snapshot, calls: Sequence[Call], statuses: tuple[Status, ...]
) -> Verdict:
    """Each status in its turn, from left to right, until one has an answer other than no."""
    verdict: Verdict = NotFound()
    for status in statuses:
        verdict = _LOOK[status](query, snapshot, calls)
        if not isinstance(verdict, NotFound):
            return _by_rule(verdict, status.value)
    return verdict


def _ongoing(_query: Query, _snapshot: Snapshot, calls: Sequence[Call]) -> Verdict:
    return _only([call for call in calls if call.ongoing])


def _last(_query: Query, snapshot: Snapshot, calls: Sequence[Call]) -> Verdict:
    """The one that ended last; of several that ended in the same instant, that began last.

    An end that was inferred lies somewhere between two moments. If another's lies there, too,
    nobody can tell which of them was last until their records appear. One whose record does not
    appear may have been deleted, or never have been kept.
    """
    ended = [((call.ended_at, call.started_at), call) for call in calls if call.ended_at]
    if not ended:
        return NotFound() if snapshot.complete else INCOMPLETE
    newest = max(times for times, _ in ended)
    latest = [call for times, call in ended if times == newest]
    inferred = [call.ended_after for call in latest if call.ended_after]
    if inferred and sum(at > min(inferred) for (at, _), _ in ended) > 1:
        return TOO_CLOSE
    as_of = snapshot.as_of
    if inferred and as_of and as_of + snapshot.recorder_ahead - newest[0] > RECORD_IS_LATE:
        return RECORD_MISSING
    return _only(latest)


def _next(query: Query, snapshot: Snapshot, calls: Sequence[Call]) -> Verdict:
    """The first that begins after the question was put, and within the minute.

    Begin and question are told by two clocks; the question is translated to the recorder's.
    """
    asked_at = query.asked_at + snapshot.recorder_ahead
    begun = [
        call
        for call in _came_after(query, calls)
        if asked_at < call.started_at <= asked_at + NEXT_WITHIN
    ]
    if begun:
        first = min(call.started_at for call in begun)
        return _only([call for call in begun if call.started_at == first])
    until = query.asked_at + NEXT_WITHIN
    seen_out = snapshot.as_of is not None and snapshot.as_of >= until
    return NotFound() if seen_out else NotYet(until)


def _came_after(query: Query, calls: Sequence[Call]) -> Iterable[Call]:
    present = query.present or frozenset()
    return (call for call in calls if call.id not in present)


def _by_id(calls: Sequence[Call], snapshot: Snapshot, rule: str) -> Verdict:
    """A record that is older than the index could share the id: only a complete index is sure."""
    return _by_rule(_only(calls), rule) if snapshot.complete else INCOMPLETE


def _by_own_id(calls: Sequence[Call], snapshot: Snapshot) -> Verdict:
    """The technical identifier is unique to a record: one that is known is the one."""
    if not (calls or snapshot.complete):
        return INCOMPLETE
    return _by_rule(_only(calls), "native")


def _by_rule(verdict: Verdict, rule: str) -> Verdict:
    return replace(verdict, rule=rule) if isinstance(verdict, Found | Ambiguous) else verdict


def _only(candidates: Sequence[Call]) -> Verdict:
    match candidates:
        case []:
            return NotFound()
        case [call]:
            return Found(call)
        case _:
            return Ambiguous(len(candidates))


_Look = Callable[[Query, Snapshot, Sequence[Call]], Verdict]
_LOOK: Final[dict[Status, _Look]] = {
    Status.ONGOING: _ongoing,
    Status.LAST: _last,
    Status.NEXT: _next,
}
