"""The flow of calls: believable, repeatable, and nowhere near the landmarks."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest

from gateway.simulator.application import create_app
from gateway.simulator.calls import Call
from gateway.simulator.clock import FrozenClock
from gateway.simulator.flow import Flow
from gateway.simulator.landmarks import RESERVED
from gateway.simulator.settings import EMPTY, Settings, Traffic
from gateway.simulator.world import World

START = 1_700_000_000.0
BUSY = Traffic(calls_per_minute=120.0, call_seconds=20.0, history_calls=0, landmarks=False)
AN_HOUR = 3600.0


def play(traffic: Traffic, seconds: float = AN_HOUR) -> World:
    clock = FrozenClock(START)
    world = create_app(Settings(traffic=traffic), clock).world
    flow = Flow(world, traffic)
    clock.move(seconds)
    flow.play(world.now())
    return world


def calls_of(world: World) -> list[Call]:
    return world.recorded(0.0, START + AN_HOUR) + world.ongoing()


def test_calls_begin_and_end_at_about_the_rate_that_was_set() -> None:
    world = play(BUSY)
    calls = calls_of(world)
    conversations = {call.platform_call_id for call in calls}
    assert 90 * 60 < len(conversations) < 130 * 60
    lengths = [call.seconds(0.0) for call in calls if call.end is not None]
    assert 17 < sum(lengths) / len(lengths) < 23
    assert 0 < len(world.ongoing()) < 100


def test_the_same_seed_and_the_same_clock_make_the_same_calls() -> None:
    assert calls_of(play(BUSY)) == calls_of(play(BUSY))
    assert calls_of(play(BUSY)) != calls_of(play(replace(BUSY, seed=1)))


def test_the_flow_never_touches_the_reserved_extensions() -> None:
    world = play(replace(BUSY, extensions=1200), AN_HOUR / 6)
    numbers = {number for call in calls_of(world) for number in call.numbers}
    assert "8801" in numbers
    assert not RESERVED & numbers


def test_an_extension_is_in_one_call_at_a_time() -> None:
    clock = FrozenClock(START)
    world = create_app(Settings(traffic=BUSY), clock).world
    flow = Flow(world, BUSY)
    for _ in range(200):
        clock.move(5)
        flow.play(world.now())
        primary = [call for call in world.ongoing() if not call.secondary]
        busy = Counter(n for call in primary for n in call.numbers if n.startswith("88"))
        assert all(count == 1 for count in busy.values())


def test_calls_are_held_transferred_and_conferenced_under_one_platform_id() -> None:
    calls = [call for call in calls_of(play(BUSY)) if not call.secondary]
    conversations: dict[str, list[Call]] = {}
    for call in sorted(calls, key=lambda call: call.start):
        conversations.setdefault(call.platform_call_id, []).append(call)
    pairs = [pair for legs in conversations.values() for pair in pairwise(legs)]
    assert all(first.end is not None and first.end <= then.start for first, then in pairs)
    assert any(first.end != then.start for first, then in pairs), "nobody is held"
    assert any(first.numbers != then.numbers for first, then in pairs), "nobody is transferred"
    assert any(then.conference for _, then in pairs)
    assert all(first.id != then.id and first.native_id != then.native_id for first, then in pairs)


def test_some_calls_are_controlled_and_some_are_recorded_twice() -> None:
    calls = calls_of(play(BUSY))
    assert any(call.manual for call in calls)
    assert any(call.secondary for call in calls)
    assert any(call.called.number.startswith("+") for call in calls)
    assert any(" " in number for call in calls for number in call.numbers)


def test_the_history_is_spread_over_the_days_before_the_start() -> None:
    traffic = Traffic(calls_per_minute=0.0, history_calls=500, history_days=10.0, landmarks=False)
    world = play(traffic, 0.0)
    starts = [call.start for call in calls_of(world)]
    assert 400 < len(starts) < 900
    assert START - 10 * 86_400 <= min(starts) < START - 9 * 86_400
    assert max(starts) <= START
    assert calls_of(world)[0].start == min(starts)


@pytest.mark.parametrize(("share", "least", "most"), [(0.0, 0, 0), (0.2, 10, 100), (1.0, 200, 999)])
def test_a_share_of_the_calls_is_stuck(share: float, least: int, most: int) -> None:
    traffic = replace(EMPTY, history_calls=200, stuck_share=share)
    assert least <= len(play(traffic, 10 * AN_HOUR).ongoing()) <= most


def test_a_quiet_recorder_has_nothing_due() -> None:
    flow = Flow(create_app(Settings(traffic=EMPTY), FrozenClock(START)).world, EMPTY)
    assert flow.due() == float("inf")
