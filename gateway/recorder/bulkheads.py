"""Keeps the lanes apart: a request that finds its own full is refused, and others never are.

Wraps whoever asks the recorder. Knows nothing of nodes or HTTP.
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from threading import BoundedSemaphore, Lock
from typing import Final, Protocol, final

from gateway.core.admission import Admitted
from gateway.core.errors import RecorderBusy
from gateway.core.lanes import Lane, lane_of, sizes
from gateway.core.replies import Chunks, Reply, Stream

PATIENCE: Final = 0.5  # seconds that a request waits for a place, so that a burst is no failure


class Recorder(Protocol):
    """Whoever asks the recorder."""

    def ask(self, admitted: Admitted) -> tuple[Reply, str]:
        """The recorder's reply and the node that gave it; else raises `RecorderError`."""
        ...


@final
@dataclass(frozen=True, slots=True)
class Occupancy:
    """One lane at a moment. `refused`: how many requests found it full, since the start."""

    size: int
    used: int
    refused: int


@final
class _Bulkhead:
    """The places of one lane."""

    def __init__(self, size: int, patience: float) -> None:
        self._size = size
        self._patience = patience
        self._free = BoundedSemaphore(size)
        self._lock = Lock()
        self._used = 0
        self._refused = 0

    def enter(self) -> None:
        """Take a place. Raises `RecorderBusy` if none becomes free soon."""
        entered = self._free.acquire(timeout=self._patience)
        with self._lock:
            self._used += entered
            self._refused += not entered
        if not entered:
            raise RecorderBusy

    def leave(self) -> None:
        """Give the place back."""
        with self._lock:
            self._used -= 1
        self._free.release()

    def occupancy(self) -> Occupancy:
        with self._lock:
            return Occupancy(self._size, self._used, self._refused)


@final
class Bulkheads:
    """All lanes of one worker. `total`: requests at the recorder at once, of all workers."""

    def __init__(
        self, recorder: Recorder, total: int, workers: int, patience: float = PATIENCE
    ) -> None:
        self._recorder = recorder
        self._total = total
        self._patience = patience
        self.share_among(workers)

    def share_among(self, workers: int) -> None:
        """So many workers there are; to be said before the first request."""
        of_each = sizes(self._total, workers)
        self._lanes = {lane: _Bulkhead(of_each[lane], self._patience) for lane in Lane}

    def ask(self, admitted: Admitted) -> tuple[Reply, str]:
        """As the recorder, but raises `RecorderBusy` where too many of its kind are there."""
        bulkhead = self._lanes[lane_of(admitted.parameters)]
        bulkhead.enter()
        with ExitStack() as place:
            place.callback(bulkhead.leave)
            reply, node = self._recorder.ask(admitted)
            if isinstance(reply, Stream):
                # Its place is taken until it is over.
                reply = replace(reply, chunks=_Occupying(reply.chunks, place.pop_all()))
        return reply, node

    def occupancy(self) -> Mapping[str, Occupancy]:
        """Every lane at this moment."""
        return {lane.value: bulkhead.occupancy() for lane, bulkhead in self._lanes.items()}


@final
class _Occupying:
    """Chunks that hold a place until they are closed, or forgotten."""

    def __init__(self, chunks: Chunks, place: ExitStack) -> None:
        self._chunks = chunks
        self._place = place

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._chunks)

    def close(self) -> None:
        """Hang up, and give the place back."""
        with self._place:
            self._chunks.close()

    def __del__(self) -> None:
        self._place.close()
