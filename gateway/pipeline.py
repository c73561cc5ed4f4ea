"""The journey of a request. Read this first; the rest of the gateway is what it calls.

    pairs --parse--> Parameters --admit--> Admitted --understand--> Query --select--> Verdict
                                              |                                          |
                                         recorder.ask <------- not ours, Unknown --------+
                                              |                                          |
                Rendition <--render-- Reply <-+<----------------answer-------------------'

A request is parsed, admitted, understood, decided, answered and dressed. Every step is a pure
function, but for the two that touch the world: looking into a store and asking the recorder.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, Protocol, final

from gateway.core.admission import Admitted, admit
from gateway.core.applications import Applications
from gateway.core.calls import Snapshot
from gateway.core.errors import (
    IndexSilent,
    NoAnswer,
    RecorderError,
    Refusal,
    StoreError,
)
from gateway.core.learning import lesson
from gateway.core.parameters import Pair, parse
from gateway.core.query import Query, meant, understand
from gateway.core.replies import (
    PASSED_ON,
    REFUSED,
    UNANSWERED,
    Dialect,
    Document,
    Origin,
    Outcome,
    Rendition,
    Reply,
    Source,
    answer,
    excuse,
)
from gateway.core.requests import Clock, Request
from gateway.core.secrets import Secret
from gateway.core.selection import (
    CONTRADICTED,
    Ambiguous,
    Found,
    NotYet,
    Spoken,
    Terms,
    Unknown,
    Unsure,
    Verdict,
    select,
)
from gateway.core.tokens import TokenRecord
from gateway.rendering import Renderer
from gateway.rendering.documents import read
from gateway.stores import CallStore, TokenStore
from gateway.stores.near import NearAnswers
from gateway.stores.watch import HungUp, Watch

log = logging.getLogger(__name__)

# A call that is deleted while it is ongoing is listed until its end, and yet is no more.
DELETED_FOR: Final = timedelta(days=1)
SILENT: Final = Unknown("the index cannot be read", passing=True)


class Recorder(Protocol):
    """Whoever can be asked what the index may not answer."""

    def ask(self, admitted: Admitted) -> tuple[Reply, str]:
        """The recorder's own reply and the node that gave it; else raises `RecorderError`."""
        ...


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
class Journey:
    """Where a request has been: the answer, and what it rests on, for whoever wants to know."""

    rendition: Rendition
    reply: Reply
    admitted: Admitted | None
    sight: Sight | None
    origin: Origin


