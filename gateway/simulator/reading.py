"""The actions that only look: identifiers, pages, fields, markers, quality (the API, §4)."""

import json
from random import Random

from gateway.simulator.answers import Answer, Element
from gateway.simulator.call_page import CALL_PAGE
from gateway.simulator.calls import Call, Marker
from gateway.simulator.case import Case
from gateway.simulator.records import fields, record, state_of
from gateway.simulator.refusals import invalid
from gateway.simulator.response import Response
from gateway.simulator.selection import select

EXTRAS = {
    "returnIM": "im",
    "returnTranscriptDB": "transcript",
    "returnVoiceQuality": "voice_quality",
    "returnInvitation": "invitation",
}
"""What else GetCallInformation may be asked for; no synthetic call has any, so it is empty."""


def get_call_id(case: Case) -> Answer:
    """The call's id, as in the seed."""
    return Answer("GetCallID", beside=(Element("CallID", select(case).id),))


def get_call_url(case: Case) -> Answer:
    """The address of the call's page."""
    address = f"http://{case.request.host}{CALL_PAGE}?ccdrId={select(case).id}"
    return Answer("GetCallURL", beside=(Element("CallURL", address),))


def get_call_information(case: Case) -> Answer:
    """The fields of one record, and its metadata with `returnMetadata=1`."""
    call = select(case)
    further = tuple(Element(tag) for name, tag in EXTRAS.items() if case.request.one(name) == "1")
    if case.request.one("returnMetadata") == "1":
        further += (_metadata(call),)
    element = record(fields(call, case.zone), (state_of(call),), further)
    return Answer("GetCallInformation", inside=(element,))


def get_markers(case: Case) -> Answer:
    """The markers of a call, in milliseconds; an open one ends where it starts."""
    return Answer("GetMarkers", inside=tuple(_marker(marker) for marker in select(case).markers))


def get_voice_quality(case: Case) -> Answer | Response:
    """Scores of the calls in `callIDs`, as XML or JSON; unknown ones are left out."""
    wanted = [part.strip() for part in case.request.one("callIDs").split(",") if part.strip()]
    if not wanted:
        raise invalid("Missing parameter: callIDs.")
    calls = [call for part in wanted if (call := case.world.find(part))]
    scores = [(("ccdr_id", call.id), *_scores(call)) for call in calls]
    if case.request.one("responseType") == "JSON":
        content = json.dumps({"voice_quality_check_scores": [dict(score) for score in scores]})
        return Response(content.encode(), "application/json;charset=UTF-8")
    children = tuple(Element("score", attributes=score) for score in scores)
    return Answer("GetVoiceQuality", root=Element("voice_quality_check_scores", children=children))


def _metadata(call: Call) -> Element:
    items = tuple(
        Element("field", value, attributes=(("name", name),)) for name, value in call.metadata
    )
    return Element("metadata", children=items)


def _marker(marker: Marker) -> Element:
    end = marker.start if marker.end is None else marker.end
    children = (
        Element("name", marker.name),
        Element("start", str(marker.start)),
        Element("end", str(end)),
    )
    return Element("verbamarker", children=children, inline=True)


def _scores(call: Call) -> tuple[tuple[str, str], ...]:
    """The same for the same call, always."""
    random = Random(call.id.lower())
    return (
        ("mos", f"{random.uniform(3.2, 4.4):.2f}"),
        ("packet_loss", f"{random.uniform(0.0, 1.5):.2f}"),
        ("jitter", f"{random.uniform(1.0, 30.0):.1f}"),
    )
