"""Faults on purpose: which requests they meet, and what they do to answers."""

from dataclasses import replace
from random import Random

import pytest
from lxml import etree
from werkzeug.test import Client, TestResponse

from gateway.simulator.application import create_app
from gateway.simulator.clock import FrozenClock
from gateway.simulator.faults import Fault, Faults, Kind, make_fault, read_fault
from gateway.simulator.response import Dropped
from gateway.simulator.settings import KEY_ONLY, QUIET, SEED_KEY, Settings

START = 1_700_000_000.0


def ask(*faults: Fault, **parameters: str) -> TestResponse:
    settings = Settings(access=KEY_ONLY, traffic=QUIET, faults=faults)
    query = {"action": "GetCallID", "apiKey": SEED_KEY, "nativeID": "TRS26140192", **parameters}
    recorder = create_app(settings, FrozenClock(START))
    return Client(recorder).get("/verba/api", query_string=query)


def test_a_fault_is_read_from_the_command_line_and_from_json() -> None:
    expected = Fault(Kind.SLOW, 0.5, frozenset(("GetCallID", "SearchCalls")), 2.0)
    assert read_fault("slow:seconds=2,share=0.5,actions=GetCallID+SearchCalls") == expected
    names = ["GetCallID", "SearchCalls"]
    given = {"kind": "slow", "seconds": 2, "share": 0.5, "actions": names}
    assert make_fault(given) == expected
    assert read_fault("reset") == Fault(Kind.RESET)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "fast",
        "slow:secs=2",
        "slow:share=2",
        "slow:share=x",
        "slow:seconds=-1",
        "slow:share=nan",
    ],
)
def test_a_fault_that_means_nothing_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_fault(text)


def test_actions_in_json_are_a_list() -> None:
    with pytest.raises(ValueError, match="must be a list"):
        make_fault({"kind": "slow", "actions": "GetCallID"})


def test_a_fault_meets_its_share_of_its_actions() -> None:
    one = Fault(Kind.ERROR, 0.25, frozenset(("GetCallID",)))
    faults = Faults([one], Random(1))
    met = sum(Kind.ERROR in faults.meet("GetCallID") for _ in range(1000))
    assert 200 < met < 300
    assert not any(faults.meet("SearchCalls") for _ in range(100))


def test_an_error_is_a_page_with_a_java_trace() -> None:
    answer = ask(Fault(Kind.ERROR))
    assert answer.status_code == 500
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "java.lang.NullPointerException" in answer.text


def test_a_refusal_is_a_503() -> None:
    assert ask(Fault(Kind.REFUSE)).status_code == 503


@pytest.mark.parametrize("kind", [Kind.RESET, Kind.CLOSE])
def test_a_dropped_connection_has_no_answer(kind: Kind) -> None:
    with pytest.raises(Dropped) as caught:
        ask(Fault(kind))
    assert caught.value.reset == (kind is Kind.RESET)


@pytest.mark.parametrize("kind", [Kind.BLANK_LINES, Kind.LATIN1, Kind.UNCLOSED])
def test_a_malformed_answer_is_no_xml_but_still_has_the_id(kind: Kind) -> None:
    answer = ask(Fault(kind))
    assert answer.status_code == 200
    assert b"a8343631-9f35-4a3a-83f0-9e81592339fb" in answer.data
    assert answer.headers["Content-Length"] == str(len(answer.data))
    with pytest.raises(etree.XMLSyntaxError):
        etree.fromstring(answer.data)


def test_malformed_answers_differ_as_their_names_say() -> None:
    assert ask(Fault(Kind.BLANK_LINES)).data.startswith(b"\r\n\r\n<?xml")
    assert b"\xfc" in ask(Fault(Kind.LATIN1)).data
    assert ask(Fault(Kind.UNCLOSED)).data.endswith(b"</CallID>\n")


def test_an_error_text_can_be_a_whole_trace() -> None:
    answer = ask(Fault(Kind.TRACE))
    assert answer.status_code == 200
    message = etree.fromstring(answer.data).findtext(".//ErrorMessage")
    assert message is not None
    assert "\tat com.verba" in message


def test_older_recorders_describe_errors_in_an_attribute() -> None:
    answer = ask(Fault(Kind.OLD_ERROR), nativeID='"unknown"')
    error = etree.fromstring(answer.data).find(".//ErrorMessage")
    assert error is not None
    assert error.get("description", "").endswith("the call cannot be found.")
    assert "ErrorMessage" not in ask(Fault(Kind.OLD_ERROR)).text


def test_a_dripped_body_has_all_its_bytes_and_its_length() -> None:
    plain, dripped = ask(), ask(Fault(Kind.DRIP, seconds=0.0))
    assert dripped.data == plain.data
    assert dripped.headers["Content-Length"] == plain.headers["Content-Length"]


def test_text_and_pictures_are_not_mangled_as_xml() -> None:
    answer = ask(Fault(Kind.UNCLOSED), responseType="TEXT")
    assert answer.data == b"a8343631-9f35-4a3a-83f0-9e81592339fb\n"


@pytest.mark.parametrize(
    "wrong",
    [{"share": -0.1}, {"share": 1.1}, {"seconds": -1.0}, {"seconds": 3601.0}],
)
def test_a_fault_out_of_range_cannot_be_made(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must lie between"):
        replace(Fault(Kind.SLOW), **wrong)  # type: ignore[arg-type]
