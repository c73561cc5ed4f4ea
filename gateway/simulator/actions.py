"""The nineteen actions by name (the recorder's API, §4), and how an answer is dressed."""

from collections.abc import Callable
from typing import Final

from gateway.simulator import changing, media, reading
from gateway.simulator.answers import Answer, write_xml
from gateway.simulator.case import Case
from gateway.simulator.readable import write_html, write_text
from gateway.simulator.refusals import Code, Refusal
from gateway.simulator.response import Response
from gateway.simulator.search import search_calls

ACTIONS: Final[dict[str, Callable[[Case], Answer | Response]]] = {
    "RequestToken": changing.request_token,
    "GetCallID": reading.get_call_id,
    "GetCallURL": reading.get_call_url,
    "GetCallInformation": reading.get_call_information,
    "SearchCalls": search_calls,
    "KeepCall": changing.keep_call,
    "MuteRecording": changing.mute_recording,
    "DeleteCall": changing.delete_call,
    "AttachMetaData": changing.attach_metadata,
    "AddMarker": changing.add_marker,
    "GetMarkers": reading.get_markers,
    "GetVoiceQuality": reading.get_voice_quality,
    "GetMedia": media.get_media,
    "GetMediaEncoded": media.get_media_encoded,
    "GetMediaLive": media.get_media_live,
    "GetMediaSegment": media.get_media_segment,
    "GetThumbnail": media.get_thumbnail,
    "GetWaveform": media.get_waveform,
    "PutMedia": changing.put_media,
}

WRITERS: Final = {
    "XML": (write_xml, "text/xml;charset=UTF-8"),
    "HTML": (write_html, "text/html;charset=UTF-8"),
    "TEXT": (write_text, "text/plain;charset=UTF-8"),
}


def act(case: Case) -> Answer | Response:
    """Does what was asked.

    Raises:
        Refusal: -30 there is no such action, or whatever the action refuses.
    """
    action = ACTIONS.get(case.action)
    if action is None:
        raise Refusal(Code.INVALID_ACTION, f"Invalid action: {case.action!r}.")
    return action(case)


def dress(answer: Answer | Response, response_type: str) -> Response:
    """The answer in the response type that was asked for; what is not known is XML."""
    if isinstance(answer, Response):
        return answer
    write, content_type = WRITERS.get(response_type, WRITERS["XML"])
    return Response(write(answer), content_type, headers=answer.headers)
