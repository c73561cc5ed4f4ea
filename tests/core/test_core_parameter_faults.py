from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.parameters import Pair, parse
from tests.core.asking import ACTION_PAIR, ANY_PAIRS, sent

ASK: Final = ("action", "GetCallID")
MEDIA: Final = ("action", "GetMedia")
ATTACH: Final = ("action", "AttachMetaData")


def faults(*pairs: Pair) -> tuple[str, ...]:
    return parse(pairs).faults


@pytest.mark.parametrize(
    "pairs",
    [
        pytest.param([ASK, ("status", "last"), ("status", "next")], id="status"),
        pytest.param([ASK, ("status", "last"), ("STATUS", "next")], id="status-by-case"),
        pytest.param([ASK, ("extension", "8856"), ("extension", "8857")], id="extension"),
        pytest.param([ASK, ("status", "last"), ("status", "")], id="status-and-empty"),
        pytest.param([("apiKey", "a"), ("apikey", "b")], id="apiKey"),
        pytest.param([("token", "a"), ("token", "A")], id="token"),
        pytest.param([ASK, ("action", "DeleteCall")], id="action"),
        pytest.param([("responseType", "XML"), ("responseType", "TEXT")], id="responseType"),
        pytest.param(
            [("action", "RequestToken"), ("password", "a"), ("password", "a ")], id="password"
        ),
    ],
)
def test_a_reserved_parameter_with_two_values_is_a_fault(pairs: list[Pair]) -> None:
    (fault,) = faults(*pairs)
    name = parse(pairs).pairs[-1][0]
    assert fault == f"The parameter {name} is given twice, with different values. Give it once."


@pytest.mark.parametrize(
    "pairs",
    [
        pytest.param([ASK, ("status", "last,ongoing"), ("status", "LAST, ongoing")], id="status"),
        pytest.param([ASK, ("extension", "+361234567"), ("extension", " 361234567")], id="plus"),
        pytest.param([ASK, ("responseType", "xml"), ("responsetype", "XML")], id="responseType"),
        pytest.param([MEDIA, ("callID", "AB"), ("cid", " ab"), ("ccdr_id", "Ab")], id="ids"),
        pytest.param([ATTACH, ("sold", "yes"), ("sold", "no")], id="data"),
        pytest.param([ATTACH, ("status", "last"), ("Status", "sold")], id="data-beside-status"),
        pytest.param([("action", "SearchCalls"), ("anynum", "1"), ("anynum", "2")], id="anynum"),
    ],
)
def test_what_means_one_thing_is_no_fault(pairs: list[Pair]) -> None:
    assert faults(*pairs) == ()


def test_two_spellings_of_the_id_that_name_two_calls_are_a_fault() -> None:
    assert faults(MEDIA, ("cid", "a"), ("CallID", "b")) == (
        "cid and callID name two different calls. Give one of them.",
    )


@pytest.mark.parametrize("control", ["\x00", "\r\n", "\t", "\x1f", "\x7f", "\x85", "\x9f"])
@pytest.mark.parametrize("name", ["extension", "apiKey", "status"])
def test_a_control_character_is_a_fault_even_where_values_are_trimmed(
    name: str, control: str
) -> None:
    assert faults(ASK, (name, f"8856{control}")) == (
        f"The parameter {name} holds a control character. Send it without.",
    )


def test_an_unknown_name_is_not_repeated_in_a_fault() -> None:
    fault = ("A parameter that is not documented holds a control character. Send it without.",)
    assert faults(ASK, ("canary\x00", "x")) == fault
    assert faults(ASK, ("canary", "\n")) == fault


@pytest.mark.parametrize("text", ["two\nlines", "a\tb", "\r\n"])
def test_data_that_a_client_attaches_may_have_lines(text: str) -> None:
    assert faults(ATTACH, ("note", text)) == ()
    assert len(faults(ATTACH, ("status", text))) == 1
    assert len(faults(ATTACH, ("cid", text))) == 1


@pytest.mark.parametrize("text", ["\x00", "\x0b", "\x1b[2J", "\x85"])
def test_data_that_a_client_attaches_may_have_no_other_control(text: str) -> None:
    assert len(faults(ATTACH, ("note", text))) == 1
    assert len(faults(ATTACH, (text, "note"))) == 1


def test_bytes_that_are_no_utf8_decide_nothing() -> None:
    assert faults(ASK, ("extension", "88\udcff")) == (
        "The parameter extension is not UTF-8. Encode it as UTF-8, then percent-encode it.",
    )


def test_bytes_that_are_no_utf8_pass_where_they_decide_nothing() -> None:
    assert faults(ASK, ("note", "\udcff"), ("\udcff", "x")) == ()
    assert faults(("action", "SearchCalls"), ("anyname", "M\udcfcller")) == ()


@given(pairs=ANY_PAIRS)
def test_parse_never_fails(pairs: list[Pair]) -> None:
    parameters = parse(pairs)
    assert len(parameters.pairs) <= len(pairs)


@given(action=ACTION_PAIR, pairs=ANY_PAIRS)
def test_parsing_what_was_parsed_changes_nothing(action: Pair, pairs: list[Pair]) -> None:
    once = parse([action, *pairs])
    twice = parse(sent(once))
    assert twice.pairs == once.pairs
    assert twice.action == once.action
    assert twice.response_type == once.response_type
    assert (twice.api_key, twice.token) == (once.api_key, once.token)
    assert twice.extension[:1] == once.extension[:1]
    assert set(twice.extension) <= set(once.extension)
    assert not [fault for fault in twice.faults if "twice" in fault]


@given(action=ACTION_PAIR, pairs=ANY_PAIRS)
def test_unknown_parameters_stay_whole_and_in_their_order(action: Pair, pairs: list[Pair]) -> None:
    parameters = parse([action, *pairs])
    folded = {name.lower() for name in (*parameters.action.folded, *parameters.action.reserved)}
    unknown = [(name, value) for name, value in pairs if name.lower() not in folded]
    assert [pair for pair in sent(parameters) if pair[0].lower() not in folded] == unknown


@given(
    action=ACTION_PAIR,
    pairs=ANY_PAIRS,
    name=st.sampled_from(["apiKey", "APIKEY", "token", "toKEN", "password", "passWord"]),
)
def test_no_secret_is_in_a_repr(action: Pair, pairs: list[Pair], name: str) -> None:
    parameters = parse([action, *pairs, (name, " canary-7c2e\x00 "), ("x", "plain-7c2e")])
    assert "canary-7c2e" not in repr(parameters)
    assert "plain-7c2e" in repr(parameters)
    assert "canary-7c2e" not in "".join(parameters.faults)
