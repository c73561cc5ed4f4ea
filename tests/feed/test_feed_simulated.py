"""Rounds of polling over HTTP, against the recorder simulator."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway.core.errors import RecorderError
from gateway.simulator.calls import Call as RecordedCall
from gateway.simulator.calls import between
from gateway.simulator.faults import Fault, Kind
from gateway.simulator.settings import EMPTY, Traffic
from tests.fakes import NOON
from tests.feed.recorders import Simulated

BUDAPEST = "Europe/Budapest"
FALL_BACK = datetime(2026, 10, 25, 1, tzinfo=UTC)


def put(
    recorder: Simulated, id_: str, ago: float, seconds: float = 10.0, *, secondary: bool = False
) -> None:
    start = recorder.world.now() - ago
    given = replace(between("8856", "8801"), id=id_, secondary=secondary)
    recorder.world.put(replace(given, start=start, end=start + seconds))


def begin(recorder: Simulated, id_: str, *, secondary: bool = False) -> RecordedCall:
    given = replace(between("8856", "8801"), id=id_, secondary=secondary)
    return recorder.world.begin(given)


@pytest.mark.parametrize("cap", [7, 10, 100, 1000])
def test_a_backfill_reads_every_page_that_the_recorder_cuts_short(cap: int) -> None:
    with Simulated(page_length=min(cap, 100), max_page_length=cap) as recorder:
        for number in range(230):
            put(recorder, f"h{number}", ago=3600 - number)
        recorder.after(0)
        assert len(recorder.of("8856")) == 230
        assert recorder.store.state().complete


@pytest.mark.parametrize("zone", ["UTC", BUDAPEST, "America/New_York", "Asia/Kathmandu"])
def test_times_are_right_in_the_recorders_zone(zone: str) -> None:
    with Simulated(zone=zone) as recorder:
        put(recorder, "a", ago=60)
        begun = begin(recorder, "b")
        recorder.after(0)
        found = recorder.of("8856")
        assert found["a"].started_at == NOON - timedelta(seconds=60)
        assert found["a"].ended_at == NOON - timedelta(seconds=50)
        assert found["b"].started_at.timestamp() == begun.start


def test_a_call_begins_and_ends_and_is_in_the_index_all_the_while() -> None:
    with Simulated() as recorder:
        recorder.after(0)
        begin(recorder, "a")
        recorder.after(1)
        assert recorder.of("8856")["a"].ongoing
        recorder.clock.move(5)
        recorder.recorder_clock.move(5)
        recorder.world.end("a")
        recorder.after(1)
        found = recorder.of("8856")["a"]
        assert found.ended_at == NOON + timedelta(seconds=6)
        assert not found.provisional


@pytest.mark.parametrize("gap", [0.5, 3.0, 90.0, 1000.0])
def test_a_call_is_never_in_neither_list_while_its_record_is_being_written(gap: float) -> None:
    traffic = replace(EMPTY, gap=gap)
    with Simulated(traffic=traffic) as recorder:
        put(recorder, "before", ago=5000)
        begin(recorder, "a")
        recorder.after(0)
        recorder.world.end("a")
        step = max(gap / 10, 0.1)
        for _ in range(12):
            recorder.after(step)
            begin(recorder, f"other-{recorder.clock.now}")
            assert recorder.of("8856")["a"].ended_at is not None
        recorder.after(130)
        found = recorder.of("8856")["a"]
        assert not found.provisional
        assert found.ended_at == NOON


def test_busy_traffic_with_gaps_is_followed_call_by_call() -> None:
    traffic = Traffic(calls_per_minute=0.0, history_calls=200, gap=4.0, landmarks=True)
    with Simulated(traffic=traffic, max_page_length=50, page_length=50) as recorder:
        recorder.after(0)
        alive: list[str] = []
        for second in range(90):
            alive.append(begin(recorder, f"c{second}").id)
            if second % 3 and len(alive) > 1:  # nobody can know of one that begins and ends unseen
                recorder.world.end(alive.pop(second % (len(alive) - 1)))
            recorder.after(1)
            found = recorder.of("8856")
            assert {id_ for id_, each in found.items() if each.ongoing} >= set(alive)
            assert {f"c{number}" for number in range(second + 1)} <= set(found)
        recorder.after(5)
        recorder.after(60)
        assert not any(each.provisional for each in recorder.of("8856").values())


def test_secondary_recordings_are_no_calls() -> None:
    with Simulated() as recorder:
        put(recorder, "primary", ago=60)
        put(recorder, "secondary", ago=60, secondary=True)
        begin(recorder, "live-secondary", secondary=True)
        recorder.after(0)
        assert set(recorder.of("8856")) == {"primary"}


@pytest.mark.parametrize("offset", [-7200.0, -30.0, 30.0, 7200.0, 172_800.0])
def test_a_recorder_whose_clock_is_wrong_is_followed_by_its_own_clock(offset: float) -> None:
    with Simulated(clock_offset=offset) as recorder:
        put(recorder, "a", ago=60)
        begin(recorder, "b")
        recorder.after(0)
        state = recorder.store.state()
        assert abs(state.recorder_ahead - timedelta(seconds=offset)) < timedelta(seconds=2)
        assert state.as_of == recorder.now
        recorder.world.end("b")
        recorder.after(1)
        assert set(recorder.of("8856")) == {"a", "b"}
        assert not recorder.of("8856")["b"].provisional


def test_an_outage_of_the_recorder_is_made_up_for() -> None:
    with Simulated() as recorder:
        begin(recorder, "a")
        recorder.after(0)
        recorder.server.simulator.faults.put([Fault(Kind.REFUSE)])
        recorder.world.end("a")
        for _ in range(5):
            with pytest.raises(RecorderError):
                recorder.after(60)
        assert recorder.store.state().as_of == NOON
        put(recorder, "meanwhile", ago=200)
        recorder.server.simulator.faults.put(())
        recorder.after(1)
        found = recorder.of("8856")
        assert found["a"].ended_at == NOON
        assert not found["a"].provisional
        assert "meanwhile" in found
        assert recorder.store.state().as_of == recorder.now


def test_no_record_is_lost_in_the_night_when_the_clock_goes_back() -> None:
    with Simulated(zone=BUDAPEST, now=FALL_BACK - timedelta(minutes=50)) as recorder:
        recorder.after(0)
        for minute in range(150):
            put(recorder, f"c{minute}", ago=1, seconds=0.5)
            recorder.after(60)
            assert f"c{minute}" in recorder.of("8856")
