"""Feeders and workers are killed at random under load, and the recorded history is checked.

Every answer from the index must have been true at some instant between its `as_of` and its
arrival, and no two workers may have fed for longer than the lease. `make consistency` lets it go on
for minutes.
"""

import os
import random
import re
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import pytest
import requests

from gateway.feed.feeder import TERM
from gateway.simulator.calls import between
from gateway.simulator.server import Server
from gateway.simulator.settings import Settings, Traffic
from tests.end_to_end.conftest import Hosted, eventually

SECONDS = float(os.environ.get("CONSISTENCY_SECONDS", "20"))
EXTENSIONS = ("7101", "7102", "7103", "7104")
FORMS = ("ongoing", "last", "last,ongoing")
# What the clocks of three processes on one busy machine, and a row's milliseconds, may hide.
SLACK = 0.15
AGE = re.compile(r"hit; detail=index; as-of-age=(-?[\d.]+)")
NOBODY = "ERROR:2:Unable to retrieve the call identifier, because the call cannot be found."


@dataclass
class Lived:
    """A call as it was, in POSIX seconds."""

    id: str
    parties: tuple[str, str]
    began: float
    ended: float | None = None


@dataclass
class Asked:
    """A question, when its answer came, how old the index was, and what it said."""

    extension: str
    status: str
    at: float
    age: float
    said: str


@dataclass
class Run:
    """Everything that happened."""

    calls: list[Lived] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    killed: int = 0
    over: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
def recorder() -> Iterator[Server]:
    """A recorder in which only what the run does happens."""
    with Server(Settings(port=0, traffic=Traffic(calls_per_minute=0, history_calls=20))) as server:
        yield server


def live(recorder: Server, run: Run) -> None:
    """Calls begin and end, each at its own time."""
    chance, alive = random.Random(7), list[Lived]()
    while not run.over.wait(chance.uniform(0.05, 0.4)):
        if len(alive) < 3 and chance.random() < 0.6:
            parties = chance.choice(EXTENSIONS), f"+3612{chance.randrange(10**6):06}"
            begun = recorder.simulator.world.begin(between(*parties))
            alive.append(Lived(begun.id, parties, begun.start))
            run.calls.append(alive[-1])
        elif alive:
            over = alive.pop(chance.randrange(len(alive)))
            ended = recorder.simulator.world.end(over.id)
            over.ended = ended.end if ended else None


def ask(hosted: Hosted, run: Run, seed: int) -> None:
    """Questions, as fast as they are answered; a connection that a kill broke is no answer."""
    chance = random.Random(seed)
    while not run.over.is_set():
        extension, status = chance.choice(EXTENSIONS), chance.choice(FORMS)
        try:
            answer = hosted.ask(extension=extension, status=status, responseType="TEXT")
        except requests.RequestException:
            continue
        at = time.time()  # noqa: TID251 - the history is told by the machine's clock
        if found := AGE.search(answer.headers["Cache-Status"]):
            said = answer.text.strip()
            run.asked.append(Asked(extension, status, at, float(found[1]), said))
        elif answer.status_code != 200:
            run.failed.append(answer.text)
        time.sleep(0.01)


def kill(hosted: Hosted, run: Run) -> None:
    """Now and then a worker dies, whichever it is."""
    chance = random.Random(3)
    while not run.over.wait(chance.uniform(1.0, 4.0)):
        if workers := hosted.workers():
            os.kill(chance.choice(workers), signal.SIGKILL)
            run.killed += 1


def test_whatever_dies_every_answer_was_true_and_one_worker_fed(
    recorder: Server, tmp_path: Path
) -> None:
    hosted, run = Hosted(tmp_path, recorder.url, "gevent"), Run()
    hosted.start()
    try:
        eventually(lambda: AGE.search(hosted.ask().headers["Cache-Status"]))
        with ThreadPoolExecutor(6) as pool:
            jobs = [pool.submit(live, recorder, run), pool.submit(kill, hosted, run)]
            jobs += [pool.submit(ask, hosted, run, seed) for seed in range(4)]
            run.over.wait(SECONDS)
            run.over.set()
        for job in jobs:
            job.result()
    finally:
        hosted.stop()
    assert run.killed >= SECONDS / 8
    assert run.failed == []
    assert len(run.asked) > 20 * SECONDS
    wrong = [asked for asked in run.asked if asked.said not in true(run.calls, asked)]
    assert wrong == [], [true(run.calls, asked) for asked in wrong[:3]]
    assert feeders_at_once(recorder) <= TERM.total_seconds()


def true(calls: list[Lived], asked: Asked) -> set[str]:
    """All that was true between `as_of` and the answer."""
    since, until = asked.at - asked.age - SLACK, asked.at + SLACK
    edges = {edge for c in calls for edge in (c.began, c.ended) if edge and since <= edge <= until}
    instants = {since, until, *edges, *(edge - 0.001 for edge in edges)}
    return {_true_at(calls, asked, at) for at in instants}


def _true_at(calls: list[Lived], asked: Asked, at: float) -> str:
    ours = [c for c in calls if asked.extension in c.parties and c.began <= at]
    ongoing = [c for c in ours if c.ended is None or c.ended > at]
    ended = [c for c in ours if c.ended is not None and c.ended <= at]
    for status in asked.status.split(","):
        if status == "ongoing" and ongoing:
            several = f"because {len(ongoing)} calls match and only one may."
            message = f"ERROR:2:Unable to retrieve the call identifier, {several}"
            return ongoing[0].id if len(ongoing) == 1 else message
        if status == "last" and ended:
            return max(ended, key=lambda c: c.ended or 0.0).id
    return NOBODY


def feeders_at_once(recorder: Server) -> float:
    """For how many seconds at most two workers fed, each known by its own login."""
    spans: dict[str, list[float]] = {}
    for at, request in recorder.simulator.journal.last("SearchCalls"):
        spans.setdefault(request.one("token"), []).append(at)
    ordered = sorted((min(times), max(times)) for times in spans.values())
    return max((a[1] - b[0] for a, b in pairwise(ordered)), default=0.0)
