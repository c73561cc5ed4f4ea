"""What the index may say to a question, and why it says nothing. Knows no rule of deciding."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, final

from gateway.core.calls import Call


@final
@dataclass(frozen=True, slots=True)
class Found:
    """Exactly one call. `rule`: by which of the statuses, or which id, it was found."""

    call: Call
    rule: str = field(default="", compare=False)


@final
@dataclass(frozen=True, slots=True)
class NotFound:
    """There is no such call, and the index can vouch for that."""


@final
@dataclass(frozen=True, slots=True)
class Ambiguous:
    """Several calls answer the question; `candidates` is at least two, `rule` as for `Found`."""

    candidates: int
    rule: str = field(default="", compare=False)


@final
@dataclass(frozen=True, slots=True)
class Unknown:
    """The index may not speak, and `reason` says why; the recorder is asked.

    `passing`: it may speak again in a moment, so that whoever waits goes on waiting.
    """

    reason: str
    passing: bool = False


@final
@dataclass(frozen=True, slots=True)
class NotYet:
    """A call may still begin: look again when the index changes, until then."""

    until: datetime


@final
@dataclass(frozen=True, slots=True)
class Unsure:
    """As far as is known there is none, but that is too old to say no: wait for what is newer.

    `until`: when the index will be too old to say anything, if nothing newer comes.
    """

    until: datetime


Spoken = Found | NotFound | Ambiguous
Verdict = Spoken | Unknown | NotYet | Unsure

NEVER_FED: Final = Unknown("the index was never fed", passing=True)
TOO_OLD: Final = Unknown("the index is older than max_age", passing=True)
FROM_THE_FUTURE: Final = Unknown("the gateway's clock was set back", passing=True)
RECORD_MISSING: Final = Unknown("the record of what seems to be the last call has not appeared")
CONTRADICTED: Final = Unknown("the recorder has contradicted the index on this form of question")
TOO_CLOSE: Final = Unknown("two calls ended too close together to tell which was last")
INCOMPLETE: Final = Unknown("the recorder may hold older calls than the index")
