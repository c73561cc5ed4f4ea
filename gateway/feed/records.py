"""From a row of SearchCalls to a `Call`. The recorder's spelling of fields lives only here.

Names drift between the vendor's versions, so each field has several. Times are local to the
recorder's zone, which no answer names; in the night in which the clock goes back an hour occurs
twice, and what else is known has to tell which of the two is meant.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Final
from zoneinfo import ZoneInfo

from gateway.core.calls import Call, party, same

_ID: Final = ("ccdr_id", "ccdrid", "call_id")
_START: Final = ("start_time", "starttime", "startdate", "start_date")
_END: Final = ("end_time", "endtime", "enddate", "end_date")
# Times outside are what programs write for none.
_EARLIEST: Final = datetime(1970, 1, 2, tzinfo=UTC)
_LATEST: Final = datetime(9000, 1, 1, tzinfo=UTC)
_TRUE: Final = frozenset({"1", "true", "yes"})
_DURATION: Final = re.compile(r"(\d{1,4}):(\d{2}):(\d{2})(?:\.\d*)?")
_NONE: Final = timedelta(0)
_SOON: Final = timedelta(minutes=1)  # a call does not begin later than that after it is listed

Known = Callable[[str], Call | None]
Row = Mapping[str, str]


def call_of(row: Row, zone: ZoneInfo, now: datetime, known: Known = lambda _: None) -> Call | None:
    """The call of a row; `None` for a secondary recording, and for a row without id or begin.

    `now`: when the row was asked for (the recorder's clock). `known`: what the index has under
    an id; it is asked only where a time can be read in two ways.
    """
    id_ = _first(row, _ID)
    starts = moments(_first(row, _START), zone)
    if not id_ or not starts or is_secondary(row):
        return None
    ends = moments(_first(row, _END), zone)
    if len(starts) > 1 or len(ends) > 1:
        started_at, ended_at = _likeliest(starts, ends, _duration(row), now, known(id_))
    else:
        started_at = starts[0]
        ended_at = max(ends[0], started_at) if ends else None
    return Call(
        id=id_,
        caller=party(row.get("source_caller_id", "")),
        called=party(row.get("destination_caller_id", "")),
        started_at=started_at,
        ended_at=ended_at,
        platform_call_id=same(row.get("platform_call_id", "")),
        native_id=same(row.get("native_id", "")),
        manual=row.get("manual", "0").strip().lower() in _TRUE,
    )


def is_secondary(row: Row) -> bool:
    """Whether it is a duplicate recording of another call, which answers no question."""
    return row.get("secondary", "").strip().lower() in _TRUE


def id_of(row: Row) -> str:
    """The row's id in the form in which ids are compared; empty if it has none."""
    return same(_first(row, _ID))


def began_at(row: Row, zone: ZoneInfo) -> datetime | None:
    """When the row's call began, in UTC, at the earliest; `None` if it does not say."""
    return next(iter(moments(_first(row, _START), zone)), None)


def moments(text: str, zone: ZoneInfo) -> tuple[datetime, ...]:
    """`YYYY-MM-DD hh:mm[:ss[.SSS]]` in the recorder's zone, as UTC; empty if it is no time.

    Two, the earlier one first, where the clock went back and the time occurs twice.
    """
    try:
        local = datetime.fromisoformat(text)
        if local.tzinfo is None:
            local = local.replace(tzinfo=zone)
        first = local.astimezone(UTC)
        second = local.replace(fold=1).astimezone(UTC)
    except (ValueError, OverflowError):
        return ()
    if not _EARLIEST <= first <= _LATEST:
        return ()
    return (first, second) if second > first else (first,)


def _likeliest(
    starts: tuple[datetime, ...],
    ends: tuple[datetime, ...],
    lasted: timedelta | None,
    now: datetime,
    known: Call | None,
) -> tuple[datetime, datetime | None]:
    """Of all readings of a begin and an end, that which fits what else is known.

    What the index knew stays; the record's own duration tells the two apart; else a call that is
    listed for the first time is rather the latest that it can be.
    """
    if not ends:
        return _fitting(starts, now, known), None
    readings = [(start, end) for start, end in product(starts, ends) if start <= end]
    if not readings:  # the end seems to be before the begin
        return starts[0], starts[0]
    past = [each for each in readings if each[1] <= now + _SOON] or readings
    return min(past, key=lambda each: _unlikelihood(each[0], each[1], lasted, known))


def _unlikelihood(
    start: datetime, end: datetime, lasted: timedelta | None, known: Call | None
) -> tuple[bool, timedelta, timedelta, timedelta]:
    """How badly a reading fits: what the index knew, then the duration, then how old it is."""
    is_known = known is not None and start == known.started_at
    off = _NONE if lasted is None else abs(end - start - lasted) // _SOON * _SOON
    if known is not None and is_known:
        late = abs(end - known.ended_at) if known.ended_at else _NONE
    else:
        late = _LATEST - end
    return not is_known, off, late, end - start


def _fitting(starts: tuple[datetime, ...], now: datetime, known: Call | None) -> datetime:
    if known is not None and known.started_at in starts:
        return known.started_at
    return max((start for start in starts if start <= now + _SOON), default=starts[0])


def _duration(row: Row) -> timedelta | None:
    found = _DURATION.fullmatch(row.get("duration", "").strip())
    if found is None:
        return None
    hours, minutes, seconds = map(int, found.groups())
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)


def local_time(moment_: datetime, zone: ZoneInfo) -> str:
    """A moment as the recorder's parameters want it, down to the millisecond."""
    local = moment_.astimezone(zone)
    return f"{local:%Y-%m-%d %H:%M:%S}.{local.microsecond // 1000:03d}"


def local_start(moment_: datetime, now: datetime, zone: ZoneInfo) -> str:
    """The earliest that the recorder's wall clock showed from a moment until now.

    In the night in which it goes back that is earlier than what it showed at the moment.
    """
    return local_time(moment_ - _set_back(moment_, now, zone), zone)


def local_end(since: datetime, moment_: datetime, zone: ZoneInfo) -> str:
    """The latest that the recorder's wall clock showed from then until a moment."""
    local = moment_.astimezone(zone).replace(tzinfo=UTC) + _set_back(since, moment_, zone)
    return local_time(local, ZoneInfo("UTC"))


def _set_back(since: datetime, until: datetime, zone: ZoneInfo) -> timedelta:
    """By how much the recorder's wall clock went back in between."""
    then, today = (each.astimezone(zone).utcoffset() or timedelta(0) for each in (since, until))
    return max(then - today, timedelta(0))


def _first(row: Row, names: tuple[str, ...]) -> str:
    return next((text for name in names if (text := row.get(name, "").strip())), "")
