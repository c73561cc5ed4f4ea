"""SearchCalls (the recorder's API, §7)."""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from gateway.simulator.answers import Answer, Element
from gateway.simulator.calls import Call, Party
from gateway.simulator.case import Case
from gateway.simulator.records import record, row_fields, state_of, wall_clock
from gateway.simulator.refusals import Code, Refusal, invalid

MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d{1,3})?)?", re.ASCII)
FIELDS: Final = frozenset(row_fields(Call(Party(""), Party(""), end=0.0), ZoneInfo("UTC")))
FILTER: Final = "f_"
A_DAY: Final = 86_400.0
"""More than any change of a clock: what may be printed as lying in a range began within it."""


def search_calls(case: Case) -> Answer:
    """A page of the calls that began from `start` to `end`, both as a wall clock showed them."""
    first, last = _moment(case, "start"), _moment(case, "end")
    found = [
        call
        for call in _listed(case, first, last)
        if first <= wall_clock(call.start, case.zone) <= last
        if _matches(case, call) and _filtered(case, call)
    ]
    return _page(case, _ordered(case, found))


def _listed(case: Case, first: datetime, last: datetime) -> list[Call]:
    status = case.request.one("status") or "recorded"
    if status == "ongoing":
        calls = case.world.ongoing()
    elif status == "recorded":
        lower, upper = (moment.replace(tzinfo=case.zone).timestamp() for moment in (first, last))
        calls = case.world.recorded(lower - A_DAY, upper + A_DAY)
    else:
        raise invalid(f"Invalid status: {status!r}; recorded or ongoing.")
    secondary = case.request.one("secondary") == "1"
    return [call for call in calls if secondary or not call.secondary]


def _matches(case: Case, call: Call) -> bool:
    """Whether any of the numbers and any of the names is part of either side's."""
    sides = (call.caller, call.called)
    return _part(case.request.every("anynum"), [side.number for side in sides]) and _part(
        case.request.every("anyname"), [side.name for side in sides]
    )


def _part(wanted: Iterable[str], given: Iterable[str]) -> bool:
    parts = [part.casefold() for part in wanted]
    return not parts or any(part in text.casefold() for text in given for part in parts)


def _filtered(case: Case, call: Call) -> bool:
    filters = [
        (_field(name.removeprefix(FILTER)), value)
        for name, value in case.request.pairs
        if name.startswith(FILTER)
    ]
    row = row_fields(call, case.zone) if filters else {}
    return all(row.get(name, "").casefold() == value.casefold() for name, value in filters)


def _ordered(case: Case, calls: list[Call]) -> list[Call]:
    """In order of one field; what is equal there stays in order of start."""
    order = case.request.one("order").lower() or "asc"
    if order not in ("asc", "desc"):
        raise invalid(f"Invalid order: {order!r}; asc or desc.")
    by = _field(case.request.one("orderby") or "start_time")
    reverse = order == "desc"
    calls.sort(key=lambda call: (call.start, call.sequence), reverse=reverse)
    if by == "end_time":
        calls.sort(key=lambda call: call.end or 0.0, reverse=reverse)
    elif by != "start_time":
        calls.sort(key=lambda call: row_fields(call, case.zone).get(by, ""), reverse=reverse)
    return calls


def _page(case: Case, calls: list[Call]) -> Answer:
    settings = case.settings
    first = _count(case, "pagefirst", 0)
    length = min(_count(case, "pagelen", settings.page_length), settings.max_page_length)
    elements = tuple(
        record(row_fields(call, case.zone), (("index", str(first + number)), state_of(call)))
        for number, call in enumerate(calls[first : first + length], start=1)
    )
    count = (("rowcount", str(len(elements))),)
    root = Element("verbacdrlist", attributes=count, children=elements)
    return Answer("SearchCalls", root=root)


def _count(case: Case, name: str, default: int) -> int:
    given = case.request.one(name)
    if not given:
        return default
    if not (given.isascii() and given.isdigit()):
        raise invalid(f"Invalid {name}: {given!r}; a number from 0.")
    return int(given)


def _moment(case: Case, name: str) -> datetime:
    given = case.request.one(name).strip()
    if not given:
        raise invalid(f"Missing parameter: {name}.")
    try:
        if MOMENT.fullmatch(given):
            return datetime.fromisoformat(given)
    except ValueError:
        pass
    raise invalid(f"Invalid {name}: {given!r}; YYYY-MM-DD hh:mm[:ss[.SSS]].")


def _field(name: str) -> str:
    if name not in FIELDS:
        raise Refusal(Code.PROPERTY_NOT_FOUND, f"There is no field {name!r}.")
    return name
