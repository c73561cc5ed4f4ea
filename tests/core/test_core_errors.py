import pytest

from gateway.core import errors
from gateway.core.errors import (
    CallgateError,
    Code,
    GatewayStopping,
    NoAnswer,
    RecorderError,
    RecorderGarbled,
    RecorderTimeout,
    RecorderUnreachable,
    Refusal,
    StoreError,
)


def drawn(cause: type[BaseException], depth: int = 0) -> list[tuple[int, str]]:
    below = [line for child in cause.__subclasses__() for line in drawn(child, depth + 1)]
    return [(depth, cause.__name__), *below]


def in_the_docstring() -> list[tuple[int, str]]:
    lines = (errors.__doc__ or "").splitlines()[2:-3]
    bare = [line.removeprefix("    ").replace("│", " ") for line in lines if line.strip()]
    words = [line.lstrip(" ├└─").split()[0] for line in bare]
    indents = [line.index(word) // 4 for line, word in zip(bare, words, strict=True)]
    return list(zip(indents, words, strict=True))


def test_the_tree_of_errors_is_the_one_that_is_drawn() -> None:
    defined = [line for line in drawn(CallgateError) if hasattr(errors, line[1])]
    assert sorted(in_the_docstring()) == sorted(defined)


def test_a_refusal_is_http_200_unless_it_says_otherwise() -> None:
    refusal = Refusal(Code.INVALID_ACTION, "No.")
    assert (refusal.code, refusal.message, refusal.status, str(refusal)) == (-30, "No.", 200, "No.")
    assert Refusal(Code.INVALID_PARAMETERS, "Too large.", status=413).status == 413


@pytest.mark.parametrize(
    ("cause", "status"),
    [
        (NoAnswer, 503),
        (GatewayStopping, 503),
        (RecorderError, 502),
        (RecorderUnreachable, 503),
        (RecorderTimeout, 504),
        (RecorderGarbled, 502),
    ],
)
def test_no_answer_has_a_gateways_status_and_a_sentence(cause: type[NoAnswer], status: int) -> None:
    assert cause.status == status
    assert cause.message.endswith(".")
    assert str(cause()) == cause.message
    assert str(cause("for the log")) == "for the log"
    assert cause("for the log").message == cause.message


# RFC 9209, 2.3: those that may be said of a recorder.
REGISTERED = frozenset(
    {
        "connection_limit_reached",
        "connection_refused",
        "connection_terminated",
        "connection_timeout",
        "destination_unavailable",
        "dns_error",
        "http_protocol_error",
        "http_response_body_size",
        "http_response_incomplete",
        "http_response_timeout",
        "proxy_internal_error",
        "tls_certificate_error",
        "tls_protocol_error",
    }
)


def tree(cause: type[NoAnswer]) -> list[type[NoAnswer]]:
    return [cause, *(each for child in cause.__subclasses__() for each in tree(child))]


@pytest.mark.parametrize("cause", tree(NoAnswer), ids=lambda each: each.__name__)
def test_what_goes_wrong_with_the_recorder_and_nothing_else_has_a_registered_type(
    cause: type[NoAnswer],
) -> None:
    assert bool(cause.kind) == issubclass(cause, RecorderError)
    assert cause.kind in REGISTERED | {""}


def test_a_broken_store_is_no_answer_to_a_client() -> None:
    assert not issubclass(StoreError, NoAnswer | Refusal)


@pytest.mark.parametrize(
    ("code", "number"),
    [
        ("SUCCESS", 0),
        ("CANNOT_BE_FOUND", 2),
        ("UNEXPECTED_ERROR", -1),
        ("EVALUATION_EXPIRED", -10),
        ("INVALID_PARAMETERS", -20),
        ("INVALID_ACTION", -30),
        ("INVALID_CREDENTIALS", -40),
        ("INVALID_API_KEY", -41),
        ("LOGIN_REQUIRED", -42),
        ("TOKEN_EXPIRED", -43),
        ("CALL_NOT_FOUND", -50),
        ("INVALID_BUSINESS_ID", -60),
        ("MEDIA_NOT_FOUND", -70),
        ("VIDEO_NOT_FOUND", -71),
        ("PROPERTY_NOT_FOUND", -80),
    ],
)
def test_codes_are_the_recorders(code: str, number: int) -> None:
    assert Code[code] == number
