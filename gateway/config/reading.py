"""Reads a document by the table of settings. Nothing here knows a setting by name."""

from collections.abc import Iterator, Mapping
from typing import Any

from gateway.config.faults import WrongValueError
from gateway.config.lines import Where
from gateway.config.settings import SECTIONS, SETTINGS, Section, Setting, settings_of
from gateway.config.unavailable import gaps
from gateway.config.values import Origin, nearest

Values = dict[str, Any]
"""What was read of one table, by key; what could not be read is missing."""

Sections = dict[str, list[tuple[Where, Values]]]
"""By section: its one table, or each of its entries, and where it stands."""


def read_sections(document: Mapping[str, object], origin: Origin) -> Sections:
    """Everything in the document that can be read; `origin.report` hears of the rest."""
    for name in document:
        if name not in SECTIONS:
            origin.report.fault((name,), _unknown_section(name))
    return {
        section.name: [
            (where, _read_table(section, where, table, origin))
            for where, table in _tables(section, document, origin)
        ]
        for section in SECTIONS.values()
    }


def _tables(
    section: Section, document: Mapping[str, object], origin: Origin
) -> Iterator[tuple[Where, Mapping[str, object]]]:
    """The tables of a section; one that is not many exists even if it is not written."""
    where: Where = (section.name,)
    match document.get(section.name, [] if section.many else {}):
        case dict() as table if not section.many:
            yield where, table
        case list() as entries if section.many and all(isinstance(one, dict) for one in entries):
            if section.required and not entries:
                origin.report.fault(where, f"is missing; write at least one {section.heading}")
            for index, entry in enumerate(entries):
                yield (*where, index), entry
        case _:
            kind = "tables of their own" if section.many else "one table"
            origin.report.fault(where, f"must be {kind}; write {section.heading}")


def _read_table(
    section: Section, where: Where, table: Mapping[str, object], origin: Origin
) -> Values:
    settings = settings_of(section.name)
    for key in table:
        if key not in settings:
            origin.report.fault((*where, key), _unknown_key(key, section, settings))
    values: Values = {}
    for key, setting in settings.items():
        if key in table:
            _read_value(setting, table[key], values, origin.at((*where, key)))
        elif setting.required:
            origin.report.fault((*where, key), f"is missing ({setting.meaning})")
        elif setting.default is None:
            values[key] = None
        else:
            _read_value(setting, setting.default, values, origin.at((*where, key)))
    return values


def _read_value(setting: Setting, written: object, values: Values, origin: Origin) -> None:
    try:
        value = setting.read(written, origin)
    except WrongValueError as wrong:
        for message in wrong.messages:
            origin.report.fault(origin.where, message)
        return
    values[setting.key] = value
    for fatal, message in gaps(setting.section, setting.key, value):
        tell = origin.report.fault if fatal else origin.report.warn
        tell(origin.where, message)


def _unknown_section(name: str) -> str:
    homes = [SECTIONS[one.section].heading for one in SETTINGS if one.key == name]
    if homes:
        return f"stands outside any section; it belongs under {' or '.join(homes)}"
    return f"is no section; {nearest(name, SECTIONS) or _one_of(SECTIONS)}"


def _unknown_key(key: str, section: Section, settings: Mapping[str, Setting]) -> str:
    homes = [SECTIONS[one.section].heading for one in SETTINGS if one.key == key]
    if homes:
        return f"does not belong here, but under {' or '.join(homes)}"
    hint = nearest(key, settings) or _one_of(settings)
    return f"is no setting of {section.heading}; {hint}"


def _one_of(names: Mapping[str, object]) -> str:
    return f"there are {', '.join(names)}"
