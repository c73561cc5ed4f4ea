import re
from base64 import b64encode
from hashlib import sha256

import pytest
from lxml import html
from lxml.html import HtmlElement

from gateway.core.parameters import ResponseType
from gateway.core.replies import Answer
from gateway.rendering import Renderer
from tests.fakes import FROM_INDEX
from tests.rendering.golden import golden, names
from tests.rendering.replies import bytes_of, document, envelope, values

RENDERER = Renderer()
NAMES = tuple(names())


def page_of(name: str) -> HtmlElement:
    return html.document_fromstring(golden(name, ResponseType.HTML).read_bytes())


def shown(body: str) -> str:
    return bytes_of(RENDERER.render(document(body), ResponseType.HTML, FROM_INDEX)).decode()


@pytest.mark.parametrize("name", NAMES)
def test_a_page_is_complete_and_has_one_heading_and_no_script(name: str) -> None:
    source = golden(name, ResponseType.HTML).read_text()
    assert source.startswith('<!DOCTYPE html>\n<html lang="en">')
    assert "charset=UTF-8" in source
    page = page_of(name)
    assert len(page.xpath("//h1[normalize-space()]")) == 1
    assert page.findtext("head/title")
    assert page.xpath("//meta[@name='viewport']")
    assert not page.xpath("//script | //*[@style] | //@*[starts-with(name(), 'on')]")


@pytest.mark.parametrize("name", NAMES)
def test_a_table_has_a_caption_and_its_headings_a_scope(name: str) -> None:
    page = page_of(name)
    assert not page.xpath("//table[not(caption[normalize-space()])]")
    assert not page.xpath("//th[not(@scope)]")
    assert not page.xpath("//table[not(.//th)]")


@pytest.mark.parametrize("name", NAMES)
def test_an_error_is_announced_and_a_success_is_not(name: str) -> None:
    failed = golden(name, ResponseType.TEXT).read_text().startswith("ERROR:")
    assert bool(page_of(name).xpath("//*[@role='alert']")) is failed


def test_markers_have_the_documented_heading_row() -> None:
    assert page_of("GetMarkers.success").xpath("//th/text()") == [
        "Name",
        "Start (ms)",
        "End (ms)",
    ]


def test_the_policy_allows_the_one_style_and_nothing_else() -> None:
    rendition = RENDERER.render(Answer("KeepCall", 0), ResponseType.HTML, FROM_INDEX)
    found = re.search(rb"<style>(.*)</style>", bytes_of(rendition), re.DOTALL)
    assert found
    digest = b64encode(sha256(found[1]).digest()).decode()
    assert values(rendition, "Content-Security-Policy") == [
        f"default-src 'none'; style-src 'sha256-{digest}'"
    ]
    assert values(rendition, "X-Content-Type-Options") == ["nosniff"]


def test_what_a_record_holds_never_becomes_markup() -> None:
    body = envelope(0, "<x>&lt;script>alert(1)&lt;/script></x>", "GetSomething")
    assert "<td>&lt;script&gt;alert(1)&lt;/script&gt;</td>" in shown(body)


@pytest.mark.parametrize(
    "scheme", ["javascript:alert(1)//http://x", "HTTP://x", "data:text/html,x"]
)
def test_only_an_address_of_a_page_becomes_a_link(scheme: str) -> None:
    assert "<a" not in shown(envelope(0, f"<CallURL>{scheme}</CallURL>", "GetCallURL"))
    assert '<a href="https://x"' in shown(envelope(0, "<CallURL>https://x</CallURL>", "GetCallURL"))
