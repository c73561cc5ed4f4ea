from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.errors import RecorderGarbled
from gateway.core.replies import Outcome
from gateway.rendering.records import STATE, CallList, read_calls
from tests.rendering.golden import sample
from tests.rendering.replies import envelope, prefixes

LIST = sample("SearchCalls.success")


def test_a_row_holds_the_fields_and_the_state() -> None:
    first, second = rows(LIST)
    assert first == {
        STATE: "1",
        "ccdr_id": "a8343631-9f35-4a3a-83f0-9e81592339fb",
        "start_time": "2026-02-20 10:00:00.000",
        "end_time": "2026-02-20 10:05:30.000",
        "duration": "00:05:30",
        "source_caller_id": "8856",
        "destination_caller_id": "+43 1 5550100",
    }
    assert second[STATE] == "0"
    assert "end_time" not in second


def test_empty_fields_are_empty_texts_and_blanks_around_them_go() -> None:
    body = "<verbacdrlist><verbacdr><a/><b>\n x y \n</b></verbacdr></verbacdrlist>"
    assert rows(body.encode()) == ({"a": "", "b": "x y"},)


def test_an_empty_list_is_a_list() -> None:
    assert read_calls(sample("SearchCalls.empty")) == CallList(())


def test_the_roots_name_does_not_matter() -> None:
    record = "<verbacdr state='1'><ccdr_id>x</ccdr_id></verbacdr>"
    for body in (
        envelope(0, record, "SearchCalls"),
        envelope(0, f"<verbacdrlist>{record}</verbacdrlist>", "SearchCalls"),
        f'<x xmlns="urn:y"><verbacdrlist>{record}</verbacdrlist></x>',
    ):
        assert rows(body.encode()) == ({STATE: "1", "ccdr_id": "x"},)


def test_an_error_envelope_is_an_outcome() -> None:
    error = sample("SearchCalls.error")
    assert read_calls(error) == Outcome(-20, 'Invalid parameter: start = "<yesterday>" & end.')
    without_code = b"<verbacdrlist><ErrorMessage>No.</ErrorMessage></verbacdrlist>"
    assert read_calls(without_code) == Outcome(None, "No.")


def test_stray_bytes_and_ampersands_lose_no_row() -> None:
    body = LIST.replace(b"8856", b"M\xfcller & Co.")
    assert rows(b"\r\n" + body)[0]["source_caller_id"] == "Müller & Co."


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<verbacdrlist>",
        LIST.replace(b"</verbacdr>", b"", 1),
        LIST.replace(b"<ccdr_id>", b"<ccdr_id><br>", 1),
        b"<!DOCTYPE x>" + LIST.partition(b"\n")[2],
        b"<html>It works</html>",
        envelope(0, "", "SearchCalls").encode(),
        envelope(0, "<verbacdr><a>1</a></verbacdr><verbacdr>", "SearchCalls").encode(),
    ],
    ids=[
        "empty",
        "cut off",
        "unclosed record",
        "unclosed field",
        "document type",
        "page",
        "no list",
        "unclosed record in an envelope",
    ],
)
def test_what_is_no_whole_list_is_garbled(body: bytes) -> None:
    with pytest.raises(RecorderGarbled):
        read_calls(body)


def test_a_list_that_was_cut_off_is_never_a_short_list() -> None:
    for part in prefixes(LIST.rstrip()):
        with pytest.raises(RecorderGarbled):
            read_calls(part)


@given(st.binary(max_size=100), st.integers(0, len(LIST)), st.integers(0, len(LIST)))
def test_no_bytes_make_anything_but_rows_an_outcome_or_garbled(
    noise: bytes, start: int, end: int
) -> None:
    try:
        read_calls(LIST[:start] + noise + LIST[end:])
    except RecorderGarbled:
        return


def rows(body: bytes) -> tuple[Mapping[str, str], ...]:
    found = read_calls(body)
    assert isinstance(found, CallList)
    return found.rows
