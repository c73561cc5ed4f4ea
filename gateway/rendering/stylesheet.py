"""A stylesheet, compiled once: from a recorder's document to HTML, TEXT or JSON.

A stylesheet cannot read or write a file, open a connection or run a regular expression. It may
include or import its neighbours, and the shipped ones as `callgate:NAME`.
"""

import re
from base64 import b64encode
from collections.abc import Collection, Iterable, Iterator, Mapping
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Final, final

from lxml import etree
from lxml.etree import _Element

from gateway.core.errors import CallgateError

_SCHEME: Final = "callgate:"
_SHIPPED: Final = files("gateway.rendering").joinpath("stylesheets")
# lxml's types do not know it.
_DENY_ALL: Final = etree.XSLTAccessControl.DENY_ALL  # type: ignore[attr-defined]
_PROBES: Final = (  # what a stylesheet must cope with before it is put to use
    '<VerbaApi><Response code="0" type="GetCallID"/><CallID>x</CallID></VerbaApi>',
    '<VerbaApi><Response code="2" type="x"><ErrorMessage>x</ErrorMessage></Response></VerbaApi>',
    '<VerbaApi><Response code="0" type="x"/></VerbaApi>',
)
_NAME: Final = re.compile(r"[\w-]+\.xsl")
_SUFFIXES: Final = {".xsl", ".xslt"}
_PLACES: Final = ("compilation error", "runtime error", "unknown error")  # where, and not what


class StylesheetFault(CallgateError):
    """A stylesheet cannot be read or compiled. One line for each fault: `FILE:LINE: what`."""


def compile_all(names: Iterable[str], overrides: Path | None) -> Mapping[str, "Stylesheet"]:
    """The stylesheets by name. `overrides`: where a site keeps those that replace shipped ones.

    Raises:
        StylesheetFault: with the faults of all of them.
    """
    if overrides and not overrides.is_dir():
        raise StylesheetFault(f"{overrides}: there is no such directory of stylesheets")
    compiled: dict[str, Stylesheet] = {}
    faults: list[str] = []
    for name in names:
        try:
            compiled[name] = Stylesheet(name, overrides)
        except StylesheetFault as fault:
            faults.append(str(fault))
    if faults:
        raise StylesheetFault("\n".join(faults))
    return MappingProxyType(compiled)


def strangers(overrides: Path, names: Collection[str]) -> Iterator[str]:
    """A fault for each stylesheet of a folder that is none of these, and that none names."""
    try:
        found = {path.name: path for path in sorted(overrides.iterdir()) if path.is_file()}
        sheets = {name: p for name, p in found.items() if p.suffix.lower() in _SUFFIXES}
        text = b"".join(path.read_bytes() for path in sheets.values())
    except OSError:  # the compiler says that it is not there, or cannot be read
        return
    for name in sheets:
        if name not in names and not re.search(rb"[\"']%b[\"']" % re.escape(name.encode()), text):
            right = f"there are {', '.join(names)}"
            yield f"{overrides / name}: is no stylesheet of ours, and none includes it; {right}"


@final
class Stylesheet:
    """One compiled stylesheet; safe to share between threads.

    Raises:
        StylesheetFault: there is a fault in it.
    """

    def __init__(self, name: str, overrides: Path | None = None) -> None:
        replaced = overrides is not None and (overrides / name).is_file()
        address = name if replaced else f"{_SCHEME}{name}"
        try:
            tree = etree.fromstring(
                _source(address, overrides) or b"", _parser(overrides), base_url=address
            )
            self._compiled = etree.XSLT(tree, access_control=_DENY_ALL, regexp=False)
            for probe in _PROBES:
                self._compiled(etree.fromstring(probe))
        except (etree.LxmlError, OSError) as error:
            raise StylesheetFault("\n".join(_faults(error, address, overrides))) from error
        self.styles = tuple(_hashes(tree))

    def transform(self, root: _Element) -> bytes:
        """The document in its dress.

        Raises:
            lxml.etree.LxmlError: the stylesheet gave up, or recursed without end.
        """
        return bytes(self._compiled(root))


@final
class _Neighbours(etree.Resolver):
    """Finds what a stylesheet includes, by its bare name or as a shipped one, and nothing else."""

    def __init__(self, overrides: Path | None) -> None:
        self._overrides = overrides

    # lxml passes a context that its types do not know of.
    def resolve(  # type: ignore[override]
        self, system_url: str, public_id: str, context: object
    ) -> object:
        del public_id
        source = _source(system_url, self._overrides)
        return self.resolve_string(source or b"", context, base_url=system_url)


def _source(address: str, overrides: Path | None) -> bytes | None:
    """`callgate:NAME` is a shipped file; a bare name is the site's own or else a shipped one."""
    name = address.removeprefix(_SCHEME)
    if not _NAME.fullmatch(name):
        return None
    if name == address and overrides and (overrides / name).is_file():
        return (overrides / name).read_bytes()
    shipped = _SHIPPED.joinpath(name)
    return shipped.read_bytes() if shipped.is_file() else None


def _parser(overrides: Path | None) -> etree.XMLParser:
    parser = etree.XMLParser(resolve_entities=False, load_dtd=False, no_network=True)
    parser.resolvers.add(_Neighbours(overrides))
    return parser


def _hashes(stylesheet: _Element) -> Iterator[str]:
    """What a Content-Security-Policy must allow, for each style element that is written out."""
    for style in stylesheet.iter("style", "{http://www.w3.org/1999/xhtml}style"):
        digest = sha256((style.text or "").encode()).digest()
        yield f"'sha256-{b64encode(digest).decode()}'"


def _faults(error: Exception, address: str, overrides: Path | None) -> Iterator[str]:
    """Where it is and what, for each fault that the compiler names."""
    if isinstance(error, etree.XMLSyntaxError) and _is_refused(error.filename, overrides):
        right = "which is neither beside it nor one of ours"
        yield f"{_file(address, overrides)}:1: includes {error.filename}, {right}"
    elif isinstance(error, etree.XMLSyntaxError):
        where = _file(error.filename or address, overrides)
        yield f"{where}:{error.lineno or 1}: {error.msg}"
    elif isinstance(error, etree.XSLTError):
        yield from _compilation_faults(error, address, overrides)
    else:
        yield f"{_file(address, overrides)}:1: {getattr(error, 'strerror', None) or error}"


def _is_refused(address: str | None, overrides: Path | None) -> bool:
    return address is not None and _source(address, overrides) is None


def _compilation_faults(
    error: etree.XSLTError, address: str, overrides: Path | None
) -> Iterator[str]:
    """The compiler notes a place and a fault in two entries, one after the other."""
    place = f"{_file(address, overrides)}:1"
    for entry in error.error_log:
        if entry.line:
            place = f"{_file(entry.filename, overrides)}:{entry.line}"
        if not entry.message.startswith(_PLACES):
            yield f"{place}: {entry.message.splitlines()[0]}"


def _file(address: str, overrides: Path | None) -> str:
    return str(overrides / address) if overrides and ":" not in address else address
