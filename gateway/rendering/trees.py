"""From the bytes that a recorder sent to a tree, or to nothing. No bytes make it raise.

Knows the ways in which recorders write bad XML, and what must never be done with any of it: read
a document type declaration, fetch a file, or take the head of a document for the whole of it.
Knows nothing of what a document means.
"""

import codecs
import itertools
import re
from dataclasses import dataclass
from typing import Final, final

from lxml import etree
from lxml.etree import _Element

from gateway.rendering.characters import FORBIDDEN, REPLACEMENT, escape

# Longer than any answer but a list, and a list that is malformed is not guessed at.
MOST_TO_GUESS: Final = 65_536  # characters

_BLANKS: Final = b" \t\r\n"
_DECLARATION: Final = re.compile(r"^<\?xml\b[^>]*>")
_ENCODING: Final = re.compile(rb"^\s*<\?xml\b[^>]*?\bencoding\s*=\s*[\"']([\w.:-]{1,40})[\"']")
_EIGHT_BITS: Final = re.compile(rb"(?i)iso-?8859-\d+|latin-?1|windows-125\d|cp125\d")
# Sections in which an ampersand stands for itself, and ampersands that begin no reference. A
# section that is never closed reaches to the end, so that the search stays linear.
_AMPERSAND: Final = re.compile(
    r"(<!\[CDATA\[.*?(?:\]\]>|\Z)|<!--.*?(?:-->|\Z))"
    r"|&(?!(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#x[0-9a-fA-F]{1,6});)",
    re.DOTALL,
)
# The bytes that are no UTF-8, as `surrogateescape` leaves them, read as windows-1252.
_AS_WINDOWS_1252: Final = {
    0xDC00 + byte: bytes([byte]).decode("cp1252", "ignore") or chr(byte)
    for byte in range(0x80, 0x100)
}
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)


@final
@dataclass(frozen=True, slots=True)
class Tree:
    """A document without namespaces, comments and processing instructions.

    `guessed`: the source was not well-formed, and where some element ends is a guess. The
    document is whole nevertheless: it ends with the closing tag of its root.
    """

    root: _Element
    guessed: bool = False
    source: str = ""  # of a guessed one

    def is_verbatim(self) -> bool:
        """Whether every text of a guessed tree stands in its source between its own two tags."""
        return not self.guessed or all(self._stands(each) for each in self.root.iter())

    def _stands(self, element: _Element) -> bool:
        text, tail = element.text or "", element.tail or ""
        if tail.strip() or (len(element) and text.strip()):
            return False
        return not text.strip() or f">{escape(text)}</{element.tag}>" in self.source


def gather_namesakes(root: _Element) -> None:
    """Let children of one name stand together, in the order of the first of each.

    XSLT 1.0 groups in quadratic time; an answer of a hundred kilobytes could take a minute.
    """
    for parent in root.iter(etree.Element):
        names = [child.tag for child in parent]
        rank = {name: at for at, name in enumerate(dict.fromkeys(names))}
        ranks = [rank[name] for name in names]
        if any(before > after for before, after in itertools.pairwise(ranks)):
            parent[:] = sorted(parent, key=lambda child: rank[child.tag])


def grow(body: bytes) -> Tree | None:
    """The tree of a document; `None` if it cannot be read or has a document type declaration."""
    source = ""
    root = _parse(body.lstrip(_BLANKS))
    if root is None:
        source = _mended(_legible(body))
        root = _parse(source.encode())
    if root is not None:
        return None if _has_doctype(root) else Tree(_bare(root, body))
    return _guess(source)


def _guess(source: str) -> Tree | None:
    """A tree of what is not well-formed, if it is certain that nothing was cut off its end."""
    if len(source) > MOST_TO_GUESS or "<!doctype" in source.lower():
        return None
    body = source.encode()
    root = _parse(body, recover=True)
    if root is None or _has_doctype(root):
        return None
    prefix = f"{root.prefix}:" if root.prefix else ""
    whole = source.rstrip().endswith(f"</{prefix}{_local_name(root)}>")
    return Tree(_bare(root, body), guessed=True, source=source) if whole else None


def _parse(body: bytes, *, recover: bool = False) -> _Element | None:
    # A parser of its own for each document: one that is shared is locked while it parses.
    parser = etree.XMLParser(
        recover=recover,
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        # In recovery lxml gives `None` for what holds no element at all; its types do not say so.
        root: _Element | None = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
    return root


def _has_doctype(root: _Element) -> bool:
    return root.getroottree().docinfo.internalDTD is not None


def _bare(root: _Element, body: bytes) -> _Element:
    """The same tree without namespaces: names are found wherever they stand."""
    if b"xmlns" in body.replace(b"\0", b""):
        for element in root.iter():
            if ":" not in _local_name(element):  # lxml itself would not accept such a name
                element.tag = _local_name(element)
    return root


def _local_name(element: _Element) -> str:
    return element.tag.rpartition("}")[2]


def _legible(body: bytes) -> str:
    """The text, whatever was declared: UTF-16, UTF-8, or UTF-8 with bytes of windows-1252."""
    start = body.lstrip(_BLANKS)
    for mark, encoding in _MARKS:
        if start.startswith(mark):
            return start.decode(encoding, "replace")
    declared = _ENCODING.match(start)
    if declared and _EIGHT_BITS.fullmatch(declared[1]):
        return _decode(start, declared[1].decode())
    return start.decode("utf-8", "surrogateescape").translate(_AS_WINDOWS_1252)


def _decode(body: bytes, encoding: str) -> str:
    try:
        return body.decode(encoding, "replace")
    except LookupError:  # no such part of ISO 8859
        return body.decode("latin-1")


def _mended(text: str) -> str:
    """The same document with what no XML may hold replaced, and stray ampersands escaped."""
    bare = _DECLARATION.sub("", text.lstrip("\ufeff \t\r\n"))
    return _AMPERSAND.sub(lambda found: found[1] or "&amp;", FORBIDDEN.sub(REPLACEMENT, bare))
