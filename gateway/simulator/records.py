"""The fields of a call as the recorder prints them (the recorder's API, §5 and §7).

Times are printed in somebody's time zone and do not name it: in the night in autumn when the clock
goes back, an hour of them occurs twice.
"""

from datetime import datetime, tzinfo

from gateway.simulator.answers import Element
from gateway.simulator.calls import Call


def fields(call: Call, zone: tzinfo) -> dict[str, str]:
    """The fields of one record in their order; an ongoing call has no end and no duration."""
    ended = {} if call.end is None else {"end_time": wall_time(call.end, zone)}
    return {
        "ccdr_id": call.id,
        "native_id": call.native_id,
        "location": "RECORDER-1",
        **_party("source", call),
        **_party("destination", call),
        "start_time": wall_time(call.start, zone),
        **ended,
        "audio_codec_id": str(call.audio_codec_id),
        "direction_id": str(call.direction_id),
        "cause_id": str(call.cause_id),
        "signaling_id": "2",
        "recorder_service_id": "1",
        "ondemand": _truth(value=call.manual),
        "conference": _truth(value=call.conference),
        "platform_call_id": call.platform_call_id,
        "manual": str(int(call.manual)),
        "do_not_delete": str(int(call.do_not_delete)),
        "secondary": _truth(value=call.secondary),
        "recorded_party": "false",
        "meeting_id": call.meeting_id,
    }


def row_fields(call: Call, zone: tzinfo) -> dict[str, str]:
    """The fields of a row of a list: those of the record, and the duration."""
    given = fields(call, zone)
    if call.end is not None:
        given["duration"] = _duration(call)
    return given


def record(
    given: dict[str, str],
    attributes: tuple[tuple[str, str], ...],
    further: tuple[Element, ...] = (),
) -> Element:
    """One `verbacdr` element."""
    children = tuple(Element(name, text) for name, text in given.items())
    return Element("verbacdr", attributes=attributes, children=children + further)


def wall_clock(seconds: float, zone: tzinfo) -> datetime:
    """What a clock on the wall would show, to the millisecond."""
    return datetime.fromtimestamp(int(seconds * 1000) / 1000, zone).replace(tzinfo=None)


def wall_time(seconds: float, zone: tzinfo) -> str:
    """The same as it is printed, `YYYY-MM-DD hh:mm:ss.SSS`."""
    return wall_clock(seconds, zone).isoformat(" ", "milliseconds")


def state_of(call: Call) -> tuple[str, str]:
    """The `state` attribute: 0 is ongoing, 1 is over."""
    return ("state", "0" if call.end is None else "1")


def _party(side: str, call: Call) -> dict[str, str]:
    party = call.caller if side == "source" else call.called
    return {
        f"{side}_ip": party.ip,
        f"{side}_caller_id": party.number,
        f"{side}_name": party.name,
    }


def _duration(call: Call) -> str:
    seconds = int(call.seconds(call.start))
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _truth(*, value: bool) -> str:
    return "true" if value else "false"
