"""Calls and times as SQLite holds them: integers for times and flags, 16 bytes for a GUID."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any, Final, overload

from gateway.core.calls import Call, same

Row = tuple[Any, ...]  # what sqlite3 gives: its columns' types are the schema's promise
Key = bytes | str

AS_KEY: Final = 0
IN_CAPITALS: Final = 1

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_MILLISECOND: Final = timedelta(milliseconds=1)
_GUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


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


def milliseconds(moment: datetime) -> int:
    """A moment of a call as a number: the recorder tells no more than milliseconds."""
    return (moment - _EPOCH) // _MILLISECOND


def microseconds_in(span: timedelta) -> int:
    """A span of time as a number."""
    return span // _MICROSECOND


def span_of(number: int) -> timedelta:
    """The span that `microseconds_in` made into a number."""
    return number * _MICROSECOND


def key_of(id_: str) -> Key:
    """An id in the form that is compared; 16 bytes if it is a GUID, which no text equals."""
    compared = same(id_)
    return bytes.fromhex(compared.replace("-", "")) if _GUID.fullmatch(compared) else compared


def row_of(call: Call) -> Row:
    """A call in the order of `statements.FIELDS`."""
    key = key_of(call.id)
    return (
        key,
        _spelling(call.id, key),
        call.caller,
        call.called,
        milliseconds(call.started_at),
        None if call.ended_at is None else milliseconds(call.ended_at),
        call.platform_call_id or None,
        call.native_id or None,
        call.manual,
        None if call.ended_after is None else milliseconds(call.ended_after),
        call.pushed,
    )


def call_of(row: Row) -> Call:
    """A call from the columns `statements.FIELDS`."""
    key, spelt, caller, called, started, ended, platform, native, manual, after, pushed = row
    return Call(
        id=_id(key, spelt),
        caller=caller,
        called=called,
        started_at=_EPOCH + started * _MILLISECOND,
        ended_at=None if ended is None else _EPOCH + ended * _MILLISECOND,
        platform_call_id=platform or "",
        native_id=native or "",
        manual=bool(manual),
        ended_after=None if after is None else _EPOCH + after * _MILLISECOND,
        pushed=bool(pushed),
    )


def _spelling(id_: str, key: Key) -> str | int:
    text = _text(key)
    if id_ == text:
        return AS_KEY
    return IN_CAPITALS if id_ == text.upper() else id_


def _id(key: Key, spelt: str | int) -> str:
    if isinstance(spelt, str):
        return spelt
    text = _text(key)
    return text if spelt == AS_KEY else text.upper()


def _text(key: Key) -> str:
    if isinstance(key, str):
        return key
    digits = key.hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
