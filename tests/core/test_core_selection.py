from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from gateway.core.calls import Call, Snapshot
from gateway.core.query import ByNativeID, ByPlatformCallID, Query, Selector
from gateway.core.selection import (
    FOR_GOOD,
    Terms,
    lasts_until,
    select,
)
from gateway.core.verdicts import (
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
from tests.core.indexed import MAX_AGE, TERMS, Case, at
from tests.fakes import NOON, call, guessed

ENDED = call("ended", started=-600, ended=-300)
LATER = call("later", started=-500, ended=-200)
ONGOING = call("ongoing", started=-100, ended=None)
SECOND = call("second", started=-50, ended=None)
COMING = call("coming", started=10, ended=None)
AFTER = call("after", started=20, ended=None)
STALE = call("stale", started=100 - 3600, ended=None)
MANUAL = call("manual", started=-700, ended=-650, manual=True)


def verdict(form: str, *calls: Call, now: int = 0) -> Verdict:
    """What is decided at a time in seconds after noon, by a fresh and complete index."""
    return Case(form, ("8856",), calls, now=now).verdict


@pytest.mark.parametrize(
    ("form", "calls", "found"),
    [
        pytest.param("ongoing", [ENDED, ONGOING], ONGOING, id="ongoing"),
        pytest.param("last", [LATER, ENDED, ONGOING], LATER, id="last"),
        pytest.param("next", [ONGOING, AFTER, COMING], COMING, id="next"),
        pytest.param("ongoing,next", [ENDED, ONGOING], ONGOING, id="ongoing-else-next"),
        pytest.param("ongoing,next", [replace(COMING, ended_at=at(11))], None, id="next-has-ended"),
        pytest.param("last,ongoing", [ENDED, ONGOING], ENDED, id="last-before-ongoing"),
        pytest.param("last,ongoing", [ONGOING], ONGOING, id="no-last-but-ongoing"),
    ],
)
def test_each_form_finds_its_call(form: str, calls: list[Call], found: Call | None) -> None:
    assert verdict(form, *calls) == Found(found or calls[0])


@pytest.mark.parametrize("form", ["ongoing", "last", "last,ongoing"])
def test_no_call_is_not_found(form: str) -> None:
    assert verdict(form) == NotFound()
    assert verdict(form, call(caller="1", called="2")) == NotFound()


@pytest.mark.parametrize("form", ["ongoing", "ongoing,next", "last,ongoing"])
def test_two_ongoing_calls_are_an_error_not_a_choice(form: str) -> None:
    assert verdict(form, ONGOING, SECOND) == Ambiguous(2)


def test_a_number_is_a_party_on_either_side() -> None:
    away = call(caller="1000", called="8856")
    assert verdict("last", away) == Found(away)


def test_a_call_to_oneself_is_one_call() -> None:
    loop = call(caller="8856", called="8856")
    assert verdict("last", loop) == Found(loop)


def test_the_last_call_is_the_one_that_ended_last_not_that_began_last() -> None:
    long = call("long", started=-900, ended=-10)
    assert verdict("last", LATER, long) == Found(long)


def test_of_two_that_ended_together_the_last_is_the_one_that_began_last() -> None:
    leg = replace(LATER, id="leg", started_at=LATER.started_at + timedelta(seconds=1))
    assert verdict("last", LATER, leg) == Found(leg)


def test_last_calls_that_began_and_ended_together_are_ambiguous() -> None:
    assert verdict("last", LATER, replace(LATER, id="twin"), ENDED) == Ambiguous(2)
    assert verdict("last,ongoing", LATER, replace(LATER, id="twin"), ONGOING) == Ambiguous(2)


JUST_ENDED = call("just ended", started=-600, ended=-30)


def test_an_inferred_end_is_an_end() -> None:
    assert verdict("last", guessed(JUST_ENDED), ENDED).__class__ is Found


def test_an_inferred_end_that_may_be_before_anothers_leaves_the_last_open() -> None:
    before, between = guessed(JUST_ENDED), replace(JUST_ENDED, id="b", ended_at=at(-30.5))
    assert verdict("last", before, between) is TOO_CLOSE
    assert verdict("last", before, replace(between, ended_at=at(-31))) == Found(before)
    twin = guessed(replace(JUST_ENDED, id="c", started_at=at(-599)))
    assert verdict("last", before, twin) is TOO_CLOSE
    certain = replace(JUST_ENDED, id="d", ended_at=at(-29))
    assert verdict("last", before, certain) == Found(certain)


def test_a_call_whose_record_does_not_appear_is_soon_nobodys_last_one() -> None:
    late = guessed(replace(ENDED, ended_at=at(-60.001)))
    assert verdict("last,ongoing", late, ONGOING) is RECORD_MISSING
    assert verdict("last", guessed(replace(ENDED, ended_at=at(-60)))).__class__ is Found
    assert verdict("last", late, JUST_ENDED) == Found(JUST_ENDED)


def test_an_index_that_was_never_fed_is_silent() -> None:
    assert Case("last", ("8856",), (ENDED,), age=None).verdict is NEVER_FED


@pytest.mark.parametrize(("age", "speaks"), [(0, True), (3, True), (4, False), (-1, True)])
def test_an_index_speaks_until_it_is_older_than_max_age(age: int, speaks: bool) -> None:
    decided = Case("last", ("8856",), (ENDED,), age=age).verdict
    assert decided == (Found(ENDED) if speaks else TOO_OLD)


def test_an_index_from_the_future_is_silent() -> None:
    assert Case("last", ("8856",), (ENDED,), age=-2).verdict is FROM_THE_FUTURE


def test_at_any_age_even_an_old_index_speaks() -> None:
    old = Case("last", ("8856",), (ENDED,), now=86_400, age=86_400)
    assert select(old.query, old.snapshot, at(old.now), TERMS.at_any_age()) == Found(ENDED)


def test_an_incomplete_index_does_not_know_that_there_was_no_last_call() -> None:
    for form in ("last", "last,ongoing"):
        asked = Case(form, ("8856",), (ONGOING,), complete=False)
        assert asked.verdict is INCOMPLETE


def test_an_incomplete_index_knows_the_last_call_if_it_has_one() -> None:
    assert Case("last", ("8856",), (ENDED,), complete=False).verdict == Found(ENDED)


def test_an_incomplete_index_knows_what_is_ongoing_and_what_comes() -> None:
    assert Case("ongoing", ("8856",), (), complete=False).verdict == NotFound()
    assert Case("next", ("8856",), (), now=60, complete=False).verdict == NotFound()


def test_the_likeliest_reading_that_has_a_call_is_the_one() -> None:
    abroad, home = call("a", caller="+3611", called="1"), call("b", caller="3611", called="1")
    both = Case("last", ("+3611", "3611"), (home, abroad))
    assert both.verdict == Found(abroad)
    assert replace(both, calls=(home,)).verdict == Found(home)
    assert replace(both, numbers=("3611", "+3611")).verdict == Found(home)


def test_a_less_likely_reading_does_not_fill_in_another_status() -> None:
    abroad = call("a", caller="+3611", called="1")
    home = call("b", caller="3611", called="1", ended=None)
    assert Case("ongoing", ("+3611", "3611"), (home, abroad)).verdict == NotFound()


def test_a_manual_question_concerns_controlled_recordings_only() -> None:
    asked = Case("last", ("8856",), (ENDED, MANUAL), manual=True)
    assert asked.verdict == Found(MANUAL)
    assert replace(asked, manual=False).verdict == Found(ENDED)
    assert replace(asked, calls=(ENDED,)).verdict == NotFound()


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        pytest.param(ByPlatformCallID("platform-a"), Found(call("a")), id="platform-id"),
        pytest.param(ByNativeID("native-b"), Found(call("b")), id="native-id"),
        pytest.param(ByPlatformCallID("native-a"), NotFound(), id="another-field"),
        pytest.param(ByNativeID("a"), NotFound(), id="another-id"),
        pytest.param(ByPlatformCallID("shared"), Ambiguous(2), id="shared-platform-id"),
        pytest.param(ByNativeID("shared"), Ambiguous(2), id="shared-native-id"),
    ],
)
def test_an_id_finds_its_call_or_an_error(selector: Selector, expected: Verdict) -> None:
    twins = [
        replace(call(name), platform_call_id="shared", native_id="shared") for name in ("x", "y")
    ]
    whole = Snapshot((call("a"), call("b"), *twins), NOON, complete=True)
    query = Query(selector, NOON)
    assert select(query, whole, NOON, TERMS) == expected
    sure = isinstance(selector, ByNativeID) and expected != NotFound()
    in_part = select(query, replace(whole, complete=False), NOON, TERMS)
    assert in_part == (expected if sure else INCOMPLETE)
    assert select(query, replace(whole, as_of=None), NOON, TERMS) is NEVER_FED
    assert select(query, whole, at(3.001), TERMS) is TOO_OLD
    assert select(replace(query, manual=True), whole, NOON, TERMS) == NotFound()


