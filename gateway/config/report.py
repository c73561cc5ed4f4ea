"""Collects what is wrong with one document, and finds the line and the name for each of it.

Knows no setting: a section is an array of tables if what is wrong stands in one of its elements.
"""

import json
import re
import tomllib
from collections.abc import Mapping
from typing import final

from gateway.config.faults import Fault
from gateway.config.lines import Where, lines_of


@final
class Report:
    """Faults and warnings of one document. Not frozen: it grows while the document is read."""

    __slots__ = ("_faults", "_name", "_text", "_warnings")

    def __init__(self, name: str, text: str) -> None:
        self._name = name
        self._text = text
        self._faults: list[tuple[Where, str]] = []
        self._warnings: list[tuple[Where, str]] = []

    def fault(self, where: Where, message: str) -> None:
        """Something that the configuration cannot be used with."""
        self._faults.append((where, message))

    def warn(self, where: Where, message: str) -> None:
        """Something that an operator should mend."""
        self._warnings.append((where, message))

    def faults(self) -> tuple[Fault, ...]:
        """All faults, by line."""
        return self._placed(self._faults)

    def warnings(self) -> tuple[Fault, ...]:
        """All warnings, by line."""
        return self._placed(self._warnings)

    def _placed(self, found: list[tuple[Where, str]]) -> tuple[Fault, ...]:
        if not found:
            return ()
        lines = lines_of(self._text)
        document = tomllib.loads(self._text)
        faults = [
            Fault(self._name, _line(lines, where), _label(document, where), message)
            for where, message in found
        ]
        return tuple(sorted(faults, key=lambda fault: fault.line or 0))


def _line(lines: Mapping[Where, int], where: Where) -> int | None:
    """The line of the key, or else of the table that it is missing from."""
    while where and where not in lines:
        where = where[:-1]
    return lines.get(where)


def _label(document: Mapping[str, object], where: Where) -> str:
    """`[recorder] timeout`, `[[applications]] "crm" keys`."""
    match where:
        case (str(section), int(index), *keys):
            entry = _entry(document, section, index)
            return " ".join([f"[[{_bare(section)}]]", entry, *map(_bare, keys)])
        case (str(section), *keys) if keys:
            return " ".join([f"[{_bare(section)}]", *map(_bare, keys)])
        case _:
            return " ".join(map(_bare, where))


def _entry(document: Mapping[str, object], section: str, index: int) -> str:
    """How an entry is recognised: by its name, or else by its number from 1."""
    entries = document.get(section)
    entry = entries[index] if isinstance(entries, list) else None
    name = entry.get("name") if isinstance(entry, dict) else None
    if isinstance(name, str) and name.strip() and name.isprintable():
        return json.dumps(name, ensure_ascii=False)
    return f"number {index + 1}"


def _bare(key: str | int) -> str:
    """A key as TOML would have it: quoted where it must be."""
    text = str(key)
    if re.fullmatch(r"[\w-]+", text, re.ASCII):
        return text
    return json.dumps(text, ensure_ascii=not text.isprintable())
