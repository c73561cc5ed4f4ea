"""GetCallID: the seed's bytes, the five statuses, and who is meant."""

from dataclasses import replace

import pytest
from werkzeug.test import Client

from gateway.simulator.application import Simulator, create_app
from gateway.simulator.calls import between
from gateway.simulator.clock import FrozenClock
from gateway.simulator.settings import EMPTY, KEY_ONLY, QUIET, SEED_KEY, Dialect, Settings, Traffic

START = 1_700_000_000.0
FOUND = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<VerbaApi>\n<Response code="0" type="GetCallID"/>\n'
    b"<CallID>a8343631-9f35-4a3a-83f0-9e81592339fb</CallID>\n</VerbaApi>\n"
)
NOT_FOUND = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<VerbaApi>\n<Response code="2" type="GetCallID">\n'
    b"<ErrorMessage>Unable to retrieve the call identifier, because the call cannot be found."
    b"</ErrorMessage>\n</Response>\n</VerbaApi>\n"
)


def make_recorder(clock: FrozenClock | None = None, traffic: Traffic = EMPTY) -> Simulator:
    settings = Settings(access=KEY_ONLY, traffic=traffic, next_wait=0.0)
    return create_app(settings, clock or FrozenClock(START))


def ask(recorder: Simulator, **parameters: str) -> bytes:
    query = {"action": "GetCallID", "apiKey": SEED_KEY, **parameters}
    return Client(recorder).get("/verba/api", query_string=query).get_data()


def place(recorder: Simulator, identifier: str, *kinds: str) -> None:
    recorder.world.begin(
        replace(
            between("8801", "+36"),
            id=identifier,
            secondary="secondary" in kinds,
            manual="manual" in kinds,
            stuck="stuck" in kinds,
        )
    )
    if "over" in kinds:
        recorder.world.end(identifier)


def test_the_sample_call_is_found_with_the_bytes_of_the_seed() -> None:
    recorder = make_recorder(traffic=QUIET)
    assert ask(recorder, extension="8856", status="last") == FOUND
    assert ask(recorder, platformCallID="71627389") == FOUND
    assert ask(recorder, nativeID="TRS26140192") == FOUND


def test_an_extension_without_calls_is_refused_with_the_bytes_of_the_seed() -> None:
    assert ask(make_recorder(traffic=QUIET), extension="9999", status="last") == NOT_FOUND


def test_the_numbered_dialect_says_minus_fifty() -> None:
    settings = Settings(access=KEY_ONLY, traffic=EMPTY, dialect=Dialect.NUMBERED)
    recorder = create_app(settings, FrozenClock(START))
    assert b'code="-50"' in ask(recorder, extension="9999", status="last")


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("ongoing", b"<CallID>live</CallID>"),
        ("last", b"<CallID>late</CallID>"),
        ("last,ongoing", b"<CallID>late</CallID>"),
        ("last , ongoing", b"<CallID>late</CallID>"),
        ("ongoing,next", b"<CallID>live</CallID>"),
        ("next", b"cannot be found"),
    ],
)
def test_a_status_finds_its_call(status: str, expected: bytes) -> None:
    clock = FrozenClock(START)
    recorder = make_recorder(clock)
    for identifier, over in (("early", "over"), ("late", "over"), ("live", "")):
        place(recorder, identifier, over)
        clock.move(10)
    assert expected in ask(recorder, extension="8801", status=status)
    assert expected in ask(recorder, extension="+36", status=status)


def test_last_then_ongoing_falls_back_to_the_ongoing_call() -> None:
    recorder = make_recorder()
    place(recorder, "live")
    assert b"live" in ask(recorder, extension="8801", status="last,ongoing")


@pytest.mark.parametrize(
    "status", ["next,ongoing", "ongoing,last", "last,last", "LAST", "", "last,", "ongoing;next"]
)
def test_any_other_list_of_statuses_is_refused(status: str) -> None:
    recorder = make_recorder()
    place(recorder, "live")
    answer = ask(recorder, extension="8801", status=status)
    assert b'code="2"' in answer
    assert b"Invalid status" in answer


