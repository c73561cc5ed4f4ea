"""What every store promises, kind by kind."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.core.calls import Call
from gateway.core.query import (
    ByNativeID,
    ByParty,
    ByPlatformCallID,
    Query,
    Selector,
    Status,
)
from gateway.core.secrets import Secret
from gateway.core.tokens import TokenRecord
from gateway.stores import OVERRULED_FOR, FeedState, Pulse
from tests.fakes import NODE, NOON, SAMPLE_ID, call, guessed
from tests.stores.kinds import Store

FED = FeedState(
    as_of=NOON,
    complete=True,
    recorder_ahead=timedelta(seconds=-1.5),
    recorded_until=NOON - timedelta(microseconds=1),
    read_since=NOON - timedelta(days=30),
)
TERM = timedelta(seconds=4)
ONGOING = call("a", ended=None)
PROVISIONAL = guessed(call("a"))
FINAL = call("a", ended=-301)


def known(store: Store, selector: Selector | None = None) -> set[Call]:
    """What the store holds of the sample's extension, or of another selector."""
    last = ByParty(("8856",), (Status.LAST, Status.ONGOING))
    return set(store.snapshot(Query(selector or last, NOON)).calls)


def test_a_new_store_is_empty_and_was_never_fed(store: Store) -> None:
    assert store.state() == FeedState()
    assert store.unfinished() == ()
    assert store.snapshot(Query(ByNativeID("n"), NOON)).as_of is None
    assert store.changes(0).parties == frozenset()
    assert store.changes(0).revision == store.pulse().revision
    assert store.recall(Secret("t"), "crm") is None
    assert store.forget_before(NOON) == 0


def test_the_state_of_the_feed_is_kept_exactly(store: Store) -> None:
    store.update([], FED)
    assert store.state() == FED
    store.update([], FeedState())
    assert store.state() == FeedState()


def test_a_snapshot_says_as_of_when_it_is_true_and_how_sure(store: Store) -> None:
    store.update([call()], FED)
    snapshot = store.snapshot(Query(ByNativeID("none"), NOON))
    assert snapshot.calls == ()
    assert (snapshot.as_of, snapshot.complete) == (NOON, True)
    assert snapshot.recorder_ahead == timedelta(seconds=-1.5)


@pytest.mark.parametrize(
    "given",
    [
        call(),
        call(ended=None),
        guessed(call()),
        replace(call(manual=True), started_at=NOON - timedelta(hours=1, milliseconds=1)),
        replace(call(), caller="anna@example.com", called="8856", id="ÀÈ'--%\x00"),
        replace(call(), platform_call_id="", native_id=""),
        call(SAMPLE_ID.upper()),
        call(SAMPLE_ID.capitalize()),
        call(SAMPLE_ID.replace("-", "")),
        replace(call(), pushed=True),
    ],
    ids=[
        "ended",
        "ongoing",
        "provisional",
        "manual",
        "odd texts",
        "no other ids",
        "capitals",
        "mixed",
        "no dashes",
        "pushed",
    ],
)
def test_a_call_comes_back_as_it_was_put_in(store: Store, given: Call) -> None:
    store.update([given], FED)
    assert known(store) == {given}


@pytest.mark.parametrize("party", ["8856", "+3612345678"])
def test_a_call_is_found_by_either_party_and_by_its_other_ids(store: Store, party: str) -> None:
    given = replace(call(), platform_call_id="p", native_id="n")
    store.update([given, replace(call("b"), caller="1", called="2")], FED)
    assert known(store, ByParty((party,), (Status.LAST,))) == {given}
    assert known(store, ByPlatformCallID("p")) == {given}
    assert known(store, ByNativeID("n")) == {given}


def test_calls_that_share_a_platform_id_are_all_found(store: Store) -> None:
    shared = {replace(call(id_), platform_call_id="p") for id_ in "abc"}
    store.update(shared, FED)
    assert known(store, ByPlatformCallID("p")) == shared


def test_a_call_without_a_platform_id_is_not_found_by_an_empty_one(store: Store) -> None:
    store.update([replace(call(), platform_call_id="p")], FED)
    assert known(store, ByPlatformCallID("")) == set()


def test_an_id_is_the_same_in_upper_and_lower_case_and_its_latest_spelling_is_kept(
    store: Store,
) -> None:
    store.update([call("ABC", ended=None)], FED)
    store.update([call("abc")], FED)
    assert [each.id for each in known(store)] == ["abc"]
    assert store.unfinished() == ()


def test_of_two_records_of_one_call_in_an_update_the_later_one_counts(store: Store) -> None:
    store.update([ONGOING, PROVISIONAL], FED)
    assert known(store) == {PROVISIONAL}


def test_a_client_that_sends_bytes_that_are_no_utf_8_finds_nothing(store: Store) -> None:
    store.update([call()], FED)
    assert known(store, ByParty(("88\udcff56", "8\ud80056"), (Status.LAST, Status.NEXT))) == set()
    assert known(store, ByPlatformCallID("\udcff")) == set()
    assert known(store, ByNativeID("\udcff")) == set()


