"""Laws of `select` that hold for any calls and any question, and an oracle beside it."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from gateway.core.calls import Call
from gateway.core.verdicts import Ambiguous, Found, NotFound, NotYet, Unknown
from tests.core.indexed import CASES, FRESH, Case, at, calls_between, oracle, told

STRANGERS = calls_between("8", "9")


@given(case=CASES)
def test_the_verdict_is_the_oracles(case: Case) -> None:
    assert told(case.verdict) == oracle(case)


@given(case=FRESH)
def test_a_fresh_verdict_is_the_oracles(case: Case) -> None:
    assert told(case.verdict) == oracle(case)


@given(case=FRESH, data=st.data())
def test_the_order_of_the_calls_does_not_matter(case: Case, data: st.DataObject) -> None:
    shuffled = tuple(data.draw(st.permutations(case.calls)))
    assert replace(case, calls=shuffled).verdict == case.verdict


@given(case=FRESH, strangers=STRANGERS, data=st.data())
def test_a_call_of_another_party_never_changes_the_verdict(
    case: Case, strangers: tuple[Call, ...], data: st.DataObject
) -> None:
    mixed = tuple(data.draw(st.permutations([*case.calls, *strangers])))
    assert replace(case, calls=mixed).verdict == case.verdict


@given(case=CASES)
def test_a_call_that_has_a_twin_is_never_found(case: Case) -> None:
    twins = tuple(replace(call, id=f"twin of {call.id}") for call in case.calls)
    doubled = replace(case, calls=case.calls + twins).verdict
    match case.verdict:
        case Found():
            assert doubled == Ambiguous(2)
        case Ambiguous(several):
            assert doubled == Ambiguous(2 * several)
        case verdict:
            assert doubled == verdict


@given(case=FRESH.map(lambda case: replace(case, form="ongoing")))
def test_ongoing_is_found_only_if_it_is_the_only_one(case: Case) -> None:
    if isinstance(case.verdict, Found):
        assert [call for call in case.candidates if call.ongoing] == [case.verdict.call]


@given(case=CASES)
def test_what_is_found_is_a_call_of_the_party_that_was_asked_about(case: Case) -> None:
    if isinstance(case.verdict, Found):
        assert case.verdict.call in case.calls
        assert any(case.verdict.call.concerns(number) for number in case.numbers)
        assert case.verdict.call.manual or not case.manual


@given(case=CASES, late=st.integers(1, 10**6))
def test_an_index_that_is_too_old_or_was_never_fed_is_silent(case: Case, late: int) -> None:
    assert isinstance(replace(case, age=3 + late).verdict, Unknown)
    assert isinstance(replace(case, age=None).verdict, Unknown)


@given(case=CASES)
def test_a_complete_and_fresh_index_is_never_silent(case: Case) -> None:
    assert not isinstance(replace(case, age=0, complete=True).verdict, Unknown)


@given(case=FRESH.map(lambda case: replace(case, form="next", complete=True)))
def test_next_begins_after_the_question_and_within_the_minute(case: Case) -> None:
    match case.verdict:
        case Found(call):
            began = call.started_at - timedelta(seconds=case.ahead)
            assert at(case.asked) < began <= at(case.asked + 60)
        case NotYet(until):
            assert until == at(case.asked + 60)
            assert case.snapshot.as_of is not None
            assert case.snapshot.as_of < until
        case verdict:
            assert isinstance(verdict, NotFound | Ambiguous)


@given(case=FRESH, shift=st.integers(-(10**6), 10**6))
def test_two_clocks_that_drift_apart_change_nothing(case: Case, shift: int) -> None:
    by = timedelta(seconds=shift)
    moved = tuple(
        replace(
            call, started_at=call.started_at + by, ended_at=call.ended_at and call.ended_at + by
        )
        for call in case.calls
    )
    drifted = replace(case, calls=moved, ahead=case.ahead + shift)
    assert told(drifted.verdict) == told(case.verdict)


@given(case=FRESH)
def test_a_manual_question_is_one_to_an_index_of_manual_calls(case: Case) -> None:
    manual = tuple(call for call in case.calls if call.manual)
    expected = replace(case, calls=manual, manual=False).verdict
    assert replace(case, manual=True).verdict == expected


@given(case=FRESH)
def test_each_status_has_its_turn(case: Case) -> None:
    first, *rest = [replace(case, form=word).verdict for word in case.form.split(",")]
    expected = rest[0] if rest and first == NotFound() else first
    assert case.verdict == expected
