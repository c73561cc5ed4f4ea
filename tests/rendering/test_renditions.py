from datetime import timedelta
from typing import Literal

import pytest

from gateway.core.errors import GatewayStopping, RecorderTimeout
from gateway.core.parameters import ResponseType
from gateway.core.replies import (
    PASSED_ON,
    REFUSED,
    Answer,
    Document,
    Origin,
    Source,
    Stream,
    excuse,
    unanswered,
)
from gateway.rendering import Renderer
from tests.fakes import FROM_INDEX, FROM_RECORDER, NODE
from tests.rendering.golden import sample
from tests.rendering.replies import Pieces, bytes_of, document, envelope, values

LEGACY = Renderer()
STANDARD = Renderer("standard")
FOUND = Answer("GetCallID", 0, call_id="x")


@pytest.mark.parametrize(
    "body",
    [sample("GetCallID.success"), sample("GetCallID.cut"), b"\r\n\xff\x00<", b""],
    ids=["well-formed", "cut off", "garbage", "empty"],
)
@pytest.mark.parametrize("dress", [ResponseType.XML, ResponseType.AS_SENT])
def test_a_document_in_xml_goes_out_byte_for_byte(body: bytes, dress: ResponseType) -> None:
    rendition = LEGACY.render(document(body, "text/xml;charset=x"), dress, FROM_RECORDER)
    assert rendition.body == body
    assert rendition.status == 200
    assert values(rendition, "Content-Type") == ["text/xml;charset=x"]


def test_a_document_without_a_content_type_is_said_to_be_xml() -> None:
    rendition = LEGACY.render(document("<a/>", ""), ResponseType.XML, FROM_RECORDER)
    assert values(rendition, "Content-Type") == ["text/xml; charset=UTF-8"]


@pytest.mark.parametrize(
    ("body", "said", "passed_on"),
    [
        (b"<a/>", "text/xml", "text/xml; charset=UTF-8"),
        ("<a>\u00e9</a>".encode(), "text/xml;", "text/xml; charset=UTF-8"),
        (b"<a>\xe9</a>", "text/xml", "text/xml"),
        (b"<a/>", "text/xml; Charset=latin-1", "text/xml; Charset=latin-1"),
        (b"<a/>", "application/xml", "application/xml"),
    ],
)
def test_a_charset_that_the_recorder_left_out_is_added(
    body: bytes, said: str, passed_on: str
) -> None:
    rendition = LEGACY.render(document(body, said), ResponseType.XML, FROM_RECORDER)
    assert values(rendition, "Content-Type") == [passed_on]


@pytest.mark.parametrize(
    ("dress", "content_type"),
    [
        (ResponseType.XML, "text/xml; charset=UTF-8"),
        (ResponseType.AS_SENT, "text/xml; charset=UTF-8"),
        (ResponseType.HTML, "text/html; charset=UTF-8"),
        (ResponseType.TEXT, "text/plain; charset=UTF-8"),
        (ResponseType.JSON, "application/json; charset=utf-8"),
    ],
)
def test_every_dress_names_its_type_and_charset(dress: ResponseType, content_type: str) -> None:
    assert values(LEGACY.render(FOUND, dress, FROM_INDEX), "Content-Type") == [content_type]


@pytest.mark.parametrize("content_type", ["application/json", "Application/JSON; charset=UTF-8"])
def test_native_json_passes_unchanged(content_type: str) -> None:
    reply = document('{"voice_quality_check_scores": []}', content_type)
    rendition = STANDARD.render(reply, ResponseType.JSON, PASSED_ON)
    assert rendition.body == reply.body
    assert rendition.status == 200
    assert values(rendition, "Content-Type") == [content_type]


@pytest.mark.parametrize("dress", [ResponseType.HTML, ResponseType.TEXT, ResponseType.JSON])
def test_what_cannot_be_read_is_a_bad_gateway_in_the_dress_that_was_asked_for(
    dress: ResponseType,
) -> None:
    for renderer in (LEGACY, STANDARD):
        rendition = renderer.render(document("<VerbaApi>"), dress, FROM_RECORDER)
        assert rendition.status == 502
        assert b"The recorder's answer could not be read." in bytes_of(rendition)
        assert b"-1" in bytes_of(rendition)


@pytest.mark.parametrize("dress", ResponseType)
@pytest.mark.parametrize(
    ("code", "status"),
    [(0, 200), (2, 404), (-1, 500), (-20, 400), (-42, 401), (-50, 404), (-999, 400)],
)
def test_standard_says_the_code_in_http_and_legacy_does_not(
    code: int, status: int, dress: ResponseType
) -> None:
    replies = Answer("KeepCall", code, "No."), document(envelope(code, action="KeepCall"))
    for reply in replies:
        assert STANDARD.render(reply, dress, FROM_RECORDER).status == status
        assert LEGACY.render(reply, dress, FROM_RECORDER).status == 200


