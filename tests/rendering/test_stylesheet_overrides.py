from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from lxml import etree

from gateway.core.parameters import ResponseType
from gateway.core.replies import Answer
from gateway.rendering import Renderer, StylesheetFault
from tests.fakes import FROM_INDEX
from tests.rendering.golden import sample
from tests.rendering.replies import bytes_of, document, values

FOUND = Answer("GetCallID", 0, call_id="x")


def write(folder: Path, name: str, content: str) -> Path:
    head = '<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">'
    (folder / name).write_text(f"{head}\n{content}\n</xsl:stylesheet>\n")
    return folder


def dressed(folder: Path, answer: Answer, dress: ResponseType = ResponseType.TEXT) -> bytes:
    return bytes_of(Renderer(overrides=folder).render(answer, dress, FROM_INDEX))


def fault_of(folder: Path) -> str:
    with pytest.raises(StylesheetFault) as caught:
        Renderer(overrides=folder)
    return str(caught.value)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "with a blank"
    path.mkdir()
    return path


def test_a_site_replaces_one_dress_and_keeps_the_others(folder: Path) -> None:
    write(folder, "text.xsl", '<xsl:template match="/">MINE</xsl:template>')
    assert b"MINE" in dressed(folder, FOUND)
    assert dressed(folder, FOUND, ResponseType.JSON).startswith(b'{"action"')


def test_a_site_changes_one_template_of_a_shipped_stylesheet(folder: Path) -> None:
    changed = '<xsl:template name="line">[<xsl:value-of select="$asked-for"/>]</xsl:template>'
    write(folder, "text.xsl", f'<xsl:import href="callgate:text.xsl"/>{changed}')
    assert dressed(folder, FOUND) == b"[x]"


def test_a_site_includes_its_own_files(folder: Path) -> None:
    write(folder, "text.xsl", '<xsl:include href="house.xsl"/>')
    write(folder, "house.xsl", '<xsl:template match="/">HOUSE</xsl:template>')
    assert b"HOUSE" in dressed(folder, FOUND)


def test_a_style_of_the_sites_own_is_allowed_by_the_policy(folder: Path) -> None:
    page = '<xsl:template match="/"><html><head><style>a{}</style></head></html></xsl:template>'
    write(folder, "html.xsl", page)
    rendition = Renderer(overrides=folder).render(FOUND, ResponseType.HTML, FROM_INDEX)
    assert values(rendition, "Content-Security-Policy") == [
        "default-src 'none'; style-src 'sha256-X1RutGBrXCt9KkSaXMK7tHftWiRscFHOhxsS8tv8hBk='"
    ]


@pytest.mark.parametrize(
    ("content", "line", "fault"),
    [
        ("\n<a>", 4, "tag mismatch"),
        ('\n<xsl:template match="/"><xsl:value-of select="$$"/></xsl:template>', 3, "'$$'"),
        ("<xsl:nonsense/>", 2, "nonsense"),
        ('<xsl:template match="/"><xsl:value-of select="$x"/></xsl:template>', 2, "'x'"),
        (
            '<xsl:template match="/"><xsl:message terminate="yes">No.</xsl:message></xsl:template>',
            1,  # the compiler does not say where it gave up
            "No.",
        ),
        ('\n<xsl:import href="text.xsl"/>', 3, "recursion"),
        (
            '<xsl:template match="/"><xsl:apply-templates select="/"/></xsl:template>',
            2,
            "recursion",
        ),
    ],
)
def test_a_fault_is_reported_at_the_start_with_file_and_line(
    folder: Path, content: str, line: int, fault: str
) -> None:
    said = fault_of(write(folder, "text.xsl", content))
    assert f"{folder / 'text.xsl'}:{line}: " in said
    assert fault in said
    assert len(said.splitlines()) <= 5


def test_a_fault_in_an_included_file_names_that_file(folder: Path) -> None:
    write(folder, "text.xsl", '<xsl:include href="house.xsl"/>')
    write(folder, "house.xsl", "\n<a>")
    assert f"{folder / 'house.xsl'}:4: " in fault_of(folder)


def test_the_faults_of_all_stylesheets_are_reported_at_once(folder: Path) -> None:
    for name in ("html.xsl", "json.xsl"):
        write(folder, name, "<a>")
    said = fault_of(folder)
    assert "html.xsl:" in said
    assert "json.xsl:" in said


def test_a_directory_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    assert "nowhere" in fault_of(tmp_path / "nowhere")


@pytest.mark.parametrize("element", ["import", "include"])
@pytest.mark.parametrize("escape", ["{}", "../{}", "file://{}", "callgate:{}", "callgate:../{}"])
def test_a_stylesheet_cannot_include_what_lies_elsewhere(
    folder: Path, tmp_path: Path, element: str, escape: str
) -> None:
    write(tmp_path, "secret.xsl", '<xsl:template match="/">SECRET</xsl:template>')
    target = "secret.xsl" if ".." in escape else str(tmp_path / "secret.xsl")
    content = f'<xsl:{element} href="{escape.format(target)}"/>'
    assert "SECRET" not in fault_of(write(folder, "text.xsl", content))


def test_a_stylesheet_cannot_read_a_file(folder: Path, tmp_path: Path) -> None:
    write(tmp_path, "secret.xsl", "<a>SECRET</a>")
    read = f"<xsl:value-of select=\"document('{tmp_path / 'secret.xsl'}')\"/>"
    write(folder, "text.xsl", f'<xsl:template match="/">{read}</xsl:template>')
    said = fault_of(folder)
    assert "refused" in said
    assert "SECRET" not in said


def test_a_stylesheet_cannot_write_a_file(folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "written"
    stylesheet = folder / "text.xsl"
    stylesheet.write_text(
        '<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"'
        ' xmlns:x="http://exslt.org/common" extension-element-prefixes="x">'
        f'<xsl:template match="/"><x:document href="{target}">x</x:document></xsl:template>'
        "</xsl:stylesheet>"
    )
    etree.XSLT(etree.parse(stylesheet))(etree.fromstring("<a/>"))
    assert target.exists(), "it would, if it could"
    target.unlink()
    assert "refused" in fault_of(folder)
    assert not target.exists()


def test_a_stylesheet_that_gives_up_on_an_answer_is_stood_in_for(folder: Path) -> None:
    gives_up = '<xsl:message terminate="yes">No.</xsl:message>'
    write(
        folder,
        "text.xsl",
        f'<xsl:template match="/"><xsl:if test="//@code = 77 or //CallID != \'x\'">{gives_up}'
        "</xsl:if></xsl:template>",
    )
    assert dressed(folder, Answer("KeepCall", 77, "No.")) == b"ERROR:77:No.\n"
    reply = document(sample("GetCallID.success"))
    rendition = Renderer(overrides=folder).render(reply, ResponseType.TEXT, FROM_INDEX)
    assert rendition.status == 502


def test_one_renderer_serves_many_threads() -> None:
    renderer = Renderer()
    answers = [Answer("GetCallID", 0, call_id=f"id-{n}") for n in range(400)]

    def serve(answer: Answer) -> bytes:
        return bytes_of(renderer.render(answer, ResponseType.TEXT, FROM_INDEX))

    with ThreadPoolExecutor(8) as pool:
        bodies = list(pool.map(serve, answers))
    assert bodies == [f"{answer.call_id}\n".encode() for answer in answers]
