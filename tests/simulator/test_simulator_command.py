"""The command line of the simulator."""

import argparse
import signal
import socket
import subprocess
import sys
from dataclasses import replace

import pytest

from gateway.simulator.command import add_arguments, read_settings, run
from gateway.simulator.faults import Fault, Kind
from gateway.simulator.settings import SEED_KEY, Access, Dialect, Settings, Traffic


def parse(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return parser.parse_args(arguments)


def test_without_options_the_settings_are_the_defaults() -> None:
    assert read_settings(parse()) == Settings()


def test_every_option_reaches_its_setting() -> None:
    arguments = (
        "--bind [::1]:7 --path /x --threads 8 --mode key-only --key a --key b=token --user u:p:q "
        "--token t --token-lifetime 9 --sliding --dialect numbered --time-zone Europe/Zurich "
        "--clock-offset -3 --next-wait 2 --page-length 5 --max-page-length 6 --calls-per-minute 1 "
        "--call-seconds 2 --first-extension 100 --extensions 3 --history-calls 4 --history-days 5 "
        "--seed 6 --no-landmarks --gap 7 --stuck-share 0.5 --fault slow:seconds=1 --fault reset"
    )
    assert read_settings(parse(*arguments.split())) == Settings(
        host="::1",
        port=7,
        path="/x",
        access=Access({"a": False, "b": True}, {"u": "p:q"}, 9.0, sliding=True, tokens=("t",)),
        dialect=Dialect.NUMBERED,
        time_zone="Europe/Zurich",
        clock_offset=-3.0,
        next_wait=2.0,
        page_length=5,
        max_page_length=6,
        threads=8,
        traffic=Traffic(1.0, 2.0, 100, 3, 4, 5.0, 7.0, 0.5, landmarks=False, seed=6),
        faults=(Fault(Kind.SLOW, seconds=1.0), Fault(Kind.RESET)),
    )


def test_the_help_names_the_unit_the_default_and_the_control_endpoint(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        parse("--help")
    shown = capsys.readouterr().out
    assert shown.count("(default:") >= 25
    for expected in ("--next-wait SECONDS", "/simulator/faults", "blank-lines", SEED_KEY, "8856"):
        assert expected in shown


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--bind", "9090"], "HOST:PORT"),
        (["--bind", "h:99999"], "port: 99999 must lie between 0 and 65535"),
        (["--path", "verba"], "path: 'verba' must begin with a slash"),
        (["--gap", "-1"], "gap: -1.0 must lie between"),
        (["--gap", "nan"], "gap: nan must lie between"),
        (["--stuck-share", "2"], "stuck_share: 2.0 must lie between 0.0 and 1.0"),
        (["--page-length", "2000"], "page_length: 2000 must lie between 1 and 1000"),
        (["--time-zone", "Nowhere"], "Nowhere"),
        (["--key", "a=b"], "--key: the mode 'b' must be one of token, key-only"),
        (["--user", "nobody"], "--user: must be NAME:PASSWORD"),
    ],
)
def test_an_option_out_of_range_is_said_and_ends_with_two(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(parse(*arguments)) == 2
    assert message in capsys.readouterr().err


def test_an_unknown_fault_is_refused_with_those_that_are_known(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        parse("--fault", "fast")
    assert "'fast' must be one of slow, drip" in capsys.readouterr().err


def test_an_address_in_use_is_said_and_ends_with_one(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        assert run(parse("--bind", address, "--history-calls", "0")) == 1
    assert f"cannot listen on {address}" in capsys.readouterr().err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly(number: signal.Signals) -> None:
    command = [sys.executable, "-m", "gateway.simulator", "--bind", "127.0.0.1:0"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert "answers at http://127.0.0.1:" in process.stdout.readline()
        process.send_signal(number)
        _, errors = process.communicate(timeout=20)
    assert process.returncode == 0
    assert errors == ""


def test_settings_out_of_range_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="threads: 0 must lie between"):
        replace(Settings(), threads=0)
