"""SearchCalls: range, paging, order, filters, and the hour that occurs twice."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from werkzeug.test import Client

from gateway.simulator.application import Simulator, create_app
from gateway.simulator.calls import Call, Party, between
from gateway.simulator.clock import FrozenClock
from gateway.simulator.settings import EMPTY, KEY_ONLY, SEED_KEY, SEED_TOKEN, Access, Settings

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC).timestamp()
WIDE = {"start": "0001-01-01 00:00", "end": "9999-12-31 23:59"}


def make_recorder(now: float = NOON, zone: str = "UTC", **settings: int) -> Simulator:
    access = Access(keys={SEED_KEY: False})
    return create_app(
        Settings(access=access, traffic=EMPTY, time_zone=zone, **settings),  # type: ignore[arg-type]
        FrozenClock(now),
    )


def ask(recorder: Simulator, **parameters: str) -> str:
    query = {"action": "SearchCalls", "apiKey": SEED_KEY, **parameters}
    return Client(recorder).get("/verba/api", query_string=query).text


def rows(recorder: Simulator, **parameters: str) -> list[dict[str, str]]:
    root = etree.fromstring(ask(recorder, **{**WIDE, **parameters}).encode())
    assert root.tag == "verbacdrlist"
    found = [{str(field.tag): field.text or "" for field in row} for row in root]
    assert root.get("rowcount") == str(len(found))
    return found


def ids(recorder: Simulator, **parameters: str) -> list[str]:
    return [row["ccdr_id"] for row in rows(recorder, **parameters)]


def place(recorder: Simulator, identifier: str, ago: float, seconds: float = 10.0) -> Call:
    start = recorder.world.now() - ago
    call = replace(between("8801", "+36 1 555"), id=identifier, start=start, end=start + seconds)
    return recorder.world.put(call)


@pytest.mark.parametrize(
    "missing", [{"start": ""}, {"end": ""}, {"start": "yesterday"}, {"end": "2026-13-01 00:00"}]
)
@pytest.mark.parametrize("status", ["recorded", "ongoing"])
def test_start_and_end_are_mandatory(missing: dict[str, str], status: str) -> None:
    answer = ask(make_recorder(), **{**WIDE, "status": status, **missing})
    assert '<Response code="2" type="SearchCalls">' in answer


def test_a_recorded_row_has_an_end_and_a_duration_and_an_ongoing_one_has_not() -> None:
    recorder = make_recorder()
    place(recorder, "over", 3700, 3661)
    recorder.world.begin(replace(between("8801", "8802"), id="live"))
    (over,) = rows(recorder)
    (live,) = rows(recorder, status="ongoing")
    assert over["start_time"] == "2026-03-02 10:58:20.000"
    assert over["end_time"] == "2026-03-02 11:59:21.000"
    assert over["duration"] == "01:01:01"
    assert live["ccdr_id"] == "live"
    assert not {"end_time", "duration"} & live.keys()
    assert 'index="1" state="1"' in ask(recorder, **WIDE)
    assert 'index="1" state="0"' in ask(recorder, status="ongoing", **WIDE)


def test_both_ends_of_the_range_belong_to_it() -> None:
    recorder = make_recorder()
    for identifier, ago in (("before", 3601), ("first", 3600), ("last", 60), ("after", 59)):
        place(recorder, identifier, ago)
    found = ids(recorder, start="2026-03-02 11:00", end="2026-03-02 11:59:00.000")
    assert found == ["first", "last"]


def test_secondary_recordings_are_listed_when_asked_for() -> None:
    recorder = make_recorder()
    twin = replace(between("1", "2"), id="twin", start=NOON - 9, end=NOON, secondary=True)
    recorder.world.put(twin)
    assert ids(recorder) == []
    assert ids(recorder, secondary="1") == ["twin"]


def test_any_part_of_a_number_or_a_name_on_either_side_is_found() -> None:
    recorder = make_recorder()
    sides = Party("8801", "Zoë Müller"), Party("+36 1 555-0100", "Earl Jones")
    recorder.world.put(Call(*sides, id="one", start=NOON - 9, end=NOON))
    for number in ("880", "555-01", "+36"):
        assert ids(recorder, anynum=number) == ["one"]
    for name in ("müll", "JONES"):
        assert ids(recorder, anyname=name) == ["one"]
    assert ids(recorder, anynum="8801", anyname="Smith") == []
    assert ids(recorder, f_source_caller_id="8801") == ["one"]
    assert ids(recorder, f_source_caller_id="880") == []


def test_several_parts_of_numbers_find_the_calls_of_any() -> None:
    recorder = make_recorder()
    place(recorder, "one", 20)
    query = f"action=SearchCalls&apiKey={SEED_KEY}&start=2020-01-01 00:00&end=2030-01-01 00:00"
    answer = Client(recorder).get(f"/verba/api?{query}&anynum=7777&anynum=8801")
    assert "<ccdr_id>one" in answer.text


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({}, ["long", "late"]),
        ({"order": "desc"}, ["late", "long"]),
        ({"orderby": "end_time"}, ["late", "long"]),
        ({"orderby": "end_time", "order": "desc"}, ["long", "late"]),
        ({"orderby": "ccdr_id", "order": "asc"}, ["late", "long"]),
    ],
)
def test_rows_come_in_the_order_that_was_asked_for(
    parameters: dict[str, str], expected: list[str]
) -> None:
    recorder = make_recorder()
    place(recorder, "long", 1000, 900)
    place(recorder, "late", 500, 10)
    assert ids(recorder, **parameters) == expected


@pytest.mark.parametrize(
    "wrong",
    [
        {"orderby": "colour"},
        {"f_colour": "red"},
        {"order": "random"},
        {"pagelen": "-1"},
        {"pagefirst": "x"},
        {"status": "last"},
    ],
)
def test_what_means_nothing_is_refused(wrong: dict[str, str]) -> None:
    recorder = make_recorder()
    place(recorder, "one", 10)
    assert '<Response code="2"' in ask(recorder, **{**WIDE, **wrong})


def test_a_page_has_no_more_rows_than_the_recorder_allows() -> None:
    recorder = make_recorder(page_length=2, max_page_length=3)
    for number in range(5):
        place(recorder, str(number), 100 - number)
    assert ids(recorder) == ["0", "1"]
    assert ids(recorder, pagelen="99") == ["0", "1", "2"]
    assert 'index="4"' in ask(recorder, pagefirst="3", **WIDE)


@given(count=st.integers(0, 30), length=st.integers(1, 9))
def test_the_pages_together_are_the_whole_and_the_last_one_is_short(
    count: int, length: int
) -> None:
    recorder = make_recorder()
    for number in range(count):
        place(recorder, f"call-{number}", 1000 - number // 3)
    found: list[str] = []
    page = ["first"]
    while page:
        page = ids(recorder, pagefirst=str(len(found)), pagelen=str(length))
        found += page
        assert len(page) == min(length, count - len(found) + len(page))
    assert found == ids(recorder)
    assert len(set(found)) == count


def test_local_times_repeat_in_the_night_when_the_clock_goes_back() -> None:
    after = datetime(2026, 10, 25, 3, tzinfo=UTC).timestamp()
    recorder = make_recorder(after, "Europe/Zurich")
    for identifier, ago in (("summer", 2.5 * 3600), ("winter", 1.5 * 3600)):
        place(recorder, identifier, ago)
    both = rows(recorder, token=SEED_TOKEN, start="2026-10-25 02:30", end="2026-10-25 02:30")
    assert [row["ccdr_id"] for row in both] == ["summer", "winter"]
    assert {row["start_time"] for row in both} == {"2026-10-25 02:30:00.000"}


def test_who_is_not_logged_in_sees_gmt() -> None:
    recorder = make_recorder(zone="Asia/Tokyo")
    place(recorder, "one", 3600)
    assert rows(recorder)[0]["start_time"] == "2026-03-02 11:00:00.000"
    assert rows(recorder, token=SEED_TOKEN)[0]["start_time"] == "2026-03-02 20:00:00.000"


def test_a_recorder_whose_clock_is_ahead_writes_times_that_are_ahead() -> None:
    settings = Settings(access=KEY_ONLY, traffic=EMPTY, clock_offset=90.0)
    recorder = create_app(settings, FrozenClock(NOON))
    recorder.world.begin(between("8801", "8802"))
    assert rows(recorder, status="ongoing")[0]["start_time"] == "2026-03-02 12:01:30.000"


def test_a_call_is_in_neither_list_during_the_gap() -> None:
    settings = Settings(access=KEY_ONLY, traffic=replace(EMPTY, gap=5.0))
    clock = FrozenClock(NOON)
    recorder = create_app(settings, clock)
    recorder.world.begin(replace(between("8801", "8802"), id="one"))
    recorder.world.end("one")
    clock.move(4)
    assert ids(recorder) + ids(recorder, status="ongoing") == []
    clock.move(1)
    assert ids(recorder) == ["one"]
