import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from gateway.core.parameters import ResponseType
from gateway.rendering import Renderer
from gateway.rendering.characters import FORBIDDEN, escape
from tests.fakes import FROM_RECORDER
from tests.rendering.golden import DRESSES, names, sample
from tests.rendering.replies import bytes_of, document, envelope, prefixes

RENDERER = Renderer()
ID = b"a8343631-9f35-4a3a-83f0-9e81592339fb"
SAMPLES = tuple(sample(name) for name in names())

NAMES = st.sampled_from(
    ["a", "b", "code", "verbacdr", "verbamarker", "CallID", "Response", "score"]
)
TEXTS = st.text(st.characters() | st.sampled_from('<>&"\\\n\t]'), max_size=8).filter(
    lambda text: not FORBIDDEN.search(text)
)


@st.composite
def elements(draw: st.DrawFn, depth: int = 3) -> str:
    """An element with any content, and attributes that repeat the names of elements."""
    name = draw(NAMES)
    attribute = draw(st.just("") | st.builds(' {}="1"'.format, NAMES))
    content = escape(draw(TEXTS))
    if depth:
        content += "".join(draw(st.lists(elements(depth - 1), max_size=3)))
    return f"<{name}{attribute}>{content}</{name}>"


def dressed(body: bytes | str, dress: ResponseType) -> str:
    return bytes_of(RENDERER.render(document(body), dress, FROM_RECORDER)).decode()


def as_json(body: bytes | str) -> object:
    def without_namesakes(pairs: list[tuple[str, object]]) -> dict[str, object]:
        assert len(dict(pairs)) == len(pairs)
        return dict(pairs)

    return json.loads(dressed(body, ResponseType.JSON), object_pairs_hook=without_namesakes)


def beside(content: str, action: str = "GetSomething") -> str:
    return f'<VerbaApi><Response code="0" type="{action}"/>{content}</VerbaApi>'


@pytest.mark.parametrize(
    ("content", "members"),
    [
        ("", {}),
        ("<a>1</a>", {"a": "1"}),
        ("<a/><b> x </b>", {"a": "", "b": " x "}),
        ("<a>1</a><b>2</b><a>3</a>", {"a": ["1", "3"], "b": "2"}),
        ("<a><b>1</b></a>", {"a": {"b": "1"}}),
        ("<a b='1'>2</a>", {"a": {"b": "1", "text": "2"}}),
        ("<a b='1'><b>2</b></a>", {"a": {"b": "2"}}),
        ("<a><text>1</text>2</a>", {"a": {"text_": "1", "text": "2"}}),
        ("<code>7</code><calls>8</calls>", {"code_": "7", "calls_": "8"}),
        ("<a>\n<b>1</b>\n</a>", {"a": {"b": "1"}}),
    ],
)
def test_json_says_what_it_does_not_know_by_name(content: str, members: object) -> None:
    head = {"action": "GetSomething", "code": 0}
    assert as_json(beside(content)) == {**head, **dict(members)}  # type: ignore[call-overload]


def test_json_puts_namesakes_inside_and_beside_the_response_into_one_array() -> None:
    body = '<x><Response code="0" type="y"><a>1</a></Response><a>2</a></x>'
    assert as_json(body) == {"action": "y", "code": 0, "a": ["1", "2"]}


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("", "OK\n"),
        ("<a> one\n value </a>", "one value\n"),
        ("<a/>", "OK\n"),
        ("<a>1</a><b>2\r\n3</b>", "a: 1\nb: 2 3\n"),
        ("<a>1</a><b><c>2</c></b>", "a: 1\n\nc: 2\n"),
        ("<b><c>2</c><d><e f='4'>3</e></d></b>", "c: 2\nd.e: 3\nd.e.f: 4\n"),
        ("<b c='1'>2</b>", "b: 2\nc: 1\n"),
        ("<a>x\u2028y\x85z\x9b31m</a>", "x y z 31m\n"),
    ],
)
def test_text_is_a_bare_value_or_records_of_lines(content: str, text: str) -> None:
    assert dressed(beside(content), ResponseType.TEXT) == text


def test_text_of_a_record_with_odd_values_is_still_a_line_for_each_field() -> None:
    record = "<verbacdr><a>1\n2</a><b/></verbacdr>"
    body = f"<verbacdrlist>{record * 2}</verbacdrlist>"
    assert dressed(body, ResponseType.TEXT) == "a: 1 2\nb: \n\na: 1 2\nb: \n"


@given(st.lists(elements(), max_size=4).map("".join))
@settings(max_examples=300)
def test_any_elements_make_valid_json_without_namesakes(content: str) -> None:
    for body in (beside(content), envelope(0, content, "GetSomething")):
        said = as_json(body)
        assert isinstance(said, dict)
        assert list(said)[:2] == ["action", "code"]


@given(st.lists(elements(), max_size=4).map("".join))
@settings(max_examples=300)
def test_no_text_is_lost_in_json(content: str) -> None:
    # What stands in a mixture of texts and elements is joined, and blanks alone are nothing.
    body = beside(content)
    texts = (str(text) for text in etree.fromstring(body).itertext())
    wanted = [text for text in texts if text.strip(" \t\n\r")]
    said = json.dumps(as_json(body), ensure_ascii=False)
    for text in wanted:
        assert json.dumps(text, ensure_ascii=False)[1:-1] in said


@given(st.sampled_from(SAMPLES), st.binary(max_size=40), st.floats(0, 1), st.floats(0, 1))
@settings(max_examples=500)
def test_no_bytes_make_a_renderer_raise(
    body: bytes, noise: bytes, start: float, end: float
) -> None:
    mutated = body[: int(len(body) * start)] + noise + body[int(len(body) * end) :]
    for dress in DRESSES:
        dressed(mutated, dress)
        dressed(noise, dress)
    json.loads(dressed(mutated, ResponseType.JSON))


@pytest.mark.parametrize("dress", DRESSES)
def test_a_cut_off_answer_never_shows_an_id_or_a_part_of_one(dress: ResponseType) -> None:
    for part in prefixes(sample("GetCallID.success").rstrip()):
        assert ID[:4].decode() not in dressed(part, dress)


@given(st.integers(0, 400), st.integers(0, 400))
def test_an_answer_with_a_hole_shows_the_whole_id_or_none_of_it(start: int, length: int) -> None:
    body = sample("GetCallID.success")
    first = body.index(ID)
    holed = body[:start] + body[start + length :]
    if start <= first or start >= first + len(ID):  # a hole within the id cannot be seen
        text = dressed(holed, ResponseType.TEXT)
        assert text == f"{ID.decode()}\n" or text.startswith("ERROR:-1:")


def test_a_recovered_answer_shows_values_only_as_the_source_has_them() -> None:
    address = "<CallURL>http://r/x?a=1&b=2</CallURL>"
    body = f'<VerbaApi><Response code="0" type="GetCallURL">{address}</VerbaApi>'
    assert dressed(body, ResponseType.TEXT) == "http://r/x?a=1&b=2\n"


def test_a_long_list_is_gone_through_once() -> None:
    rows = "<a>1</a>" * 20_000
    said = as_json(beside(rows))
    assert isinstance(said, dict)
    assert said["a"] == ["1"] * 20_000


def test_mixed_children_cost_no_more_than_sorted_ones() -> None:
    begun = time.monotonic()
    dressed(beside("<a/><b/>" * 10_000), ResponseType.JSON)
    assert time.monotonic() - begun < 3  # 0.1 s; in quadratic time it was 15 s
