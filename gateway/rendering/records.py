"""The recorder's list of calls as rows, for the feed. Knows nothing of what their fields mean."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, final

from lxml import etree
from lxml.etree import _Element

from gateway.core.errors import RecorderGarbled
from gateway.core.replies import Outcome
from gateway.rendering.documents import LIST_OF_CALLS, study

RECORD: Final = "verbacdr"
STATE: Final = "@state"


@final
@dataclass(frozen=True, slots=True)
class CallList:
    """Rows of field names and texts, blanks around them removed; an empty field is `""`.

    The record's `state` attribute stands under `STATE` if it is there.
    """

    rows: tuple[Mapping[str, str], ...]


def read_calls(body: bytes) -> CallList | Outcome:
    """The calls of one page, or the recorder's refusal to list them.

    A list that is not well-formed is none: its head must never be taken for a short list. What
    is mended are leading blanks, stray ampersands and bytes of another encoding, which leave
    nothing to guess.

    Raises:
        RecorderGarbled: the body is neither a whole list of calls nor an error that can be read.
    """
    reading = study(body)
    if reading is None:
        raise RecorderGarbled(_NO_LIST)
    if reading.outcome.code or (reading.outcome.code is None and reading.outcome.message):
        return reading.outcome
    rows = tuple(_row(each) for each in reading.root.iter(RECORD))
    if reading.guessed or (not rows and next(reading.root.iter(LIST_OF_CALLS), None) is None):
        raise RecorderGarbled(_NO_LIST)
    return CallList(rows)


_NO_LIST: Final = "The recorder's answer is no list of calls, or one that is cut off."


def _row(record: _Element) -> Mapping[str, str]:
    row = {field.tag: (field.text or "").strip() for field in record.iterchildren(etree.Element)}
    state = record.get("state")
    if state is not None:
        row[STATE] = state.strip()
    return row
