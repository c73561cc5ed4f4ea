"""Stand-ins for the recorder as the feed sees it, and what a feed under test is made of."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Self
from zoneinfo import ZoneInfo

from gateway.core.calls import Call
from gateway.core.parameters import Pair
from gateway.core.query import ByParty, Query, Status
from gateway.core.secrets import Secret
from gateway.feed.account import Account, Credentials, Page
from gateway.feed.clocks import Ahead
from gateway.feed.poll import Poll
from gateway.recorder.transport import Settings as Timeouts
from gateway.recorder.transport import Transport
from gateway.simulator.clock import FrozenClock as RecorderClock
from gateway.simulator.server import Server
from gateway.simulator.settings import EMPTY, SEED_KEY, Settings, Traffic
from gateway.stores.memory import MemoryStore
from tests.fakes import NOON, FrozenClock, call

UTC_ZONE = ZoneInfo("UTC")
MONTH = timedelta(days=30)


def text(moment: datetime | None) -> str:
    """A time as the recorder writes it."""
    return moment.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3] if moment else ""


def row(each: Call) -> Mapping[str, str]:
    """A call as a row of a list."""
    return {
        "ccdr_id": each.id,
        "source_caller_id": each.caller,
        "destination_caller_id": each.called,
        "start_time": text(each.started_at),
        "end_time": text(each.ended_at),
        "platform_call_id": each.platform_call_id,
        "native_id": each.native_id,
        "manual": str(int(each.manual)),
    }


@dataclass
class FakeSearch:
    """A recorder that lists the calls that it was given, in UTC, and remembers what it was asked.

    `cap`: how long its pages are at most. `heeds_pagefirst`, `heeds_order`: whether it does.
    `heeds_nothing`: it lists all its calls, the newest first, whatever it is asked.
    `before`: called with the number of the request, and may raise what the recorder fails with.
    """

    ongoing: list[Call] = field(default_factory=list)
    recorded: list[Call] = field(default_factory=list)
    cap: int = 1000
    heeds_pagefirst: bool = True
    heeds_order: bool = True
    heeds_nothing: bool = False
    ahead: timedelta | None = timedelta(0)
    secondary: set[str] = field(default_factory=set)
    before: Callable[[int], None] = lambda _: None
    asked: list[dict[str, str]] = field(default_factory=list)

    def search(self, parameters: tuple[Pair, ...]) -> Page:
        """One page."""
        asked = dict(parameters)
        self.asked.append(asked)
        self.before(len(self.asked))
        calls = self.ongoing if asked["status"] == "ongoing" else self.recorded
        if self.heeds_nothing:
            return Page(tuple(map(row, reversed(calls))), self._told())
        found = [c for c in calls if asked["start"] <= text(c.started_at) <= asked["end"]]
        found.sort(key=lambda c: c.started_at, reverse=not self.heeds_order)
        first = int(asked["pagefirst"]) if self.heeds_pagefirst else 0
        length = min(int(asked["pagelen"]), self.cap)
        rows = (
            {**row(each), "secondary": str(each.id in self.secondary).lower()}
            for each in found[first : first + length]
        )
        return Page(tuple(rows), self._told())

    def _told(self) -> Ahead | None:
        return None if self.ahead is None else Ahead(self.ahead, self.ahead)

    def starts(self, status: str) -> list[str]:
        """From which begins on it was asked for a list."""
        return [asked["start"] for asked in self.asked if asked["status"] == status]

    def end(self, id_: str, at: float) -> None:
        """A call ends, and is recorded at once; `at` in seconds after noon."""
        self.recorded.append(self.leave(id_, at))

    def leave(self, id_: str, at: float) -> Call:
        """A call leaves the list of ongoing ones; its record, which is yet to appear."""
        (ended,) = (each for each in self.ongoing if each.id == id_)
        self.ongoing.remove(ended)
        return replace(ended, ended_at=NOON + timedelta(seconds=at))


class Feed:
    """A poll of a fake recorder into a store in memory, at noon."""

    def __init__(self, recorder: FakeSearch | None = None, keep: timedelta = MONTH) -> None:
        self.clock = FrozenClock()
        self.recorder = recorder or FakeSearch()
        self.store = MemoryStore()
        self.keep = keep
        self.poll = self.restarted()

    def restarted(self) -> Poll:
        """Another poll into the same store, as after a restart."""
        self.poll = Poll(
            store=self.store,
            account=self.recorder,
            zone=UTC_ZONE,
            keep=self.keep,
            clock=self.clock,
        )
        return self.poll

    def after(self, seconds: float) -> None:
        """A round, so many seconds later."""
        self.clock.move(seconds)
        self.recorder.asked.clear()
        self.poll.round()

    def of(self, number: str = "8856") -> dict[str, Call]:
        """What the index knows of a number."""
        return known(self.store, number)


def known(store: MemoryStore, number: str) -> dict[str, Call]:
    """What an index knows of a number, by id."""
    query = Query(ByParty((number,), (Status.LAST,)), NOON)
    return {each.id: each for each in store.snapshot(query).calls}


def history(count: int, *, apart: float = 60.0) -> list[Call]:
    """Calls that ended, one after the other, the last of them began `apart` seconds ago."""
    return [
        call(f"h{n}", started=-apart * (count - n), ended=-apart * (count - n) + 10)
        for n in range(count)
    ]


class Simulated(AbstractContextManager["Simulated"]):
    """A poll of the recorder simulator over HTTP, both with clocks that stand still at noon."""

    def __init__(
        self, *, traffic: Traffic = EMPTY, zone: str = "UTC", now: datetime = NOON, **more: object
    ) -> None:
        self.clock = FrozenClock(now)
        self.recorder_clock = RecorderClock(now.timestamp())
        settings = Settings(port=0, traffic=traffic, time_zone=zone, **more)  # type: ignore[arg-type]
        self.server = Server(settings, self.recorder_clock)
        self.world = self.server.world
        self.store = MemoryStore()
        self.transport = Transport(Timeouts(connect_timeout=2.0, timeout=10.0))
        self.zone = ZoneInfo(zone)

    def __enter__(self) -> Self:
        self.server.start()
        self.account = self.login()
        self.poll = Poll(
            store=self.store,
            account=self.account,
            zone=self.zone,
            keep=MONTH,
            clock=self.clock,
        )
        return self

    def __exit__(self, *_: object) -> None:
        self.transport.close()
        self.server.stop()

    def login(self, password: str = "pa$$word", **more: object) -> Account:
        """An account at the simulator."""
        credentials = Credentials(Secret(SEED_KEY), Secret("myapiuser"), Secret(password))
        nodes = (self.server.url,)
        given = {"nodes": nodes, "credentials": credentials, "clock": self.clock, **more}
        return Account(transport=self.transport, **given)  # type: ignore[arg-type]

    def after(self, seconds: float) -> None:
        """A round, so many seconds later."""
        self.clock.move(seconds)
        self.recorder_clock.move(seconds)
        self.poll.round()

    def of(self, number: str) -> dict[str, Call]:
        """What the index knows of a number."""
        return known(self.store, number)

    @property
    def now(self) -> datetime:
        """The gateway's clock."""
        return self.clock.now.astimezone(UTC)
