import copy
import hashlib
import pickle
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.secrets import Secret, digest, masked
from tests.core.asking import ANY_TEXT

CANARY = "canary-74c8eea0"


@pytest.mark.parametrize(
    "print_it",
    [
        pytest.param(repr, id="repr"),
        pytest.param(str, id="str"),
        pytest.param("{}".format, id="format"),
        pytest.param("{:>40}".format, id="padded"),
        pytest.param("{!r}".format, id="format-repr"),
        pytest.param(lambda secret: f"{secret}", id="f-string"),
        pytest.param(lambda secret: repr([{"key": (secret,)}]), id="in-containers"),
        pytest.param(lambda secret: repr(ValueError(secret)), id="in-an-exception"),
    ],
)
def test_every_printable_form_is_the_fingerprint(print_it: Callable[[Secret], str]) -> None:
    secret = Secret(CANARY)
    printed = print_it(secret)
    assert secret.fingerprint in printed
    assert CANARY not in printed
    assert secret.digest not in printed


@given(value=st.text(min_size=9))
def test_no_secret_shows_in_its_repr(value: str) -> None:
    # Eight characters of it could be the fingerprint by chance, and nine could not.
    assert value not in repr(Secret(value)).removeprefix("<secret ").removesuffix(">")


def test_the_value_leaves_by_reveal() -> None:
    assert Secret(CANARY).reveal() == CANARY


def test_a_width_pads_the_printed_form() -> None:
    assert f"{Secret(CANARY):>20}" == f" {Secret(CANARY)!r}".rjust(20)


@pytest.mark.parametrize(
    "duplicate",
    [
        pytest.param(pickle.dumps, id="pickle"),
        pytest.param(copy.copy, id="copy"),
        pytest.param(copy.deepcopy, id="deepcopy"),
    ],
)
def test_a_secret_is_neither_pickled_nor_copied(duplicate: Callable[[Secret], object]) -> None:
    with pytest.raises(TypeError, match="cannot be pickled"):
        duplicate(Secret(CANARY))


def test_a_secret_holds_nothing_that_vars_would_show() -> None:
    assert not hasattr(Secret(CANARY), "__dict__")


def test_the_digest_is_sha256_of_the_utf8_bytes() -> None:
    assert Secret("pa$$wörd").digest == hashlib.sha256("pa$$wörd".encode()).hexdigest()


def test_the_fingerprint_is_eight_digits_and_no_part_of_the_digest() -> None:
    secret = Secret(CANARY)
    assert len(secret.fingerprint) == 8
    assert int(secret.fingerprint, 16) >= 0
    assert secret.fingerprint not in secret.digest


@given(one=ANY_TEXT, other=ANY_TEXT)
def test_secrets_are_equal_exactly_when_their_values_are(one: str, other: str) -> None:
    assert (Secret(one) == Secret(other)) is (one == other)
    assert Secret(one) == Secret(one)
    assert hash(Secret(one)) == hash(Secret(one))


@given(value=ANY_TEXT)
def test_any_text_has_a_digest(value: str) -> None:
    assert len(digest(value)) == 64


def test_a_secret_equals_nothing_that_is_no_secret() -> None:
    assert Secret(CANARY) != CANARY
    assert Secret(CANARY) != Secret(CANARY).digest


@pytest.mark.parametrize(("value", "true"), [("", False), (" ", True), ("x", True)])
def test_only_an_empty_secret_is_false(value: str, true: bool) -> None:
    assert bool(Secret(value)) is true


@pytest.mark.parametrize(
    "text",
    [
        "no call for {}",
        "GET /verba/api?x=%63anary&apiKey={}&y=1",
        'token="{}"',
        "passwordHash: {}",
        "Authorization: Basic {}",
        "Cookie: JSESSIONID={}; Path=/",
    ],
)
def test_no_secret_is_left_in_a_text_for_the_log(text: str) -> None:
    known = masked(text.format(CANARY), [Secret("x" * 40), Secret(CANARY), Secret("")])
    assert CANARY not in known
    assert text == "no call for {}" or CANARY not in masked(text.format(CANARY), [])


@pytest.mark.parametrize("value", ["pa$$ w/rd", "\udce9 \u0151"])
def test_a_secret_is_known_in_its_urls_form(value: str) -> None:
    secret = Secret(value)
    for form in (
        quote(value, "", errors="surrogatepass"),
        quote_plus(value, errors="surrogatepass"),
    ):
        assert masked(f"at {form}.", [secret]) == f"at {secret!r}."


def test_a_secret_that_holds_another_is_masked_whole() -> None:
    inner, outer = Secret("canary"), Secret("my-canary-too")
    assert masked("my-canary-too", [inner, outer]) == repr(outer)


def test_a_text_for_the_log_is_one_line_of_bounded_length() -> None:
    assert masked("a\r\n\tat b\u2028c\x1b[0m", []) == "a at b c [0m"
    assert len(masked("x" * 100_000, [])) == 2_000
    assert masked("The token is unknown.", []) == "The token is unknown."
