"""Where the calls stand, to be found by id, by number and by time. Not safe for threads."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator
from typing import Literal, final

from gateway.simulator.calls import Call

By = Literal["number", "platform", "native", "meeting"]


@final
class Shelf:
    """All calls by their ids, in any case of letters, and what leads to them."""

    def __init__(self) -> None:
        self._calls: dict[str, Call] = {}
        self._ongoing: set[str] = set()
        self._index: dict[tuple[By, str], set[str]] = {}
        self._starts: list[tuple[float, str]] = []

    def add(self, call: Call) -> None:
        """Adds a call.

        Raises:
            ValueError: a call with this id exists.
        """
        key = call.id.lower()
        if key in self._calls:
            raise ValueError(f"id: a call {call.id} exists")
        insort(self._starts, (call.start, key))
        for entry in _entries(call):
            self._index.setdefault(entry, set()).add(key)
        self.replace(call)

    def replace(self, call: Call) -> None:
        """Puts a call in the place of an earlier state of itself: same ids, parties and start."""
        key = call.id.lower()
        self._calls[key] = call
        if call.end is None:
            self._ongoing.add(key)
        else:
            self._ongoing.discard(key)

    def remove(self, call: Call) -> None:
        """Takes a call away."""
        key = call.id.lower()
        del self._calls[key]
        self._ongoing.discard(key)
        del self._starts[bisect_left(self._starts, (call.start, key))]
        for entry in _entries(call):
            self._index[entry].discard(key)

    def find(self, identifier: str) -> Call | None:
        """The call with this id."""
        return self._calls.get(identifier.lower())

    def find_by(self, by: By, value: str) -> Iterator[Call]:
        """The calls with this number or identifier, in no order."""
        return self._these(self._index.get((by, value), ()))

    def ongoing(self) -> Iterator[Call]:
        """The calls without an end, in no order."""
        return self._these(self._ongoing)

    def began(self, first: float, last: float) -> Iterator[Call]:
        """The calls that began from `first` to `last`, in order of start."""
        lower = bisect_left(self._starts, (first, ""))
        upper = bisect_right(self._starts, (last, "\uffff"))
        return self._these(key for _, key in self._starts[lower:upper])

    def _these(self, keys: Iterable[str]) -> Iterator[Call]:
        return (self._calls[key] for key in keys)


def _entries(call: Call) -> list[tuple[By, str]]:
    entries: list[tuple[By, str]] = [("number", number) for number in call.numbers]
    entries.append(("platform", call.platform_call_id))
    entries.append(("native", call.native_id))
    entries.append(("meeting", call.meeting_id))
    return [entry for entry in entries if entry[1]]
