"""From rows to calls, whatever the vendor's version calls its fields, and what lists teach."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.calls import Call
from gateway.feed.missing import LATEST, MOST_AT_ONCE, Missing
from gateway.feed.reconciliation import (
    CONFIRMED_WITHIN,
    RECORD_APPEARS_WITHIN,
    Difference,
    Listing,
    reconcile,
)
from gateway.feed.records import call_of, id_of, local_end, local_start, local_time, moments
from tests.fakes import NOON, call, guessed

BUDAPEST = ZoneInfo("Europe/Budapest")
GMT = ZoneInfo("UTC")
NOW = datetime(2027, 1, 1, tzinfo=UTC)
FALL_BACK = datetime(2026, 10, 25, 1, tzinfo=UTC)  # 03:00 becomes 02:00
ROW = {
    "ccdr_id": "A8",
    "source_caller_id": "8856",
    "destination_caller_id": "+36 (1) 234-5678",
    "start_time": "2026-03-02 12:00:00.250",
    "end_time": "2026-03-02 12:01:00",
    "platform_call_id": "WHBFM6DD",
    "native_id": "TRS1",
    "manual": "1",
    "secondary": "false",
}


def test_a_row_becomes_a_call_in_the_form_that_is_compared() -> None:
    assert call_of(ROW, GMT, NOW) == Call(
        id="A8",
        caller="8856",
        called="+3612345678",
        started_at=NOON + timedelta(seconds=0.25),
        ended_at=NOON + timedelta(minutes=1),
        platform_call_id="whbfm6dd",
        native_id="trs1",
        manual=True,
    )


def test_an_ongoing_row_has_no_end() -> None:
    for absent in ({}, {"end_time": ""}, {"end_time": "0001-01-01 00:00:00"}):
        row = {name: text for name, text in ROW.items() if name != "end_time"} | absent
        found = call_of(row, GMT, NOW)
        assert found is not None
        assert found.ongoing


@pytest.mark.parametrize("name", ["start_time", "starttime", "startdate", "start_date"])
def test_the_begin_is_known_by_all_its_names(name: str) -> None:
    row = {**ROW, "start_time": "", name: "2026-03-02 11:00"}
    found = call_of(row, GMT, NOW)
    assert found is not None
    assert found.started_at == NOON - timedelta(hours=1)


@pytest.mark.parametrize("name", ["end_time", "endtime", "enddate", "end_date"])
def test_the_end_is_known_by_all_its_names(name: str) -> None:
    row = {**ROW, "end_time": "", name: "2026-03-02 13:00"}
    found = call_of(row, GMT, NOW)
    assert found is not None
    assert found.ended_at == NOON + timedelta(hours=1)


@pytest.mark.parametrize("name", ["ccdr_id", "ccdrid", "call_id"])
def test_the_id_is_known_by_all_its_names(name: str) -> None:
    row = {**ROW, "ccdr_id": "", name: " B9 "}
    found = call_of(row, GMT, NOW)
    assert found is not None
    assert found.id == "B9"
    assert id_of(row) == "b9"


@pytest.mark.parametrize(
    "spoilt",
    [
        {"secondary": "true"},
        {"secondary": "1"},
        {"secondary": " TRUE "},
        {"ccdr_id": ""},
        {"start_time": ""},
        {"start_time": "yesterday"},
        {"start_time": "0001-01-01 00:00:00.000"},
        {"start_time": "9999-12-31 23:59:59"},
    ],
    ids=str,
)
def test_a_row_that_is_no_call_of_its_own_is_none(spoilt: dict[str, str]) -> None:
    assert call_of({**ROW, **spoilt}, GMT, NOW) is None


@pytest.mark.parametrize("zone", [GMT, BUDAPEST, ZoneInfo("America/New_York")], ids=str)
@pytest.mark.parametrize(
    "text", ["0001-01-01 00:00", "9999-12-31 23:59:59.999", "1900-01-01", "", "12:00", "x" * 999]
)
def test_what_programs_write_for_no_time_is_none(text: str, zone: ZoneInfo) -> None:
    assert moments(text, zone) == ()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2026-03-02 13:00", 0),
        ("2026-03-02 13:00:07", 7),
        ("2026-03-02 13:00:07.5", 7.5),
        ("2026-03-02 13:00:07.123", 7.123),
        ("2026-03-02T13:00:07", 7),
        ("2026-03-02 12:00:07+00:00", 7),
    ],
)
def test_a_time_is_read_in_the_recorders_zone(text: str, seconds: float) -> None:
    assert moments(text, BUDAPEST) == (NOON + timedelta(seconds=seconds),)


@given(st.text(max_size=30))
def test_no_text_makes_reading_a_time_fail(text: str) -> None:
    moments(text, BUDAPEST)


@given(
    st.datetimes(datetime(1980, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC)),
    st.sampled_from([GMT, BUDAPEST, ZoneInfo("Australia/Lord_Howe")]),
)
def test_a_time_that_is_written_is_read_again_to_the_millisecond(
    written: datetime, zone: ZoneInfo
) -> None:
    text = local_time(written, zone)
    assert min(abs(written - each) for each in moments(text, zone)) < timedelta(milliseconds=1)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-10-25 02:50:00", "2026-10-25 02:10:00"),
        ("2026-10-25 01:50:00", "2026-10-25 02:10:00"),
        ("2026-10-25 02:10:00", "2026-10-25 02:10:00"),
        ("2026-03-29 02:30:00", "2026-03-29 03:30:00"),
        ("2026-03-02 12:00:00", "2026-03-02 11:00:00"),
    ],
)
def test_a_call_never_ends_before_it_begins(start: str, end: str) -> None:
    found = call_of({**ROW, "start_time": start, "end_time": end}, BUDAPEST, NOW)
    assert found is not None
    assert found.ended_at is not None
    assert found.ended_at >= found.started_at


def test_a_call_over_the_hour_that_occurs_twice_lasts_as_long_as_it_did() -> None:
    times = {"start_time": "2026-10-25 02:50", "end_time": "2026-10-25 02:10"}
    found = call_of({**ROW, **times}, BUDAPEST, NOW)
    assert found is not None
    assert found.ended_at == found.started_at + timedelta(minutes=20)


def night(clock: str, *, again: bool = False) -> datetime:
    """A time in the night in which Budapest's clock goes back; `again`: the second time."""
    local = datetime.fromisoformat(f"2026-10-25 {clock}")
    return local.replace(tzinfo=BUDAPEST, fold=int(again)).astimezone(UTC)