@pytest.mark.parametrize(
    ("first", "then", "stays"),
    [
        (ONGOING, PROVISIONAL, PROVISIONAL),
        (ONGOING, FINAL, FINAL),
        (PROVISIONAL, ONGOING, ONGOING),
        (PROVISIONAL, FINAL, FINAL),
        (FINAL, call("a", ended=-10), call("a", ended=-10)),
        (FINAL, ONGOING, FINAL),
        (FINAL, PROVISIONAL, FINAL),
        (FINAL, replace(ONGOING, caller="1"), FINAL),
    ],
)
def test_what_has_ended_for_good_stays_so(
    store: Store, first: Call, then: Call, stays: Call
) -> None:
    store.update([first], FED)
    store.update([then], FED)
    assert known(store) == {stays}


def test_the_unfinished_are_the_ongoing_and_the_provisional_ones(store: Store) -> None:
    ongoing, provisional = call("o", ended=None), guessed(call("p"))
    store.update([ongoing, provisional, call("f")], FED)
    assert set(store.unfinished()) == {ongoing, provisional}


def test_a_change_has_a_revision_and_names_its_parties(store: Store) -> None:
    store.update([call("a")], FED)
    before = store.pulse().revision
    store.update([replace(call("b"), caller="1", called="anna")], FED)
    assert store.pulse().revision > before
    assert store.changes(before).parties == {"1", "anna"}
    assert store.changes(before).revision == store.pulse().revision
    assert store.changes(0).parties == {"1", "anna", "8856", "+3612345678"}
    assert store.changes(store.pulse().revision).parties == frozenset()


def test_what_changes_nothing_has_no_revision_and_wakes_nobody(store: Store) -> None:
    store.update([FINAL, call("b", ended=None)], FED)
    before = store.pulse().revision
    store.update([FINAL, call("b", ended=None)], FED)
    store.update([ONGOING], FED)
    store.update([], replace(FED, as_of=NOON + TERM))
    assert store.pulse().revision == before
    assert store.changes(before).parties == frozenset()


def test_a_pulse_tells_as_of_when_and_moves_with_whatever_an_answer_may_rest_on(
    store: Store,
) -> None:
    assert store.pulse().as_of is None
    seen = [store.pulse().revision]
    moves: tuple[Callable[[], None], ...] = (
        lambda: store.update([call()], FED),
        lambda: store.update([], replace(FED, complete=False)),
        lambda: store.update([], FED, removed=[call().id]),
        lambda: store.overrule([call()], [], NOON),
        lambda: store.overrule([], [call().id], NOON),
        lambda: store.remember(Secret("t"), TokenRecord("crm", NODE, NOON, refused=True)),
    )
    for move in moves:
        move()
        seen.append(store.pulse().revision)
    assert seen == sorted(set(seen))
    store.update([], replace(FED, as_of=NOON + TERM))
    store.remember(Secret("t"), TokenRecord("crm", NODE, NOON))
    assert store.pulse() == Pulse(NOON + TERM, seen[-1])


def test_a_call_is_known_by_its_id_in_any_case(store: Store) -> None:
    given = {call(SAMPLE_ID), call("B")}
    store.update([*given, call("c")], FED)
    assert set(store.known([SAMPLE_ID.upper(), "b", "nobody"])) == given
    assert store.known([]) == ()


def test_the_calls_within_two_times_began_and_ended_for_good_between_them(store: Store) -> None:
    inside = {call("a", started=-20, ended=-10), call("b", started=-15, ended=-15)}
    outside = [
        call("before", started=-21, ended=-10),
        call("after", started=-20, ended=-9),
        call("live", started=-20, ended=None),
        guessed(call("unsure", started=-20, ended=-10)),
    ]
    store.update([*inside, *outside], FED)
    start, end = NOON - timedelta(seconds=20), NOON - timedelta(seconds=10)
    assert set(store.within(start, end)) == inside


def test_what_is_removed_is_gone_in_any_case(store: Store) -> None:
    store.update([call("A"), call("b")], FED)
    store.update([], FED, removed=["a", "nobody"])
    assert {each.id for each in known(store)} == {"b"}


@pytest.mark.parametrize(("asked", "counts"), [(-1.0, False), (5.0, True), (None, True)])
def test_what_was_overruled_is_changed_by_no_list_that_was_asked_for_before(
    store: Store, asked: float | None, counts: bool
) -> None:
    ended = replace(PROVISIONAL, pushed=True)
    store.update([ONGOING, call("d")], FED)
    store.overrule([ended], ["d"], NOON + timedelta(seconds=5))
    assert known(store) == {ended}
    asked_at = None if asked is None else NOON + timedelta(seconds=asked)
    store.update([ONGOING, call("d")], FED, asked_at=asked_at)
    assert known(store) == ({ONGOING, call("d")} if counts else {ended})
    store.update([], FED, removed=["a"], asked_at=asked_at)
    assert (ended in known(store)) is not counts


