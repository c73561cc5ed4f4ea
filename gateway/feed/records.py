"""From a row of SearchCalls to a `Call`. The recorder's spelling of fields lives only here.

Names drift between the vendor's versions, so each field has several. Times are local to the
recorder's zone, which no answer names.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
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


def call_of(row: Mapping[str, str], zone: ZoneInfo) -> Call | None:
    """The call of a row; `None` for a secondary recording, and for a row without id or begin."""
    id_ = _first(row, _ID)
    started_at = began_at(row, zone)
    if not id_ or started_at is None or row.get("secondary", "").strip().lower() in _TRUE:
        return None
    return Call(
        id=id_,
        caller=party(row.get("source_caller_id", "")),
        called=party(row.get("destination_caller_id", "")),
        started_at=started_at,
        ended_at=_end(_first(row, _END), zone, started_at),
        platform_call_id=same(row.get("platform_call_id", "")),
        native_id=same(row.get("native_id", "")),
        manual=row.get("manual", "0").strip().lower() in _TRUE,
    )


def id_of(row: Mapping[str, str]) -> str:
    """The row's id in the form in which ids are compared; empty if it has none."""
    return same(_first(row, _ID))


def began_at(row: Mapping[str, str], zone: ZoneInfo) -> datetime | None:
    """When the row's call began, in UTC; `None` if it does not say."""
    return moment(_first(row, _START), zone)


def moment(text: str, zone: ZoneInfo, *, fold: int = 0) -> datetime | None:
    """`YYYY-MM-DD hh:mm[:ss[.SSS]]` in the recorder's zone, as UTC; `None` if it is no time.

    `fold`: which of the two is meant where the clock went back and an hour occurs twice.
    """
    try:
        local = datetime.fromisoformat(text)
        if local.tzinfo is None:
            local = local.replace(tzinfo=zone, fold=fold)
        utc = local.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return utc if _EARLIEST <= utc <= _LATEST else None


def _end(text: str, zone: ZoneInfo, started_at: datetime) -> datetime | None:
    """An end, never before the begin: if it seems to be, the clock went back in between."""
    ended_at = moment(text, zone)
    if ended_at is None or ended_at >= started_at:
        return ended_at
    return max(started_at, moment(text, zone, fold=1) or started_at)


def local_time(moment_: datetime, zone: ZoneInfo) -> str:
    """A moment as the recorder's parameters want it, down to the millisecond."""
    local = moment_.astimezone(zone)
    return f"{local:%Y-%m-%d %H:%M:%S}.{local.microsecond // 1000:03d}"


def local_start(moment_: datetime, now: datetime, zone: ZoneInfo) -> str:
    """The earliest that the recorder's wall clock showed from a moment until now.

    In the night in which it goes back that is earlier than what it showed at the moment.
    """
    then, today = (each.astimezone(zone).utcoffset() or timedelta(0) for each in (moment_, now))
    return local_time(moment_ - max(then - today, timedelta(0)), zone)


def _first(row: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((text for name in names if (text := row.get(name, "").strip())), "")
