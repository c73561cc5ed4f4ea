"""What it costs to dress a list of 20,000 calls: the time, and the patience of others."""

import shutil
import subprocess
import sys
import tempfile
import threading
import time
from importlib.resources import files
from pathlib import Path
from statistics import median

import requests

from gateway.core.parameters import ResponseType
from gateway.core.replies import Document
from gateway.rendering import Renderer
from tests.benchmarks.lists import NAME, listing
from tests.end_to_end.conftest import Hosted, eventually, free_port

QUIET = ("--workers", "1", "--log-level", "error", "--access-logfile", "/dev/null")
STYLESHEETS = ("html.xsl", "text.xsl")  # JSON's wants its tree in order, which xsltproc cannot do
SEARCH = {"action": "SearchCalls", "name": NAME, "extension": None, "status": None}


def others_wait() -> dict[str, float]:
    """The slowest answer of others, in milliseconds, while the list is dressed."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "tests.benchmarks.lists", str(port)])
    try:
        with tempfile.TemporaryDirectory() as folder:
            url = f"http://127.0.0.1:{port}/verba/api"
            hosted = Hosted(Path(folder), url, "gevent", options=QUIET).start()
            try:
                eventually(lambda: hosted.ask().status_code == requests.codes.ok)
                return _slowest(hosted)
            finally:
                hosted.stop()
    finally:
        process.kill()
        process.wait(20)


def _slowest(hosted: Hosted) -> dict[str, float]:
    figures = {}
    for dress in ("HTML", "TEXT", "JSON"):
        waits: list[float] = []
        done = threading.Event()
        other = threading.Thread(target=_poll, args=(hosted, done, waits))
        other.start()
        begun = time.perf_counter()
        answer = hosted.ask(120.0, responseType=dress, **SEARCH)
        figures[f"{dress}, seconds"] = time.perf_counter() - begun
        done.set()
        other.join()
        figures[f"{dress}, megabytes"] = len(answer.content) / 1e6
        figures[f"{dress}, slowest of others, ms"] = max(waits) * 1000
    return figures


def _poll(hosted: Hosted, done: threading.Event, waits: list[float]) -> None:
    while not done.wait(0.005):
        begun = time.perf_counter()
        hosted.is_live()
        waits.append(time.perf_counter() - begun)


def against_xsltproc(rounds: int = 3) -> dict[str, float]:
    """Our time for the list against that of `xsltproc`, by stylesheet, parsing included."""
    program = shutil.which("xsltproc")
    if program is None:
        print("  xsltproc is not installed (Debian: apt install xsltproc): nothing to compare with")
        return {}
    body, renderer = listing(), Renderer()
    folder = files("gateway.rendering") / "stylesheets"
    figures = {}
    with tempfile.TemporaryDirectory() as name:
        file = Path(name, "list.xml")
        file.write_bytes(body)
        for stylesheet in STYLESHEETS:
            dress = ResponseType(stylesheet.removesuffix(".xsl").upper())
            command = [
                program,
                "--novalid",
                "-o",
                f"{name}/out",
                f"{folder}/{stylesheet}",
                str(file),
            ]
            ratios = []
            for _ in range(rounds):
                begun = time.perf_counter()
                renderer.transform(Document(body, "text/xml", ""), dress)
                ours = time.perf_counter() - begun
                begun = time.perf_counter()
                subprocess.run(command, check=True)
                ratios.append(ours / (time.perf_counter() - begun))
            figures[f"{dress.name} against xsltproc, time"] = median(ratios)
    return figures
