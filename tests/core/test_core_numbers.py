import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gateway.core.calls import party
from gateway.core.numbers import normal_number, readings
from tests.core.asking import ANY_NUMBER, ANY_TEXT

DIGITS = st.text(st.sampled_from("0123456789"), min_size=1, max_size=3)
IP_ADDRESS = re.compile(r"[0-9]{1,3}([.][0-9]{1,3}){3}")
INTERNATIONAL = st.text(st.sampled_from("0123456789"), min_size=7, max_size=15)
SEPARATORS = st.lists(
    st.sampled_from(["", "", "-", ".", "(", ")", " ", "\u00a0"]), min_size=17, max_size=17
)


@pytest.mark.parametrize(
    ("written", "form"),
    [
        pytest.param("8856", "8856", id="extension"),
        pytest.param(" 8856\t", "8856", id="blanks-around"),
        pytest.param("+36 1 234-5678", "+3612345678", id="visual-separators"),
        pytest.param("+3612345678", "+3612345678", id="as-it-is"),
        pytest.param("tel:+3612345678", "+3612345678", id="tel"),
        pytest.param("TEL:+36-1-234-5678;cic=12", "+3612345678", id="tel-parameters"),
        pytest.param("tel:+3612345678;ext=12", "tel:+3612345678;ext=12", id="tel-extension"),
        pytest.param("88-1", "88-1", id="short-with-separator"),
        pytest.param("36-12345", "3612345", id="seven-digits"),
        pytest.param("10.1.12.3", "10.1.12.3", id="ip-address"),
        pytest.param("100.111.112.113", "100.111.112.113", id="long-ip-address"),
        pytest.param("+36 (1) 234.5678", "+3612345678", id="parentheses-and-dots"),
        pytest.param(" tel: 8856 ", "8856", id="blanks-beside-the-scheme"),
        pytest.param("sip:8856", "8856", id="sip"),
        pytest.param("sip:8856;user=phone", "8856", id="sip-parameters"),
        pytest.param("sips:John@example.com", "John@example.com", id="sips-address"),
        pytest.param("sip:8856@10.0.0.1", "8856@10.0.0.1", id="host-stays"),
        pytest.param("tel:sip:8856", "8856", id="two-schemes"),
        pytest.param("*72#", "*72#", id="star-and-hash"),
        pytest.param("Front Desk", "Front Desk", id="name-keeps-its-blank"),
        pytest.param("john.smith@example.com", "john.smith@example.com", id="address"),
        pytest.param("8856;ext=1", "8856;ext=1", id="parameters-without-a-scheme"),
        pytest.param("36+1", "36+1", id="plus-in-the-middle"),
        pytest.param("++36", "++36", id="two-pluses"),
        pytest.param("+", "+", id="plus-alone"),
        pytest.param("-.()", "-.()", id="separators-alone"),
        pytest.param("٣٦", "٣٦", id="digits-of-another-script"),
        pytest.param("", "", id="empty"),
        pytest.param("tel:", "", id="scheme-alone"),
        pytest.param("telex:12", "telex:12", id="no-scheme"),
    ],
)
def test_a_number_has_one_form(written: str, form: str) -> None:
    assert normal_number(written) == form


@given(text=ANY_NUMBER | ANY_TEXT)
def test_the_form_of_a_form_is_itself(text: str) -> None:
    form = normal_number(text)
    assert normal_number(form) == form
    assert party(party(text)) == party(text)


@given(text=ANY_NUMBER | ANY_TEXT)
def test_readings_are_never_none_and_each_is_a_form(text: str) -> None:
    forms = readings(text)
    assert forms
    assert len(set(forms)) == len(forms)
    assert normal_number(text) in forms
    assert all(normal_number(form) == form for form in forms)


@given(plus=st.sampled_from(["", "+"]), digits=INTERNATIONAL, separators=SEPARATORS)
def test_separators_never_matter_in_a_long_number(
    plus: str, digits: str, separators: list[str]
) -> None:
    bare = plus + digits
    written = "".join(a + b for a, b in zip(separators, bare, strict=False)) + separators[-1]
    assume(not IP_ADDRESS.fullmatch(written.strip()))
    assert normal_number(written) == bare
    assert normal_number(f"tel:{written};phone-context=x") == bare


@given(first=DIGITS, second=DIGITS)
def test_a_short_number_with_a_separator_is_read_as_it_is_and_then_without(
    first: str, second: str
) -> None:
    written = f"{first}-{second}"
    assert normal_number(written) == written
    assert readings(written) == (written, first + second)


@given(digits=INTERNATIONAL)
def test_a_long_number_that_lost_its_plus_has_it_again(digits: str) -> None:
    assert readings(f" {digits}") == (f"+{digits}", digits)
    assert readings(f"tel: {digits}") == (f"+{digits}", digits)


@pytest.mark.parametrize(
    ("written", "forms"),
    [
        pytest.param(" 36 1 234-5678", ("+3612345678", "3612345678"), id="with-separators"),
        pytest.param(" 1234567", ("+1234567", "1234567"), id="shortest-international"),
        pytest.param(" 123456", ("123456", "+123456"), id="too-short-to-be-international"),
        pytest.param(" 8856", ("8856", "+8856"), id="extension"),
        pytest.param(" 88-56", ("88-56", "8856", "+8856"), id="short-with-separator"),
        pytest.param(" (36)1234567", ("361234567",), id="no-digit-behind-the-blank"),
        pytest.param("36 12345678", ("3612345678",), id="blank-inside"),
        pytest.param("\t3612345678", ("3612345678",), id="tab"),
        pytest.param(" 2nd floor", ("2nd floor",), id="no-number"),
    ],
)
def test_a_blank_before_a_digit_may_have_been_a_plus(written: str, forms: tuple[str, ...]) -> None:
    assert readings(written) == forms


def test_parties_are_compared_without_regard_to_case() -> None:
    assert party("SIP:John@Example.COM") == party("john@example.com ")
