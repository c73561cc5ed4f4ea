from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.actions import ACTIONS
from gateway.core.admission import admit
from gateway.core.applications import Applications
from gateway.core.parameters import parse
from gateway.core.query import (
    FORMS,
    ByNativeID,
    ByParty,
    ByPlatformCallID,
    Query,
    Selector,
    Status,
    understand,
)
from gateway.core.tokens import TokenRecord
from tests.core.asking import CRM, EXPIRED, OPEN, PROVEN, admission, asked_for, request_of
from tests.fakes import KEY, NOON, TOKEN, application

LAST = (Status.LAST,)


def understood(asked: dict[str, str]) -> Query | None:
    """What is understood of a GetCallID with these parameters."""
    common = (("action", "GetCallID"), ("apiKey", KEY), ("token", TOKEN))
    return understand(admission(*common, *asked.items()))


@pytest.mark.parametrize(
    ("written", "statuses"),
    [
        ("ongoing", (Status.ONGOING,)),
        ("next", (Status.NEXT,)),
        ("last", LAST),
        ("ongoing, next", (Status.ONGOING, Status.NEXT)),
        ("ONGOING ,Next", (Status.ONGOING, Status.NEXT)),
        ("last, ongoing", (Status.LAST, Status.ONGOING)),
        ("LAST,ongoing", (Status.LAST, Status.ONGOING)),
    ],
)
def test_the_five_documented_forms_are_understood(
    written: str, statuses: tuple[Status, ...]
) -> None:
    query = understand(asked_for(extension="8856", status=written))
    assert query == Query(ByParty(("8856",), statuses), NOON)


def test_there_are_five_forms() -> None:
    assert len(FORMS) == 5


@given(statuses=st.lists(st.sampled_from([*Status, "", "first"]), max_size=4))
def test_no_other_list_of_statuses_is_understood(statuses: list[Status | str]) -> None:
    words = [status.value if isinstance(status, Status) else status for status in statuses]
    query = understand(asked_for(extension="8856", status=", ".join(words)))
    assert (query is not None) is (tuple(statuses) in set(FORMS.values()))


@pytest.mark.parametrize(
    ("asked", "selector"),
    [
        pytest.param(
            {"Extension": " 3612345678", "status": "last"},
            ByParty(("+3612345678", "3612345678"), LAST),
            id="number-that-lost-its-plus",
        ),
        pytest.param(
            {"extension": "sip:John@Example.com", "status": "last"},
            ByParty(("john@example.com",), LAST),
            id="address-in-any-case",
        ),
        pytest.param(
            {"platformcallid": " WHBFM6DD "}, ByPlatformCallID("whbfm6dd"), id="platform-id"
        ),
        pytest.param({"nativeID": "TRS26140192"}, ByNativeID("trs26140192"), id="native-id"),
    ],
)
def test_every_documented_way_to_say_which_call_is_understood(
    asked: dict[str, str], selector: Selector
) -> None:
    assert understood(asked) == Query(selector, NOON)
    only_manual = understood({**asked, "TYPE": "manualRecord "})
    assert only_manual == Query(selector, NOON, manual=True)


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"extension": "8856"}, id="no-status"),
        pytest.param({"status": "last"}, id="no-extension"),
        pytest.param({"extension": " ", "status": "last"}, id="empty-extension"),
        pytest.param({"extension": "tel:", "status": "last"}, id="scheme-alone"),
        pytest.param({"extension": "8856", "status": ""}, id="empty-status"),
        pytest.param({"extension": "8856", "status": "last", "x": ""}, id="unknown-parameter"),
        pytest.param({"extension": "8856", "status": "last", "password": "x"}, id="password"),
        pytest.param({"extension": "8856", "status": "last", "nativeID": "1"}, id="two-ways"),
        pytest.param({"platformCallID": "1", "nativeID": "1"}, id="two-ids"),
        pytest.param({"platformCallID": "1", "status": "last"}, id="id-with-status"),
        pytest.param({"platformCallID": ""}, id="empty-platform-id"),
        pytest.param({"nativeID": " "}, id="empty-native-id"),
        pytest.param({"callID": "1"}, id="call-id"),
        pytest.param({"type": "manualRecord"}, id="type-alone"),
        pytest.param({"nativeID": "1", "type": ""}, id="empty-type"),
        pytest.param({"nativeID": "1", "type": "manualrecord"}, id="type-in-another-case"),
        pytest.param({"nativeID": "1", "type": "everything"}, id="unknown-type"),
        pytest.param({"nativeID": "1", "responseType": "PDF"}, id="unknown-response-type"),
    ],
)
def test_what_is_not_understood_is_passed_on(asked: dict[str, str]) -> None:
    assert understood(asked) is None


def test_the_response_type_does_not_change_the_question() -> None:
    assert understand(asked_for(nativeID="1", responseType="TEXT")) == understand(
        asked_for(nativeID="1")
    )


@pytest.mark.parametrize("action", sorted({*ACTIONS, "getcallid", ""} - {"GetCallID"}))
def test_no_other_action_is_for_the_index(action: str) -> None:
    assert understand(asked_for(action, extension="8856", status="last")) is None


@pytest.mark.parametrize("record", [None, EXPIRED])
def test_an_unproven_token_is_not_for_the_index(record: TokenRecord | None) -> None:
    assert understand(asked_for(record=record, nativeID="1")) is None
    assert understand(asked_for(record=PROVEN, nativeID="1")) is not None


def test_where_no_token_is_needed_the_index_may_answer() -> None:
    assert understand(asked_for(app=OPEN, token=None, record=None, nativeID="1")) is not None


def test_the_question_was_put_when_the_request_came_in() -> None:
    asked = (("action", "GetCallID"), ("apiKey", KEY), ("token", TOKEN), ("nativeID", "1"))
    request = request_of(asked, later=-5)
    admitted = admit(parse(asked), request, Applications([CRM]), lambda _token, _name: PROVEN)
    assert understand(admitted) == Query(ByNativeID("1"), NOON - timedelta(seconds=5))


@pytest.mark.parametrize(
    ("asked", "statuses"),
    [
        pytest.param("ongoing,last", (Status.ONGOING, Status.LAST), id="current-else-last"),
        pytest.param("next, LAST", (Status.NEXT, Status.LAST), id="odd-but-clear"),
        pytest.param("last,ongoing,next", (Status.LAST, Status.ONGOING, Status.NEXT), id="all"),
        pytest.param("last", LAST, id="documented"),
        pytest.param("last,last", None, id="twice"),
        pytest.param("last,ringing", None, id="unknown"),
        pytest.param("", None, id="none"),
    ],
)
def test_an_application_that_has_opted_in_may_ask_for_any_order(
    asked: str, statuses: tuple[Status, ...] | None
) -> None:
    extended = application(requires_authentication=False, extended_status=True)
    query = understand(asked_for(extension="8856", status=asked, app=extended))
    assert (query and query.selector) == (statuses and ByParty(("8856",), statuses))
