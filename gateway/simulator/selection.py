"""Which call is meant (the recorder's API, §3).

Secondary recordings are never meant by an extension or a platform's id.
"""

from collections.abc import Callable, Iterable
from typing import Final

from gateway.simulator.calls import Call
from gateway.simulator.case import Case
from gateway.simulator.refusals import ambiguous, invalid, not_found
from gateway.simulator.shelf import By

CALL_ID: Final = ("callID", "ccdr_id", "cid")

_PLAIN: Final = ("call", "extension")
_EVERY: Final = ("call", "platform", "native", "meeting", "extension")
SELECTORS: Final = {
    "GetCallID": ("platform", "native", "extension"),
    "GetCallURL": _PLAIN,
    "KeepCall": _PLAIN,
    "MuteRecording": _PLAIN,
    "AttachMetaData": _PLAIN,
    "GetMedia": _PLAIN,
    "AddMarker": _PLAIN,
    "GetCallInformation": _EVERY,
    "DeleteCall": _EVERY,
}
"""What an action may be told its call by; the others know only the call's id."""

FORMS: Final = {
    "ongoing": ("ongoing",),
    "next": ("next",),
    "last": ("last",),
    "ongoing,next": ("ongoing", "next"),
    "last,ongoing": ("last", "ongoing"),
}
"""The five documented statuses. What the recorder does with others is not known: it refuses."""

PARAMETERS: Final[tuple[tuple[str, By], ...]] = (
    ("platformCallID", "platform"),
    ("nativeID", "native"),
    ("meetingID", "meeting"),
)


def select(case: Case) -> Call:
    """The one call that the request means.

    Raises:
        Refusal: none is found, or several, or the request does not say which one it means.
    """
    allowed = SELECTORS.get(case.action, ("call",))
    identifier = case.request.one(*CALL_ID)
    if identifier and "call" in allowed:
        return _only(case, [call] if (call := case.world.find(identifier)) else [])
    for parameter, by in PARAMETERS:
        value = case.request.one(parameter)
        if value and by in allowed:
            return _only(case, _primary(case, case.world.find_by(by, value)))
    if "extension" in allowed:
        return _on_extension(case)
    raise invalid("The call identifier is missing.")


def _on_extension(case: Case) -> Call:
    extension, status = case.request.one("extension"), case.request.one("status")
    form = FORMS.get(",".join(part.strip() for part in status.split(",")))
    if not extension:
        raise invalid("The call is not specified: no identifier and no extension.")
    if form is None:
        raise invalid(f"Invalid status: {status!r}.")
    for name in form:
        calls = _STATUSES[name](case, extension)
        if calls:
            return _only(case, calls)
    raise not_found(case.action)


def _ongoing(case: Case, extension: str) -> list[Call]:
    calls = case.world.find_by("number", extension)
    return [call for call in _primary(case, calls) if call.end is None]


def _last(case: Case, extension: str) -> list[Call]:
    calls = _primary(case, case.world.find_by("number", extension))
    finished = [call for call in calls if call.end is not None]
    return sorted(finished, key=lambda call: (call.end, call.start, call.sequence))[-1:]


def _next(case: Case, extension: str) -> list[Call]:
    call = case.world.await_next(
        extension, case.since, lambda call: _wanted(case, call), case.settings.next_wait
    )
    return [call] if call else []


_STATUSES: Final[dict[str, Callable[[Case, str], list[Call]]]] = {
    "ongoing": _ongoing,
    "last": _last,
    "next": _next,
}


def _only(case: Case, calls: list[Call]) -> Call:
    if not calls:
        raise not_found(case.action)
    if len(calls) > 1:
        raise ambiguous(case.action)
    return calls[0]


def _primary(case: Case, calls: Iterable[Call]) -> list[Call]:
    return [call for call in calls if _wanted(case, call)]


def _wanted(case: Case, call: Call) -> bool:
    """`type=manualRecord` looks among controlled recordings (the recorder's API, §3)."""
    manual = case.action in ("GetCallID", "KeepCall") and case.request.one("type") == "manualRecord"
    return not call.secondary and (call.manual or not manual)
