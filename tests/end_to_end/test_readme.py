"""The README runs: its curl lines get their answers, its configurations load."""

import re
import shlex
import tomllib
from pathlib import Path

import pytest
import requests

from gateway.config import parse
from tests.end_to_end.conftest import Hosted, eventually
from tests.fakes import KEY

README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
CONSOLES = re.findall(r"```console\n\$ (curl '.*?)\n(.*?)```", README, re.DOTALL)
PUSH = re.findall(r"```console\n\$ (curl -H.*?]}')\n(.*?)```", README, re.DOTALL)


def test_there_are_three_questions_to_try() -> None:
    assert len(CONSOLES) == 3


@pytest.mark.parametrize(("command", "answer"), CONSOLES, ids=["xml", "text", "json"])
def test_a_curl_line_gets_the_answer_that_stands_below_it(
    hosted: Hosted, command: str, answer: str
) -> None:
    url = shlex.split(command)[-1].replace("http://127.0.0.1:8080", hosted.origin)
    eventually(lambda: "hit" in hosted.ask().headers["Cache-Status"])
    assert requests.get(url, timeout=10).text == answer


def test_the_pushed_news_are_taken_as_it_says(hosted: Hosted) -> None:
    ((command, answer),) = PUSH
    _, _, header, url, _, body = shlex.split(command)
    name, _, value = header.partition(": ")
    assert value == "KEY"
    url = url.replace("http://127.0.0.1:8080", hosted.origin)
    told = requests.post(url, data=body, headers={name: KEY}, timeout=10)
    assert told.text == answer


def test_the_smallest_configuration_works() -> None:
    text = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)[0]
    environment = {"RECORDER_API_KEY": "k" * 36, "RECORDER_USER": "u", "RECORDER_PASSWORD": "p"}
    config = parse(text, Path("/nowhere"), environment, "README.md")
    assert config.warnings == ()
    assert tomllib.loads(text)["applications"][0]["name"] == "crm"


def test_every_path_that_is_linked_exists() -> None:
    root = Path(__file__).parents[2]
    linked = re.findall(r"\]\(([^)#:]+)\)", README)
    assert linked
    assert [path for path in linked if not (root / path).exists()] == []
