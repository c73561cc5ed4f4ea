"""What a recorder's document says: code, message and token, wherever in it they stand.

Never trusts the root's name, and never takes a part for the whole.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final, final

from lxml.etree import _Element

from gateway.core.actions import ACTIONS, Kind
from gateway.core.errors import Code
from gateway.core.replies import Document, Outcome
from gateway.rendering.trees import Tree, grow

# Documents without a Response: where one of these stands, the recorder let the request pass.
LIST_OF_CALLS: Final = "verbacdrlist"
WITHOUT_RESPONSE: Final = (LIST_OF_CALLS, "voice_quality_check_scores")

# Longer ones take more than a millisecond to read.
LONG_TO_READ: Final = 65_536  # bytes

Offload = Callable[[Callable[[Any], Any], Any], Any]
"""Does some work with its argument where that holds nobody up."""

_WITHOUT_PAYLOAD: Final = frozenset(
    action.name for action in ACTIONS.values() if action.kind in {Kind.CHANGES, Kind.UPLOADS}
)
_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,9}")


@final
@dataclass(frozen=True, slots=True)
class Reading:
    """A document that could be read. `action` is the recorder's word; it may be empty.

    `guessed`: it is not well-formed. A success is whole nevertheless; a list may lack rows.
    """

    root: _Element
    action: str
    outcome: Outcome
    guessed: bool = False


@final
@dataclass(frozen=True, slots=True)
class _Studied:
    """A document that has been read, with or without success."""

    reading: Reading | None


def in_place(work: Callable[[Any], Any], argument: Any) -> Any:  # noqa: ANN401 - passes both on
    """The `Offload` of those who hold nobody up."""
    return work(argument)


def studied(document: Document, offload: Offload = in_place) -> Document:
    """The same with its reading, so that it is parsed once; a long one is read elsewhere."""
    if isinstance(document.reading, _Studied):
        return document
    body = document.body
    reading = study(body) if len(body) <= LONG_TO_READ else offload(study, body)
    return replace(document, reading=_Studied(reading))


def reading_of(document: Document) -> Reading | None:
    """As `study`, but what has been read already is not read again."""
    known = document.reading
    return known.reading if isinstance(known, _Studied) else study(document.body)


def read(document: Document) -> Outcome:
    """What the document says. Never raises; what cannot be read says nothing.

    The message is the recorder's own and may be a whole trace: it is for the gateway, not for
    clients.
    """
    reading = reading_of(document)
    return Outcome(None) if reading is None else reading.outcome


def study(body: bytes) -> Reading | None:
    """Read a document; `None` if it cannot be read, or if it lacks what a success must say."""
    tree = grow(body)
    if tree is None:
        return None
    response = next(tree.root.iter("Response"), None)
    if response is None:
        return None if tree.guessed else Reading(tree.root, "", _without_response(tree.root))
    code = _number(response.get("code", ""))
    action = response.get("type", "").strip()
    token = response.get("token", "").strip()
    outcome = Outcome(code, _message(tree.root), token, _call_id(tree.root))
    if (tree.guessed and code is None) or (code == 0 and not _is_whole(tree, action, outcome)):
        return None
    return Reading(tree.root, action, outcome, tree.guessed)


def _is_whole(tree: Tree, action: str, outcome: Outcome) -> bool:
    """Whether a success says what it is for, once, and nothing in it is cut off.

    Where elements had to be guessed, records may be missing, and nobody can tell.
    """
    match action:
        case "GetCallID":
            ids = {"".join(_texts(each)).strip() for each in tree.root.iter("CallID")}
            said = len(ids) == 1 and "" not in ids
        case "GetCallURL":
            said = any((each.text or "").strip() for each in tree.root.iter())
        case "RequestToken":
            said = bool(outcome.token)
        case _:
            said = not tree.guessed or action in _WITHOUT_PAYLOAD
    return said and tree.is_verbatim()


def _without_response(root: _Element) -> Outcome:
    message = _message(root)
    listed = next(root.iter(*WITHOUT_RESPONSE), None) is not None
    return Outcome(Code.SUCCESS if listed and not message else None, message)


def _number(text: str) -> int | None:
    return int(text) if _NUMBER.fullmatch(text.strip()) else None


def _message(root: _Element) -> str:
    """The text of the error message; older recorders write it as an attribute."""
    element = next(root.iter("ErrorMessage"), None)
    if element is None:
        return ""
    text = "".join(_texts(element))
    return text.strip() or element.get("description", "").strip()


def _call_id(root: _Element) -> str:
    element = next(root.iter("CallID"), None)
    return "" if element is None else "".join(_texts(element)).strip()


def _texts(element: _Element) -> Iterator[str]:
    return (str(text) for text in element.itertext())
