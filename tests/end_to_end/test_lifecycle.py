"""Stops, deaths and restarts, on gevent and on gthread."""

import os
import re
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import requests

from gateway.simulator.server import Server
from gateway.simulator.settings import Settings, Traffic
from tests.end_to_end.conftest import Hosted, eventually
from tests.fakes import FOUND

AGE = re.compile(r"^callgate_index_age_seconds (\S+)", re.MULTILINE)
HIT = "callgate; hit; detail=index"


def is_hit(gateway: Hosted) -> bool:
    """Whether the index answers."""
    return gateway.ask().headers["Cache-Status"].startswith(HIT)


def test_a_stop_lets_running_requests_finish_and_wakes_the_parked_ones(
    own: Hosted, recorder: Server
) -> None:
    own.start()
    eventually(lambda: is_hit(own))
    control = f"{recorder.origin}/simulator/faults"
    slow = {"kind": "slow", "seconds": 2, "actions": ["GetCallURL"]}
    requests.post(control, json=[slow], timeout=5)
    try:
        with ThreadPoolExecutor(2) as clients:
            running = clients.submit(own.ask, action="GetCallURL", responseType="TEXT")
            parked = clients.submit(own.ask, extension="7733", status="next")
            time.sleep(0.5)  # both must be inside
            assert own.stop() == 0
            assert "ccdrId=" in running.result(5).text
            assert parked.result(5).status_code == 503
            assert "being restarted" in parked.result(5).text
            assert parked.result(5).headers["Retry-After"] == "5"
    finally:
        requests.delete(control, timeout=5)


def fed_at(gateway: Hosted) -> float:
    """When the index was fed last, by the monotonic clock."""
    found = AGE.search(requests.get(f"{gateway.origin}/-/metrics", timeout=5).text)
    assert found
    return time.monotonic() - float(found[1])


def test_another_worker_feeds_within_five_seconds_of_a_kill(own: Hosted) -> None:
    own.start()
    eventually(lambda: is_hit(own))
    for _ in range(2):  # whichever of the two feeds, it is killed once
        os.kill(own.workers()[0], signal.SIGKILL)
        killed = time.monotonic()
        eventually(lambda since=killed: _fed_since(own, since), within=5)  # type: ignore[misc]
        eventually(lambda: len(own.workers()) == 2)


def _fed_since(gateway: Hosted, since: float) -> bool:
    try:
        return fed_at(gateway) > since
    except requests.RequestException:
        return False


def test_a_gateway_that_starts_while_the_recorder_is_down_answers_from_its_store(
    own: Hosted,
) -> None:
    with Server(Settings(port=0, traffic=Traffic(calls_per_minute=0, history_calls=0))) as lost:
        own.recorder = lost.url
        own.more = "stale_answers = true\n"
        own.start()
        eventually(lambda: is_hit(own))
        assert own.stop() == 0
    own.start()
    answer = own.ask()
    assert answer.content == FOUND
    assert answer.headers["Cache-Status"].startswith("callgate; hit; detail=")
    eventually(lambda: "detail=stale" in own.ask().headers["Cache-Status"])
    assert int(own.ask().headers["Age"]) >= 3


def test_the_gateway_starts_without_a_recorder_and_heals_when_it_comes(own: Hosted) -> None:

    with Server(Settings(port=0, traffic=Traffic(calls_per_minute=0, history_calls=0))) as late:
        port = int(late.url.split(":")[2].split("/")[0])
    own.recorder = f"http://127.0.0.1:{port}/verba/api"
    own.start()
    answer = own.ask(responseType="TEXT")
    assert answer.status_code == 503
    assert answer.text == "ERROR:-1:The recorder cannot be reached at the moment.\n"
    assert not own.is_ready()
    traffic = Traffic(calls_per_minute=0, history_calls=0)
    with Server(Settings(port=port, traffic=traffic)):
        eventually(lambda: is_hit(own))
        assert own.ask().content == FOUND
    eventually(lambda: own.ask().status_code == 503)
    with Server(Settings(port=port, traffic=traffic)):
        eventually(lambda: is_hit(own))
