from dataclasses import replace

import pytest

from gateway.core.errors import Code
from gateway.core.query import (
    FORMS,
    ByNativeID,
    ByParty,
    ByPlatformCallID,
    Query,
    Status,
    form_of,
)
from gateway.core.replies import CANNOT_BE_FOUND, Outcome
from gateway.core.selection import select
from gateway.core.verdicts import CONTRADICTED, Ambiguous, Found, NotFound, Spoken
from gateway.core.verification import (
    FORGIVEN_AFTER,
    STRIKES,
    TRUSTED_AFTER,
    Disagreement,
    Tally,
    disagreement,
    question,
    says,
)
from tests.core.indexed import TERMS, Case
from tests.fakes import NOON, call

LAST = Query(ByParty(("+361",), (Status.LAST,)), NOON)
NOBODY = Outcome(Code.CANNOT_BE_FOUND, CANNOT_BE_FOUND)


def found(id_: str) -> Outcome:
    return Outcome(Code.SUCCESS, call_id=id_)


@pytest.mark.parametrize(
    ("verdict", "outcome", "kind"),
    [
        (Found(call("A")), found("a"), None),
        (NotFound(), NOBODY, None),
        (Ambiguous(2), Outcome(Code.CANNOT_BE_FOUND, "More than one."), None),
        (Found(call("a")), found("b"), Disagreement.ANOTHER_CALL),
        (Found(call("a")), NOBODY, Disagreement.INVENTED),
        (NotFound(), found("b"), Disagreement.MISSED),
        (Ambiguous(2), found("b"), Disagreement.MISSED),
    ],
)
def test_a_disagreement_is_of_one_of_three_kinds(
    verdict: Spoken, outcome: Outcome, kind: Disagreement | None
) -> None:
    assert says(outcome, verdict)
    assert disagreement(verdict, outcome) is kind


@pytest.mark.parametrize("code", [Code.TOKEN_EXPIRED, Code.UNEXPECTED_ERROR, 2, None])
def test_an_answer_that_says_nothing_of_the_call_is_no_disagreement(code: int | None) -> None:
    assert not says(Outcome(code, "Session expired"), Found(call()))
    assert not says(Outcome(code, "Session expired"), NotFound())


@pytest.mark.parametrize(
    ("query", "asked", "form"),
    [
        (LAST, (("extension", "+361"), ("status", "last")), "last"),
        (
            replace(LAST, manual=True),
            (("extension", "+361"), ("status", "last"), ("type", "manualRecord")),
            "last manualRecord",
        ),
        (Query(ByPlatformCallID("p", "P"), NOON), (("platformCallID", "P"),), "platformCallID"),
        (Query(ByParty(("+3612345678",), FORMS["last"]), NOON), None, "last"),
        (Query(ByNativeID("n"), NOON), (("nativeID", "n"),), "nativeID"),
        (Query(ByParty(("1",), FORMS["ongoing,next"]), NOON), None, "ongoing,next"),
        (Query(ByParty(("88-1", "881"), FORMS["last"]), NOON), None, "last"),
        (Query(ByParty(("1",), (Status.ONGOING, Status.LAST)), NOON), None, "ongoing,last"),
    ],
)
def test_what_can_be_asked_is_asked_as_a_client_would(
    query: Query, asked: object, form: str
) -> None:
    assert question(query) == asked
    assert form_of(query) == form


def after(tally: Tally, *kinds: Disagreement | None) -> Tally:
    for kind in kinds:
        tally = tally.after(kind)
    return tally


def test_a_form_that_is_wrong_again_and_again_falls_silent_until_it_agrees_again() -> None:
    tally = after(Tally(), *[Disagreement.MISSED, None] * (STRIKES - 1))
    assert not tally.silent
    tally = after(tally, Disagreement.INVENTED)
    assert tally.silent
    assert (tally.checked, dict(tally.wrong)) == (2 * STRIKES - 1, {"missed": 2, "invented": 1})
    tally = after(tally, *[None] * (TRUSTED_AFTER - 1))
    assert tally.silent
    assert after(tally, Disagreement.MISSED).agreed == 0
    spoken = after(tally, None)
    assert not spoken.silent
    assert spoken.strikes == 0


def test_now_and_then_a_disagreement_is_forgiven() -> None:
    tally = Tally()
    for _ in range(5):
        tally = after(tally, Disagreement.MISSED, *[None] * FORGIVEN_AFTER)
    assert not tally.silent
    assert tally.wrong["missed"] == 5


def test_an_index_that_is_contradicted_on_a_form_is_silent_on_it_alone() -> None:
    case = Case("last", ("8856",), (call(),))
    snapshot = replace(case.snapshot, silent=frozenset({"last"}))
    assert select(case.query, snapshot, NOON, TERMS) is CONTRADICTED
    assert select(replace(case.query, manual=True), snapshot, NOON, TERMS) == NotFound()
    heedless = replace(TERMS, though_contradicted=True)
    assert select(case.query, snapshot, NOON, heedless) == Found(call())
