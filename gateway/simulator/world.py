"""The calls that the recorder knows, and the lock around them. Knows no HTTP and no XML.

Calls are values: whoever has one may read it without the lock, and it never changes under him.
"""

import threading
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import final
from uuid import UUID

from gateway.simulator.calls import Call, State
from gateway.simulator.clock import Clock
from gateway.simulator.settings import Settings
from gateway.simulator.shelf import By, Shelf


@final
class World:
    """All calls. Every method may be called from any thread."""

    def __init__(self, clock: Clock, settings: Settings) -> None:
        self._clock = clock
        self._offset = settings.clock_offset
        self._gap = settings.traffic.gap
        # No two calls share an id, not even those of two runs with the same seed.
        self._random = Random(f"{settings.traffic.seed} {clock.now()}")
        self._changed = threading.Condition()
        self._shelf = Shelf()
        self._media: dict[str, bytes] = {}
        self._sequence = 0
        self._waiting = 0
        self.stopping = threading.Event()

    def now(self) -> float:
        """The time by the recorder's own clock, which may be wrong, in POSIX seconds."""
        return self._clock.now() + self._offset

    @property
    def sequence(self) -> int:
        """The number of the call that began last."""
        return self._sequence

    @property
    def waiting(self) -> int:
        """How many requests wait for the next call now."""
        return self._waiting

    def begin(self, call: Call) -> Call:
        """Begins a call, fills in what it lacks, and wakes those who wait for it.

        Raises:
            ValueError: a call with this id exists.
        """
        with self._changed:
            begun = self._complete(replace(call, end=None, sequence=self._sequence + 1))
            self._shelf.add(begun)
            self._sequence += 1
            self._changed.notify_all()
        return begun

    def put(self, call: Call, media: bytes | None = None) -> Call:
        """Adds a call that is over. It counts as nobody's next call.

        Raises:
            ValueError: a call with this id exists, or it has no end.
        """
        if call.end is None:
            raise ValueError("end: missing; a call that is put is over")
        with self._changed:
            added = self._complete(call)
            self._shelf.add(added)
            if media is not None:
                self._media[added.id.lower()] = media
        return added

    def end(self, identifier: str, at: float | None = None) -> Call | None:
        """Ends a call; one that is stuck stays as it is, one to be deleted vanishes.

        Returns `None` if it is not known, or is over already.
        """
        with self._changed:
            call = self._shelf.find(identifier)
            if call is None or call.end is not None or call.stuck:
                return call if call and call.stuck else None
            ended = replace(call, end=self.now() if at is None else at)
            self._shelf.replace(ended)
            if ended.delete_at_end:
                self._shelf.remove(ended)
            self._changed.notify_all()
        return ended

    def change(self, identifier: str, change: Callable[[Call], Call]) -> Call | None:
        """Replaces a call by a changed one, in one step; `None` if it is not known.

        What it is found by stays: ids, parties, start and end.
        """
        with self._changed:
            call = self._shelf.find(identifier)
            if call is None:
                return None
            changed = change(call)
            self._shelf.replace(changed)
        return changed

    def delete(self, identifier: str) -> Call | None:
        """Deletes a call: at once, or at its end if it is ongoing; `None` if it is not known."""
        with self._changed:
            call = self._shelf.find(identifier)
            if call is not None and call.end is None:
                call = replace(call, delete_at_end=True)
                self._shelf.replace(call)
            elif call is not None:
                self._shelf.remove(call)
                self._media.pop(call.id.lower(), None)
        return call

    def find(self, identifier: str) -> Call | None:
        """The call with this id, in any case of letters, unless it is not yet written."""
        with self._changed:
            call = self._shelf.find(identifier)
        return call if call and self.state(call) is not State.UNWRITTEN else None

    def find_by(self, by: By, value: str) -> list[Call]:
        """The calls with this number or identifier that are in a list, in order of start."""
        with self._changed:
            calls = list(self._shelf.find_by(by, value))
        listed = (call for call in calls if self.state(call) is not State.UNWRITTEN)
        return sorted(listed, key=lambda call: (call.start, call.sequence))

    def ongoing(self) -> list[Call]:
        """All ongoing calls, stuck ones among them."""
        with self._changed:
            return list(self._shelf.ongoing())

    def recorded(self, first: float, last: float) -> list[Call]:
        """The recorded calls that began from `first` to `last`, in order of start."""
        with self._changed:
            calls = list(self._shelf.began(first, last))
        return [call for call in calls if self.state(call) is State.RECORDED]

    def state(self, call: Call) -> State:
        """Where the record of this call stands now."""
        return call.state(self.now(), self._gap)

    def media(self, call: Call) -> bytes | None:
        """The file that was uploaded with this call."""
        return self._media.get(call.id.lower())

    def await_next(
        self, number: str, since: int, wanted: Callable[[Call], bool], patience: float
    ) -> Call | None:
        """The first wanted call of this number that began after the one numbered `since`.

        Waits for it up to `patience` seconds, or until the recorder stops.
        """

        def first() -> Call | None:
            calls = self._shelf.find_by("number", number)
            began = [call for call in calls if call.sequence > since and wanted(call)]
            return min(began, key=lambda call: call.sequence, default=None)

        with self._changed:
            self._waiting += 1
            try:
                self._changed.wait_for(lambda: self.stopping.is_set() or first(), patience)
                return first()
            finally:
                self._waiting -= 1

    def await_end(self, identifier: str, patience: float) -> bool:
        """Whether a call is over, gone or the recorder stops within `patience` seconds."""

        def over() -> bool:
            call = self._shelf.find(identifier)
            return self.stopping.is_set() or call is None or call.end is not None

        with self._changed:
            return self._changed.wait_for(over, patience)

    def stop(self) -> None:
        """Sends home everyone who waits."""
        with self._changed:
            self.stopping.set()
            self._changed.notify_all()

    def _complete(self, call: Call) -> Call:
        return replace(
            call,
            id=call.id or str(UUID(int=self._random.getrandbits(128), version=4)),
            native_id=call.native_id or f"TRS{self._random.randrange(10**8):08}",
            platform_call_id=call.platform_call_id or str(self._random.randrange(10**7, 10**8)),
            start=call.start or self.now(),
        )