def test_the_latest_overruling_counts(store: Store) -> None:
    store.overrule([ONGOING], [], NOON + timedelta(seconds=5))
    store.overrule([ONGOING], [], NOON)
    store.update([PROVISIONAL], FED, asked_at=NOON)
    assert known(store) == {ONGOING}


def test_an_overruling_is_forgotten_in_the_end(store: Store) -> None:
    store.overrule([ONGOING], [], NOON)
    store.overrule([call("b")], [], NOON + OVERRULED_FOR + timedelta(seconds=1))
    store.update([PROVISIONAL], FED, asked_at=NOON - timedelta(seconds=1))
    assert PROVISIONAL in known(store)


def test_forgetting_drops_what_ended_before_and_counts_it(store: Store) -> None:
    kept = {call("now", ended=-300), call("live", started=-90_000, ended=None)}
    store.update([*kept, call("old", ended=-300.000001), call("older", ended=-400)], FED)
    before = store.pulse().revision
    assert store.forget_before(NOON - timedelta(seconds=300)) == 2
    assert known(store) == kept
    assert store.pulse().revision == before + 1
    assert store.changes(before).parties == frozenset()
    assert store.forget_before(NOON - timedelta(seconds=300)) == 0


def test_any_number_of_calls_is_forgotten(store: Store) -> None:
    store.update([call(str(number)) for number in range(2500)], FED)
    assert store.forget_before(NOON) == 2500
    assert known(store) == set()


def test_the_lease_has_one_holder_who_may_prolong_it(store: Store) -> None:
    assert store.lease("a", NOON, TERM)
    assert not store.lease("b", NOON + TERM / 2, TERM)
    assert store.lease("a", NOON + TERM / 2, TERM)
    assert not store.lease("b", NOON + TERM, TERM)


def test_a_lease_that_was_not_prolonged_goes_to_whoever_asks_next(store: Store) -> None:
    assert store.lease("a", NOON, TERM)
    assert not store.lease("b", NOON + TERM - timedelta(microseconds=1), TERM)
    assert store.lease("b", NOON + TERM, TERM)
    assert not store.lease("a", NOON + TERM, TERM)


def test_a_lease_that_was_given_back_is_free_and_only_its_holder_gives_it_back(
    store: Store,
) -> None:
    store.release("a")
    assert store.lease("a", NOON, TERM)
    store.release("b")
    assert not store.lease("b", NOON, TERM)
    store.release("a")
    assert store.lease("b", NOON, TERM)


def test_of_many_who_want_the_lease_at_once_one_gets_it(store: Store) -> None:
    start, got = threading.Barrier(8), []

    def want(holder: str) -> None:
        start.wait()
        got.append(store.lease(holder, NOON, TERM))

    threads = [threading.Thread(target=want, args=(str(number),)) for number in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(got) == [False] * 7 + [True]


def test_a_token_is_remembered_for_its_application_alone(store: Store) -> None:
    record = TokenRecord("crm", NODE, NOON + timedelta(hours=1))
    store.remember(Secret("token"), record)
    assert store.recall(Secret("token"), "crm") == record
    assert store.recall(Secret("token"), "phones") is None
    assert store.recall(Secret("tokem"), "crm") is None


def test_what_is_learned_of_a_token_replaces_what_was_known(store: Store) -> None:
    store.remember(Secret("token"), TokenRecord("crm", NODE, NOON + timedelta(hours=1)))
    refused = TokenRecord("crm", "http://other", NOON, refused=True)
    store.remember(Secret("token"), refused)
    assert store.recall(Secret("token"), "crm") == refused


def test_a_token_is_forgotten_a_day_after_it_has_expired(store: Store) -> None:
    store.remember(Secret("old"), TokenRecord("crm", NODE, NOON - timedelta(days=1, seconds=1)))
    store.remember(Secret("kept"), TokenRecord("crm", NODE, NOON - timedelta(days=1)))
    store.remember(Secret("new"), TokenRecord("crm", NODE, NOON))
    assert store.recall(Secret("old"), "crm") is None
    assert store.recall(Secret("kept"), "crm") is not None


def test_many_threads_at_once_read_whole_updates(store: Store) -> None:
    """Each update moves one call and the state together; nobody may see them apart."""
    query = Query(ByParty(("8856",), (Status.LAST,)), NOON)
    store.update([call(ended=0)], FeedState(as_of=NOON))
    torn: list[object] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            snapshot = store.snapshot(query)
            if [each.ended_at for each in snapshot.calls] != [snapshot.as_of]:
                torn.append(snapshot)

    readers = [threading.Thread(target=read) for _ in range(6)]
    for each in readers:
        each.start()
    for second in range(100):
        store.update([call(ended=second)], FeedState(as_of=NOON + timedelta(seconds=second)))
    done.set()
    for each in readers:
        each.join()
    assert torn == []
