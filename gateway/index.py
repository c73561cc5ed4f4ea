"""The call index as a request sees it: look, wait where waiting is the answer, and judge.

Touches the world in two ways: it looks into a store, and it waits. Knows nothing of who asks, or
how an answer looks.
"""

import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, final

from gateway.core.admission import Admitted
from gateway.core.calls import Snapshot
from gateway.core.errors import IndexSilent, StoreError
from gateway.core.query import ByParty, Query, Status, meant, resolvable
from gateway.core.replies import Origin, Source
from gateway.core.requests import Clock
from gateway.core.selection import NEXT_WITHIN, Terms, select
from gateway.core.verdicts import Ambiguous, Found, NotYet, Unknown, Unsure, Verdict
from gateway.stores import CallStore, Changes
from gateway.stores.bell import HungUp
from gateway.stores.watch import Watch

log = logging.getLogger(__name__)

SILENT: Final = Unknown("the index cannot be read", passing=True)
# A call that is deleted while it is ongoing is listed until its end, and yet is no more.
DELETED_FOR: Final = timedelta(days=1)
# Which call was deleted, when the index had to tell: it may have been another by then.
DOUBTED_AFTER: Final = timedelta(seconds=5)


@final
@dataclass(frozen=True, slots=True)
class Sight:
    """One look into the index: what was asked and seen, when, and the verdict.

    `snapshot` is `None` if the store could not be read.
    """

    query: Query
    snapshot: Snapshot | None
    seen_at: datetime
    verdict: Verdict

    @property
    def age(self) -> timedelta:
        """How old the snapshot was."""
        as_of = self.snapshot.as_of if self.snapshot else None
        return self.seen_at - as_of if as_of else timedelta.max

    def source(self, origin: Origin, age: timedelta | None = None) -> Source:
        """Where an answer came from that this look led to, and why."""
        match self.verdict:
            case Found(_, rule):
                found: tuple[tuple[str, str | int], ...] = (("candidates", 1), ("rule", rule))
            case Ambiguous(candidates, rule):
                found = (("candidates", candidates), ("rule", rule))
            case Unknown(reason):
                return Source(origin, age, (("reason", reason),))
            case _:
                found = (("candidates", 0),)
        return Source(origin, age, found, self.age)


@final
@dataclass(frozen=True, slots=True)
class Doomed:
    """A call that will be no more if a request succeeds, and for how long that is believed."""

    id: str
    believed_for: timedelta


@final
@dataclass(frozen=True, slots=True)
class Index:
    """What answers *which call?*, on these terms. Shared by all threads."""

    calls: CallStore
    watch: Watch
    clock: Clock
    terms: Terms

    def decide(self, query: Query, hung_up: HungUp) -> Sight:
        """Look, and wait where waiting is the answer. The verdict is spoken or unknown."""
        sight = self.look(query)
        if isinstance(sight.verdict, NotYet):
            sight = self._park(sight.query, sight.verdict.until, hung_up)
        if isinstance(sight.verdict, Unsure):
            sight = self._settle(sight.query, hung_up)
        return sight

    def look(self, query: Query, *, at_any_age: bool = False) -> Sight:
        """Look once, and judge. A store that fails makes the index silent."""
        return self._look(query, self.terms.at_any_age() if at_any_age else self.terms)

    def judge(self, query: Query) -> Verdict:
        """What the index knows now, to be compared with what the recorder says.

        Whether or not it contradicted the index of late, and with the stuck calls that it has.
        """
        terms = replace(self.terms, though_contradicted=True, stuck_after=None)
        return self._look(query, terms).verdict

    def resolved(self, admitted: Admitted) -> Admitted:
        """The request with the id of the call that it means, if it may be told by the index."""
        query = resolvable(admitted)
        verdict = self.look(query).verdict if query else None
        return admitted.naming(verdict.call.id) if isinstance(verdict, Found) else admitted

    def doomed_by(self, admitted: Admitted) -> Doomed | None:
        """The call that will be no more if the request succeeds, if it can be told."""
        if not admitted.parameters.action.removes:
            return None
        call = meant(admitted)
        if not isinstance(call, Query):
            return Doomed(call, DELETED_FOR) if call else None
        verdict = self.look(call).verdict
        return Doomed(verdict.call.id, DOUBTED_AFTER) if isinstance(verdict, Found) else None

    def remove(self, doomed: Doomed) -> None:
        """Take a call out, for everybody, before whoever deleted it is told so."""
        try:
            self.calls.overrule((), (doomed.id,), self.clock() + doomed.believed_for)
        except StoreError as error:
            log.error("a call that was deleted stays in the index: %s", error)

    def revision(self) -> int | None:
        """What changes with the index; `None` if it cannot be read."""
        try:
            return self.calls.pulse().revision
        except StoreError:
            return None

    def _look(self, query: Query, terms: Terms) -> Sight:
        now = self.clock()
        try:
            snapshot = self.calls.snapshot(query)
        except StoreError as error:
            log.error("the index is silent: %s", error)
            return Sight(query, None, now, SILENT)
        query = query.after_looking(snapshot)
        return Sight(query, snapshot, now, select(query, snapshot, now, terms))

    def _park(self, query: Query, until: datetime, hung_up: HungUp) -> Sight:
        """Wait until the index knows of the next call, or the minute is over and was seen out.

        Whoever waits here holds no thread of the recorder's. If the index falls silent
        meanwhile, it may speak again before the minute is over.
        """
        with self.watch.over(query, hung_up) as bell:
            sight = self.look(query)
            while True:
                silent = isinstance(sight.verdict, Unknown) and sight.verdict.passing
                if not (silent or isinstance(sight.verdict, NotYet)):
                    return sight
                # A clock that is set back while somebody waits must not make him wait for longer.
                left = min(until - self.clock(), NEXT_WITHIN - bell.waited)
                if left <= -self.terms.max_age:
                    raise IndexSilent
                over = left <= timedelta(0)
                news = bell.wait(left + self.terms.max_age if over else left, newer=silent or over)
                sight = self._informed(sight, news)

    def _informed(self, sight: Sight, news: Changes | None) -> Sight:
        """Judge again by what has changed: ten thousand who are woken need not look each.

        Unless the index has moved on since. News tell of no call that was removed: where every
        status was tried and none had a candidate, none that is gone can have been one, but it may
        have told which reading of a number is meant.
        """
        seen = isinstance(sight.verdict, NotYet) and sight.snapshot
        if not (seen and news and _tries_all(sight.query) and news.revision == self.revision()):
            return self.look(sight.query)
        snapshot, now = seen.renewed_by(news.snapshot), self.clock()
        verdict = select(sight.query, snapshot, now, self.terms)
        return Sight(sight.query, snapshot, now, verdict)

    def _settle(self, query: Query, hung_up: HungUp) -> Sight:
        """Wait for a snapshot that is new enough to say no, or until the index is silent."""
        with self.watch.over(query, hung_up) as bell:
            while isinstance((sight := self.look(query)).verdict, Unsure):
                bell.wait(sight.verdict.until - self.clock(), newer=True)
        return sight


def _tries_all(query: Query) -> bool:
    """Whether a query that waits has tried everything else, and of one number alone."""
    selector = query.selector
    if not isinstance(selector, ByParty):
        return False
    return len(selector.numbers) == 1 and selector.statuses[-1] is Status.NEXT
