"""News of calls that somebody pushes, a PBX or a CTI link: from JSON to calls. Pure.

    {"calls": [{"id": "…", "caller": "8856", "called": "+3612345678",
                "started_at": "2026-03-02T12:00:00.250Z"},
               {"id": "…", "ended_at": "2026-03-02T12:05:30Z"},
               {"id": "…", "deleted": true}]}

What an event leaves out stays as it is known, so that an event may be sent again, and an end needs
no more than the id. Polling remains the truth: what the recorder does not confirm goes again.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol, final

from gateway.core.calls import Call, party, same
from gateway.core.errors import CallgateError

MOST_EVENTS: Final = 1000  # of one request
# So long a list of the recorder's that says otherwise is taken to lag behind.
PREVAILS_FOR: Final = timedelta(seconds=5)
# The record's own end may be that much earlier than the pushed one.
_TOLERANCE: Final = timedelta(seconds=2)
_OLDEST: Final = timedelta(days=366)
_AHEAD_OF_US: Final = timedelta(minutes=1)  # the pusher's clock
_TEXTS: Final = ("caller", "called", "platform_call_id", "native_id")
_FLAGS: Final = ("manual", "deleted")
_TIMES: Final = ("started_at", "ended_at")
_FIELDS: Final = frozenset({"id", *_TEXTS, *_FLAGS, *_TIMES})
_LONGEST: Final = 256  # characters of a text

Event = Mapping[str, object]


class Known(Protocol):
    """What the index has already."""

    def known(self, ids: Collection[str]) -> tuple[Call, ...]:
        """As `CallStore`."""
        ...


class NewsFault(CallgateError):
    """What is wrong with the JSON, where in it, and what would be right."""


@final
@dataclass(frozen=True, slots=True)
class News:
    """The calls as they are now known to be, and the ids of those that are no more."""

    calls: tuple[Call, ...]
    removed: tuple[str, ...]


def read_news(body: bytes, index: Known, now: datetime, ahead: timedelta) -> News:
    """Read events, in their order.

    Args:
        body: JSON in UTF-8. Its times are by a clock that goes right, with their zone.
        index: what is known already.
        now: the gateway's clock, for calls whose begin is not told.
        ahead: the recorder's clock minus the gateway's; calls have the recorder's times.

    Raises:
        NewsFault: nothing of it is taken then.
    """
    events = tuple(_events(body))
    calls = {same(call.id): call for call in index.known({str(e["id"]) for e in events})}
    removed: dict[str, str] = {}
    for number, event in enumerate(events):
        key = same(str(event["id"]))
        if event.get("deleted"):
            removed[key] = str(event["id"])
            calls.pop(key, None)
            continue
        removed.pop(key, None)
        calls[key] = _call(event, calls.get(key), f"calls[{number}]", now, ahead)
    return News(tuple(calls.values()), tuple(removed.values()))


def _events(body: bytes) -> Iterator[Event]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise NewsFault("the body is no JSON in UTF-8") from error
    events = document.get("calls") if isinstance(document, dict) else None
    if not isinstance(events, list):
        raise NewsFault('write {"calls": [{"id": "…", …}, …]}')
    if len(events) > MOST_EVENTS:
        raise NewsFault(f"calls: {len(events)} events, and {MOST_EVENTS} are the most; send fewer")
    for number, event in enumerate(events):
        where = f"calls[{number}]"
        if not isinstance(event, dict):
            raise NewsFault(f"{where} is no object")
        _check(event, where)
        yield event


def _check(event: Event, where: str) -> None:
    for name, value in event.items():
        if name not in _FIELDS:
            raise NewsFault(f"{where} has a field that is not known; there are {_listed()}")
        right = bool if name in _FLAGS else str
        fits = not isinstance(value, str) or (len(value) <= _LONGEST and value.isprintable())
        if not isinstance(value, right) or not fits:
            what = "true or false" if right is bool else f"a text of at most {_LONGEST} characters"
            raise NewsFault(f"{where}.{name} must be {what}")
    if not same(str(event.get("id", ""))):
        raise NewsFault(f"{where}.id is missing: the recorder's own id of the call")


def _call(event: Event, known: Call | None, where: str, now: datetime, ahead: timedelta) -> Call:
    started_at, ended_at = (_time(event, name, where, now, ahead) for name in _TIMES)
    if known is None:
        if not (event.get("caller") or event.get("called")):
            raise NewsFault(f"{where} is not known yet, and so needs a caller or a called")
        known = Call(str(event["id"]), "", "", _to_millisecond(now + ahead), pushed=True)
    text = {name: str(event[name]) for name in _TEXTS if name in event}
    call = replace(
        known,
        caller=party(text.get("caller", known.caller)),
        called=party(text.get("called", known.called)),
        started_at=started_at or known.started_at,
        platform_call_id=same(text.get("platform_call_id", known.platform_call_id)),
        native_id=same(text.get("native_id", known.native_id)),
        manual=bool(event.get("manual", known.manual)),
    )
    if ended_at is None or known.final:
        ended_at = known.ended_at
    if ended_at is not None and ended_at < call.started_at:
        raise NewsFault(f"{where}.ended_at is before the call began")
    if ended_at is None or ended_at == known.ended_at:
        return call
    return replace(call, ended_at=ended_at, ended_after=max(ended_at - _TOLERANCE, call.started_at))


def _time(event: Event, name: str, where: str, now: datetime, ahead: timedelta) -> datetime | None:
    if name not in event:
        return None
    right = 'write it with its zone, as "2026-03-02T12:00:00.250Z"'
    try:
        told = datetime.fromisoformat(str(event[name]))
        recorded = told.astimezone(UTC) + ahead
    except (ValueError, OverflowError) as error:
        raise NewsFault(f"{where}.{name} is no time; {right}") from error
    if told.tzinfo is None:
        raise NewsFault(f"{where}.{name} has no zone; {right}")
    if not now - _OLDEST <= told <= now + _AHEAD_OF_US:
        raise NewsFault(f"{where}.{name} is more than a year ago, or yet to come")
    return _to_millisecond(recorded)


def _to_millisecond(moment: datetime) -> datetime:
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _listed() -> str:
    return ", ".join(sorted(_FIELDS))
