"""What an action answers, and its XML, byte for byte (the recorder's API, §5).

Knows the shapes, not their meaning. The XML is written here by hand: its line breaks are part of
the interface, and no library writes them this way.
"""

import re
from dataclasses import dataclass
from html import escape
from typing import Final, final

DECLARATION: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'
NOT_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""Characters that no XML 1.0 document may hold."""


@final
@dataclass(frozen=True, slots=True)
class Element:
    """An element with either text or children; `inline` ones keep their children on one line."""

    name: str
    text: str = ""
    attributes: tuple[tuple[str, str], ...] = ()
    children: tuple["Element", ...] = ()
    inline: bool = False


@final
@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one action: code 0 and a payload, or an error and its message.

    The payload stands `inside` the Response element or `beside` it; a few actions have a `root`
    of their own instead. `attributes` are further ones of the Response element.
    """

    action: str
    code: int = 0
    message: str = ""
    attributes: tuple[tuple[str, str], ...] = ()
    inside: tuple[Element, ...] = ()
    beside: tuple[Element, ...] = ()
    root: Element | None = None
    headers: tuple[tuple[str, str], ...] = ()


def write_xml(answer: Answer) -> bytes:
    """The document in UTF-8, as the recorder writes it."""
    root = answer.root or Element("VerbaApi", children=(_response(answer), *answer.beside))
    return f"{DECLARATION}{_write(root)}\n".encode()


def _response(answer: Answer) -> Element:
    attributes = (("code", str(answer.code)), ("type", answer.action), *answer.attributes)
    error = (Element("ErrorMessage", answer.message),) if answer.message else ()
    return Element("Response", attributes=attributes, children=error + answer.inside)


def _write(element: Element) -> str:
    attributes = "".join(
        f' {name}="{escape(_allowed(value))}"' for name, value in element.attributes
    )
    if not element.children and not element.text:
        return f"<{element.name}{attributes}/>"
    line = "" if element.inline or not element.children else "\n"
    content = line.join(_write(child) for child in element.children) if element.children else ""
    text = escape(_allowed(element.text), quote=False)
    return f"<{element.name}{attributes}>{line}{text}{content}{line}</{element.name}>"


def _allowed(text: str) -> str:
    return NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