@pytest.mark.parametrize(
    ("start", "end", "duration", "now", "began", "ended"),
    [
        pytest.param(
            "02:05", "", "", night("02:06"), night("02:05"), None, id="ongoing in the first hour"
        ),
        pytest.param(
            *("02:05", "", "", night("02:06", again=True), night("02:05", again=True), None),
            id="ongoing in the second hour",
        ),
        pytest.param(
            *("02:05", "02:50", "", night("02:51"), night("02:05"), night("02:50")),
            id="over in the first hour",
        ),
        pytest.param(
            *("02:02", "02:20", "", night("02:21", again=True)),
            *(night("02:02", again=True), night("02:20", again=True)),
            id="over in the second hour",
        ),
        pytest.param(
            *("02:50", "02:10", "", NOW, night("02:50"), night("02:10", again=True)),
            id="across the two",
        ),
        pytest.param(
            *("01:50", "02:10", "00:20:00", NOW, night("01:50"), night("02:10")),
            id="its duration says the first",
        ),
        pytest.param(
            *("01:50", "02:10", "01:20:00", NOW, night("01:50"), night("02:10", again=True)),
            id="its duration says the second",
        ),
        pytest.param(
            *("02:40", "03:10", "01:30:00", NOW, night("02:40"), night("03:10")),
            id="its duration says when it began",
        ),
    ],
)
def test_in_the_hour_that_occurs_twice_the_right_one_is_meant(  # noqa: PLR0913, PLR0917 - a table
    start: str, end: str, duration: str, now: datetime, began: datetime, ended: datetime | None
) -> None:
    times = {"start_time": f"2026-10-25 {start}", "duration": duration}
    times["end_time"] = end and f"2026-10-25 {end}"
    found = call_of(ROW | times, BUDAPEST, now)
    assert found is not None
    assert (found.started_at, found.ended_at) == (began, ended)


@pytest.mark.parametrize("again", [False, True])
@pytest.mark.parametrize("end", ["", "2026-10-25 02:10"])
def test_a_call_that_is_known_does_not_move_by_an_hour(again: bool, end: str) -> None:
    known = call("A8", ended=None)
    known = replace(known, started_at=night("02:05", again=again))
    row = ROW | {"start_time": "2026-10-25 02:05", "end_time": end}
    found = call_of(row, BUDAPEST, NOW, {"A8": known}.get)
    assert found is not None
    assert found.started_at == known.started_at
    assert not found.ended_at or found.ended_at - found.started_at == timedelta(minutes=5)


@given(st.integers(-300, 300), st.integers(0, 300), st.integers(0, 300))
def test_no_call_is_after_the_end_of_its_window_on_the_wall_clock(
    since: int, begun: int, until: int
) -> None:
    first = FALL_BACK + timedelta(minutes=since)
    began = first + timedelta(minutes=begun)
    assert local_time(began, BUDAPEST) <= local_end(
        first, began + timedelta(minutes=until), BUDAPEST
    )


