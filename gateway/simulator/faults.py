"""What goes wrong on purpose: which requests it meets, and when. Knows no HTTP."""

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import Final, final


class Kind(StrEnum):
    """The ways in which recorders fail in the field."""

    SLOW = "slow"
    DRIP = "drip"
    RESET = "reset"
    CLOSE = "close"
    ERROR = "error"
    REFUSE = "refuse"
    TRACE = "trace"
    BLANK_LINES = "blank-lines"
    LATIN1 = "latin1"
    UNCLOSED = "unclosed"
    OLD_ERROR = "old-error"


MEANINGS: Final[Mapping[Kind, str]] = {
    Kind.SLOW: "waits for `seconds` before it answers",
    Kind.DRIP: "drips the body, spread over `seconds`",
    Kind.RESET: "resets the connection without an answer",
    Kind.CLOSE: "closes the connection without an answer",
    Kind.ERROR: "answers HTTP 500 with a Tomcat page that shows a Java trace",
    Kind.REFUSE: "answers HTTP 503",
    Kind.TRACE: "answers HTTP 200 with code -1 and a Java trace as the error message",
    Kind.BLANK_LINES: "puts blank lines before the XML declaration",
    Kind.LATIN1: "adds a Latin-1 byte to a document that is declared as UTF-8",
    Kind.UNCLOSED: "leaves the last elements unclosed",
    Kind.OLD_ERROR: 'writes <ErrorMessage description="..."/>, as older recorders do',
}


@final
@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: it meets the `share` (0 to 1) of the requests for `actions`; empty means all.

    Raises:
        ValueError: the share or the seconds are out of their range.
    """

    kind: Kind
    share: float = 1.0
    actions: frozenset[str] = frozenset()
    seconds: float = 5.0

    def __post_init__(self) -> None:
        if not 0.0 <= self.share <= 1.0:
            raise ValueError(f"share: {self.share} must lie between 0 and 1")
        if not 0.0 <= self.seconds <= 3600.0:  # noqa: PLR2004 - an hour is longer than anyone waits
            raise ValueError(f"seconds: {self.seconds} must lie between 0 and 3600")


def read_fault(text: str) -> Fault:
    """A fault as on the command line: `slow:seconds=2,share=0.5,actions=GetCallID+SearchCalls`.

    Raises:
        ValueError: there is no such kind or detail, or a detail is out of its range.
    """
    kind, _, details = text.partition(":")
    given = dict(_detail(part) for part in details.split(",") if part)
    actions = [name for name in given.pop("actions", "").split("+") if name]
    return make_fault({"kind": kind, "actions": actions, **given})


def make_fault(given: Mapping[str, object]) -> Fault:
    """A fault from a JSON object with the members `kind`, `share`, `actions`, `seconds`.

    Raises:
        ValueError: there is no such kind or member, or a member is out of its range.
    """
    unknown = given.keys() - {"kind", "share", "actions", "seconds"}
    if unknown:
        raise ValueError(f"unknown: {', '.join(sorted(unknown))}; kind, share, actions, seconds")
    kind = given.get("kind", "")
    if kind not in MEANINGS:
        raise ValueError(f"kind: {kind!r} must be one of {', '.join(MEANINGS)}")
    actions = given.get("actions", ())
    if isinstance(actions, str) or not isinstance(actions, Iterable):
        raise ValueError("actions: must be a list of names")  # noqa: TRY004 - one error for callers
    return Fault(
        Kind(str(kind)),
        float(str(given.get("share", 1.0))),
        frozenset(str(name) for name in actions),
        float(str(given.get("seconds", 5.0))),
    )


def _detail(part: str) -> tuple[str, str]:
    name, _, value = part.partition("=")
    return name.strip(), value.strip()


@final
class Faults:
    """The faults in force. Changed at run time, so it is mutable, behind a lock."""

    def __init__(self, faults: Iterable[Fault], random: Random) -> None:
        self._faults = tuple(faults)
        self._random = random
        self._lock = threading.Lock()

    @property
    def all(self) -> tuple[Fault, ...]:
        """Those in force now."""
        return self._faults

    def put(self, faults: Iterable[Fault]) -> None:
        """Replaces all of them."""
        self._faults = tuple(faults)

    def meet(self, action: str) -> dict[Kind, Fault]:
        """Those that meet this request; each is drawn on its own."""
        with self._lock:
            return {
                fault.kind: fault
                for fault in self._faults
                if not fault.actions or action in fault.actions
                if self._random.random() < fault.share
            }
