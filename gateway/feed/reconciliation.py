"""What a list of ongoing calls teaches. Pure; knows no store and no recorder.

A call is never in neither list: one that leaves the ongoing ones has ended, provisionally, until
its record appears. One whose record never appears is no call that the recorder would name.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, final

from gateway.core.calls import Call, same

RECORD_APPEARS_WITHIN: Final = timedelta(hours=1)
# A call that was pushed and that the recorder has not listed by then is not known to it.
CONFIRMED_WITHIN: Final = timedelta(minutes=1)


@final
@dataclass(frozen=True, slots=True)
class Difference:
    """What changes in the index: the calls to store, and the ids of those to remove."""

    calls: tuple[Call, ...]
    removed: tuple[str, ...]


@final
@dataclass(frozen=True, slots=True)
class Listing:
    """The calls that are ongoing, and when that was asked for (the recorder's clock).

    What is not known to be in the list has ended after `before`, when the list before this one
    was asked for, and not after `latest`; it is `earliest` at the least. Between the two lies
    what is not known of the recorder's clock.
    """

    calls: Sequence[Call]
    before: datetime
    earliest: datetime
    latest: datetime


def reconcile(unfinished: Iterable[Call], listing: Listing) -> Difference:
    """Bring the unfinished calls of the index in line with the list of ongoing ones.

    An end that is inferred lies between two lists, and never before the call's begin.
    """
    known = {same(call.id): call for call in unfinished}
    listed = {same(call.id): call for call in listing.calls}
    left = {key: call for key, call in known.items() if key not in listed}
    over = {key for key, call in left.items() if _is_given_up(call, listing.earliest)}
    ended = {key: _ended(call, listing) for key, call in left.items() if key not in over}
    calls = tuple(call for key, call in (listed | ended).items() if known.get(key) != call)
    return Difference(calls, tuple(known[key].id for key in over))


def _ended(call: Call, listing: Listing) -> Call:
    if call.ended_at is not None:
        return call
    at = max(listing.latest, call.started_at)
    return replace(call, ended_at=at, ended_after=min(max(listing.before, call.started_at), at))


def _is_given_up(call: Call, now: datetime) -> bool:
    within = CONFIRMED_WITHIN if call.pushed else RECORD_APPEARS_WITHIN
    return call.ended_at is not None and now - call.ended_at > within