@final
@dataclass(frozen=True, slots=True)
class Gateway:
    """The journey, and what it needs on the way. Made by the wiring, shared by all threads."""

    applications: Applications
    calls: CallStore
    tokens: TokenStore
    watch: Watch
    recorder: Recorder
    renderer: Renderer
    clock: Clock
    terms: Terms
    verify: Callable[[Query], None] = lambda _: None
    near: NearAnswers = field(default_factory=NearAnswers)
    dialect: Dialect = Dialect.DOCUMENTED

    def travel(self, request: Request) -> Journey:
        """Take a request the whole way. Raises nothing that a request can cause."""
        admitted, sight = None, None
        parameters = parse(request.pairs)
        try:
            admitted = admit(parameters, request, self.applications, self._recall)
            query = understand(admitted)
            sight = self._decide(query, request.hung_up) if query else None
            reply, source = self._reply(admitted, sight)
        except Refusal as refusal:
            reply, source = excuse(parameters.action.name, refusal), REFUSED
        except NoAnswer as error:
            reply, source = excuse(parameters.action.name, error), UNANSWERED
        rendition = self.renderer.render(reply, parameters.response_type, source)
        return Journey(rendition, reply, admitted, sight, source.origin)

    def refuse(self, pairs: Iterable[Pair], refusal: Refusal) -> Rendition:
        """Dress a refusal of the door's, which happened before the journey began."""
        parameters = parse(pairs)
        reply = excuse(parameters.action.name, refusal)
        return self.renderer.render(reply, parameters.response_type, REFUSED)

    def _reply(self, admitted: Admitted, sight: Sight | None) -> tuple[Reply, Source]:
        """From the index, else from the recorder, else from a stale index."""
        if sight is None:
            return self._ask(admitted), PASSED_ON
        if isinstance(sight.verdict, Spoken) or sight.verdict is CONTRADICTED:
            self.verify(sight.query)
        if isinstance(sight.verdict, Spoken):
            return self._say(admitted, sight.verdict), sight.source(Origin.HIT)
        if (near := self._near(admitted, sight.query)) is not None:
            said_at, reply = near
            return reply, sight.source(Origin.NEAR, self.clock() - said_at)
        try:
            return self._ask(admitted, sight.query), sight.source(Origin.MISS)
        except RecorderError:
            stale = self.look(sight.query, at_any_age=True)
            if not (admitted.application.stale_answers and isinstance(stale.verdict, Spoken)):
                raise
            return self._say(admitted, stale.verdict), stale.source(Origin.STALE, stale.age)

    def _say(self, admitted: Admitted, verdict: Spoken) -> Reply:
        return answer(admitted.parameters.action.name, verdict, self.dialect)

    def _decide(self, query: Query, hung_up: HungUp) -> Sight:
        """Look, and wait where waiting is the answer. The verdict is spoken or unknown."""
        sight = self.look(query)
        if isinstance(sight.verdict, NotYet):
            sight = self._park(sight.query, sight.verdict.until, hung_up)
        if isinstance(sight.verdict, Unsure):
            sight = self._settle(sight.query, hung_up)
        return sight

    def look(self, query: Query, *, at_any_age: bool = False) -> Sight:
        """Look into the index once, and judge. A store that fails makes the index silent."""
        terms = self.terms.at_any_age() if at_any_age else self.terms
        return self._look(query, terms)

    def judge(self, query: Query) -> Verdict:
        """What the index says now, whether or not the recorder contradicted it of late."""
        return self._look(query, replace(self.terms, though_contradicted=True)).verdict

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
            while True:
                sight = self.look(query)
                if not (isinstance(sight.verdict, NotYet) or _passes(sight.verdict)):
                    return sight
                left = until - self.clock()
                if left <= -self.terms.max_age:
                    raise IndexSilent
                bell.wait(left, newer=_passes(sight.verdict))

    def _settle(self, query: Query, hung_up: HungUp) -> Sight:
        """Wait for a snapshot that is new enough to say no, or until the index is silent."""
        with self.watch.over(query, hung_up) as bell:
            while isinstance((sight := self.look(query)).verdict, Unsure):
                bell.wait(sight.verdict.until - self.clock(), newer=True)
        return sight

    def _near(self, admitted: Admitted, query: Query) -> tuple[datetime, Document] | None:
        """What the recorder said to the same question, if that is as fresh as the index must be."""
        said = self.near.recall(admitted.application.name, query)
        return said if said and self.clock() - said[0] <= self.terms.max_age else None

    def _ask(self, admitted: Admitted, query: Query | None = None) -> Reply:
        """Ask the recorder, and learn what its answer teaches."""
        asked_at = self.clock()
        doomed = self._doomed(admitted)
        reply, node = self.recorder.ask(admitted)
        # Media teach nothing: what came in their place may be a page to log in with.
        outcome = read(reply) if isinstance(reply, Document) else Outcome(None)
        self._learn(admitted, outcome, node)
        if query is not None and isinstance(reply, Document) and outcome.accepted:
            self.near.keep(admitted.application.name, query, reply, asked_at)
        elif outcome.succeeded and not admitted.parameters.action.retryable:
            self.near.clear()
            self._remove(doomed)
        return reply

    def _learn(self, admitted: Admitted, outcome: Outcome, node: str) -> None:
        learned = lesson(admitted, outcome, node)
        if learned:
            try:
                self.tokens.remember(*learned)
            except StoreError as error:
                log.error("a token is not remembered: %s", error)

    def _doomed(self, admitted: Admitted) -> str | None:
        """The id of the call that will be no more if the request succeeds, if it can be told."""
        if not admitted.parameters.action.removes:
            return None
        call = meant(admitted)
        if not isinstance(call, Query):
            return call
        verdict = self.look(call).verdict
        return verdict.call.id if isinstance(verdict, Found) else None

    def _remove(self, doomed: str | None) -> None:
        """Take a call out of the index, for everybody, before whoever deleted it is told so."""
        if doomed is None:
            return
        try:
            self.calls.overrule((), (doomed,), self.clock() + DELETED_FOR)
        except StoreError as error:
            log.error("a call that was deleted stays in the index: %s", error)

    def _recall(self, token: Secret, application: str) -> TokenRecord | None:
        try:
            return self.tokens.recall(token, application)
        except StoreError as error:
            log.error("a token cannot be looked up: %s", error)
            return None


def _passes(verdict: Verdict) -> bool:
    return isinstance(verdict, Unknown) and verdict.passing
