from typing import Final

import pytest

from gateway.core.actions import ACTIONS, Kind
from gateway.core.parameters import MOST_PARAMETERS, Pair, Parameters, ResponseType, parse
from gateway.core.secrets import Secret
from tests.core.asking import sent

ASK: Final = ("action", "GetCallID")


def said(*more: Pair) -> list[Pair]:
    """What goes to the recorder when a GetCallID has these parameters."""
    return sent(parse([ASK, *more]))[1:]


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("apikey", "apiKey"),
        ("APIKEY", "apiKey"),
        ("Token", "token"),
        ("responsetype", "responseType"),
        ("EXTENSION", "extension"),
        ("platformcallid", "platformCallID"),
        ("nativeid", "nativeID"),
        ("Type", "type"),
        ("nativeID", "nativeID"),
        ("callid", "callid"),  # no parameter of GetCallID's
        ("native_id", "native_id"),
    ],
)
def test_the_canonical_spelling_goes_to_the_recorder(written: str, canonical: str) -> None:
    assert said((written, "x"))[0][0] == canonical


@pytest.mark.parametrize(
    ("action", "written", "canonical"),
    [
        ("GetMedia", "callid", "callID"),
        ("GetMedia", "CCDR_ID", "ccdr_id"),
        ("GetMedia", "Cid", "cid"),
        ("GetThumbnail", "nframe", "nFrame"),
        ("SearchCalls", "PageLen", "pagelen"),
        ("RequestToken", "username", "userName"),
        ("AttachMetaData", "callid", "callID"),
        ("AttachMetaData", "Status", "Status"),  # a field of the client's
        ("AttachMetaData", "Extension", "Extension"),
        ("PutMedia", "nativeid", "nativeid"),
        ("Unheard", "callid", "callid"),
        ("Unheard", "apikey", "apiKey"),
    ],
)
def test_each_action_folds_the_names_that_it_knows(
    action: str, written: str, canonical: str
) -> None:
    assert sent(parse([("ACTION", action), (written, "x")]))[-1][0] == canonical


@pytest.mark.parametrize(
    ("name", "written", "value"),
    [
        ("apiKey", " key\t", "key"),
        ("token", " to ken ", "to ken"),
        ("platformCallID", " WHBFM6DD ", "WHBFM6DD"),
        ("nativeID", "TRS26140192 ", "TRS26140192"),
        ("type", " manualRecord", "manualRecord"),
        ("responseType", " Html ", "HTML"),
        ("status", "last, ongoing", "last,ongoing"),
        ("status", "LAST,ongoing", "last,ongoing"),
        ("status", "  Last \u00a0,  Ongoing ", "last,ongoing"),
        ("status", "last,,", "last,,"),
        ("status", "on going", "on going"),
        ("status", "", ""),
        ("extension", " 8856 ", "8856"),
        ("extension", "+36 1 234-5678", "+3612345678"),
        ("extension", "tel:+3612345678", "+3612345678"),
        ("extension", " 3612345678", "+3612345678"),
        ("extension", "John Smith", "John Smith"),
        ("unknown", " left alone ", " left alone "),
    ],
)
def test_values_are_brought_to_one_form(name: str, written: str, value: str) -> None:
    assert said((name, written)) == [(name, value)]


def test_a_blank_may_be_part_of_a_password() -> None:
    login = [("userName", " me "), ("password", " pa$$ word ")]
    assert sent(parse([("action", "RequestToken"), *login]))[1:] == login


def test_a_search_for_part_of_a_number_is_not_normalised() -> None:
    search = [("action", "SearchCalls"), ("anynum", "+36-1"), ("anynum", " 88"), ("end", " 9:00")]
    assert sent(parse(search)) == search


def test_every_reading_of_an_extension_is_kept() -> None:
    assert parse([ASK, ("Extension", " 3612345678")]).extension == ("+3612345678", "3612345678")
    assert parse([ASK]).extension == ()


def test_the_query_string_comes_before_the_form() -> None:
    query, form = [("x", "1"), ("apiKey", "key")], [("x", "2"), ("action", "GetCallID")]
    assert sent(parse([*query, *form])) == [*query, *form]