@pytest.mark.parametrize("http_status", ["legacy", "standard"])
def test_a_status_that_the_recorder_never_says_stays(
    http_status: Literal["legacy", "standard"],
) -> None:
    answer = Answer("GetCallID", -20, "Too many requests.", status=429, retry_after=7)
    rendition = Renderer(http_status).render(answer, ResponseType.TEXT, REFUSED)
    assert rendition.status == 429
    assert values(rendition, "Retry-After") == ["7"]


def test_a_document_of_no_known_code_stays_a_200_where_it_passes_unread() -> None:
    assert STANDARD.render(document("<x/>"), ResponseType.XML, FROM_RECORDER).status == 200


@pytest.mark.parametrize("origin", Origin)
def test_every_rendition_says_where_it_came_from_and_must_not_be_kept(origin: Origin) -> None:
    for reply in (FOUND, document("<x/>"), Stream(200, {}, Pieces())):
        rendition = LEGACY.render(reply, ResponseType.XML, Source(origin))
        assert values(rendition, "Cache-Status") == [f"callgate; {origin.value}"]
        assert values(rendition, "Cache-Control") == ["no-store"]
        assert values(rendition, "Age") == []
        assert values(rendition, "Proxy-Status") == []


@pytest.mark.parametrize("dress", ResponseType)
def test_an_excuse_says_what_went_wrong_with_the_recorder(dress: ResponseType) -> None:
    error = RecorderTimeout("canary")
    rendition = LEGACY.render(excuse("GetCallID", error), dress, unanswered(error))
    assert values(rendition, "Proxy-Status") == ["callgate; error=http_response_timeout"]
    stopping = GatewayStopping()
    rendition = LEGACY.render(excuse("GetCallID", stopping), dress, unanswered(stopping))
    assert values(rendition, "Proxy-Status") == []


def test_a_stale_answer_says_its_age_in_whole_seconds() -> None:
    source = Source(Origin.STALE, timedelta(seconds=61.9))
    rendition = LEGACY.render(FOUND, ResponseType.XML, source)
    assert values(rendition, "Age") == ["61"]
    assert values(rendition, "Cache-Status") == ["callgate; hit; detail=stale"]


@pytest.mark.parametrize("body", [sample("GetCallID.success"), sample("GetCallID.error"), b"?"])
@pytest.mark.parametrize("dress", ResponseType)
def test_the_recorders_cookies_go_to_the_client_whatever_the_dress(
    dress: ResponseType, body: bytes
) -> None:
    reply = Document(body, "text/xml", "node-1", ("JSESSIONID=a; Path=/", "b=c"))
    rendition = LEGACY.render(reply, dress, FROM_RECORDER)
    assert values(rendition, "Set-Cookie") == ["JSESSIONID=a; Path=/", "b=c"]


@pytest.mark.parametrize("dress", ResponseType)
def test_a_stream_passes_unread_with_its_own_headers(dress: ResponseType) -> None:
    chunks = Pieces(b"a", b"b")
    headers = {
        "content-type": "audio/mpeg",
        "cache-control": "private",
        "Cache-Status": "x",
        "Proxy-Status": "x",
    }
    rendition = LEGACY.render(Stream(206, headers, chunks), dress, PASSED_ON)
    assert rendition.status == 206
    assert rendition.body is chunks
    assert rendition.headers == (
        ("content-type", "audio/mpeg"),
        ("Cache-Control", "no-store"),
        ("Cache-Status", "callgate; fwd=bypass"),
    )


@pytest.mark.parametrize("name", ["GetCallID.trace", "GetCallID.error"])
def test_xml_keeps_every_byte_of_an_error(name: str) -> None:
    rendition = LEGACY.render(document(sample(name)), ResponseType.XML, FROM_RECORDER)
    assert rendition.body == sample(name)


def test_the_same_answer_is_made_once() -> None:
    first, second = (LEGACY.render(FOUND, ResponseType.HTML, FROM_INDEX) for _ in range(2))
    assert first.body is second.body


@pytest.mark.parametrize("value", ["a\x01b", "a\nSet-Cookie: b", "a\u0142b", "a\x7f"])
def test_what_may_not_stand_in_a_header_is_left_out(value: str) -> None:
    reply = Document(b"<a/>", value, NODE, (value, "ok=1"))
    rendition = LEGACY.render(reply, ResponseType.XML, FROM_RECORDER)
    assert values(rendition, "Content-Type") == ["text/xml; charset=UTF-8"]
    assert values(rendition, "Set-Cookie") == ["ok=1"]
    stream = Stream(200, {"Content-Type": "audio/wav", "ETag": value}, Pieces())
    assert values(LEGACY.render(stream, ResponseType.XML, PASSED_ON), "ETag") == []


@pytest.mark.parametrize("length", ["abc", "5, 5", "-5", "+5", ""])
def test_a_length_that_is_none_is_left_out(length: str) -> None:
    stream = Stream(200, {"Content-Type": "audio/wav", "Content-Length": length}, Pieces())
    rendition = LEGACY.render(stream, ResponseType.XML, PASSED_ON)
    assert values(rendition, "Content-Length") == []
    assert values(rendition, "Content-Type") == ["audio/wav"]
