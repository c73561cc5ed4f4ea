import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.replies import Outcome
from gateway.rendering.documents import read
from tests.rendering.golden import names, sample
from tests.rendering.replies import document, envelope, prefixes

FOUND = sample("GetCallID.success").decode()
ID = "a8343631-9f35-4a3a-83f0-9e81592339fb"
UNREADABLE = Outcome(None)


def said(body: bytes | str) -> Outcome:
    return read(document(body))


def test_code_and_message_are_found_wherever_they_stand() -> None:
    inner = (
        '<x><Response type="GetCallID" code=" -50 "/><y><ErrorMessage> No. </ErrorMessage></y></x>'
    )
    assert said(f"<anything>{inner}</anything>") == Outcome(-50, "No.")
    assert said('<Response code="2"><ErrorMessage>No.</ErrorMessage></Response>') == Outcome(
        2, "No."
    )


def test_names_are_found_in_any_namespace() -> None:
    body = envelope(2, "<ErrorMessage>No.</ErrorMessage>")
    assert said(body.replace("<VerbaApi>", '<VerbaApi xmlns="urn:x">')) == Outcome(2, "No.")


def test_older_recorders_write_the_message_as_an_attribute() -> None:
    assert said(envelope(2, '<ErrorMessage description="No &amp; no."/>')) == Outcome(2, "No & no.")
    both = '<ErrorMessage description="old">new</ErrorMessage>'
    assert said(envelope(2, both)).message == "new"


def test_the_token_is_an_attribute_of_the_response() -> None:
    outcome = said(sample("RequestToken.success"))
    assert outcome == Outcome(0, "", "0123456789abcdefABCDEF0123456789")
    assert outcome.accepted


def test_a_list_without_a_response_is_a_success() -> None:
    for name in ("SearchCalls.success", "SearchCalls.empty", "GetVoiceQuality.success"):
        assert said(sample(name)) == Outcome(0)


def test_a_message_without_a_code_is_no_success() -> None:
    body = "<verbacdrlist><ErrorMessage>No.</ErrorMessage></verbacdrlist>"
    assert said(body) == Outcome(None, "No.")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"   \r\n",
        b"\x00",
        b"\xff\xfe",
        b"OK",
        b"<html><body>It works</body></html>",
        b"<a><b></a>",
        b'{"code": 0}',
        envelope("zero").encode(),
        envelope("٢").encode(),
        envelope("1e3").encode(),
        b"<VerbaApi/>" * 2,
    ],
)
def test_what_cannot_be_read_says_nothing(body: bytes) -> None:
    assert said(body) == UNREADABLE


@pytest.mark.parametrize(
    ("action", "content"),
    [
        ("GetCallID", ""),
        ("GetCallID", "<CallID> </CallID>"),
        ("GetCallID", "<CallID>a</CallID><CallID>b</CallID>"),
        ("GetCallURL", "<CallURL/>"),
        ("RequestToken", "<SessionId>x</SessionId>"),
    ],
    ids=["no id", "empty id", "two ids", "no address", "no token"],
)
def test_a_success_without_the_one_thing_that_was_asked_for_is_none(
    action: str, content: str
) -> None:
    assert said(envelope(0, content, action)) == UNREADABLE


