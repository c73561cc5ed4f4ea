"""Rounds of polling, against a scripted recorder that does what recorders do."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.core.calls import Call
from gateway.core.errors import RecorderGarbled, RecorderUnreachable
from gateway.feed.feeder import LeaseLostError
from gateway.feed.missing import LATEST, MOST_AT_ONCE
from gateway.feed.paging import PAGE_LENGTH
from gateway.feed.poll import LEAST_OVERLAP, LONGEST_CALL, OUTAGE, OVERLAP, SWEEP_EVERY, TIDY_EVERY
from gateway.feed.recheck import LATEST as LATEST_MINUTES
from gateway.stores import FeedState
from tests.fakes import NOON, call
from tests.feed.recorders import FakeSearch, Feed, history, text


def at(seconds: float) -> str:
    return text(NOON + timedelta(seconds=seconds))


def test_the_first_round_reads_everything_and_then_vouches_for_it() -> None:
    feed = Feed(FakeSearch([call("o", ended=None)], history(5)))
    feed.after(0)
    assert set(feed.of()) == {"o", "h0", "h1", "h2", "h3", "h4"}
    assert feed.store.state() == FeedState(
        as_of=NOON,
        complete=True,
        recorded_until=NOON - timedelta(seconds=60),
        read_since=NOON - feed.keep,
    )
    assert feed.recorder.starts("recorded")[0] == text(NOON - feed.keep)


@pytest.mark.parametrize("cap", [1, 2, 5, 9, 10, 11, 100, 250, 1000])
@pytest.mark.parametrize("count", [0, 1, 2, 10, 100, 101, 250])
def test_whatever_the_recorder_caps_its_pages_at_every_call_is_read(cap: int, count: int) -> None:
    feed = Feed(FakeSearch([call(f"o{n}", ended=None) for n in range(12)], history(count), cap=cap))
    feed.after(0)
    feed.after(1)
    found = feed.of()
    assert len([id_ for id_ in found if id_.startswith("h")]) == count
    assert all(found[f"o{n}"].ongoing for n in range(12))


@pytest.mark.parametrize("cap", [10, 11, 100, 1000])
@pytest.mark.parametrize("count", [0, 1, 2, 10, 99, 100, 101, 250])
def test_a_recorder_that_ignores_pagefirst_is_read_to_the_end(cap: int, count: int) -> None:
    feed = Feed(FakeSearch(recorded=history(count), cap=cap, heeds_pagefirst=False))
    feed.after(0)
    assert len(feed.of()) == count
    feed.after(1)
    assert len(feed.of()) == count


def test_few_calls_that_begin_at_once_are_the_end_of_a_list_that_is_repeated() -> None:
    same_begin = [replace(each, started_at=NOON) for each in history(3)]
    feed = Feed(FakeSearch(recorded=same_begin, heeds_pagefirst=False))
    feed.after(0)
    assert len(feed.of()) == 3


@pytest.mark.parametrize("hopeless", ["unordered", "all at once"])
def test_a_recorder_that_cannot_be_read_to_the_end_is_not_vouched_for(hopeless: str) -> None:
    recorded = history(250)
    if hopeless == "all at once":
        recorded = [replace(each, started_at=recorded[0].started_at) for each in recorded]
    recorder = FakeSearch(recorded=recorded, cap=100, heeds_pagefirst=False)
    recorder.heeds_order = hopeless != "unordered"
    feed = Feed(recorder)
    with pytest.raises(RecorderGarbled, match="repeats the first page"):
        feed.after(0)
    assert feed.store.state().as_of is None


@pytest.mark.parametrize("count", [0, 1, 2, 30])
def test_a_recorder_that_heeds_no_parameter_has_given_its_whole_list(count: int) -> None:
    talking = [call("talk-1", ended=None), call("talk-2", started=-500, ended=None)]
    feed = Feed(FakeSearch(talking, history(count), heeds_nothing=True))
    for _ in range(3):
        feed.after(1)
    assert len(feed.of()) == count + 2
    assert feed.store.state().as_of == feed.clock.now
    assert feed.store.state().complete


def test_a_recorder_that_sorts_the_other_way_but_pages_is_read_to_the_end() -> None:
    feed = Feed(FakeSearch(recorded=history(250), cap=100, heeds_order=False))
    feed.after(0)
    assert len(feed.of()) == 250


def test_a_recorder_that_comes_back_with_shorter_pages_is_read_to_the_end() -> None:
    recorder = FakeSearch(recorded=history(250), cap=200)
    feed = Feed(recorder)
    feed.after(0)

    def refuse(_: int) -> None:
        raise RecorderUnreachable

    recorder.before = refuse
    with pytest.raises(RecorderUnreachable):
        feed.after(1)
    recorder.before, recorder.cap = lambda _: None, 50
    recorder.ongoing = [call(f"o{n}", ended=None) for n in range(120)]
    feed.after(1)
    assert sum(each.ongoing for each in feed.of().values()) == 120


def test_a_list_that_shrinks_while_it_is_read_loses_no_call() -> None:
    recorder = FakeSearch([call(f"o{n:03}", started=-900 + n, ended=None) for n in range(250)])
    recorder.cap = 100
    feed = Feed(recorder)

    def end_five(number: int) -> None:
        if number == 2:  # between the first page and the second
            del recorder.ongoing[:5]

    recorder.before = end_five
    feed.after(0)
    assert {f"o{n:03}" for n in range(5, 250)} <= set(feed.of())


def test_a_quiet_round_asks_twice() -> None:
    feed = Feed(FakeSearch([call("o", ended=None)], history(50)))
    feed.after(0)
    feed.after(1)
    assert [asked["status"] for asked in feed.recorder.asked] == ["ongoing", "recorded"]
    assert {asked["pagelen"] for asked in feed.recorder.asked} == {str(PAGE_LENGTH)}


def test_a_window_overlaps_the_one_before() -> None:
    feed = Feed(FakeSearch(recorded=history(50)))
    feed.after(0)
    feed.after(1)
    assert feed.recorder.starts("recorded") == [at(-60 - OVERLAP.total_seconds())]


def test_a_call_from_the_future_does_not_move_the_window_beyond_now() -> None:
    feed = Feed(FakeSearch(recorded=[*history(9), call("f", started=9000, ended=9001)]))
    feed.after(0)
    feed.after(1)
    assert feed.recorder.starts("recorded") == [at(1 - OVERLAP.total_seconds())]


def test_now_and_then_the_window_reaches_back_for_records_that_appear_late() -> None:
    feed = Feed(FakeSearch(recorded=history(50, apart=10)))
    feed.after(0)
    feed.recorder.recorded.append(call("late", started=-600, ended=-590))
    feed.after(SWEEP_EVERY.total_seconds() - 1)
    assert "late" not in feed.of()
    feed.after(1)
    assert at((SWEEP_EVERY - LATEST_MINUTES).total_seconds()) in feed.recorder.starts("recorded")
    assert "late" in feed.of()


def test_a_sweep_that_failed_is_made_up_for_in_the_next_round() -> None:
    feed = Feed(FakeSearch(recorded=history(50, apart=10)))
    feed.after(0)
    feed.recorder.recorded.append(call("late", started=-600, ended=-590))
    feed.recorder.before = fail_at(2)
    with pytest.raises(RecorderUnreachable):
        feed.after(SWEEP_EVERY.total_seconds())
    feed.recorder.before = lambda _: None
    feed.after(1)
    assert "late" in feed.of()


def fail_at(which: int) -> Callable[[int], None]:
    def fail(number: int) -> None:
        if number == which:
            raise RecorderUnreachable

    return fail


def test_after_an_outage_calls_that_nobody_saw_ongoing_are_read() -> None:
    feed = Feed(FakeSearch(recorded=history(50)))
    feed.after(0)
    unseen = [
        call("long", started=-LONGEST_CALL.total_seconds() + 1, ended=300),
        call("short", started=10, ended=20),
    ]
    feed.recorder.recorded.extend(unseen)
    feed.restarted()
    feed.after(OUTAGE.total_seconds() + 3600)
    assert {"long", "short"} <= set(feed.of())
    assert feed.recorder.starts("recorded")[0] == at(-LONGEST_CALL.total_seconds())


def test_the_window_never_reaches_back_further_than_the_index() -> None:
    feed = Feed(FakeSearch(), keep=timedelta(hours=1))
    feed.after(0)
    feed.after(7200)
    assert feed.recorder.starts("recorded")[0] == at(3600)


@pytest.mark.parametrize("which", range(1, 6))
def test_a_round_that_fails_anywhere_does_not_vouch_for_the_index(which: int) -> None:
    recorder = FakeSearch([call("o", ended=None)], history(250), cap=100)
    feed = Feed(recorder)
    recorder.before = fail_at(which)
    with pytest.raises(RecorderUnreachable):
        feed.after(0)
    assert feed.store.state().as_of is None
    recorder.before = lambda _: None
    feed.after(1)
    assert feed.store.state().as_of == feed.clock.now
    assert len(feed.of()) == 251


def test_a_worker_that_lost_the_lease_writes_nothing_more() -> None:
    feed = Feed(FakeSearch([call("o", ended=None)]))

    def hold() -> None:
        if feed.recorder.asked:
            raise LeaseLostError

    feed.poll.hold = feed.poll._lists.hold = hold
    with pytest.raises(LeaseLostError):
        feed.after(0)
    assert feed.store.state() == FeedState()
    assert feed.store.unfinished() == ()


def test_a_call_that_leaves_the_ongoing_ones_has_ended_provisionally_until_its_record_appears() -> (
    None
):
    feed = Feed(FakeSearch([call("a", ended=None)]))
    feed.after(0)
    record = feed.recorder.leave("a", 0.5)
    feed.after(1)
    ended = feed.of()["a"]
    assert ended.provisional
    assert ended.ended_at == NOON + timedelta(seconds=1)
    feed.recorder.recorded.append(record)
    feed.after(3)
    assert feed.of()["a"] == record


def test_a_call_that_comes_back_to_the_ongoing_ones_is_ongoing_again() -> None:
    feed = Feed(FakeSearch([call("a", ended=None)]))
    feed.after(0)
    feed.recorder.leave("a", 0.5)
    feed.after(1)
    feed.recorder.ongoing.append(call("a", ended=None))
    feed.after(1)
    assert feed.of()["a"].ongoing


def test_a_call_that_ends_between_the_two_questions_has_ended() -> None:
    feed = Feed(FakeSearch([call("a", ended=None)]))
    feed.recorder.before = lambda number: feed.recorder.end("a", 0.5) if number == 2 else None
    feed.after(0)
    # The first list was short, so that its end is looked for before the recorded ones are.
    assert feed.of()["a"].ended_at == NOON + timedelta(seconds=0.5)
    assert not feed.of()["a"].provisional


def test_the_record_of_a_long_call_is_found_though_it_began_before_the_window() -> None:
    feed = Feed(FakeSearch([call("long", started=-40_000, ended=None)], history(50)))
    feed.after(0)
    feed.recorder.end("long", 0.5)
    feed.after(1)
    assert feed.of()["long"].ended_at == NOON + timedelta(seconds=0.5)
    assert not feed.of()["long"].provisional
    feed.after(1)
    assert len(feed.recorder.asked) == 2


def test_records_that_never_appear_keep_nobody_elses_from_being_found() -> None:
    recorder = FakeSearch([], history(50, apart=1))
    ghosts = [call(f"ghost{n:03}", started=-40_000 - 9 * n, ended=None) for n in range(60)]
    recorder.ongoing = [*ghosts, call("z-real", started=-30_000, ended=None)]
    feed = Feed(recorder)
    feed.after(0)
    recorder.ongoing = recorder.ongoing[-1:]
    feed.after(1)
    recorder.end("z-real", 2.5)
    for _ in range(14):
        feed.after(1)
        assert len(recorder.asked) <= 2 + MOST_AT_ONCE
    assert not feed.of()["z-real"].provisional


def test_a_record_that_never_appears_is_asked_for_ever_more_seldom_and_given_up_in_the_end() -> (
    None
):
    feed = Feed(FakeSearch([call("ghost", started=-40_000, ended=None)], history(50, apart=1)))
    feed.after(0)
    feed.recorder.leave("ghost", 0.5)
    asked = 0
    for _ in range(740):
        feed.after(5)
        asked += feed.recorder.starts("recorded").count(at(-40_001))
    assert asked <= 3600 / LATEST.total_seconds() + 8
    assert "ghost" not in feed.of()


def test_a_call_is_never_in_neither_list_however_late_its_record_appears() -> None:
    feed = Feed(FakeSearch(recorded=history(20)))
    gap: list[tuple[float, Call]] = []
    for second in range(240):
        now = float(second)
        if second % 3 == 0:
            feed.recorder.ongoing.append(call(f"c{second}", started=now, ended=None))
        over = [each.id for each in feed.recorder.ongoing if lasts(each) <= now]
        gap.extend((now + second % 7, feed.recorder.leave(id_, now)) for id_ in over)
        for due in [each for each in gap if each[0] <= now]:
            feed.recorder.recorded.append(due[1])
            gap.remove(due)
        feed.after(1 if second else 0)
        known = feed.of()
        ongoing = {each.id for each in feed.recorder.ongoing}
        assert {id_ for id_, each in known.items() if each.ongoing} == ongoing
        begun = {f"c{n}" for n in range(0, second + 1, 3)}
        assert begun <= set(known)
        for record in feed.recorder.recorded:
            assert known[record.id] == record


def lasts(each: Call) -> float:
    """Until when, in seconds after noon: up to 80 seconds, as its id has it."""
    begun = int(each.id[1:])
    return begun + 1 + begun % 80


def test_stuck_calls_of_any_age_are_among_the_ongoing_ones() -> None:
    feed = Feed(FakeSearch([call("stuck", started=-90 * 86_400, ended=None)]))
    feed.after(0)
    feed.after(1)
    assert feed.of()["stuck"].ongoing


def test_an_ongoing_list_that_still_has_a_finished_call_does_not_bring_it_back() -> None:
    feed = Feed(FakeSearch([call("a", started=-5, ended=None)]))
    feed.after(0)
    feed.recorder.recorded.append(call("a", started=-5, ended=0.5))
    feed.after(1)
    feed.after(1)
    assert feed.of()["a"] == call("a", started=-5, ended=0.5)
    assert feed.store.state().contradicted == 1
    feed.recorder.ongoing.clear()
    feed.after(1)
    assert feed.store.state().contradicted == 0


def test_a_round_in_which_nothing_happens_changes_no_call() -> None:
    feed = Feed(FakeSearch([call("o", ended=None)], history(50)))
    feed.after(0)
    before = feed.store.pulse().revision
    feed.after(1)
    assert feed.store.pulse().revision == before
    assert feed.store.state().as_of == feed.clock.now


def test_the_index_is_complete_if_the_recorder_has_nothing_older() -> None:
    feed = Feed(FakeSearch(recorded=history(5)))
    feed.after(0)
    assert feed.store.state().complete
    feed.recorder.recorded.append(call("old", started=-40 * 86_400, ended=-40 * 86_400 + 1))
    feed.after(TIDY_EVERY.total_seconds())
    assert not feed.store.state().complete
    assert "old" not in feed.of()


def test_the_index_is_not_complete_before_it_was_found_out() -> None:
    feed = Feed(FakeSearch(recorded=history(5)))
    feed.recorder.before = fail_at(4)
    with pytest.raises(RecorderUnreachable):
        feed.after(0)
    assert feed.store.state().as_of == NOON
    assert not feed.store.state().complete


def test_what_is_too_old_is_forgotten_once_an_hour() -> None:
    feed = Feed(FakeSearch(recorded=history(5)), keep=TIDY_EVERY)
    feed.after(0)
    feed.recorder.recorded.clear()
    feed.after(TIDY_EVERY.total_seconds() - 1)
    assert len(feed.of()) == 5
    feed.after(1)
    assert feed.of() == {}


def test_the_recorders_clock_counts_where_it_differs_from_ours() -> None:
    ahead = timedelta(hours=1)
    feed = Feed(FakeSearch([call("a", started=3600, ended=None)], ahead=ahead))
    feed.after(0)
    assert feed.store.state().recorder_ahead == ahead
    assert feed.recorder.starts("recorded")[0] == text(NOON + ahead - feed.keep)
    feed.recorder.leave("a", 3600.5)
    feed.after(1)
    assert feed.of()["a"].ended_at == NOON + ahead + timedelta(seconds=1)
    assert feed.store.state().as_of == NOON + timedelta(seconds=1)


@pytest.mark.parametrize("days", [-30, -2, 2, 30])
def test_a_recorder_whose_clock_is_days_wrong_is_read_like_any_other(days: int) -> None:
    off = 86_400.0 * days
    recorder = FakeSearch([call("a", started=off - 5, ended=None)], ahead=timedelta(days=days))
    feed = Feed(recorder)
    feed.after(0)
    assert feed.of()["a"].ongoing
    feed.recorder.end("a", off + 0.5)
    feed.after(1)
    assert feed.of()["a"].ended_at == NOON + timedelta(seconds=off + 0.5)
    late = call("late", started=off - 600, ended=off - 590)
    feed.recorder.recorded.append(late)
    feed.after(SWEEP_EVERY.total_seconds())
    assert "late" in feed.of()


def test_a_recorder_that_does_not_tell_its_time_keeps_the_difference_that_was_known() -> None:
    feed = Feed(FakeSearch(ahead=timedelta(seconds=9)))
    feed.after(0)
    feed.recorder.ahead = None
    feed.after(1)
    assert feed.store.state().recorder_ahead == timedelta(seconds=9)


def settle(feed: Feed, seconds: float) -> None:
    """Rounds, ten seconds apart, for so long."""
    for _ in range(int(seconds / 10)):
        feed.after(10)


def test_a_call_that_was_deleted_at_the_recorder_is_gone_within_two_minutes() -> None:
    feed = Feed(FakeSearch(recorded=history(20, apart=30)))
    feed.after(0)
    (deleted,) = (each for each in feed.recorder.recorded if each.id == "h15")
    feed.recorder.recorded.remove(deleted)
    settle(feed, 130)
    assert set(feed.of()) == {f"h{n}" for n in range(20) if n != 15}


def test_what_was_deleted_or_came_late_long_ago_is_noticed_in_the_end() -> None:
    feed = Feed(FakeSearch(recorded=history(300, apart=1000)))
    feed.after(0)
    gone, late = "h10", call("late", started=-200_000, ended=-199_000)
    feed.recorder.recorded = [each for each in feed.recorder.recorded if each.id != gone]
    feed.recorder.recorded.append(late)
    settle(feed, 2400)
    assert gone not in feed.of()
    assert feed.of()["late"] == late
    assert len(feed.of()) == 300


def test_a_recorder_that_has_cleared_up_is_followed() -> None:
    feed = Feed(FakeSearch(recorded=history(500, apart=1)))
    feed.after(0)
    feed.recorder.recorded = feed.recorder.recorded[-3:]
    settle(feed, 130)
    assert set(feed.of()) == {"h497", "h498", "h499"}


def test_a_record_that_one_list_lacked_is_not_gone() -> None:
    feed = Feed(FakeSearch(recorded=history(20, apart=30)))
    feed.after(0)
    (shy,) = (each for each in feed.recorder.recorded if each.id == "h15")

    def hide(_number: int) -> None:
        wide = feed.recorder.asked[-1]["start"] < at(-600)
        feed.recorder.recorded = [each for each in feed.recorder.recorded if each != shy]
        if not wide:
            feed.recorder.recorded.append(shy)

    feed.recorder.before = hide
    settle(feed, 130)
    assert "h15" in feed.of()


def test_a_record_that_turns_out_to_be_a_duplicate_is_no_call_any_more() -> None:
    feed = Feed(FakeSearch([call("a", ended=None)]))
    feed.after(0)
    feed.recorder.secondary.add("a")
    feed.after(1)
    assert feed.of() == {}


def test_what_was_overruled_while_a_list_was_on_its_way_is_not_brought_back() -> None:
    feed = Feed(FakeSearch([call("a", ended=None)]))
    feed.after(0)

    def deleted(_number: int) -> None:
        feed.store.overrule([], ["a"], feed.clock() + timedelta(milliseconds=1))

    feed.recorder.before = deleted
    feed.after(1)
    assert feed.of() == {}
    feed.recorder.before = lambda _: None
    feed.after(1)
    assert set(feed.of()) == {"a"}


@pytest.mark.parametrize("ahead", [-90.0, 0.0, 90.0])
def test_a_recorder_without_a_date_is_judged_by_when_its_calls_begin(ahead: float) -> None:
    feed = Feed(FakeSearch(ahead=None))
    feed.after(0)
    for number in range(1, 9):
        began = call(f"c{number}", started=number + ahead - 0.4, ended=None)
        feed.recorder.ongoing.append(began)
        feed.after(1)
    known = feed.store.state().recorder_ahead.total_seconds()
    assert known == pytest.approx(ahead - 0.4)


def test_late_looks_come_after_the_index_is_vouched_for() -> None:
    feed = Feed(FakeSearch(recorded=history(50)))
    feed.after(0)
    feed.recorder.before = fail_at(3)
    feed.clock.move(60)
    feed.recorder.asked.clear()
    with pytest.raises(RecorderUnreachable):
        feed.poll.round()
    assert feed.store.state().as_of == feed.clock()


def test_where_calls_are_many_windows_share_fewer_seconds() -> None:
    feed = Feed(FakeSearch(recorded=history(2000, apart=0.01)))
    feed.after(0)
    feed.after(1)
    assert feed.recorder.starts("recorded") == [at(-0.01 - 1.99)]
    feed = Feed(FakeSearch(recorded=history(2000, apart=0.001)))
    feed.after(0)
    feed.after(1)
    assert feed.recorder.starts("recorded")[0] == at(-0.001 - LEAST_OVERLAP.total_seconds())


def test_where_calls_are_many_no_more_than_a_few_pages_are_read_again() -> None:
    feed = Feed(FakeSearch(recorded=history(30_000, apart=0.03)))
    feed.after(0)
    settle(feed, 300)
    feed.after(60)
    assert len(feed.recorder.asked) < 20


def test_one_empty_answer_deletes_nothing() -> None:
    feed = Feed(FakeSearch(recorded=history(50, apart=10)))
    feed.after(0)
    whole, feed.recorder.recorded = feed.recorder.recorded, []
    feed.after(60)
    feed.recorder.recorded = whole
    settle(feed, 200)
    assert len(feed.of()) == 50


def test_whoever_is_told_to_keep_more_does_not_vouch_for_what_was_not_read() -> None:
    feed = Feed(FakeSearch(recorded=history(50, apart=10_000)), keep=timedelta(days=1))
    feed.after(0)
    assert not feed.store.state().complete
    feed.keep = timedelta(days=30)
    feed.restarted()
    feed.after(1)
    assert not feed.store.state().complete


def test_a_round_that_takes_minutes_is_no_outage() -> None:
    feed = Feed(FakeSearch(recorded=history(50)))
    feed.after(0)
    feed.recorder.before = lambda _: feed.clock.move(45)
    feed.after(600)
    feed.recorder.before = lambda _: None
    feed.after(1)
    assert feed.recorder.starts("recorded")[0] == at(-60 - OVERLAP.total_seconds())


def test_a_round_that_fails_midway_stores_no_half_of_the_ends_that_it_saw() -> None:
    begun = {"a": -70.0, "b": -1.0, "c": -0.9}
    feed = Feed(FakeSearch([call(id_, started=at, ended=None) for id_, at in begun.items()]))
    feed.after(0)
    for number, id_ in enumerate(begun):
        feed.recorder.end(id_, 0.1 + number / 10)

    def fail(number: int) -> None:
        if number == 3:
            raise RecorderUnreachable

    feed.recorder.before = fail
    with pytest.raises(RecorderUnreachable):
        feed.after(0.5)
    assert {each.id for each in feed.of().values() if each.ongoing} == set(begun)
    feed.recorder.before = lambda _: None
    feed.after(0.5)
    assert all(each.final for each in feed.of().values())
