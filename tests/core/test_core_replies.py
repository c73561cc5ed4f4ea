import pytest

from gateway.core.errors import (
    Code,
    GatewayStopping,
    NoAnswer,
    RecorderError,
    RecorderGarbled,
    RecorderTimeout,
    RecorderUnreachable,
    Refusal,
)
from gateway.core.replies import (
    CANNOT_BE_FOUND,
    NOT_FOUND,
    RETRY_AFTER,
    STANDARD_STATUS,
    Answer,
    Dialect,
    Document,
    Outcome,
    answer,
    excuse,
)
from gateway.core.verdicts import Ambiguous, Found, NotFound
from tests.fakes import NODE, SAMPLE_ID, call

DIALECTS = [
    pytest.param(Dialect.DOCUMENTED, 2, id="documented"),
    pytest.param(Dialect.NUMBERED, -50, id="numbered"),
]


def test_a_found_call_is_answered_with_its_id_as_the_recorder_spells_it() -> None:
    found = Found(call("A8343631-9f35"))
    for dialect in Dialect:
        assert answer("GetCallID", found, dialect) == Answer(
            "GetCallID", 0, call_id="A8343631-9f35"
        )


@pytest.mark.parametrize(("dialect", "code"), DIALECTS)
def test_a_call_that_is_not_found_is_told_in_the_seeds_words(dialect: Dialect, code: int) -> None:
    assert answer("GetCallID", NotFound(), dialect) == Answer("GetCallID", code, CANNOT_BE_FOUND)
    assert CANNOT_BE_FOUND == (
        "Unable to retrieve the call identifier, because the call cannot be found."
    )


@pytest.mark.parametrize(("dialect", "code"), DIALECTS)
def test_several_calls_are_an_error_that_says_how_many(dialect: Dialect, code: int) -> None:
    told = answer("GetCallID", Ambiguous(3), dialect)
    assert (told.code, told.call_id, told.status) == (code, "", 200)
    assert "3 calls match" in told.message


def test_every_dialect_has_its_code_for_not_found() -> None:
    assert set(NOT_FOUND) == set(Dialect)


def test_a_refusal_is_told_as_it_is() -> None:
    refusal = Refusal(Code.INVALID_API_KEY, "The API key is not known.")
    assert excuse("GetCallID", refusal) == Answer("GetCallID", -41, "The API key is not known.")
    too_large = Refusal(Code.INVALID_PARAMETERS, "Too large.", status=413)
    assert excuse("", too_large) == Answer("", -20, "Too large.", status=413)


@pytest.mark.parametrize(
    ("error", "status", "retry_after"),
    [
        (RecorderUnreachable, 503, RETRY_AFTER),
        (RecorderTimeout, 504, RETRY_AFTER),
        (GatewayStopping, 503, RETRY_AFTER),
        (NoAnswer, 503, RETRY_AFTER),
        (RecorderGarbled, 502, None),
        (RecorderError, 502, None),
    ],
)
def test_whoever_might_be_answered_later_is_told_when(
    error: type[NoAnswer], status: int, retry_after: int | None
) -> None:
    told = excuse("GetCallID", error("http://recorder.example/?token=canary"))
    assert told == Answer("GetCallID", -1, error.message, status=status, retry_after=retry_after)
    assert "canary" not in repr(told)


@pytest.mark.parametrize(
    ("outcome", "accepted", "token_refused"),
    [
        (Outcome(0), True, False),
        (Outcome(-50), True, False),
        (Outcome(2, CANNOT_BE_FOUND), True, False),
        (Outcome(2, "Unknown token: the call cannot be found"), False, False),
        (Outcome(2, "The user cannot be found"), False, False),
        (Outcome(2), False, False),
        (Outcome(2, "Token expired."), False, False),
        (Outcome(-1, CANNOT_BE_FOUND), False, False),
        (Outcome(-40), False, False),
        (Outcome(-41), False, False),
        (Outcome(-42), False, True),
        (Outcome(-43), False, True),
        (Outcome(None), False, False),
    ],
)
def test_an_outcome_says_what_the_recorder_thinks_of_the_token(
    outcome: Outcome, accepted: bool, token_refused: bool
) -> None:
    assert outcome.accepted is accepted
    assert outcome.token_refused is token_refused


@pytest.mark.parametrize(
    ("codes", "status"),
    [
        pytest.param({0}, 200, id="success"),
        pytest.param({-40, -41, -42, -43}, 401, id="who-are-you"),
        pytest.param({-10}, 403, id="licence"),
        pytest.param({2, -50, -60, -70, -71, -80}, 404, id="no-such-thing"),
        pytest.param({-1}, 500, id="unexpected"),
    ],
)
def test_codes_are_mapped_to_http_in_the_standard_terms(codes: set[int], status: int) -> None:
    assert {code for code, mapped in STANDARD_STATUS.items() if mapped == status} == codes


def test_replies_show_neither_tokens_nor_cookies_nor_bodies() -> None:
    shown = repr(Outcome(0, token="canary-token"))
    document = Document(b"canary-body", "text/xml", NODE, ("JSESSIONID=canary",))
    assert "canary" not in shown + repr(document)
    assert SAMPLE_ID in repr(Answer("GetCallID", 0, call_id=SAMPLE_ID))
