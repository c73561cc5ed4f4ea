"""`next` while the recorder's clock is a minute and a half wrong, in either direction."""

import re
import threading
import time
from pathlib import Path

import pytest
import requests

from gateway.simulator.calls import between
from gateway.simulator.server import Server
from gateway.simulator.settings import Settings, Traffic
from tests.end_to_end.conftest import Hosted, eventually

AHEAD = re.compile(r"^callgate_index_recorder_ahead_seconds (\S+)", re.MULTILINE)


@pytest.mark.parametrize("offset", [90.0, -90.0])
def test_a_call_that_was_there_is_not_next_and_one_that_comes_is(
    offset: float, tmp_path: Path
) -> None:
    quiet = Traffic(calls_per_minute=0, history_calls=0)
    with Server(Settings(port=0, traffic=quiet, clock_offset=offset)) as recorder:
        hosted = Hosted(tmp_path, recorder.url, "gevent").start()
        world, said = recorder.simulator.world, list[str]()

        def ask() -> None:
            said.append(hosted.ask(extension="7300", status="next", responseType="TEXT").text)

        def ahead() -> float:
            text = requests.get(f"{hosted.origin}/-/metrics", timeout=5).text
            found = AHEAD.search(text)
            return float(found[1]) if found else 0.0

        try:
            eventually(lambda: "hit" in hosted.ask().headers["Cache-Status"])
            eventually(lambda: abs(ahead() - offset) < 0.05, within=40)
            world.begin(between("7300", "1"))
            time.sleep(0.1)  # it has begun when the question is put, and no list has shown it
            client = threading.Thread(target=ask)
            client.start()
            client.join(1.5)  # the next list shows it, and it is not next
            assert said == []
            coming = world.begin(between("2", "7300"))
            client.join(5)
            assert said == [f"{coming.id}\n"]
        finally:
            hosted.stop()
