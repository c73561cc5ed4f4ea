import re
import signal
import socket
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import requests

from gateway.cli import main
from gateway.core.secrets import Secret
from tests.end_to_end.conftest import eventually, free_port
from tests.fakes import FOUND, KEY, TOKEN

DEMO = Path(__file__).parents[1] / "config" / "demo.toml"


def test_a_sound_configuration_is_shown_with_its_secrets_masked(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["check", str(DEMO)]) == 0
    out, err = capsys.readouterr()
    assert tomllib.loads(out)["server"]["bind"] == "127.0.0.1:8080"
    assert "warning:" in err
    assert "pa$$word" not in out + err
    assert KEY not in out + err


def test_every_fault_is_said_at_once_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bad.toml"
    path.write_text("[server]\nworkers = 0\n[recorder]\nnode = 1\n", "utf-8")
    assert main(["check", str(path)]) == 1
    err = capsys.readouterr().err
    assert "bad.toml:2: [server] workers" in err
    assert "bad.toml:4: [recorder] node" in err


def test_serve_does_not_start_with_a_faulty_configuration(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["serve", str(tmp_path / "none.toml")]) == 1
    assert "none.toml" in capsys.readouterr().err


def test_a_new_key_is_shown_once_and_its_lines_hold_the_digest(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["keys", "new", "crm"]) == 0
    out = capsys.readouterr().out
    key = re.findall(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", out)
    assert len(key) == 1
    lines = tomllib.loads(out.partition("configuration:\n")[2])
    assert lines == {"applications": [{"name": "crm", "keys": [f"sha256:{Secret(key[0]).digest}"]}]}


@pytest.mark.parametrize("name", ['we"ird\\', "Büro 2", "a # b"])
def test_whatever_an_application_is_called_its_lines_are_toml(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["keys", "new", name])
    lines = tomllib.loads(capsys.readouterr().out.partition("configuration:\n")[2])
    assert lines["applications"][0]["name"] == name


@pytest.mark.parametrize("name", ["", " ", "a\nb"])
def test_an_application_needs_a_name_that_can_be_read(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["keys", "new", name])
    assert "a name must be one that can be read" in capsys.readouterr().err


def test_a_demo_whose_port_is_taken_says_so_and_starts_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        assert main(["demo", "--bind", address]) == 1
    assert f"Nothing can listen on {address}: Address already in use." in capsys.readouterr().err
    assert main(["demo", "--bind", "nowhere"]) == 1
    assert "it is no HOST:PORT" in capsys.readouterr().err


def test_two_keys_are_never_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    main(["keys", "new", "crm"])
    first = capsys.readouterr().out
    main(["keys", "new", "crm"])
    assert capsys.readouterr().out != first


@pytest.mark.parametrize("wrong", [[], ["serve"], ["keys"], ["nonsense"]], ids=repr)
def test_a_wrong_command_line_is_exit_status_two(wrong: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(wrong)
    assert ended.value.code == 2


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    out = capsys.readouterr().out
    for command in ("serve", "check", "keys", "simulate", "demo"):
        assert f"    {command} " in out


def test_the_demo_answers_the_seeds_sample_and_leaves_nothing_behind(tmp_path: Path) -> None:
    gateway, recorder = (f"127.0.0.1:{free_port()}" for _ in range(2))
    command = [sys.executable, "-m", "gateway", "demo", "--bind", gateway, "--recorder", recorder]
    with (tmp_path / "log").open("wb") as log:
        demo = subprocess.Popen(command, stdout=log, stderr=log, env={"TMPDIR": str(tmp_path)})
    try:
        eventually(lambda: b"Ctrl-C ends the demo" in (tmp_path / "log").read_bytes(), within=30)
        asked = {"action": "GetCallID", "apiKey": KEY, "token": TOKEN, "responseType": "XML"}
        asked |= {"extension": "8856", "status": "last"}
        answer = requests.get(f"http://{gateway}/verba/api", params=asked, timeout=10)
        assert answer.content == FOUND
    finally:
        demo.send_signal(signal.SIGINT)
        assert demo.wait(30) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["log"]
