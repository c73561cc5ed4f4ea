"""Real gunicorn on real sockets before the simulator, once for each kind of worker."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self, TypeVar

import pytest
import requests

from gateway.simulator.server import Server
from gateway.simulator.settings import Settings, Traffic
from tests.fakes import KEY, TOKEN

CONFIG = Path(__file__).parents[2] / "config" / "demo.toml"
T = TypeVar("T")
WORKERS = ("gevent", "gthread")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def eventually(look: Callable[[], T], within: float = 15.0) -> T:
    """What it sees as soon as that is true, or a failure."""
    deadline = time.monotonic() + within
    while not (seen := look()):
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.05)
    return seen


@dataclass
class Hosted:
    """A gateway under gunicorn, as `callgate serve` starts it."""

    folder: Path
    recorder: str
    worker: str
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None
    options: tuple[str, ...] = ()
    more: str = ""  # of the one application's settings

    @property
    def origin(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        """What it has written so far."""
        return (self.folder / "log").read_text("utf-8", "replace")

    def ask(self, timeout: float = 20.0, **more: str | None) -> requests.Response:
        """Ask what the sample asks, but for these parameters."""
        asked = {"action": "GetCallID", "apiKey": KEY, "token": TOKEN, "extension": "8856"}
        asked.update({"status": "last"} | {k: v or "" for k, v in more.items()})
        chosen = {k: v for k, v in asked.items() if more.get(k, "") is not None}
        return requests.get(f"{self.origin}/verba/api", params=chosen, timeout=timeout)

    def is_ready(self) -> bool:
        """Whether it says so."""
        try:
            return requests.get(f"{self.origin}/-/ready", timeout=2.0).status_code == 200
        except requests.RequestException:
            return False

    def is_live(self) -> bool:
        """Whether anybody answers."""
        try:
            return requests.get(f"{self.origin}/-/live", timeout=2.0).status_code == 200
        except requests.RequestException:
            return False

    def start(self) -> Self:
        """Run it; returns when it is live."""
        self.launch()
        eventually(self.is_live)
        return self

    def launch(self) -> None:
        """Run it; returns at once."""
        text = CONFIG.read_text("utf-8")
        text = text.replace("http://127.0.0.1:9090/verba/api", self.recorder)
        text = text.replace("127.0.0.1:8080", f"127.0.0.1:{self.port}")
        config = self.folder / "demo.toml"
        config.write_text(text + self.more, "utf-8")
        command = [sys.executable, "-m", "gateway", "serve", str(config), "--"]
        command += ["--worker-class", self.worker, *self.options]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)

    def stop(self) -> int:
        """End it in peace; its exit status."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(40)

    def workers(self) -> list[int]:
        """The processes of its workers."""
        assert self.process is not None
        listing = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in listing.read_text("ascii").split()]


@pytest.fixture(scope="module")
def recorder() -> Iterator[Server]:
    """A recorder with its landmarks, and nothing that happens by itself."""
    traffic = Traffic(calls_per_minute=0, history_calls=50)
    with Server(Settings(port=0, traffic=traffic)) as server:
        yield server


@pytest.fixture(scope="module", params=WORKERS)
def hosted(
    request: pytest.FixtureRequest, recorder: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Hosted]:
    """A gateway that is ready, shared by the tests of a module."""
    folder = tmp_path_factory.mktemp(request.param)
    gateway = Hosted(folder, recorder.url, request.param).start()
    try:
        eventually(gateway.is_ready)
        yield gateway
    finally:
        assert gateway.stop() == 0, gateway.log


@pytest.fixture(params=WORKERS)
def own(request: pytest.FixtureRequest, recorder: Server, tmp_path: Path) -> Iterator[Hosted]:
    """A gateway of one test's own, which may be killed."""
    gateway = Hosted(tmp_path, recorder.url, request.param)
    try:
        yield gateway
    finally:
        if gateway.process is not None and gateway.process.poll() is None:
            os.kill(gateway.process.pid, signal.SIGTERM)
            gateway.process.wait(40)