def test_two_ongoing_calls_are_an_error_not_a_choice() -> None:
    recorder = make_recorder(traffic=QUIET)
    assert b"more than one call" in ask(recorder, extension="8898", status="ongoing")
    assert b"<CallID>" in ask(recorder, extension="8899", status="ongoing")


def test_two_calls_with_one_platform_id_are_an_error_not_a_choice() -> None:
    recorder = make_recorder()
    for _ in range(2):
        recorder.world.begin(replace(between("8801", "8802"), platform_call_id="P"))
    assert b"more than one call" in ask(recorder, platformCallID="P")


def test_a_secondary_recording_is_never_meant() -> None:
    recorder = make_recorder()
    place(recorder, "twin", "secondary")
    assert b"cannot be found" in ask(recorder, extension="8801", status="ongoing")
    place(recorder, "first")
    assert b"first" in ask(recorder, extension="8801", status="ongoing")


def test_manual_record_looks_among_controlled_recordings_only() -> None:
    recorder = make_recorder()
    place(recorder, "plain")
    question = {"extension": "8801", "status": "ongoing", "type": "manualRecord"}
    assert b"cannot be found" in ask(recorder, **question)
    place(recorder, "controlled", "manual")
    assert b"controlled" in ask(recorder, **question)


def test_a_call_is_in_no_list_during_the_gap() -> None:
    clock = FrozenClock(START)
    recorder = make_recorder(clock, replace(EMPTY, gap=3.0))
    place(recorder, "one", "over")
    assert b"cannot be found" in ask(recorder, extension="8801", status="last,ongoing")
    clock.move(3)
    assert b"one" in ask(recorder, extension="8801", status="last")


def test_a_stuck_call_stays_ongoing() -> None:
    recorder = make_recorder()
    place(recorder, "stuck", "over", "stuck")
    assert b"stuck" in ask(recorder, extension="8801", status="ongoing")


def test_the_call_id_selects_nothing_for_get_call_id() -> None:
    recorder = make_recorder()
    place(recorder, "one")
    assert b'code="2"' in ask(recorder, callID="one")


def test_the_query_stands_before_the_form_and_names_are_case_sensitive() -> None:
    recorder = make_recorder(traffic=QUIET)
    query = {"action": "GetCallID", "extension": "8856", "Status": "next"}
    form = {"apiKey": SEED_KEY, "extension": "9999", "status": "last"}
    answer = Client(recorder).post("/verba/api", query_string=query, data=form)
    assert answer.data == FOUND


@pytest.mark.parametrize(
    ("response_type", "content_type", "body"),
    [
        ("TEXT", "text/plain", b"a8343631-9f35-4a3a-83f0-9e81592339fb\n"),
        ("HTML", "text/html", b"<td>a8343631-9f35-4a3a-83f0-9e81592339fb</td>"),
        ("XML", "text/xml", FOUND),
        ("unheard-of", "text/xml", FOUND),
    ],
)
def test_an_answer_takes_the_response_type(
    response_type: str, content_type: str, body: bytes
) -> None:
    query = {
        "action": "GetCallID",
        "apiKey": SEED_KEY,
        "nativeID": "TRS26140192",
        "responseType": response_type,
    }
    answer = Client(make_recorder(traffic=QUIET)).get("/verba/api", query_string=query)
    assert answer.headers["Content-Type"] == f"{content_type};charset=UTF-8"
    assert body in answer.data


def test_what_no_xml_may_hold_does_not_get_into_the_xml() -> None:
    assert b"\x00" not in ask(make_recorder(), extension="8801", status="\x00<&")
    assert b"&lt;&amp;" in ask(make_recorder(), extension="8801", status="\x00<&")
