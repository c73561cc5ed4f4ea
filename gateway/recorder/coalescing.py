"""Several who ask the same at the same time are one to the recorder.

Wraps whoever asks the recorder. What is shared is shared within one application and one token
alone, failures too: a recorder that fails must not be asked by everybody one after the other.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from threading import Event, Lock
from typing import Final, final

from gateway.core.actions import Kind
from gateway.core.admission import Admitted
from gateway.core.errors import RecorderBusy, RecorderError, RecorderGarbled, RecorderTimeout
from gateway.core.lanes import waits
from gateway.core.replies import Document, Reply
from gateway.recorder.bulkheads import Recorder

MOST_WAITERS: Final = 1000  # for one answer
# What a flight brings was so at some moment since it began: later comers might know better.
OPEN_FOR: Final = 0.25  # seconds
_CHANGING: Final = frozenset({Kind.CHANGES, Kind.UPLOADS})
LONGEST: Final = 60.0  # seconds: whoever asks has deadlines of his own, far shorter


@final
@dataclass(slots=True)
class _Flight:
    """A request that is under way, and what came of it. Mutable: it lands once."""

    closes_at: float
    landed: Event = field(default_factory=Event)
    waiters: int = 0
    result: tuple[Reply, str] | None = None
    error: RecorderError = field(default_factory=RecorderGarbled)


@final
class Coalescing:
    """Shared by all threads of a worker."""

    def __init__(self, recorder: Recorder, ticks: Callable[[], float] = time.monotonic) -> None:
        self._recorder = recorder
        self._ticks = ticks
        self._flights: dict[Hashable, _Flight] = {}
        self._changes: defaultdict[str, int] = defaultdict(int)
        self._lock = Lock()

    def ask(self, admitted: Admitted) -> tuple[Reply, str]:
        """As the recorder. Raises `RecorderBusy` where too many wait for the same answer."""
        if not admitted.parameters.action.coalescable or waits(admitted.parameters):
            return self._alone(admitted)
        with self._lock:
            key = self._key(admitted)
            flight, now = self._flights.get(key), self._ticks()
            if flight is not None and now < flight.closes_at:
                if flight.waiters >= MOST_WAITERS:
                    raise RecorderBusy
                flight.waiters += 1
            else:
                flight, mine = None, _Flight(now + OPEN_FOR)
                self._flights[key] = mine
        return _follow(flight) if flight else self._lead(admitted, key, mine)

    def _alone(self, admitted: Admitted) -> tuple[Reply, str]:
        """A change: who asks after it must not be told what was so before."""
        try:
            return self._recorder.ask(admitted)
        finally:
            with self._lock:
                changes = admitted.parameters.action.kind in _CHANGING
                self._changes[admitted.application.name] += changes

    def _lead(self, admitted: Admitted, key: Hashable, flight: _Flight) -> tuple[Reply, str]:
        try:
            flight.result = self._recorder.ask(admitted)
        except RecorderError as error:
            flight.error = error
            raise
        else:
            return flight.result
        finally:
            with self._lock:
                if self._flights.get(key) is flight:
                    del self._flights[key]
            flight.landed.set()

    def _key(self, admitted: Admitted) -> Hashable:
        """Two requests with the same one are one to the recorder."""
        request, name = admitted.request, admitted.application.name
        said = frozenset(request.credentials.items())
        return name, self._changes[name], admitted.parameters.pairs, said


def _follow(flight: _Flight) -> tuple[Reply, str]:
    """Wait for what another asked. A session that the recorder began is the other's."""
    if not flight.landed.wait(LONGEST):
        raise RecorderTimeout
    if flight.result is None:
        raise type(flight.error)
    reply, node = flight.result
    return replace(reply, cookies=(), shared=True) if isinstance(reply, Document) else reply, node
