"""Answers that were given before, and whether they may be given again.

Clients repeat the same URL all day. What was parsed, admitted, decided and dressed for one is not
done again for the next, as long as the outcome is provably the same: the request is the same to
the letter, nothing has changed in the store that an answer may rest on, the proof of the token
holds, and the index is young enough to speak. Knows nothing of how any of it was decided.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Final, final

from cachetools import LRUCache

from gateway.core.errors import StoreError
from gateway.core.query import Query
from gateway.core.replies import Origin, Rendition
from gateway.core.requests import Request
from gateway.core.selection import CLOCKS_DIFFER, Terms, lasts_until
from gateway.core.verdicts import NotFound, Spoken
from gateway.pipeline import Gateway, Journey
from gateway.rendering.headers import Aging, Header, aging

MOST: Final = 20_000  # answers that a worker keeps: some 40 MB


@final
@dataclass(frozen=True, slots=True)
class Kept:
    """An answer from the index, as it will be given again.

    `revision`: of the store that it rests on. `until`: when the token must be proven anew, or a
    call becomes stuck. `max_age`: how old the index may be. `headers`: without the one that tells
    its age.
    """

    query: Query
    revision: int
    until: datetime
    max_age: timedelta
    status: int
    headers: tuple[Header, ...]
    aging: Aging
    body: bytes


@final
class Memo:
    """The answers of one worker that may be given again, the most recently used ones."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._kept: LRUCache[Hashable, Kept] = LRUCache(MOST)
        self._lock = Lock()

    def recall(self, likeness: Hashable, now: datetime) -> Rendition | None:
        """The answer to a request that was answered before; `None`: it must be made anew."""
        try:
            with self._lock:
                kept = self._kept[likeness]
            pulse = self._gateway.index.calls.pulse()
        except (KeyError, StoreError):
            return None
        if pulse.revision != kept.revision or pulse.as_of is None:
            return None
        age = now - pulse.as_of
        if not -CLOCKS_DIFFER <= age <= kept.max_age or now >= kept.until:
            return None
        self._gateway.verify(kept.query)
        return Rendition(kept.status, (*kept.headers, kept.aging.at(age)), kept.body)

    def travel(self, likeness: Hashable, request: Request) -> Rendition:
        """Take a request the whole way, and keep its answer if it may be given again."""
        revision = self._gateway.index.revision()  # before the look: never too young
        journey = self._gateway.travel(request)
        kept = _kept(journey, revision, self._gateway.index.terms)
        if kept is not None:
            with self._lock:
                self._kept[likeness] = kept
        return journey.rendition


def _kept(journey: Journey, revision: int | None, terms: Terms) -> Kept | None:
    """What is kept of a journey; `None` if the next one like it may end otherwise."""
    rendition, admitted, sight = journey.rendition, journey.admitted, journey.sight
    if journey.origin is not Origin.HIT or admitted is None or sight is None:
        return None
    verdict, snapshot, body = sight.verdict, sight.snapshot, rendition.body
    if revision is None or snapshot is None or not isinstance(body, bytes):
        return None
    if not isinstance(verdict, Spoken):
        return None
    until = lasts_until(sight.query, snapshot, verdict, sight.seen_at, terms)
    if until is None:
        return None
    return Kept(
        sight.query,
        revision,
        min(until, admitted.until or until),
        terms.bound(no=isinstance(verdict, NotFound)),
        rendition.status,
        tuple(header for header in rendition.headers if header[0] != "Cache-Status"),
        aging(sight.source(Origin.HIT)),
        body,
    )
