from dataclasses import replace
from datetime import timedelta
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.admission import admit
from gateway.core.applications import Applications
from gateway.core.errors import Code
from gateway.core.learning import lesson
from gateway.core.replies import CANNOT_BE_FOUND, Outcome
from gateway.core.secrets import Secret
from gateway.core.tokens import TokenRecord
from tests.core.asking import EXPIRED, OPEN, PROVEN, asked_for
from tests.fakes import NODE, NOON

OTHER_NODE: Final = "http://other.example/verba/api"
HOUR: Final = timedelta(hours=1)
SUCCESS: Final = Outcome(Code.SUCCESS)
GOOD: Final = TokenRecord("crm", NODE, NOON + HOUR)
BAD: Final = TokenRecord("crm", NODE, NOON, refused=True)
ACCEPTING: Final = [
    pytest.param(SUCCESS, id="success"),
    pytest.param(Outcome(Code.CALL_NOT_FOUND), id="numbered-not-found"),
    pytest.param(Outcome(Code.CANNOT_BE_FOUND, CANNOT_BE_FOUND), id="documented-not-found"),
]
REFUSING: Final = [
    pytest.param(Outcome(Code.LOGIN_REQUIRED), id="login-required"),
    pytest.param(Outcome(Code.TOKEN_EXPIRED), id="token-expired"),
]
TEACHING_NOTHING: Final = [
    pytest.param(Outcome(None), id="no-code"),
    pytest.param(Outcome(Code.CANNOT_BE_FOUND, "Invalid token."), id="another-2"),
    pytest.param(Outcome(Code.CANNOT_BE_FOUND), id="bare-2"),
    pytest.param(Outcome(Code.UNEXPECTED_ERROR), id="unexpected"),
    pytest.param(Outcome(Code.INVALID_PARAMETERS), id="invalid-parameters"),
    pytest.param(Outcome(Code.INVALID_API_KEY), id="invalid-key"),
    pytest.param(Outcome(7), id="unheard"),
]


def test_a_token_is_learned_when_the_recorder_issues_it() -> None:
    admitted = asked_for("RequestToken", token=None)
    outcome = Outcome(Code.SUCCESS, token="0123abcd")
    assert lesson(admitted, outcome, NODE) == (Secret("0123abcd"), GOOD)


@pytest.mark.parametrize(
    "outcome",
    [
        pytest.param(Outcome(Code.INVALID_CREDENTIALS), id="wrong-password"),
        pytest.param(Outcome(Code.INVALID_CREDENTIALS, token="0123"), id="token-in-an-error"),
        pytest.param(Outcome(None, token="0123"), id="token-without-a-code"),
        pytest.param(SUCCESS, id="success-without-a-token"),
        pytest.param(Outcome(Code.TOKEN_EXPIRED), id="expired"),
    ],
)
def test_nothing_is_learned_where_no_token_is_issued(outcome: Outcome) -> None:
    assert lesson(asked_for("RequestToken"), outcome, NODE) is None


@pytest.mark.parametrize("outcome", ACCEPTING)
@pytest.mark.parametrize("record", [None, EXPIRED])
def test_an_unproven_token_is_learned_when_the_recorder_accepts_it(
    outcome: Outcome, record: TokenRecord | None
) -> None:
    assert lesson(asked_for(record=record), outcome, NODE) == (Secret("demo-token"), GOOD)


@pytest.mark.parametrize("outcome", ACCEPTING)
def test_of_a_proven_token_nothing_new_is_learned(outcome: Outcome) -> None:
    assert lesson(asked_for(), outcome, NODE) is None


@pytest.mark.parametrize("outcome", REFUSING)
@pytest.mark.parametrize("record", [PROVEN, EXPIRED])
def test_a_token_that_its_own_node_refuses_is_remembered_as_refused(
    outcome: Outcome, record: TokenRecord
) -> None:
    assert lesson(asked_for(record=record), outcome, NODE) == (Secret("demo-token"), BAD)


@pytest.mark.parametrize("outcome", REFUSING)
def test_a_token_that_another_node_refuses_may_be_good(outcome: Outcome) -> None:
    assert lesson(asked_for(), outcome, OTHER_NODE) is None
    assert lesson(asked_for(record=None), outcome, NODE) is None


@pytest.mark.parametrize("outcome", TEACHING_NOTHING)
@pytest.mark.parametrize("record", [None, PROVEN, EXPIRED])
def test_any_other_outcome_teaches_nothing(outcome: Outcome, record: TokenRecord | None) -> None:
    assert lesson(asked_for(record=record), outcome, NODE) is None


@pytest.mark.parametrize("outcome", [*ACCEPTING, *REFUSING])
def test_without_a_token_there_is_nothing_to_learn(outcome: Outcome) -> None:
    assert lesson(asked_for(app=OPEN, token=None), outcome, NODE) is None


def test_a_token_that_nobody_asked_for_is_not_proven_by_success() -> None:
    # The application needs none, so the recorder may not have looked at it.
    assert lesson(asked_for(app=OPEN, record=None), SUCCESS, NODE) is None


@given(
    code=st.none() | st.integers(-90, 9),
    message=st.text(max_size=4),
    record=st.sampled_from([None, PROVEN, EXPIRED]),
    node=st.sampled_from([NODE, OTHER_NODE]),
)
def test_what_is_learned_is_either_good_for_an_hour_or_refused_now(
    code: int | None, message: str, record: TokenRecord | None, node: str
) -> None:
    admitted = asked_for(record=record)
    learned = lesson(admitted, Outcome(code, message), node)
    if learned is not None:
        token, new = learned
        assert token == admitted.parameters.token
        assert (new.application, new.node) == ("crm", node)
        assert new.proven(NOON + HOUR - timedelta.resolution) is not new.refused
        assert new.refused is (code in {-42, -43})


@pytest.mark.parametrize("name", ["Authorization", "Cookie"])
def test_whoever_was_let_in_by_something_else_teaches_nothing_of_his_token(name: str) -> None:
    unproven = asked_for(record=None)
    request = replace(unproven.request, credentials={name: Secret("x")})
    admitted = admit(
        unproven.parameters, request, Applications([unproven.application]), lambda *_: None
    )
    assert lesson(admitted, SUCCESS, NODE) is None
