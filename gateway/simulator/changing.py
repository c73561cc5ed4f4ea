"""The actions that change the world, log in or upload (the recorder's API, §4 and §6)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from typing import Final

from gateway.simulator.answers import Answer, Element
from gateway.simulator.calls import Call, Marker, Party
from gateway.simulator.case import Case
from gateway.simulator.refusals import Code, Refusal, invalid, not_found
from gateway.simulator.selection import select

RESERVED: Final = frozenset(
    (
        *("action", "apiKey", "token", "responseType", "userName", "password", "type"),
        *("callID", "ccdr_id", "cid", "platformCallID", "nativeID", "meetingID"),
        *("extension", "status"),
    )
)
"""Parameters with a meaning of their own: no metadata."""
MUTES: Final = ("0", "1", "2", "3")
"""A bit mask: 1 the caller, 2 the called party."""


def request_token(case: Case) -> Answer:
    """A new token and a new session."""
    token = case.doorkeeper.log_in(case.request, case.world.now())
    session = token.upper()
    beside = (
        Element("SessionId", session),
        Element("SessionParameterName", "jsessionid"),
        Element("SessionCookieName", "JSESSIONID"),
        Element("Remote", "false"),
    )
    cookie = ("Set-Cookie", f"JSESSIONID={session}; Path=/verba; HttpOnly")
    return Answer("RequestToken", attributes=(("token", token),), beside=beside, headers=(cookie,))


def keep_call(case: Case) -> Answer:
    """Saves a call from retention."""
    return _change(case, lambda call: replace(call, do_not_delete=True))


def mute_recording(case: Case) -> Answer:
    """Mutes sides of an ongoing call."""
    mute = case.request.one("mute")
    if mute not in MUTES:
        raise invalid(f"Invalid mute: {mute!r}; {', '.join(MUTES)}.")

    def muted(call: Call) -> Call:
        if call.end is not None:
            raise Refusal(Code.CALL_NOT_FOUND, "Unable to mute, because the call is over.")
        return replace(call, mute=int(mute))

    return _change(case, muted)


def delete_call(case: Case) -> Answer:
    """Deletes a call; one that must be kept is kept, an ongoing one goes when it ends."""
    call = select(case)
    if call.do_not_delete:
        raise Refusal(Code.UNEXPECTED_ERROR, "Unable to delete, because the call must be kept.")
    if case.world.delete(call.id) is None:
        raise not_found(case.action)
    return Answer(case.action)


def attach_metadata(case: Case) -> Answer:
    """Every further parameter is a field; a field that exists takes the new value."""
    given = {name: value for name, value in case.request.pairs if name not in RESERVED}
    if not given:
        raise invalid("There is no metadata field.")
    return _change(
        case, lambda call: replace(call, metadata=tuple({**dict(call.metadata), **given}.items()))
    )


def add_marker(case: Case) -> Answer:
    """Opens a marker here and now, or closes the open one of this name with `mmode=end`."""
    mode, name = case.request.one("mmode"), case.request.one("mname")
    if mode not in ("start", "end") or not name:
        raise invalid("mmode must be start or end, and mname a name.")
    now = case.world.now()

    def marked(call: Call) -> Call:
        place = int(call.seconds(now) * 1000)
        if mode == "start":
            return replace(call, markers=(*call.markers, Marker(name, place)))
        return replace(call, markers=_closed(call.markers, name, place))

    return _change(case, marked)


def put_media(case: Case) -> Answer:
    """Imports a recorded call with its file. Its fields stand in the query, in lower case."""
    request = case.request
    if request.method != "POST" or not request.files:
        raise invalid("PutMedia is a POST with a file as multipart/form-data.")
    start, end = (_moment(case, name, case.zone) for name in ("starttime", "endtime"))
    if end < start:
        raise invalid("endtime must not lie before starttime.")
    call = Call(
        caller=Party(request.one("srccallerid"), request.one("srcname"), request.one("srcip")),
        called=Party(request.one("dstcallerid"), request.one("dstname"), request.one("dstip")),
        native_id=request.one("nativeid"),
        start=start,
        end=end,
        direction_id=_number(case, "direction", 0),
        cause_id=_number(case, "cause", 0),
        audio_codec_id=_number(case, "audiocodec", 4),
    )
    case.world.put(call, request.files[0])
    return Answer(case.action)


def _change(case: Case, change: Callable[[Call], Call]) -> Answer:
    if case.world.change(select(case).id, change) is None:
        raise not_found(case.action)
    return Answer(case.action)


def _closed(markers: tuple[Marker, ...], name: str, place: int) -> tuple[Marker, ...]:
    for index, marker in reversed(list(enumerate(markers))):
        if marker.name == name and marker.end is None:
            return (*markers[:index], replace(marker, end=place), *markers[index + 1 :])
    raise Refusal(Code.PROPERTY_NOT_FOUND, f"There is no open marker {name!r}.")


def _moment(case: Case, name: str, zone: tzinfo) -> float:
    given = case.request.one(name)
    try:
        moment = datetime.fromisoformat(given)
        return (
            (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC).timestamp()
        )
    except ValueError:
        raise invalid(f"Invalid or missing {name}: {given!r}.") from None


def _number(case: Case, name: str, default: int) -> int:
    given = case.request.one(name) or str(default)
    if not (given.isascii() and given.isdigit()):
        raise invalid(f"Invalid {name}: {given!r}; a number from 0.")
    return int(given)