@pytest.mark.parametrize("row", [pytest.param(row, id=row.name) for row in ACTIONS.values()])
def test_an_action_is_recognised_wherever_it_stands(row: object) -> None:
    name = getattr(row, "name", "")
    assert parse([("x", "1"), ("ACTION", f" {name} ")]).action is row


def test_a_missing_action_is_an_unknown_one_that_may_change_something() -> None:
    assert (parse([]).action.name, parse([]).action.kind) == ("", Kind.CHANGES)
    assert parse([("action", "getcallid")]).action.kind is Kind.CHANGES


@pytest.mark.parametrize(
    ("value", "response_type"),
    [
        ("XML", ResponseType.XML),
        ("html", ResponseType.HTML),
        (" Text ", ResponseType.TEXT),
        ("json", ResponseType.JSON),
        ("", ResponseType.XML),
        (" ", ResponseType.XML),
        ("YAML", ResponseType.AS_SENT),
        ("as_sent", ResponseType.AS_SENT),
    ],
)
def test_the_response_type_is_recognised_in_any_case(
    value: str, response_type: ResponseType
) -> None:
    assert parse([ASK, ("responsetype", value)]).response_type is response_type


def test_without_a_response_type_it_is_xml() -> None:
    assert parse([ASK]).response_type is ResponseType.XML


def test_a_repetition_of_one_value_is_dropped() -> None:
    pairs = [("status", "last"), ("apiKey", "key"), ("STATUS", " Last"), ("apikey", "key ")]
    assert said(*pairs) == [("status", "last"), ("apiKey", "key")]
    assert parse([ASK, *pairs]).faults == ()


def test_an_unknown_parameter_may_be_repeated() -> None:
    pairs = [("x", "1"), ("X", "2"), ("x", "1"), ("", ""), ("x", "3")]
    assert said(*pairs) == pairs
    assert parse([ASK, *pairs]).faults == ()


@pytest.mark.parametrize("name", ["apiKey", "APIKEY", "token", "password", "Password", "PASSWORD"])
@pytest.mark.parametrize("action", ["GetCallID", "RequestToken", "AttachMetaData", "requesttoken"])
def test_a_secret_is_a_secret_however_its_name_is_spelt(action: str, name: str) -> None:
    parameters = parse([("action", action), (name, "canary")])
    assert isinstance(parameters.pairs[1][1], Secret)
    assert "canary" not in repr(parameters)
    assert sent(parameters)[1][1] == "canary"


def test_key_and_token_are_secrets_or_nothing() -> None:
    parameters = parse([("apikey", " key "), ("TOKEN", "token")])
    assert (parameters.api_key, parameters.token) == (Secret("key"), Secret("token"))
    parameters = parse([("apikey", " "), ("token", "")])
    assert (parameters.api_key, parameters.token) == (None, None)


def test_get_gives_the_first_value_and_never_a_secret() -> None:
    parameters = parse([ASK, ("x", "1"), ("x", "2"), ("token", "canary")])
    assert parameters.get("x") == "1"
    assert parameters.get("X") is None
    assert parameters.get("token") is None
    assert parameters.get("missing") is None


def test_as_many_parameters_as_may_be_are_taken() -> None:
    assert parse([ASK, *[("x", "")] * (MOST_PARAMETERS - 1)]).faults == ()


def test_endless_parameters_are_a_fault_and_are_not_read_to_their_end() -> None:
    source = iter([ASK, *[("x", "")] * 10_000])
    parameters: Parameters = parse(source)
    assert parameters.faults == (
        "There are more than 250 parameters, the most that a request may have.",
    )
    assert len(list(source)) == 10_001 - (MOST_PARAMETERS + 1)


@pytest.mark.timeout(5)  # it took twelve seconds, before anybody was admitted
def test_a_body_full_of_blanks_is_read_in_linear_time() -> None:
    for name in ("status", "extension", "action", "responseType"):
        parse([ASK, (name, "a" + " " * 65_000 + "b")])
