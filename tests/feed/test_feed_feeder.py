"""Who feeds: one of all, for as long as it lives, and whatever happens in a round."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

import pytest

from gateway.core.errors import RecorderUnreachable, StoreError
from gateway.feed.feeder import BEAT, TERM, Feeder, Lease, LeaseLostError
from gateway.stores.memory import MemoryStore
from tests.fakes import NOON, FrozenClock

BOUND = 5.0  # seconds: "another takes over within seconds"


def eventually(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + BOUND
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.002)
    return True


@dataclass
class CountedRounds:
    """Rounds that do nothing, or fail as they are told."""

    error: Exception | None = None
    done: int = 0
    lease: Lease | None = None
    lost: int = 0

    def round(self) -> None:
        self.done += 1
        if self.error:
            raise self.error


@dataclass
class SlowRounds:
    """A round that lasts until it may go on, and asks before its last step whether it may."""

    hold: Callable[[], None]
    begun: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)
    written: int = 0
    lost: int = 0

    def round(self) -> None:
        self.begun.set()
        self.go_on.wait(BOUND)
        try:
            self.hold()
        except LeaseLostError:
            self.lost += 1
            raise
        self.written += 1


@contextmanager
def running(*feeders: Feeder) -> Iterator[None]:
    """Started, and stopped at the end; no thread is left over."""
    for each in feeders:
        each.start()
    try:
        yield
    finally:
        for each in feeders:
            each.stop()
        assert eventually(lambda: not leftover())


def is_leased(store: MemoryStore, leased: tuple[str, datetime]) -> bool:
    return store._leased == leased


def leftover() -> list[threading.Thread]:
    return [each for each in threading.enumerate() if each.name in {"feed", "lease"}]


class Workers:
    """Some workers that share a store and a clock."""

    def __init__(self, count: int) -> None:
        self.clock = FrozenClock()
        self.store = MemoryStore()
        self.rounds = [CountedRounds() for _ in range(count)]
        self.leases = [Lease(self.store, f"w{n}", self.clock) for n in range(count)]
        self.feeders = [
            Feeder(rounds, lease, 0.005)
            for rounds, lease in zip(self.rounds, self.leases, strict=True)
        ]


def test_one_of_several_workers_feeds() -> None:
    workers = Workers(3)
    with running(*workers.feeders):
        assert eventually(lambda: any(each.done > 3 for each in workers.rounds))
        assert sum(each.done > 0 for each in workers.rounds) == 1


def test_when_the_one_that_feeds_is_stopped_another_feeds_soon() -> None:
    workers = Workers(2)
    first, second = workers.feeders
    with running(first):
        assert eventually(lambda: workers.rounds[0].done > 0)
        with running(second):
            first.stop()
            done = workers.rounds[0].done
            assert eventually(lambda: workers.rounds[1].done > 0)
            assert workers.rounds[0].done == done


def test_one_that_died_is_replaced_when_its_term_is_over() -> None:
    workers = Workers(1)
    assert workers.store.lease("died", NOON, TERM)
    with running(*workers.feeders):
        workers.clock.move(TERM.total_seconds() - 0.001)
        assert not workers.store.lease("somebody", workers.clock(), TERM)
        assert workers.rounds[0].done == 0
        workers.clock.move(0.001)
        assert eventually(lambda: workers.rounds[0].done > 0)
    assert TERM.total_seconds() + BEAT <= BOUND


def test_the_lease_is_prolonged_however_long_a_round_takes() -> None:
    clock, store = FrozenClock(), MemoryStore()
    lease = Lease(store, "slow", clock)
    rounds = SlowRounds(lease.hold)
    with running(Feeder(rounds, lease, 0.005)):
        assert rounds.begun.wait(BOUND)
        for _ in range(2):
            clock.move(TERM.total_seconds() - 0.5)
            prolonged = ("slow", clock() + TERM)
            assert eventually(partial(is_leased, store, prolonged))
        rounds.go_on.set()
        assert eventually(lambda: rounds.written > 0)


def test_a_lease_is_lost_by_the_clock_before_anybody_has_said_so() -> None:
    """As when a machine slept: the thread that prolongs it has not run yet."""
    clock = FrozenClock()
    lease = Lease(MemoryStore(), "sleeper", clock)
    lease._take(clock())
    clock.move(TERM.total_seconds() - 0.001)
    lease.hold()
    clock.move(0.001)
    with pytest.raises(LeaseLostError):
        lease.hold()


def test_a_round_does_not_go_on_when_another_has_the_lease() -> None:
    clock, store = FrozenClock(), MemoryStore()
    lease = Lease(store, "first", clock)
    rounds = SlowRounds(lease.hold)
    with running(Feeder(rounds, lease, 60)):
        assert rounds.begun.wait(BOUND)
        store.release("first")
        assert store.lease("second", clock(), TERM)
        assert eventually(lambda: not lease.ours.is_set())
        rounds.go_on.set()
        assert eventually(lambda: rounds.lost == 1)
    assert rounds.written == 0


def test_stopping_ends_a_round_after_the_request_that_is_under_way() -> None:
    clock, store = FrozenClock(), MemoryStore()
    lease = Lease(store, "stopped", clock)
    rounds = SlowRounds(lease.hold)
    feeder = Feeder(rounds, lease, 0.005)
    with running(feeder):
        assert rounds.begun.wait(BOUND)
        feeder.stop(within=0.05)
        assert store.lease("other", clock(), TERM)
        rounds.go_on.set()
        assert eventually(lambda: rounds.lost == 1)
        assert rounds.written == 0


def test_stopping_a_worker_that_does_not_feed_takes_no_time() -> None:
    workers = Workers(1)
    workers.store.lease("other", NOON, TERM)
    with running(*workers.feeders):
        began = time.monotonic()
        workers.feeders[0].stop()
        assert time.monotonic() - began < BEAT / 2
    assert workers.rounds[0].done == 0
    assert not workers.store.lease("third", NOON, TERM)


def test_stopping_before_starting_and_stopping_twice_do_nothing() -> None:
    workers = Workers(1)
    (feeder,) = workers.feeders
    feeder.stop()
    feeder.stop()
    feeder.start()
    assert not leftover()
    assert workers.rounds[0].done == 0


def test_a_worker_that_was_stopped_many_times_has_given_the_lease_back() -> None:
    workers = Workers(1)
    with running(*workers.feeders):
        assert eventually(lambda: workers.rounds[0].done > 0)
        workers.feeders[0].stop()
        workers.feeders[0].stop()
    assert workers.store.lease("other", NOON, TERM)


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [each.getMessage() for each in caplog.records if each.name.startswith("gateway.feed")]


@pytest.mark.parametrize(
    ("error", "traced"),
    [
        (RecorderUnreachable(), False),
        (StoreError("the store is locked"), False),
        (ValueError("a fault of ours"), True),
        (OverflowError("another"), True),
    ],
)
def test_a_failure_is_told_once_and_its_end_once_and_the_feed_goes_on(
    error: Exception, traced: bool, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    workers = Workers(1)
    workers.rounds[0].error = error
    with running(*workers.feeders):
        assert eventually(lambda: workers.rounds[0].done > 5)
        workers.rounds[0].error = None
        done = workers.rounds[0].done
        assert eventually(lambda: workers.rounds[0].done > done + 3)
    assert told(caplog) == [f"the index is not fed: {error}", "the index is fed again"]
    assert bool(caplog.records[0].exc_info) is traced


def test_another_failure_is_told_as_well(caplog: pytest.LogCaptureFixture) -> None:
    workers = Workers(1)
    workers.rounds[0].error = RecorderUnreachable()
    with running(*workers.feeders):
        assert eventually(lambda: workers.rounds[0].done > 2)
        workers.rounds[0].error = StoreError("full")
        done = workers.rounds[0].done
        assert eventually(lambda: workers.rounds[0].done > done + 2)
    assert told(caplog)[-1] == "the index is not fed: full"
    assert len(told(caplog)) == 2


@dataclass
class MoodyLeases:
    """A store whose lease cannot be taken while it is told so."""

    error: Exception | None = None
    asked: int = 0

    def lease(self, holder: str, now: datetime, term: timedelta) -> bool:
        del holder, now, term
        self.asked += 1
        if self.error:
            raise self.error
        return True

    def release(self, holder: str) -> None:
        raise StoreError(f"cannot release {holder}")


def test_a_lease_is_ours_for_its_term_though_the_store_fails_and_no_longer(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock, store = FrozenClock(), MoodyLeases()
    lease = Lease(store, "w", clock)
    lease._take(clock())
    for store.error in (StoreError("locked"), StoreError("locked"), RuntimeError("ours")):
        lease._take(clock())
        lease.hold()
    clock.move(TERM.total_seconds())
    with pytest.raises(LeaseLostError):
        lease.hold()
    assert told(caplog) == [
        "the lease to feed cannot be taken: locked",
        "the lease to feed cannot be taken: ours",
    ]


def test_a_lease_that_cannot_be_given_back_is_told_and_stops_nobody(
    caplog: pytest.LogCaptureFixture,
) -> None:
    store = MoodyLeases()
    rounds = CountedRounds()
    with running(Feeder(rounds, Lease(store, "w", FrozenClock()), 0.005)):
        assert eventually(lambda: rounds.done > 0)
    assert "the lease is not given back: cannot release w" in told(caplog)


def test_nobody_holds_a_lease_that_was_never_taken() -> None:
    with pytest.raises(LeaseLostError):
        Lease(MemoryStore(), "w", FrozenClock()).hold()
