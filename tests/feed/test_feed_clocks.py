"""How far the recorder's clock is ahead, from headers of whole seconds and from begins."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.feed.clocks import FEWEST_BEGINS, Ahead, ClockDifference
from tests.fakes import NOON


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


def told_at(moment: datetime, ahead: timedelta) -> datetime:
    """What a recorder whose clock is so far ahead writes into its header."""
    return (moment + ahead).replace(microsecond=0)


def after(ahead: timedelta, answers: int, takes: float = 0.01) -> ClockDifference:
    """What is known after so many answers, each asked at another fraction of a second."""
    clocks = ClockDifference()
    for number in range(answers):
        asked = NOON + seconds(0.95 * number)
        clocks.learn(told_at(asked + seconds(takes / 2), ahead), asked, asked + seconds(takes))
    return clocks


def test_nothing_is_known_before_the_first_answer() -> None:
    assert ClockDifference().ahead is None


@given(ahead=st.floats(-100_000, 100_000).map(seconds))
def test_one_answer_tells_it_to_a_second(ahead: timedelta) -> None:
    known = after(ahead, 1).ahead
    assert known is not None
    assert ahead - seconds(1.01) <= known.least <= ahead <= known.most <= ahead + seconds(1.01)


@given(ahead=st.floats(-100_000, 100_000).map(seconds))
def test_many_answers_tell_it_to_a_few_hundredths(ahead: timedelta) -> None:
    known = after(ahead, 60).ahead
    assert known is not None
    assert ahead - seconds(0.07) <= known.least <= ahead <= known.most <= ahead + seconds(0.07)


def test_a_clock_that_was_set_is_learned_anew_at_once() -> None:
    clocks = after(seconds(90), 60)
    later = NOON + seconds(100)
    clocks.learn(told_at(later, seconds(0)), later, later)
    assert clocks.ahead is not None
    assert clocks.ahead == Ahead(seconds(0), seconds(1))


@pytest.mark.parametrize("year", [1970, 9999])
def test_a_header_that_is_absurd_teaches_nothing(year: int) -> None:
    clocks = ClockDifference()
    clocks.learn(NOON.replace(year=year), NOON, NOON)
    clocks.learn(datetime.max.replace(tzinfo=NOON.tzinfo), NOON, NOON)
    assert clocks.ahead is None


def test_without_a_header_it_is_told_by_when_calls_began() -> None:
    clocks = ClockDifference()
    before, now = NOON - seconds(1), NOON
    begins = [NOON + seconds(90 - late) for late in (0.1, 0.5, 0.9)]
    clocks.learn_begins(begins[: FEWEST_BEGINS - 1], before, now)
    assert clocks.ahead is None
    clocks.learn_begins(begins[FEWEST_BEGINS - 1 :], before, now)
    assert clocks.ahead == Ahead(seconds(89.9), seconds(90.1))


def test_one_call_from_the_future_does_not_move_the_clock_but_several_do() -> None:
    clocks = ClockDifference()
    before, now = NOON - seconds(1), NOON
    clocks.learn_begins([NOON - seconds(0.5)] * 4 + [NOON + seconds(9000)], before, now)
    assert clocks.ahead == Ahead(seconds(-0.5), seconds(0.5))
    clocks.learn_begins([NOON + seconds(89.5)] * (FEWEST_BEGINS - 1), before, now)
    assert clocks.ahead == Ahead(seconds(-0.5), seconds(0.5))
    clocks.learn_begins([NOON + seconds(89.5)], before, now)
    assert clocks.ahead == Ahead(seconds(89.5), seconds(90.5))
