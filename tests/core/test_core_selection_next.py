from dataclasses import replace

import pytest

from gateway.core.calls import Call
from gateway.core.selection import NEXT_WITHIN, select
from gateway.core.verdicts import Ambiguous, Found, NotFound, NotYet, Verdict
from tests.core.indexed import TERMS, Case, at, told
from tests.fakes import NOON, call

ENDED = call("ended", started=-600, ended=-300)
ONGOING = call("ongoing", started=-100, ended=None)
COMING = call("coming", started=10, ended=None)
AFTER = call("after", started=20, ended=None)


def verdict(form: str, *calls: Call, now: int = 0) -> Verdict:
    """What is decided at a time in seconds after noon, by a fresh and complete index."""
    return Case(form, ("8856",), calls, now=now).verdict


def test_next_calls_that_begin_together_are_ambiguous() -> None:
    assert verdict("next", COMING, replace(COMING, id="twin"), AFTER) == Ambiguous(2)


def test_next_waits_until_the_minute_is_over() -> None:
    assert verdict("next", ONGOING) == NotYet(at(60))
    assert verdict("ongoing,next", ENDED, now=59) == NotYet(NOON + NEXT_WITHIN)


def test_next_is_not_found_only_when_the_index_has_seen_the_minute_out() -> None:
    waiting = Case("next", ("8856",), (), now=62, age=3)
    assert told(waiting.verdict) == ("not yet", 60)
    assert waiting.snapshot.as_of == at(59)
    assert replace(waiting, age=2).verdict == NotFound()


@pytest.mark.parametrize(
    ("began", "found"),
    [(-1, False), (0, False), (0.001, True), (1, True), (60, True), (60.001, False), (61, False)],
)
def test_next_is_within_the_minute_after_the_question(began: float, found: bool) -> None:
    begun = call(started=began, ended=None)
    assert (verdict("next", begun) == Found(begun)) is found


@pytest.mark.parametrize(
    ("ahead", "began", "found"),
    [
        pytest.param(30, 30, False, id="at-the-question-by-a-fast-clock"),
        pytest.param(30, 31, True, id="just-after-by-a-fast-clock"),
        pytest.param(30, 90, True, id="at-the-end-of-the-minute-by-a-fast-clock"),
        pytest.param(30, 91, False, id="after-the-minute-by-a-fast-clock"),
        pytest.param(-30, -29, True, id="just-after-by-a-slow-clock"),
        pytest.param(-30, 31, False, id="after-the-minute-by-a-slow-clock"),
    ],
)
def test_the_recorders_clock_tells_when_a_call_began(ahead: int, began: int, found: bool) -> None:
    begun = call(started=began, ended=None)
    told_by = Case("next", ("8856",), (begun,), ahead=ahead).verdict
    assert told_by == (Found(begun) if found else NotYet(at(60)))


def test_the_recorders_clock_does_not_prolong_the_waiting() -> None:
    assert Case("next", ("8856",), (), now=60, ahead=30).verdict == NotFound()


def test_a_call_that_was_there_when_the_question_was_put_is_not_next() -> None:
    case = Case("next", ("8856",), (COMING,))
    query = case.query.after_looking(case.snapshot)
    assert query.present == frozenset({COMING.id})
    assert query.after_looking(replace(case.snapshot, calls=(AFTER,))) is query
    assert select(query, case.snapshot, NOON, TERMS) == NotYet(at(60))
    both = replace(case, calls=(COMING, AFTER))
    assert select(query, both.snapshot, NOON, TERMS) == Found(AFTER)
