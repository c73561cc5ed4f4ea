"""The actions that answer with sound and pictures (the recorder's API, §4)."""

from collections.abc import Iterator
from typing import Final

from werkzeug.http import parse_range_header

from gateway.simulator.audio import FRAME, FRAME_SECONDS, Colour, make_mp3, make_picture, make_wav
from gateway.simulator.calls import Call
from gateway.simulator.case import Case
from gateway.simulator.refusals import Code, Refusal, invalid
from gateway.simulator.response import Response
from gateway.simulator.selection import select
from gateway.simulator.world import World

TYPES: Final = {"mp3": "audio/mpeg", "wav": "audio/x-wav"}
WIDEST: Final = 4000
"""Pixels of a picture's side, at most."""
CHUNK_FRAMES: Final = 7
"""Frames in one piece of a live stream, about a quarter of a second."""


def get_media(case: Case) -> Response:
    """The file as it was stored, or a part of it if the request has a Range header."""
    call = _recorded(case)
    content = case.world.media(call) or make_wav(call.id, call.seconds(call.start))
    name = (("Content-Disposition", f'attachment; filename="{call.id}.wav"'),)
    whole = Response(content, TYPES["wav"], headers=(*name, ("Accept-Ranges", "bytes")))
    asked = parse_range_header(case.request.headers.get("Range"))
    if asked is None or asked.units != "bytes" or len(asked.ranges) != 1:
        return whole
    part = asked.range_for_length(len(content))
    if part is None:
        nothing = (("Content-Range", f"bytes */{len(content)}"),)
        return Response(b"", TYPES["wav"], 416, nothing)
    first, beyond = part
    place = ("Content-Range", f"bytes {first}-{beyond - 1}/{len(content)}")
    return Response(content[first:beyond], TYPES["wav"], 206, (*whole.headers, place))


def get_media_encoded(case: Case) -> Response:
    """The whole call in the `format` that was asked for, mp3 or wav."""
    call = _recorded(case)
    return _sound(case, call, call.seconds(call.start))


def get_media_segment(case: Case) -> Response:
    """The part from `start` to `end`, in seconds from the beginning of the call."""
    call = _recorded(case)
    start, end = _seconds(case, "start"), _seconds(case, "end")
    if end <= start:
        raise invalid("end must lie after start.")
    length = call.seconds(call.start)
    if start >= length:
        raise Refusal(Code.MEDIA_NOT_FOUND, "The segment lies behind the end of the call.")
    return _sound(case, call, min(end, length) - start)


def get_media_live(case: Case) -> Response:
    """A stream of mp3 that ends with the call."""
    call = select(case)
    if _format(case) != "mp3":
        raise invalid("A live stream is mp3.")
    if call.end is not None:
        raise Refusal(Code.MEDIA_NOT_FOUND, "The call is not ongoing.")
    return Response(b"", TYPES["mp3"], stream=_live(case.world, call))


def get_waveform(case: Case) -> Response:
    """A picture of `width` by `height` pixels, with `bgcolor` and `color` as 0xF0F0F0."""
    call = _recorded(case)
    size = (_pixels(case, "width", 600), _pixels(case, "height", 100))
    ground, line = _colour(case, "bgcolor", "0xFFFFFF"), _colour(case, "color", "0x336699")
    return Response(make_picture(call.id, size, ground, line), "image/png")


def get_thumbnail(case: Case) -> Response:
    """A picture `width` pixels wide; every `frame` (also spelt `nFrame`) has its own."""
    call = _recorded(case)
    width = _pixels(case, "width", 160)
    seed = call.id + case.request.one("frame", "nFrame")
    grey, blue = (0xF0, 0xF0, 0xF0), (0x33, 0x66, 0x99)
    return Response(make_picture(seed, (width, max(1, width * 3 // 4)), grey, blue), "image/png")


def _live(world: World, call: Call) -> Iterator[bytes]:
    """Pieces as fast as they sound."""
    over = False
    while not over:
        yield FRAME * CHUNK_FRAMES
        over = world.await_end(call.id, CHUNK_FRAMES * FRAME_SECONDS)


def _recorded(case: Case) -> Call:
    call = select(case)
    if call.end is None:
        raise Refusal(Code.MEDIA_NOT_FOUND, "There is no media yet: the call is ongoing.")
    return call


def _sound(case: Case, call: Call, seconds: float) -> Response:
    form = _format(case)
    content = make_mp3(seconds) if form == "mp3" else make_wav(call.id, seconds)
    name = (("Content-Disposition", f'attachment; filename="{call.id}.{form}"'),)
    return Response(content, TYPES[form], headers=name)


def _format(case: Case) -> str:
    form = case.request.one("format").lower() or "mp3"
    if form not in TYPES:
        raise invalid(f"Invalid format: {form!r}; {', '.join(TYPES)}.")
    return form


def _seconds(case: Case, name: str) -> float:
    given = case.request.one(name)
    if not given.replace(".", "", 1).isdecimal():
        raise invalid(f"Invalid or missing {name}: {given!r}; seconds.")
    return float(given)


def _pixels(case: Case, name: str, default: int) -> int:
    given = case.request.one(name) or str(default)
    if not (given.isascii() and given.isdigit() and 1 <= int(given[:9]) <= WIDEST):
        raise invalid(f"Invalid {name}: {given!r}; 1 to {WIDEST} pixels.")
    return int(given)


def _colour(case: Case, name: str, default: str) -> Colour:
    given = case.request.one(name) or default
    try:
        red, green, blue = bytes.fromhex(given.removeprefix("0x"))
    except ValueError:
        raise invalid(f"Invalid {name}: {given!r}; like 0xF0F0F0.") from None
    return red, green, blue
