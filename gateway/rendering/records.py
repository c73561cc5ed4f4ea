"""The recorder's list of calls as rows, for the feed. Knows nothing of what their fields mean."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Protocol, final

from lxml import etree
from lxml.etree import _Element

from gateway.core.errors import RecorderGarbled
from gateway.core.replies import Outcome
from gateway.rendering.documents import LIST_OF_CALLS, study

RECORD: Final = "verbacdr"
STATE: Final = "@state"


class Readable(Protocol):
    """A file, or whoever watches one being read."""

    def read(self, size: int = -1, /) -> bytes:
        """At most so many bytes; none at the end."""
        ...


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


def stream_calls(file: Readable) -> Iterator[Mapping[str, str]]:
    """The calls of a list of any length, one by one, in the memory of one.

    Raises:
        RecorderGarbled: the list is not well-formed, or has a document type declaration. What
            came before has been given.
    """
    events = etree.iterparse(
        file,
        events=("end",),
        tag=RECORD,
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=True,
    )
    any_record = False
    try:
        for _, record in events:
            any_record = True
            if record.getroottree().docinfo.internalDTD is not None:
                raise RecorderGarbled(_NO_LIST)
            yield _row(record)
            _forget(record)
    except etree.XMLSyntaxError as error:
        raise RecorderGarbled(f"{_NO_LIST} (line {error.lineno})") from error
    if not any_record and next(events.root.iter(LIST_OF_CALLS), None) is None:
        raise RecorderGarbled(_NO_LIST)


def _forget(record: _Element) -> None:
    """Let go of a record and of those before it, so that the tree does not grow."""
    record.clear()
    parent = record.getparent()
    while parent is not None and record.getprevious() is not None:
        del parent[0]


_NO_LIST: Final = "The recorder's answer is no list of calls, or one that is cut off."


def _row(record: _Element) -> Mapping[str, str]:
    row = {field.tag: (field.text or "").strip() for field in record.iterchildren(etree.Element)}
    state = record.get("state")
    if state is not None:
        row[STATE] = state.strip()
    return row


def the_only_id(body: bytes) -> str:
    """The id of the one record that a document holds; empty if there is none, or several."""
    try:
        found = read_calls(body)
    except RecorderGarbled:
        return ""
    rows = found.rows if isinstance(found, CallList) else ()
    return rows[0].get("ccdr_id", "") if len(rows) == 1 else ""
