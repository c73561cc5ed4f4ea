"""What a list of ongoing calls teaches. Pure; knows no store and no recorder.

A call is never in neither list: one that leaves the ongoing ones has ended, provisionally, until
its record appears.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from gateway.core.calls import Call, same

# A record that has not appeared by then will not: the provisional end is taken for the end.
RECORD_APPEARS_WITHIN: Final = timedelta(hours=1)


def reconcile(
    unfinished: Iterable[Call], ongoing: Iterable[Call], now: datetime
) -> tuple[Call, ...]:
    """The calls to store: those that are ongoing, and those that were and are no longer.

    Calls of which nothing new is known are left out. `now` is the recorder's clock when it was
    asked. An end is never before its begin.
    """
    known = {same(call.id): call for call in unfinished}
    listed = {same(call.id): call for call in ongoing}
    left = {key: _ended(call, now) for key, call in known.items() if key not in listed}
    return tuple(call for key, call in (listed | left).items() if known.get(key) != call)


def _ended(call: Call, now: datetime) -> Call:
    if call.ended_at is None:
        return replace(call, ended_at=max(now, call.started_at), provisional=True)
    if now - call.ended_at > RECORD_APPEARS_WITHIN:
        return replace(call, provisional=False)
    return call
