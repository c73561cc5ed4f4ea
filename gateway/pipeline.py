"""The journey of a request. Read this first; the rest of the gateway is what it calls.

    pairs --parse--> Parameters --admit--> Admitted --understand--> Query --select--> Verdict
                                              |                                          |
                                         recorder.ask <------- not ours, Unknown --------+
                                              |                                          |
                Rendition <--render-- Reply <-+<----------------answer-------------------'

A request is parsed, admitted, understood, decided, answered and dressed. Every step is a pure
function, but for the two that touch the world: looking into a store, which `index` does, and
asking the recorder, which `forwarding` does. An answer that was given a moment ago may be given
again without the journey: that is `memo`'s affair.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import final

from gateway.core.admission import Admitted, admit
from gateway.core.applications import Applications
from gateway.core.errors import NoAnswer, RecorderError, Refusal, StoreError
from gateway.core.parameters import Pair, parse
from gateway.core.query import Query, understand
from gateway.core.replies import (
    PASSED_ON,
    REFUSED,
    Dialect,
    Origin,
    Rendition,
    Reply,
    Source,
    answer,
    excuse,
    unanswered,
)
from gateway.core.requests import Request
from gateway.core.secrets import Secret
from gateway.core.tokens import TokenRecord
from gateway.core.verdicts import CONTRADICTED, Spoken
from gateway.forwarding import Forwarding
from gateway.index import Index, Sight
from gateway.rendering import Renderer
from gateway.stores import TokenStore

log = logging.getLogger(__name__)


@final
@dataclass(frozen=True, slots=True)
class Journey:
    """Where a request has been: the answer, and what it rests on, for whoever wants to know."""

    rendition: Rendition
    admitted: Admitted | None
    sight: Sight | None
    origin: Origin


@final
@dataclass(frozen=True, slots=True)
class Gateway:
    """The journey, and what it needs on the way. Made by the wiring, shared by all threads.

    `verify`: told of each question that the index answers, for whoever checks some of them.
    """

    applications: Applications
    tokens: TokenStore
    index: Index
    forwarding: Forwarding
    renderer: Renderer
    dialect: Dialect = Dialect.DOCUMENTED
    verify: Callable[[Query], None] = lambda _: None

    def travel(self, request: Request) -> Journey:
        """Take a request the whole way. Raises nothing that a request can cause."""
        admitted, sight = None, None
        parameters = parse(request.pairs)
        try:
            admitted = admit(parameters, request, self.applications, self._recall)
            query = understand(admitted)
            sight = self.index.decide(query, request.hung_up) if query else None
            reply, source = self._reply(admitted, sight)
        except Refusal as refusal:
            reply, source = excuse(parameters.action.name, refusal), REFUSED
        except NoAnswer as error:
            reply, source = excuse(parameters.action.name, error), unanswered(error)
        rendition = self.renderer.render(reply, parameters.response_type, source)
        return Journey(rendition, admitted, sight, source.origin)

    def refuse(self, pairs: Iterable[Pair], refusal: Refusal) -> Rendition:
        """Dress a refusal of the door's, which happened before the journey began."""
        parameters = parse(pairs)
        reply = excuse(parameters.action.name, refusal)
        return self.renderer.render(reply, parameters.response_type, REFUSED)

    def _reply(self, admitted: Admitted, sight: Sight | None) -> tuple[Reply, Source]:
        """From the index, else from the recorder, else from a stale index."""
        if sight is None:
            return self.forwarding.ask(self.index.resolved(admitted)), PASSED_ON
        verdict = sight.verdict
        if isinstance(verdict, Spoken) or verdict is CONTRADICTED:
            self.verify(sight.query)
        if isinstance(verdict, Spoken):
            return self._say(admitted, verdict), sight.source(Origin.HIT)
        if (said := self.forwarding.said(admitted, sight.query)) is not None:
            return said[0], sight.source(Origin.NEAR, said[1])
        try:
            return self.forwarding.ask(admitted, sight.query), sight.source(Origin.MISS)
        except RecorderError:
            stale = self.index.look(sight.query, at_any_age=True)
            if not (admitted.application.stale_answers and isinstance(stale.verdict, Spoken)):
                raise
            return self._say(admitted, stale.verdict), stale.source(Origin.STALE, stale.age)

    def _say(self, admitted: Admitted, verdict: Spoken) -> Reply:
        return answer(admitted.parameters.action.name, verdict, self.dialect)

    def _recall(self, token: Secret, application: str) -> TokenRecord | None:
        try:
            return self.tokens.recall(token, application)
        except StoreError as error:
            log.error("a token cannot be looked up: %s", error)
            return None
