import json
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from gateway.core.parameters import ResponseType
from gateway.core.replies import CANNOT_BE_FOUND, Answer
from gateway.rendering import Renderer
from gateway.rendering.answers import write_xml
from gateway.rendering.characters import FORBIDDEN
from tests.fakes import FROM_INDEX
from tests.rendering.replies import bytes_of

RENDERER = Renderer()
# Arbitrary text, surrogates among it, and more often than by chance what is dangerous.
TEXT = st.text(st.characters() | st.sampled_from("<>&\"'\\\r\n\t\x00\x1b\x7f\x85\u2028\ud800]"))
# The same, of characters that XML may hold.
FIT = TEXT.filter(lambda text: not FORBIDDEN.search(text))


def dressed(answer: Answer, dress: ResponseType) -> str:
    return bytes_of(RENDERER.render(answer, dress, FROM_INDEX)).decode()


def test_a_call_id_has_the_byte_shape_of_the_seeds_sample() -> None:
    assert write_xml(Answer("GetCallID", 0, call_id="a8343631-9f35-4a3a-83f0-9e81592339fb")) == (
        b'<?xml version="1.0" encoding="UTF-8"?>\n'
        b"<VerbaApi>\n"
        b'<Response code="0" type="GetCallID"/>\n'
        b"<CallID>a8343631-9f35-4a3a-83f0-9e81592339fb</CallID>\n"
        b"</VerbaApi>\n"
    )


def test_an_error_has_the_byte_shape_of_the_seeds_sample() -> None:
    assert write_xml(Answer("GetCallID", 2, CANNOT_BE_FOUND)) == (
        b'<?xml version="1.0" encoding="UTF-8"?>\n'
        b"<VerbaApi>\n"
        b'<Response code="2" type="GetCallID">\n'
        b"<ErrorMessage>Unable to retrieve the call identifier, "
        b"because the call cannot be found.</ErrorMessage>\n"
        b"</Response>\n"
        b"</VerbaApi>\n"
    )


def test_what_xml_may_not_hold_is_replaced() -> None:
    body = write_xml(Answer("Get\x00", -30, "a\x1bb\ud800c\uffffd"))
    assert 'type="Get\ufffd"' in body.decode()
    assert "<ErrorMessage>a\ufffdb\ufffdc\ufffdd</ErrorMessage>" in body.decode()


@given(action=FIT, message=FIT, code=st.integers(-99, 99).filter(bool))
def test_any_message_comes_back_out_of_the_xml(action: str, message: str, code: int) -> None:
    root = ET.fromstring(dressed(Answer(action, code, message), ResponseType.XML))  # noqa: S314
    response = root[0]
    assert response.attrib == {"code": str(code), "type": action}
    assert (response[0].text or "") == message


@given(action=FIT, message=FIT, code=st.integers(-99, 99).filter(bool))
def test_any_message_comes_back_out_of_the_json(action: str, message: str, code: int) -> None:
    said = json.loads(dressed(Answer(action, code, message), ResponseType.JSON))
    assert said == {"action": action, "code": code, "message": message}


@given(TEXT)
def test_any_message_makes_valid_json_of_one_line(message: str) -> None:
    body = dressed(Answer(message, 2, message), ResponseType.JSON)
    assert json.loads(body)["message"] == FORBIDDEN.sub("\ufffd", message)
    assert body.endswith("}\n")
    assert body.count("\n") == 1


@given(FIT.filter(lambda text: text.strip(" \t\n\r")))
def test_any_message_comes_back_out_of_the_html(message: str) -> None:
    page = html.document_fromstring(dressed(Answer("GetCallID", 2, message), ResponseType.HTML))
    (alert,) = (each for each in page.iter() if each.get("role") == "alert")
    assert list(alert) == []
    # A browser reads a carriage return as a line feed.
    assert alert.text == message.replace("\r\n", "\n").replace("\r", "\n")


@given(action=TEXT, message=TEXT, code=st.integers(-99, 99).filter(bool))
def test_an_error_in_text_is_one_line(action: str, message: str, code: int) -> None:
    body = dressed(Answer(action, code, message), ResponseType.TEXT)
    assert body.startswith(f"ERROR:{code}:")
    assert body.endswith("\n")
    assert len(body.splitlines()) == 1


@given(st.text(st.characters(categories=("L", "N", "P", "S")), min_size=1))
def test_a_call_id_in_text_is_bare(call_id: str) -> None:
    fit = FORBIDDEN.sub("\ufffd", call_id)
    assert dressed(Answer("GetCallID", 0, call_id=call_id), ResponseType.TEXT) == f"{fit}\n"


@pytest.mark.parametrize(
    ("dress", "body"),
    [
        (ResponseType.TEXT, "OK\n"),
        (ResponseType.JSON, '{"action":"KeepCall","code":0}\n'),
        (
            ResponseType.XML,
            (
                '<?xml version="1.0" encoding="UTF-8"?>\n'
                '<VerbaApi>\n<Response code="0" type="KeepCall"/>\n</VerbaApi>\n'
            ),
        ),
    ],
    ids=["text", "json", "xml"],
)
def test_a_success_without_a_value_says_so(dress: ResponseType, body: str) -> None:
    assert dressed(Answer("KeepCall", 0), dress) == body


def test_what_the_recorder_shall_judge_is_answered_in_xml() -> None:
    answer = Answer("GetCallID", 0, call_id="x")
    assert dressed(answer, ResponseType.AS_SENT) == dressed(answer, ResponseType.XML)
