"""The index against an oracle that sees the true history: any calls, polls, failures and clocks.

The recorder's lists are made from the history, late and by its own clock. Whatever the index
answers must have been true at some instant between its `as_of` and now, of the calls that the
recorder had listed by then, or the index must be silent; and it must be silent beyond `max_age`.
"""

import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from gateway.core.calls import Call
from gateway.core.errors import RecorderUnreachable
from gateway.core.query import ByParty, Query, Status
from gateway.core.selection import Terms, select
from gateway.core.verdicts import Ambiguous, Found, NotFound, Unknown, Verdict
from gateway.feed.poll import Poll
from tests.fakes import NOON, FrozenClock
from tests.feed.recorders import MONTH, UTC_ZONE, FakeSearch
from tests.stores.kinds import KINDS

MAX_AGE = timedelta(seconds=3)
TERMS = Terms(MAX_AGE)
PARTIES = ("1", "2", "3")
FORMS = (
    (Status.ONGOING,),
    (Status.LAST,),
    (Status.LAST, Status.ONGOING),
    (Status.ONGOING, Status.LAST),
)
moments = st.sampled_from([0.0, 0.2, 0.7, 1.0, 1.3, 4.0, 70.0])


@dataclass
class Lived:
    """A call as it was; `listed_at`: when its record appears; `seen`: when it first was listed."""

    id: str
    caller: str
    called: str
    began: datetime
    ended: datetime | None = None
    listed_at: datetime | None = None
    seen: datetime | None = None


class Index(RuleBasedStateMachine):
    """A store of one kind, fed from a history that is made up as it goes."""

    kind = "memory"

    @initialize(ahead=st.sampled_from([-90.0, -0.3, 0.0, 0.4, 90.0]), dated=st.booleans())
    def begin(self, ahead: float, dated: bool) -> None:
        """An empty index, and a recorder whose clock may be wrong and may be told."""
        self.folder = tempfile.TemporaryDirectory()
        self.store = KINDS[self.kind](Path(self.folder.name))
        self.clock = FrozenClock(NOON)
        self.ahead = timedelta(seconds=ahead)
        self.recorder = FakeSearch(ahead=self.ahead if dated else None)
        self.calls: list[Lived] = []
        self.poll = self._poll()

    def _poll(self) -> Poll:
        return Poll(
            store=self.store,
            account=self.recorder,
            zone=UTC_ZONE,
            keep=MONTH,
            clock=self.clock,
        )

    @rule(seconds=moments)
    def pass_time(self, seconds: float) -> None:
        """The time passes."""
        self.clock.move(seconds)

    @rule(parties=st.permutations(PARTIES))
    def call(self, parties: list[str]) -> None:
        """Somebody calls somebody."""
        self.clock.move(0.05)
        id_ = f"c{len(self.calls)}"
        self.calls.append(Lived(id_, parties[0], parties[1], self.clock()))

    @precondition(lambda self: any(call.ended is None for call in self.calls))
    @rule(which=st.integers(0, 9), late=st.sampled_from([0.0, 0.0, 0.6, 2.5, 8.0]))
    def hang_up(self, which: int, late: float) -> None:
        """A call ends; its record appears so much later."""
        self.clock.move(0.05)
        alive = [call for call in self.calls if call.ended is None]
        call = alive[which % len(alive)]
        call.ended = self.clock()
        call.listed_at = call.ended + timedelta(seconds=late)

    @rule()
    def feed(self) -> None:
        """A round of the feed."""
        self._round(lambda _: None)
        self._see()

    @rule(which=st.integers(1, 3))
    def feed_badly(self, which: int) -> None:
        """A round in which one request fails, perhaps after it has stored something."""

        def fail(number: int) -> None:
            if number == which:
                raise RecorderUnreachable

        with suppress(RecorderUnreachable):
            self._round(fail)
        if self.store.state().as_of == self.clock():  # it failed in what comes after the lists
            self._see()
        for call in self.calls:  # or after some of the records were stored
            if call.seen is None and self.store.known([call.id]):
                call.seen = self.clock()

    @rule()
    def restart(self) -> None:
        """Another worker feeds from now on."""
        self.poll = self._poll()

    def _round(self, before: Callable[[int], None]) -> None:
        now = self.clock()
        self.recorder.ongoing = [self._told(c) for c in self.calls if c.ended is None]
        self.recorder.recorded = [
            self._told(c) for c in self.calls if c.listed_at is not None and c.listed_at <= now
        ]
        self.recorder.asked.clear()
        self.recorder.before = before
        self.poll.round()

    def _told(self, call: Lived) -> Call:
        """The call as the recorder's lists tell it."""
        began, ended = call.began + self.ahead, call.ended and call.ended + self.ahead
        return Call(call.id, call.caller, call.called, began, ended)

    def _see(self) -> None:
        now = self.clock()
        for call in self.calls:
            listed = call.ended is None or (call.listed_at is not None and call.listed_at <= now)
            if listed and call.seen is None:
                call.seen = now

    @invariant()
    def it_says_what_was_true_or_nothing(self) -> None:
        """Every question that can be put is put."""
        if not hasattr(self, "store"):
            return
        now = self.clock()
        for party in PARTIES:
            for statuses in FORMS:
                query = Query(ByParty((party,), statuses), now)
                snapshot = self.store.snapshot(query)
                verdict = select(query, snapshot, now, TERMS)
                if isinstance(verdict, Unknown):
                    continue
                assert snapshot.as_of is not None
                assert now - snapshot.as_of <= MAX_AGE
                true = [self.true_at(at, party, statuses) for at in self.instants(snapshot.as_of)]
                assert told(verdict) in true, (verdict, true)

    def instants(self, since: datetime) -> list[datetime]:
        """All moments since then at which anything was different, and now."""
        edges = [call.began for call in self.calls]
        edges += [call.ended for call in self.calls if call.ended]
        return [since, self.clock(), *(each for each in edges if each >= since)]

    def true_at(self, at: datetime, party: str, statuses: tuple[Status, ...]) -> object:
        """What was true then of the calls that the recorder had listed by now."""
        calls = [
            c for c in self.calls if c.seen and party in (c.caller, c.called) and c.began <= at
        ]
        ongoing = [c for c in calls if c.ended is None or c.ended > at]
        ended = [c for c in calls if c.ended is not None and c.ended <= at]
        for status in statuses:
            if status is Status.ONGOING and ongoing:
                return ongoing[0].id if len(ongoing) == 1 else len(ongoing)
            if status is Status.LAST and ended:
                return max(ended, key=lambda c: (c.ended, c.began)).id
        return None

    def teardown(self) -> None:
        """Let go of the file."""
        if hasattr(self, "store"):
            self.store.close()
            self.folder.cleanup()


def told(verdict: Verdict) -> object:
    """A verdict as the oracle tells it."""
    match verdict:
        case Found(call):
            return call.id
        case Ambiguous(candidates):
            return candidates
        case NotFound():
            return None
        case _:
            raise AssertionError(verdict)


class FileIndex(Index):
    """The same in SQLite."""

    kind = "sqlite"


def examples(count: int) -> Any:
    """So many histories, of up to fifty steps."""
    return settings(
        max_examples=count,
        stateful_step_count=50,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


TestMemory = Index.TestCase
TestMemory.settings = examples(150)
TestFile = FileIndex.TestCase
TestFile.settings = examples(25)