@pytest.mark.parametrize(
    "doctype",
    [
        "<!DOCTYPE VerbaApi>",
        '<!DOCTYPE VerbaApi SYSTEM "file:///etc/passwd">',
        '<!DOCTYPE VerbaApi [<!ENTITY x "y">]>',
        '<!DOCTYPE VerbaApi [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE VerbaApi [<!ENTITY % x SYSTEM "http://127.0.0.1:9/x"> %x;]>',
        "<!-- > --><!DOCTYPE VerbaApi>",
        "\n\n<!DOCTYPE\nVerbaApi\n[\n<!-- ]> -->\n]\n>",
        "<!DOCTYPE>",
        "<!doctype html>",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("tail", ["", "<br>"], ids=["well-formed", "malformed"])
def test_a_document_with_a_doctype_is_refused_in_any_encoding(
    doctype: str, encoding: str, tail: str
) -> None:
    body = doctype + envelope(2, f"<ErrorMessage>No.{tail}</ErrorMessage>")
    assert said(body.encode(encoding)) == UNREADABLE


def test_the_word_doctype_in_a_comment_or_a_message_is_no_doctype() -> None:
    body = envelope(2, "<!-- <!DOCTYPE x> --><ErrorMessage>&lt;!DOCTYPE x></ErrorMessage>")
    assert said(body) == Outcome(2, "<!DOCTYPE x>")


def test_an_entity_bomb_is_refused_at_once() -> None:
    lines = [f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 20)]
    bomb = f'<!DOCTYPE x [<!ENTITY a0 "ha">{"".join(lines)}]><x y="&a19;">&a19;</x>'
    assert said(bomb) == UNREADABLE


def test_blank_lines_before_the_declaration_are_skipped() -> None:
    for blanks in ("\r\n\r\n", "\n \t\n"):
        assert said(blanks + FOUND).code == 0
        assert said((blanks + FOUND).encode("utf-8-sig")).code == 0


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1", "cp1252"])
@pytest.mark.parametrize("declared", ["", "UTF-8", "ISO-8859-1", "windows-1252", "nonsense-7"])
def test_text_is_read_in_the_encoding_it_is_in(encoding: str, declared: str) -> None:
    if encoding.startswith("utf-8") and declared.startswith(("ISO", "windows")):
        declared = "UTF-8"  # nobody can tell
    head = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    body = head + envelope(2, "<ErrorMessage>Zoë übergab.</ErrorMessage>")
    assert said(body.encode(encoding)) == Outcome(2, "Zoë übergab.")


@pytest.mark.parametrize(
    ("declared", "message"), [("ISO-8859-15", "5 € & 1"), ("ISO-8859-99", "5 ¤ & 1")]
)
def test_a_declared_encoding_is_honoured_in_a_document_that_needs_mending(
    declared: str, message: str
) -> None:
    body = envelope(2, "<ErrorMessage>5 @ & 1</ErrorMessage>").replace("@", "\xa4")
    head = f'<?xml version="1.0" encoding="{declared}"?>'
    assert said((head + body).encode("latin-1")) == Outcome(2, message)


def test_names_that_are_none_are_read_past() -> None:
    content = "<a:b:c/><:/><ErrorMessage>No.</ErrorMessage>"
    body = envelope(2, content).replace("<VerbaApi>", '<VerbaApi xmlns:a="urn:x">')
    assert said(body) == Outcome(2, "No.")


def test_one_byte_of_latin_1_does_not_garble_the_utf_8_around_it() -> None:
    body = envelope(2, "<ErrorMessage>Zoë in Z@rich: \u201cno\u201d</ErrorMessage>")
    assert said(body.encode().replace(b"@", b"\xfc")).message == "Zoë in Zürich: “no”"


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("Sales & Service", "Sales & Service"),
        ("a &nbsp; b &copy", "a &nbsp; b &copy"),
        ("<![CDATA[a & b]]> & c", "a & b & c"),
        ("a\x0bb", "a\ufffdb"),
        ("not <b>found", "not found"),
        ("&amp;amp; &#8364; &#x20ac;", "&amp; € €"),
    ],
)
def test_an_error_that_is_not_well_formed_is_read_all_the_same(written: str, message: str) -> None:
    assert said(envelope(2, f"<ErrorMessage>{written}</ErrorMessage>")) == Outcome(2, message)


def test_an_address_with_a_bare_ampersand_is_read_whole() -> None:
    body = envelope(0, "<CallURL>http://r/x?a=1&b=2&amp;c=3</CallURL>", "GetCallURL")
    assert said(body).code == 0


@pytest.mark.parametrize(
    "content",
    [
        f"<CallID>{ID[:20]}",
        f"<CallID>{ID[:20]}<x></CallID>",
        f"<CallID>{ID[:20]}<CallID/>",
        f"<CallID>{ID[:20]}</Cal",
        f"<CallID>{ID[:20]}&#1;{ID[20:]}</CallID>",
    ],
)
def test_an_id_that_was_never_closed_is_no_id(content: str) -> None:
    body = f'<VerbaApi><Response code="0" type="GetCallID"/>{content}</VerbaApi>'
    assert said(body) == UNREADABLE


def test_a_success_with_an_unclosed_element_beside_a_whole_id_is_read() -> None:
    body = f'<VerbaApi><Response code="0" type="GetCallID"><CallID>{ID}</CallID></VerbaApi>'
    assert said(body) == Outcome(0, call_id=ID)


@pytest.mark.parametrize(
    ("action", "content"),
    [
        ("GetMarkers", "<verbamarker><name>a</name></verbamarker><verbamarker>"),
        ("GetSomethingNew", "<a>1</a><b>"),
        ("", "<CallID>1</CallID><b>"),
    ],
)
def test_records_of_a_document_that_is_not_well_formed_may_be_too_few(
    action: str, content: str
) -> None:
    assert said(envelope(0, content, action)) == UNREADABLE


@pytest.mark.parametrize("action", ["KeepCall", "MuteRecording", "PutMedia"])
def test_a_success_that_has_nothing_to_lose_is_read_though_not_well_formed(action: str) -> None:
    assert said(f'<VerbaApi><Response code="0" type="{action}"></VerbaApi>') == Outcome(0)


@pytest.mark.parametrize("name", tuple(names()))
def test_a_document_that_was_cut_off_is_never_read(name: str) -> None:
    whole = sample(name).rstrip()
    assert {said(part) for part in prefixes(whole)} == {UNREADABLE}


def test_a_large_document_that_is_malformed_is_not_guessed_at() -> None:
    assert said(envelope(2, "<br>")).code == 2
    assert said(envelope(2, "<br>" + " " * 70_000)) == UNREADABLE


@given(st.binary(max_size=300))
def test_no_bytes_make_it_raise(body: bytes) -> None:
    read(document(body))
    read(document(b"<VerbaApi>" + body + b"</VerbaApi>"))


def test_hostile_sizes_end_soon() -> None:
    for body in ("<a>" * 100_000, "<!--" * 100_000, "&" * 500_000, "<![CDATA[" * 60_000):
        assert said(body) == UNREADABLE
        assert said(f"<x>{body}</x>") == UNREADABLE
