"""Waiting for the index to change: who is woken, when, and who is not."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial

import pytest

from gateway.core.errors import ClientGone, GatewayStopping, StoreError
from gateway.core.query import ByParty, ByPlatformCallID, Query, Status
from gateway.stores import Changes, FeedState, Pulse
from gateway.stores.bell import PAUSE, Bell
from gateway.stores.memory import MemoryStore
from gateway.stores.watch import LOOK_EVERY, Watch
from tests.fakes import NOON, call
from tests.stores.kinds import Store

FED = FeedState(as_of=NOON)
BOUND = 5.0  # seconds: what takes longer has gone wrong
LONG = timedelta(seconds=60)


def of(*numbers: str) -> Query:
    return Query(ByParty(numbers, (Status.NEXT,)), NOON)


def eventually(condition: Callable[[], bool]) -> bool:
    """Whether it becomes true within a bound."""
    deadline = time.monotonic() + BOUND
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.002)
    return True


def watchers() -> list[threading.Thread]:
    return [each for each in threading.enumerate() if each.name == "watch"]


@dataclass
class Waiter:
    """A parked request: how often it was woken, and what ended its waiting."""

    watch: Watch
    query: Query
    left: timedelta = LONG
    woken: int = 0
    stopped: bool = False
    parked: threading.Event = field(default_factory=threading.Event)
    enough: threading.Event = field(default_factory=threading.Event)

    def wait(self) -> None:
        with self.watch.over(self.query) as bell:
            self.parked.set()
            try:
                while not self.enough.is_set():
                    bell.wait(self.left)
                    self.woken += 1
            except GatewayStopping:
                self.stopped = True


@contextmanager
def waiting(watch: Watch, *queries: Query) -> Iterator[list[Waiter]]:
    """Requests that are parked; the watch is stopped at the end."""
    waiters = [Waiter(watch, query) for query in queries]
    threads = [threading.Thread(target=each.wait) for each in waiters]
    for thread in threads:
        thread.start()
    assert all(each.parked.wait(BOUND) for each in waiters)
    try:
        yield waiters
    finally:
        watch.stop()
        for thread in threads:
            thread.join(BOUND)
        assert not any(thread.is_alive() for thread in threads)
        assert eventually(lambda: not watchers())


def test_a_waiter_is_woken_by_its_party_and_by_no_other(store: Store) -> None:
    with waiting(Watch(store), of("8856"), of("4711")) as (mine, other):
        store.update([call(ended=None)], FED)
        assert eventually(lambda: mine.woken == 1)
        store.update([replace(call("b"), caller="1", called="4711")], FED)
        assert eventually(lambda: other.woken == 1)
        assert mine.woken == 1


def test_whoever_is_woken_is_told_all_that_changed_since_he_was_last(store: Store) -> None:
    watch = Watch(store)
    with watch.over(of("8856")) as bell:
        for number in ("a", "b"):
            store.update(
                [replace(call(number), called=number), replace(call("z"), caller="z")], FED
            )
            assert eventually(lambda: bell._rung.is_set() and bool(bell._news))
        assert eventually(lambda: bell._news is not None and len(bell._news.snapshot.calls) == 2)
        news = bell.wait(LONG)
        assert news is not None
        assert {each.id for each in news.snapshot.calls} == {"a", "b"}
        assert news.revision == store.pulse().revision
        assert bell.wait(timedelta(0)) is None
    assert eventually(lambda: not watchers())


def test_a_waiter_is_woken_soon(store: Store) -> None:
    with waiting(Watch(store), of("8856")) as (waiter,):
        began = time.monotonic()
        store.update([call()], FED)
        assert eventually(lambda: waiter.woken == 1)
        assert time.monotonic() - began < LOOK_EVERY + 1.0


def test_every_reading_of_a_number_wakes(store: Store) -> None:
    with waiting(Watch(store), of("+8856", "8856")) as (waiter,):
        store.update([call("a")], FED)
        assert eventually(lambda: waiter.woken == 1)
        store.update([replace(call("b"), caller="+8856")], FED)
        assert eventually(lambda: waiter.woken == 2)


def test_an_update_that_changes_nothing_wakes_nobody(store: Store) -> None:
    store.update([call()], FED)
    with waiting(Watch(store), of("8856"), of("sentinel")) as (waiter, sentinel):
        store.update([call()], FED)
        store.update([replace(call("b"), caller="sentinel", called="")], FED)
        assert eventually(lambda: sentinel.woken == 1)
        assert waiter.woken == 0


def test_what_was_there_before_the_first_waiter_wakes_nobody(store: Store) -> None:
    store.update([call()], FED)
    with waiting(Watch(store), of("8856"), of("sentinel")) as (waiter, sentinel):
        store.update([replace(call("b"), caller="sentinel", called="")], FED)
        assert eventually(lambda: sentinel.woken == 1)
        assert waiter.woken == 0


def test_a_ring_between_registering_and_waiting_is_not_lost(store: Store) -> None:
    watch = Watch(store)
    with watch.over(of("8856")) as bell:
        store.update([call()], FED)
        assert eventually(bell._rung.is_set)
        began = time.monotonic()
        bell.wait(LONG)
        assert time.monotonic() - began < BOUND
    assert eventually(lambda: not watchers())


def test_nothing_is_missed_however_registering_and_writing_meet(store: Store) -> None:
    """Whoever registers and then looks either sees the call or is woken by it."""
    watch = Watch(store)
    for number in range(60):
        party = f"party-{number}"
        writer = threading.Thread(
            target=store.update, args=([replace(call(party), caller=party)], FED)
        )
        writer.start()
        with watch.over(of(party)) as bell:
            seen = store.snapshot(Query(ByParty((party,), (Status.LAST,)), NOON)).calls
            if not seen:
                assert eventually(bell._rung.is_set)
        writer.join()
    assert eventually(lambda: not watchers())


def test_stopping_wakes_everybody_with_gateway_stopping() -> None:
    watch = Watch(MemoryStore())
    by_id = Query(ByPlatformCallID("p"), NOON)
    with waiting(watch, of("1"), of("2"), of("2"), by_id) as waiters:
        assert watch.parked == 4
        watch.stop()
        assert eventually(lambda: all(each.stopped for each in waiters))
    assert watch.parked == 0
    assert not watch._by_party


def test_whoever_comes_after_the_stop_is_sent_away_at_once() -> None:
    watch = Watch(MemoryStore())
    watch.stop()
    watch.stop()
    with watch.over(of("1")) as bell, pytest.raises(GatewayStopping):
        bell.wait(LONG)
    assert not watchers()


def test_the_time_is_over_when_it_is_over_but_never_without_a_pause() -> None:
    bell = Bell(lambda: False)
    began = time.monotonic()
    bell.wait(timedelta(seconds=-5))
    assert PAUSE * 0.9 <= time.monotonic() - began < BOUND


def test_one_thread_looks_for_all_and_ends_when_nobody_waits(store: Store) -> None:
    watch = Watch(store)
    for _ in range(3):
        with watch.over(of("1")), watch.over(of("2")):
            assert len(watchers()) == 1
            assert watch.parked == 2
        assert eventually(lambda: not watchers())
    assert watch.parked == 0


def test_a_waiter_that_comes_while_the_thread_ends_is_woken_all_the_same(store: Store) -> None:
    watch = Watch(store)
    for number in range(30):
        with watch.over(of("8856")) as bell:
            store.update([call(str(number))], FED)
            assert eventually(bell._rung.is_set)
        time.sleep(LOOK_EVERY * (number % 5) / 4)  # the thread is caught at different moments
    assert eventually(lambda: not watchers())


@dataclass
class MoodyStore:
    """A store that cannot be read while it is told so."""

    error: Exception | None = None
    asked: int = 0
    since: set[int] = field(default_factory=set)
    store: MemoryStore = field(default_factory=MemoryStore)

    def pulse(self) -> Pulse:
        if self.error:
            raise self.error
        return self.store.pulse()

    def changes(self, since: int) -> Changes:
        self.asked += 1
        self.since.add(since)
        if self.error:
            raise self.error
        return self.store.changes(since)


@pytest.mark.parametrize("error", [StoreError("locked"), RuntimeError("a fault of ours")])
def test_a_store_that_fails_for_a_while_is_told_once_and_does_not_end_the_watch(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    store = MoodyStore()
    with waiting(Watch(store), of("8856")) as (waiter,):
        store.error = error
        asked = store.asked
        assert eventually(lambda: store.asked > asked + 3)
        store.store.update([call()], FED)
        store.error = None
        assert eventually(lambda: waiter.woken == 1)
    told = [each for each in caplog.records if each.levelno == logging.ERROR]
    assert [each.getMessage() for each in told] == [f"waiting requests cannot be woken: {error}"]


def test_a_store_that_cannot_be_read_at_first_wakes_for_nothing_rather_than_too_late() -> None:
    store = MoodyStore(error=StoreError("locked"))
    store.store.update([call()], FED)
    with waiting(Watch(store), of("8856")) as (waiter,):
        store.error = None
        assert eventually(lambda: waiter.woken == 1)
    assert 0 not in store.since  # of ten million calls, that would be all


def test_ten_thousand_bells_are_registered_and_rung_in_no_time(store: Store) -> None:
    watch = Watch(store)
    began = time.monotonic()
    with ExitStack() as stack:
        bells = [stack.enter_context(watch.over(of(str(n)))) for n in range(10_000)]
        assert watch.parked == 10_000
        store.update([replace(call(str(n)), caller=str(n)) for n in range(10_000)], FED)
        assert eventually(lambda: all(bell._rung.is_set() for bell in bells))
    assert watch.parked == 0
    assert time.monotonic() - began < BOUND
    assert eventually(lambda: not watchers())


def test_whoever_has_hung_up_is_sent_away_and_nobody_else(store: Store) -> None:
    watch, gone = Watch(store), threading.Event()
    query = Query(ByParty(("8856",), (Status.NEXT,)), NOON)
    with watch.over(query) as stays, watch.over(query, gone.is_set) as leaves:
        leaves.wait(timedelta(seconds=0.2))
        gone.set()
        with pytest.raises(ClientGone):
            leaves.wait(timedelta(seconds=5))
        stays.wait(timedelta(seconds=0.1))
    assert eventually(lambda: not watchers())


def test_each_of_many_waiters_is_asked_about_once_a_second(store: Store) -> None:
    watch = Watch(store)
    query = Query(ByParty(("8856",), (Status.NEXT,)), NOON)
    asked = [0] * 200

    def count(number: int) -> bool:
        asked[number] += 1
        return False

    with ExitStack() as waiters:
        for number in range(200):
            waiters.enter_context(watch.over(query, partial(count, number)))
        assert eventually(lambda: min(asked) >= 1)
        assert max(asked) <= min(asked) + 1
    assert eventually(lambda: not watchers())


def test_whoever_wants_a_newer_snapshot_is_woken_by_it_though_nothing_is_new(store: Store) -> None:
    watch = Watch(store)
    store.update([], FeedState(as_of=NOON))
    with watch.over(of("1")) as wants, watch.over(of("2")) as wants_not:
        wants_not.wait(timedelta(0))
        woken = threading.Event()

        def wait() -> None:
            wants.wait(LONG, newer=True)
            woken.set()

        threading.Thread(target=wait).start()
        assert not woken.wait(0.2)
        store.update([], FeedState(as_of=NOON + timedelta(seconds=1)))
        assert woken.wait(2)
        assert not wants_not._rung.is_set()
    assert eventually(lambda: not watchers())
