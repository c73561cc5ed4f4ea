"""`callgate demo`: the recorder simulator and the gateway, on loopback, until interrupted.

Both run as they would in earnest, each in a process of its own. Nothing is left behind.
"""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from dataclasses import astuple, dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Final

from gateway.shipped import shipped

READY_WITHIN: Final = 30.0  # seconds
LOOK_EVERY: Final = 0.1
SECRETS: Final = (
    "apiKey=74c8eea0-50c6-40b2-9f3e-252ed501c3c8&token=09835e02-6c10-11e0-bb22-ba324924019b"
)
QUESTIONS: Final = (
    f"action=GetCallID&{SECRETS}&responseType=XML&extension=8856&status=last",
    f"action=GetCallID&{SECRETS}&responseType=TEXT&extension=9999&status=last,ongoing",
    f"action=GetCallID&{SECRETS}&responseType=JSON&platformCallID=71627389",
)


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the demo's two programs listen, on loopback."""

    gateway: str = "127.0.0.1:8080"
    recorder: str = "127.0.0.1:9090"


def run(addresses: Addresses) -> int:
    """Run both until SIGINT or SIGTERM, or until one of them ends; the exit status."""
    for address in astuple(addresses):
        if (fault := _cannot_listen(address)) is not None:
            print(f"Nothing can listen on {address}: {fault}.", file=sys.stderr)
            print("Name other addresses with --bind and --recorder.", file=sys.stderr)
            return 1
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    with tempfile.TemporaryDirectory(prefix="callgate-demo-") as folder:
        config = _configuration(Path(folder), addresses)
        recorder = _start("simulate", "--bind", addresses.recorder)
        children = [recorder, _start("serve", str(config))]
        try:
            return _watch(children, stopped, addresses)
        finally:
            _end(children)


def _cannot_listen(address: str) -> str | None:
    """Why not, if not."""
    host, _, port = address.rpartition(":")
    try:
        family, kind, protocol, _, where = socket.getaddrinfo(
            host.strip("[]"), int(port), type=socket.SOCK_STREAM
        )[0]
        with socket.socket(family, kind, protocol) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(where)
    except (OSError, ValueError) as error:
        return getattr(error, "strerror", None) or "it is no HOST:PORT"
    return None


def _configuration(folder: Path, addresses: Addresses) -> Path:
    """The shipped configuration with these addresses, where its store may vanish with it."""
    text = shipped("demo.toml").read_text("utf-8")
    for usual, ours in zip(astuple(Addresses()), astuple(addresses), strict=True):
        text = text.replace(usual, ours)
    path = folder / "demo.toml"
    path.write_text(text, "utf-8")
    return path


def _start(*arguments: str) -> subprocess.Popen[bytes]:
    # A session of its own: an interrupt from the keyboard reaches this process alone.
    command = [sys.executable, "-m", "gateway", *arguments]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    return subprocess.Popen(command, start_new_session=True, env=environment)  # noqa: S603 - ours


def _watch(
    children: list[subprocess.Popen[bytes]], stopped: threading.Event, addresses: Addresses
) -> int:
    """Greet when both are ready, and then wait."""
    deadline = time.monotonic() + READY_WITHIN
    greeted = False
    while not stopped.wait(LOOK_EVERY):
        if any(child.poll() is not None for child in children):
            print("The demo ends, because one of its two programs has ended.", file=sys.stderr)
            return 1
        if not greeted and _is_ready(addresses.gateway):
            greeted = True
            _greet(addresses)
        elif not greeted and time.monotonic() > deadline:
            print(f"The gateway was not ready within {READY_WITHIN:.0f} s.", file=sys.stderr)
            return 1
    return 0


def _is_ready(gateway: str) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"http://{gateway}/-/ready", timeout=2.0) as answer:
            return bool(answer.status == HTTPStatus.OK)
    except OSError:
        return False


def _greet(addresses: Addresses) -> None:
    print(f"\nThe recorder simulator is at http://{addresses.recorder}/verba/api,")
    print(f"and the gateway before it at http://{addresses.gateway}/verba/api.")
    print("Try, in another terminal or in a browser:\n")
    for question in QUESTIONS:
        print(f"  curl 'http://{addresses.gateway}/verba/api?{question}'\n")
    print("Ctrl-C ends the demo.", flush=True)


def _end(children: list[subprocess.Popen[bytes]]) -> None:
    for child in reversed(children):
        child.terminate()
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
