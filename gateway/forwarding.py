"""Asking the recorder, and learning from what it says: of tokens, of deletions, of answers.

What it said where the index could not speak is as good as a snapshot of that moment, and ages like
one: it serves the same question again for as long. Knows nothing of why the recorder is asked.
"""

import logging
from collections.abc import Hashable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import Lock
from typing import Final, Protocol, final

from cachetools import LRUCache

from gateway.core.admission import Admitted
from gateway.core.errors import RecorderError, StoreError
from gateway.core.lanes import waits
from gateway.core.learning import lesson
from gateway.core.query import ByParty, Query, Status
from gateway.core.replies import Document, Outcome, Reply
from gateway.core.secrets import Secret, masked
from gateway.core.selection import CLOCKS_DIFFER
from gateway.index import DELETED_FOR, DOUBTED_AFTER, Doomed, Index
from gateway.rendering.documents import Offload, in_place, read, studied
from gateway.rendering.records import the_only_id
from gateway.rendering.traces import is_fit_for_clients
from gateway.stores import TokenStore

log = logging.getLogger(__name__)

MOST_KEPT: Final = 4_000_000  # bytes of documents


class Recorder(Protocol):
    """Whoever can be asked what the index may not answer."""

    def ask(self, admitted: Admitted) -> tuple[Reply, str]:
        """The recorder's own reply and the node that gave it; else raises `RecorderError`."""
        ...


@final
@dataclass(frozen=True, slots=True)
class Said:
    """What the recorder said to a question, when it was asked, and at which revision of the index.

    `no`: it said that there is no such call.
    """

    document: Document
    asked_at: datetime
    revision: int | None
    no: bool


@final
@dataclass(frozen=True, slots=True)
class Forwarding:
    """The way to the recorder and back. Shared by all threads of a worker.

    `learns`: whether the tokens are the recorder's, so that its answers tell what they are worth.
    `offload`: does what takes over a millisecond.
    """

    recorder: Recorder
    tokens: TokenStore
    index: Index
    learns: bool = True
    offload: Offload = in_place
    _said: LRUCache[Hashable, Said] = field(
        default_factory=lambda: LRUCache(MOST_KEPT, getsizeof=lambda said: len(said.document.body))
    )
    _lock: Lock = field(default_factory=Lock)

    def ask(self, admitted: Admitted, query: Query | None = None) -> Reply:
        """Ask, and learn from the answer. Raises `RecorderError`.

        `query`: what the request puts to the index, if it does and the index was silent.
        """
        asked_at, revision = self.index.clock(), self.index.revision()
        doomed = self.index.doomed_by(admitted) or self._named(admitted)
        reply, node = self.recorder.ask(admitted)
        if isinstance(reply, Document):
            reply = studied(reply, self.offload)
        # Media teach nothing: what came in their place may be a page to log in with.
        outcome = read(reply) if isinstance(reply, Document) else Outcome(None)
        self._learn(admitted, outcome, node)
        if isinstance(reply, Document) and not is_fit_for_clients(outcome.message):
            reply = _logged(reply, admitted, outcome.message)
        if doomed is not None and outcome.succeeded:
            self.index.remove(doomed)
        if query and isinstance(reply, Document) and outcome.accepted and not reply.shared:
            bare = replace(reply, cookies=(), reading=None)
            said = Said(bare, asked_at, revision, not outcome.succeeded)
            self._keep(_key(admitted, query), query, said)
        return reply

    def said(self, admitted: Admitted, query: Query) -> tuple[Document, timedelta] | None:
        """What the recorder said to this question of late, and how long ago it was asked.

        `None` if that is older than the index may be, or if the index has changed since.
        """
        with self._lock:
            said = self._said.get(_key(admitted, query))
        if said is None or said.revision is None or said.revision != self.index.revision():
            return None
        age, most = self.index.clock() - said.asked_at, self.index.terms.bound(no=said.no)
        return (said.document, age) if -CLOCKS_DIFFER <= age <= most else None

    def _named(self, admitted: Admitted) -> Doomed | None:
        """The call that will be no more if the request succeeds, as the recorder tells it."""
        parameters = admitted.parameters
        named = any(name in parameters.action.selectors for name, _ in parameters.pairs)
        # A call that is yet to come has no name, and would have to be waited for.
        if not (parameters.action.removes and named) or waits(parameters):
            return None
        try:
            reply, _ = self.recorder.ask(admitted.about_its_call())
        except RecorderError as error:
            log.info("the recorder does not say which call is to be deleted: %s", error)
            return None
        id_ = the_only_id(reply.body) if isinstance(reply, Document) else ""
        by_party = parameters.get("status") is not None
        return Doomed(id_, DOUBTED_AFTER if by_party else DELETED_FOR) if id_ else None

    def _keep(self, key: Hashable, query: Query, said: Said) -> None:
        """Remember what was said to a question that does not depend on when it is put."""
        selector = query.selector
        waits = isinstance(selector, ByParty) and Status.NEXT in selector.statuses
        if not waits and len(said.document.body) <= MOST_KEPT:
            with self._lock:
                self._said[key] = said

    def _learn(self, admitted: Admitted, outcome: Outcome, node: str) -> None:
        # A recorder that does not know the token at all says nothing of it.
        learned = lesson(admitted, outcome, node) if self.learns else None
        if learned:
            try:
                self.tokens.remember(*learned)
            except StoreError as error:
                log.error("a token is not remembered: %s", error)


def _key(admitted: Admitted, query: Query) -> Hashable:
    """What one application was told, no other is."""
    return admitted.application.name, query.selector, query.manual


def _logged(document: Document, admitted: Admitted, message: str) -> Document:
    """Keep what no client is to see, under the id that he is told in its place."""
    request = admitted.request
    said = (value for _, value in admitted.parameters.pairs if isinstance(value, Secret))
    secrets = (*said, *request.credentials.values())
    log.error("request %s: the recorder reports: %s", request.id, masked(message, secrets))
    return replace(document, logged_as=request.id)
