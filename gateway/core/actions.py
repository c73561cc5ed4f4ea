"""The nineteen actions of the recorder's API, and what each of them means. The one table.

Whoever needs to know something about an action asks here. `MuteRecording` is a GET that changes
the world: only the action tells, never the HTTP method. An action that is not in the table is
forwarded, as one that changes something.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache
from types import MappingProxyType
from typing import Final, final


class Kind(Enum):
    """What asking does to the world."""

    READS = auto()
    CHANGES = auto()
    STREAMS = auto()  # reads, and answers with media of any length
    UPLOADS = auto()  # changes, and brings media of any length
    AUTHENTICATES = auto()


# The parameters that every action takes, in the API's spelling.
COMMON: Final = ("action", "apiKey", "token", "responseType")
CREDENTIALS: Final = ("userName", "password")
# Three names for one thing, by the vendor's version. Each goes to the recorder as it was spelt.
CALL_ID_SPELLINGS: Final = ("callID", "ccdr_id", "cid")

BY_PARTY: Final = ("extension", "status")
_BY_ANY_ID: Final = (*CALL_ID_SPELLINGS, "platformCallID", "nativeID", "meetingID")


@final
@dataclass(frozen=True, slots=True)
class Action:
    """One row. `selectors` say which call is meant; `own` are the other documented parameters."""

    name: str
    kind: Kind
    selectors: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    takes_any: bool = False  # any further parameter is data, in the client's own spelling
    from_index: bool = False  # the call index may answer it
    removes: bool = False  # the call that it means is no more if it succeeds
    native_json: bool = False  # the recorder itself knows responseType=JSON for it

    @property
    def retryable(self) -> bool:
        """Whether asking twice is the same as asking once."""
        return self.kind in {Kind.READS, Kind.STREAMS}

    @property
    def coalescable(self) -> bool:
        """Whether one answer may serve several who ask the same at the same time."""
        return self.kind is Kind.READS

    @property
    def reserved(self) -> tuple[str, ...]:
        """The parameters that decide who asks for what: never given twice with two values."""
        credentials = CREDENTIALS if self.kind is Kind.AUTHENTICATES else ()
        return (*COMMON, *credentials, *self.selectors)

    @property
    def folded(self) -> tuple[str, ...]:
        """The parameters whose names are recognised in any case.

        Where any further parameter is data, `Status=Sold` is a field of the client's and not a
        misspelt `status`: there only the common names and the call's id are folded.
        """
        if self.takes_any:
            return (*COMMON, *CALL_ID_SPELLINGS)
        return (*self.reserved, *self.own)


_TABLE: Final = (
    Action("RequestToken", Kind.AUTHENTICATES),
    Action(
        "GetCallID",
        Kind.READS,
        (*BY_PARTY, "platformCallID", "nativeID", "type"),
        from_index=True,
    ),
    Action("GetCallURL", Kind.READS, (*CALL_ID_SPELLINGS, *BY_PARTY)),
    Action(
        "GetCallInformation",
        Kind.READS,
        (*_BY_ANY_ID, *BY_PARTY),
        (
            "returnMetadata",
            "returnIM",
            "returnTranscriptDB",
            "returnVoiceQuality",
            "returnInvitation",
        ),
    ),
    Action(
        "SearchCalls",
        Kind.READS,
        own=(
            "start",
            "end",
            "status",
            "secondary",
            "anynum",
            "anyname",
            "orderby",
            "order",
            "pagefirst",
            "pagelen",
        ),
    ),
    Action("KeepCall", Kind.CHANGES, (*CALL_ID_SPELLINGS, *BY_PARTY, "type")),
    Action("MuteRecording", Kind.CHANGES, (*CALL_ID_SPELLINGS, *BY_PARTY), ("mute",)),
    Action("DeleteCall", Kind.CHANGES, (*_BY_ANY_ID, *BY_PARTY), removes=True),
    Action("AttachMetaData", Kind.CHANGES, (*CALL_ID_SPELLINGS, *BY_PARTY), takes_any=True),
    Action("AddMarker", Kind.CHANGES, (*CALL_ID_SPELLINGS, *BY_PARTY), ("mmode", "mname")),
    Action("GetMarkers", Kind.READS, CALL_ID_SPELLINGS),
    Action("GetVoiceQuality", Kind.READS, ("callIDs",), native_json=True),
    Action("GetMedia", Kind.STREAMS, (*CALL_ID_SPELLINGS, *BY_PARTY)),
    Action("GetMediaEncoded", Kind.STREAMS, CALL_ID_SPELLINGS, ("format",)),
    Action("GetMediaLive", Kind.STREAMS, CALL_ID_SPELLINGS, ("format",)),
    Action("GetMediaSegment", Kind.STREAMS, CALL_ID_SPELLINGS, ("start", "end", "format")),
    Action("GetThumbnail", Kind.STREAMS, CALL_ID_SPELLINGS, ("width", "frame", "nFrame")),
    Action("GetWaveform", Kind.STREAMS, CALL_ID_SPELLINGS, ("width", "height")),
    Action("PutMedia", Kind.UPLOADS, takes_any=True),
)

ACTIONS: Final[Mapping[str, Action]] = MappingProxyType({row.name: row for row in _TABLE})


@lru_cache(maxsize=256)
def action_called(name: str) -> Action:
    """The row of that name, compared exactly; for an unknown name one that changes something."""
    return ACTIONS.get(name) or Action(name, Kind.CHANGES)