@pytest.mark.parametrize(
    ("age", "expected"),
    [
        pytest.param(1, NotFound(), id="young-enough-for-no"),
        pytest.param(2, Unsure(at(1)), id="too-old-for-no"),
        pytest.param(4, TOO_OLD, id="too-old-for-anything"),
    ],
)
def test_a_site_may_be_stricter_about_no(age: int, expected: Verdict) -> None:
    case = Case("last", ("8856",), (), age=age)
    of_no = timedelta(seconds=1)
    assert select(case.query, case.snapshot, at(0), Terms(MAX_AGE, of_no)) == expected
    found = replace(case, calls=(ENDED,))
    known = select(found.query, found.snapshot, at(0), Terms(MAX_AGE, of_no))
    assert known == (TOO_OLD if age > 3 else Found(ENDED))


@pytest.mark.parametrize(
    ("form", "calls", "rule"),
    [
        ("last,ongoing", [ENDED, ONGOING], "last"),
        ("last,ongoing", [ONGOING], "ongoing"),
        ("ongoing,next", [COMING], "ongoing"),
        ("next", [COMING], "next"),
        ("ongoing", [ONGOING, SECOND], "ongoing"),
    ],
)
def test_a_verdict_says_which_status_decided(form: str, calls: list[Call], rule: str) -> None:
    decided = verdict(form, *calls)
    assert isinstance(decided, Found | Ambiguous)
    assert decided.rule == rule


