"""Which of the recorder's nodes answer, as far as the requests to them tell.

A node that fails five times in a row is ejected, and gets no request until a probe finds it
again: a request that cannot be answered shall be told so at once. Knows no socket and no request;
the time is a monotonic clock's. Each worker has its own view.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from threading import Lock
from typing import Final, Self, final
from urllib.parse import urlsplit

FAILURES: Final = 5  # in a row
OUT_FOR: Final = 30.0  # seconds, at first; twice as long after each probe that fails
OUT_AT_MOST: Final = 300.0
# A node that is alone spares nobody by being left alone: it is probed until it is back.
ALONE_OUT_FOR: Final = 5.0

Monotonic = Callable[[], float]
WhenEjected = Callable[[str, float], None]


class Breaker(Enum):
    """Closed: requests pass. Open: none does. Half open: one probe is on its way."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half open"


@final
@dataclass(frozen=True, slots=True)
class NodeState:
    """A node at a moment. `label`: its URL without what may be secret.

    `reason`: the last failure, `failed_ago` in seconds; `None` if the last request succeeded.
    `probe_in`: seconds, while it is open. `ejections`: since the worker started.
    """

    label: str
    breaker: Breaker
    reason: str | None
    failed_ago: float | None
    probe_in: float | None
    ejections: int


@final
@dataclass(slots=True)
class _Node:
    """Mutable, under the lock of `Nodes`."""

    breaker: Breaker = Breaker.CLOSED
    failures: int = 0
    reason: str | None = None
    failed_at: float = 0.0
    out_for: float = 0.0
    probe_at: float = 0.0
    ejections: int = 0


@final
class Nodes:
    """The nodes, the preferred one first. Shared by all threads of a worker."""

    def __init__(
        self,
        urls: tuple[str, ...],
        monotonic: Monotonic = time.monotonic,
        out_for: float = OUT_FOR,
        at_most: float = OUT_AT_MOST,
    ) -> None:
        self._nodes = {url: _Node() for url in urls}
        self._monotonic = monotonic
        self._out_for = out_for
        self._at_most = at_most
        self._when_ejected: WhenEjected = lambda _node, _seconds: None
        self._lock = Lock()

    @classmethod
    def of(cls, urls: tuple[str, ...]) -> Self:
        """These nodes, each out for as long as befits their number."""
        if len(urls) > 1:
            return cls(urls)
        return cls(urls, out_for=ALONE_OUT_FOR, at_most=ALONE_OUT_FOR)

    def tell(self, when_ejected: WhenEjected) -> None:
        """Whom to tell of an ejection: which node, and in how many seconds to probe it."""
        self._when_ejected = when_ejected

    def __contains__(self, node: str | None) -> bool:
        return node in self._nodes

    def choose(self, *, but: str | None = None) -> str | None:
        """The first node that is not out, but for that one; `None` if all are."""
        with self._lock:
            healthy = (url for url, node in self._nodes.items() if _passes(node) and url != but)
            return next(healthy, None)

    def passes(self, node: str) -> bool:
        """Whether it may be asked."""
        with self._lock:
            return _passes(self._nodes[node])

    def succeeded(self, node: str) -> None:
        """It answered, to whomever: whatever was held against it is forgotten."""
        with self._lock:
            self._nodes[node] = _Node(ejections=self._nodes[node].ejections)

    def failed(self, node: str, reason: str) -> None:
        """It did not answer a request. `reason` must hold no secret.

        While it is out, what was asked before tells nothing new.
        """
        with self._lock:
            state = self._nodes[node]
            if state.breaker is not Breaker.CLOSED:
                return
            self._blame(state, reason)
            state.failures += 1
            if state.failures < FAILURES:
                return
            seconds = self._eject(state)
        self._when_ejected(node, seconds)

    def probing(self, node: str) -> bool:
        """Whether to probe it now. If so, nobody else does until the outcome is told."""
        with self._lock:
            state = self._nodes[node]
            if state.breaker is not Breaker.OPEN or self._monotonic() < state.probe_at:
                return False
            state.breaker = Breaker.HALF_OPEN
            return True

    def probe_failed(self, node: str, reason: str) -> None:
        """It is still out, and for twice as long. A request that it answered meanwhile prevails."""
        with self._lock:
            state = self._nodes[node]
            if state.breaker is not Breaker.HALF_OPEN:
                return
            self._blame(state, reason)
            seconds = self._eject(state)
        self._when_ejected(node, seconds)

    def states(self) -> tuple[NodeState, ...]:
        """All of them, in the order of the configuration."""
        with self._lock:
            now = self._monotonic()
            return tuple(_state(url, node, now) for url, node in self._nodes.items())

    def _blame(self, state: _Node, reason: str) -> None:
        state.reason, state.failed_at = reason, self._monotonic()

    def _eject(self, state: _Node) -> float:
        state.out_for = min(2 * state.out_for or self._out_for, self._at_most)
        state.probe_at = self._monotonic() + state.out_for
        state.breaker = Breaker.OPEN
        state.ejections += 1
        return state.out_for


def _passes(node: _Node) -> bool:
    return node.breaker is Breaker.CLOSED


def _state(url: str, node: _Node, now: float) -> NodeState:
    return NodeState(
        label=label(url),
        breaker=node.breaker,
        reason=node.reason,
        failed_ago=now - node.failed_at if node.reason else None,
        probe_in=max(node.probe_at - now, 0.0) if node.breaker is Breaker.OPEN else None,
        ejections=node.ejections,
    )


def label(url: str) -> str:
    """A node's name for people: its URL without user, password and query."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
