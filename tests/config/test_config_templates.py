from io import StringIO
from pathlib import Path

import pytest

from gateway.config import Config, ConfigurationFaults, parse
from gateway.config.check import check
from gateway.rendering import faults_of
from gateway.wiring import build
from tests.config.test_config_parsing import APPLICATION, ENVIRONMENT, RECORDER

HEAD = '<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">'
MINE = '<xsl:template match="/">MINE</xsl:template>'
SETTING = 'replies.templates = "house style"\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "house style"
    path.mkdir()
    return path


def write(folder: Path, name: str, content: str) -> None:
    (folder / name).write_text(f"{HEAD}\n{content}\n</xsl:stylesheet>")


def parsed(directory: Path) -> Config:
    text = SETTING + RECORDER + APPLICATION
    return parse(text, directory, ENVIRONMENT, "gateway.toml", faults_of)


def faults(directory: Path) -> list[str]:
    with pytest.raises(ConfigurationFaults) as caught:
        parsed(directory)
    return str(caught.value).splitlines()


def test_templates_are_found_beside_the_configuration(folder: Path) -> None:
    write(folder, "text.xsl", '<xsl:include href="house.xsl"/>')
    write(folder, "house.xsl", MINE)
    (folder / "README").write_text("What they are for.")
    assert parsed(folder.parent).replies.templates == folder


def test_a_folder_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    (fault,) = faults(tmp_path)
    assert fault.startswith("gateway.toml:1: [replies] templates: ")
    assert fault.endswith("there is no such directory of stylesheets")


def test_every_fault_of_every_stylesheet_is_told_with_key_and_line(folder: Path) -> None:
    write(folder, "html.xsl", "<a>")
    write(folder, "text.xsl", '<xsl:import href="/etc/passwd"/>')
    reads = "<xsl:value-of select=\"document('/etc/passwd')\"/>"
    write(folder, "json.xsl", f'<xsl:template match="/">{reads}</xsl:template>')
    write(folder, "txt.xsl", MINE)
    found = faults(folder.parent)
    assert all(each.startswith("gateway.toml:1: [replies] templates: ") for each in found)
    assert any("includes /etc/passwd, which is neither beside it" in each for each in found)
    for name in ("html.xsl:", "text.xsl:", "json.xsl:", "txt.xsl: is no stylesheet of ours"):
        assert any(f"{folder / name}" in each for each in found), name


def test_the_check_and_the_start_refuse_in_the_same_words(folder: Path) -> None:
    write(folder, "html.xsl", "<a>")
    file, err = folder.parent / "gateway.toml", StringIO()
    file.write_text(SETTING + f'recorder.api_key = "{"k" * 32}"\n' + APPLICATION)
    assert check(file, StringIO(), err, faults_of) == 1
    with pytest.raises(ConfigurationFaults) as caught:
        build(file)
    assert str(caught.value) == err.getvalue().rstrip()