@pytest.mark.parametrize(("late", "found"), [(0, True), (1, False)], ids=["at", "beyond"])
def test_a_call_that_is_ongoing_for_too_long_is_set_aside(late: int, found: bool) -> None:
    long = replace(ONGOING, started_at=NOON - timedelta(hours=12, seconds=late))
    case = Case("ongoing,next", ("8856",), (long, ENDED))
    terms = replace(TERMS, stuck_after=timedelta(hours=12))
    expected = Found(long) if found else NotYet(at(60))
    assert select(case.query, case.snapshot, NOON, terms) == expected
    both = replace(case, calls=(long, SECOND))
    of_two = Ambiguous(2) if found else Found(SECOND)
    assert select(both.query, both.snapshot, NOON, terms) == of_two


def test_a_call_is_stuck_by_the_recorders_clock() -> None:
    case = Case("ongoing", ("8856",), (ONGOING,), ahead=3600)
    terms = replace(TERMS, stuck_after=timedelta(hours=1))
    assert select(case.query, case.snapshot, NOON, terms) == NotFound()


def test_a_stuck_call_is_found_by_its_ids_all_the_same() -> None:
    terms = replace(TERMS, stuck_after=timedelta(seconds=1))
    query = Query(ByNativeID(ONGOING.native_id), NOON)
    snapshot = Snapshot((ONGOING,), NOON, complete=True)
    assert select(query, snapshot, NOON, terms) == Found(ONGOING)


@pytest.mark.parametrize(
    ("form", "calls", "lasts"),
    [
        pytest.param("last", [ENDED], FOR_GOOD, id="found"),
        pytest.param("last", [], FOR_GOOD, id="not found"),
        pytest.param("ongoing", [ONGOING, SECOND], at(3500), id="several"),
        pytest.param("ongoing,next", [ONGOING], at(3500), id="found before next"),
        pytest.param("next", [COMING], None, id="found as next"),
        pytest.param("next", [], None, id="no next"),
        pytest.param("ongoing,next", [ENDED], None, id="no next either"),
        pytest.param("next,last", [ENDED], None, id="found after next"),
        pytest.param("last", [guessed(replace(ENDED, ended_at=at(90)))], None, id="inferred"),
        pytest.param("ongoing", [STALE], at(100), id="about to be stuck"),
        pytest.param("last", [ENDED, STALE], at(100), id="beside one about to be stuck"),
    ],
)
def test_what_depends_on_the_time_does_not_last(
    form: str, calls: list[Call], lasts: datetime | None
) -> None:
    case = Case(form, ("8856",), tuple(calls), now=100)
    terms = replace(TERMS, stuck_after=timedelta(hours=1))
    verdict_ = select(case.query, case.snapshot, at(100), terms)
    assert isinstance(verdict_, Spoken)
    assert lasts_until(case.query, case.snapshot, verdict_, at(100), terms) == lasts


def test_an_answer_to_an_id_lasts() -> None:
    query = Query(ByNativeID(ENDED.native_id), NOON)
    snapshot = Snapshot((ENDED,), NOON, complete=True)
    assert lasts_until(query, snapshot, Found(ENDED), NOON, TERMS) == FOR_GOOD


def test_of_two_that_seem_to_have_ended_together_one_by_inference_neither_is_chosen() -> None:
    certain, inferred = replace(ENDED, id="a"), guessed(replace(ENDED, id="b"))
    assert verdict("last", certain, inferred) is verdict("last", inferred, certain) is TOO_CLOSE