@given(st.integers(-300, 300), st.integers(0, 300), st.integers(0, 300))
def test_no_call_is_before_the_start_of_its_window_on_the_wall_clock(
    since: int, begun: int, now: int
) -> None:
    """Not even in the night when the clock goes back."""
    first = FALL_BACK + timedelta(minutes=since)
    began = first + timedelta(minutes=begun)
    start = local_start(first, began + timedelta(minutes=now), BUDAPEST)
    assert start <= local_time(began, BUDAPEST)


def test_the_start_of_a_window_is_the_moments_own_time_in_every_other_night() -> None:
    assert local_start(NOON, NOON + timedelta(hours=1), BUDAPEST) == "2026-03-02 13:00:00.000"


def settled(known: list[Call], listed: list[Call], now: datetime) -> Difference:
    """What one list teaches, a second after the one before."""
    return reconcile(known, Listing(listed, now - timedelta(seconds=1), now, now))


def test_a_call_that_is_listed_no_more_has_ended_since_the_list_before() -> None:
    ongoing = call(ended=None)
    assert settled([ongoing], [], NOON) == Difference((guessed(ongoing, ended_at=NOON),), ())


def test_a_call_never_ends_before_it_begins_whatever_the_clocks_say() -> None:
    ahead = call(started=60, ended=None)
    (ended,) = settled([ahead], [], NOON).calls
    assert ended.ended_after == ended.ended_at == ahead.started_at


def test_while_the_recorders_clock_is_not_known_an_end_may_be_at_any_time() -> None:
    day = timedelta(days=1)
    listing = Listing([], NOON - day, NOON - day, NOON + day)
    (ended,) = reconcile([call(ended=None)], listing).calls
    assert (ended.ended_after, ended.ended_at) == (ended.started_at, NOON + day)
    assert reconcile([ended], listing) == Difference((), ())


def test_a_call_whose_record_never_appears_is_given_up() -> None:
    provisional = guessed(call(ended=0))
    assert settled([provisional], [], NOON + RECORD_APPEARS_WITHIN) == Difference((), ())
    later = NOON + RECORD_APPEARS_WITHIN + timedelta(seconds=1)
    assert settled([provisional], [], later) == Difference((), (provisional.id,))


def test_a_pushed_call_that_the_recorder_does_not_know_is_given_up_soon() -> None:
    pushed = guessed(call(ended=0), pushed=True)
    assert settled([pushed], [], NOON + CONFIRMED_WITHIN) == Difference((), ())
    later = NOON + CONFIRMED_WITHIN + timedelta(seconds=1)
    assert settled([pushed], [], later) == Difference((), (pushed.id,))


def test_only_what_is_new_is_stored() -> None:
    known, new = call("a", ended=None), call("b", ended=None)
    again = guessed(call("c", ended=0))
    listed = [known, new, call("C", ended=None)]
    assert settled([known, again], listed, NOON).calls == (new, call("C", ended=None))


ids = st.sampled_from("abcdef")


@given(st.sets(ids), st.sets(ids), st.sets(ids))
def test_a_call_is_never_in_neither_list(
    ongoing: set[str], provisional: set[str], listed: set[str]
) -> None:
    known = {id_: call(id_, ended=None) for id_ in ongoing}
    known |= {id_: guessed(call(id_, ended=-1)) for id_ in provisional}
    after = known | {
        each.id: each
        for each in settled(
            list(known.values()), [call(id_, ended=None) for id_ in listed], NOON
        ).calls
    }
    assert set(after) == set(known) | listed
    assert {id_ for id_, each in after.items() if each.ongoing} == listed


def test_each_missing_record_is_looked_for_at_growing_intervals() -> None:
    missing = Missing()
    asked = [n for n in range(600) if missing.due([call()], NOON + timedelta(seconds=n))]
    assert asked[:6] == [0, 1, 3, 7, 15, 31]
    assert {b - a for a, b in pairwise(asked[8:])} == {LATEST.total_seconds()}


def test_of_many_missing_records_some_are_looked_for_and_each_has_its_turn() -> None:
    missing, calls = Missing(), [call(str(number)) for number in range(3 * MOST_AT_ONCE)]
    asked: set[str] = set()
    for second in range(4):
        due = missing.due(calls, NOON + timedelta(seconds=second))
        assert len(due) <= MOST_AT_ONCE
        asked |= {each.id for each in due}
    assert len(asked) == len(calls)


def test_a_record_that_is_missing_no_longer_is_forgotten() -> None:
    missing = Missing()
    assert missing.due([call("a")], NOON)
    assert not missing.due([], NOON)
    assert not missing._next
