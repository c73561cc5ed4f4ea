"""Calls and times as SQLite holds them: microseconds since 1970 in UTC, and integers for flags."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final, overload

from gateway.core.calls import Call, same

Row = tuple[Any, ...]  # what sqlite3 gives: its columns' types are the schema's promise

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


@overload
def microseconds(moment: datetime) -> int: ...
@overload
def microseconds(moment: None) -> None: ...
def microseconds(moment: datetime | None) -> int | None:
    """A moment as a number; exact, unlike a float of seconds."""
    return None if moment is None else (moment - _EPOCH) // _MICROSECOND


@overload
def moment(number: int) -> datetime: ...
@overload
def moment(number: None) -> None: ...
def moment(number: int | None) -> datetime | None:
    """The moment that `microseconds` made into a number."""
    return None if number is None else _EPOCH + number * _MICROSECOND


def microseconds_in(span: timedelta) -> int:
    """A span of time as a number."""
    return span // _MICROSECOND


def span_of(number: int) -> timedelta:
    """The span that `microseconds_in` made into a number."""
    return number * _MICROSECOND


def row_of(call: Call) -> Row:
    """A call in the order of the table's columns, but for the revision."""
    return (
        same(call.id),
        call.id,
        call.caller,
        call.called,
        microseconds(call.started_at),
        None if call.ended_at is None else microseconds(call.ended_at),
        call.platform_call_id,
        call.native_id,
        call.manual,
        call.provisional,
    )


def call_of(row: Row) -> Call:
    """A call from the columns `statements.FIELDS`."""
    id_, caller, called, started_at, ended_at, platform, native, manual, provisional = row
    return Call(
        id=id_,
        caller=caller,
        called=called,
        started_at=moment(started_at),
        ended_at=moment(ended_at),
        platform_call_id=platform,
        native_id=native,
        manual=bool(manual),
        provisional=bool(provisional),
    )
