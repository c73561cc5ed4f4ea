"""A recorded call and its parts. Knows no XML, and no clock."""

from dataclasses import dataclass
from enum import Enum
from typing import final


class State(Enum):
    """Where the record of a call stands."""

    ONGOING = "ongoing"
    UNWRITTEN = "unwritten"
    """Over, and not yet written down: it is in no list (the recorder's API, §7)."""
    RECORDED = "recorded"


@final
@dataclass(frozen=True, slots=True)
class Party:
    """One side of a call. The number is whatever the telephone system wrote."""

    number: str
    name: str = ""
    ip: str = "192.0.2.10"


@final
@dataclass(frozen=True, slots=True)
class Marker:
    """A named span of a call, in milliseconds from its start; `None` while it is open."""

    name: str
    start: int
    end: int | None = None


@final
@dataclass(frozen=True, slots=True)
class Call:
    """One record of a call. A conversation that is held or transferred has several.

    Times are POSIX seconds of the recorder's own clock. What is empty or zero (`id`,
    `native_id`, `platform_call_id`, `start`) the world fills in when the call begins.
    `sequence` counts the calls in the order in which they began.
    """

    caller: Party
    called: Party
    id: str = ""
    native_id: str = ""
    platform_call_id: str = ""
    meeting_id: str = ""
    start: float = 0.0
    end: float | None = None
    direction_id: int = 0
    cause_id: int = 0
    audio_codec_id: int = 4
    conference: bool = False
    manual: bool = False
    secondary: bool = False
    do_not_delete: bool = False
    delete_at_end: bool = False
    stuck: bool = False
    mute: int = 0
    metadata: tuple[tuple[str, str], ...] = ()
    markers: tuple[Marker, ...] = ()
    sequence: int = 0

    @property
    def numbers(self) -> frozenset[str]:
        """The numbers of both sides."""
        return frozenset((self.caller.number, self.called.number))

    def seconds(self, now: float) -> float:
        """How long it lasted, or has lasted by now."""
        return max(0.0, (now if self.end is None else self.end) - self.start)

    def state(self, now: float, gap: float) -> State:
        """Where its record stands now, if records are written `gap` seconds after the end."""
        if self.end is None:
            return State.ONGOING
        return State.RECORDED if self.end + gap <= now else State.UNWRITTEN


def between(caller: str, called: str) -> Call:
    """A plain call from one number to another, yet to begin."""
    return Call(Party(caller), Party(called))
