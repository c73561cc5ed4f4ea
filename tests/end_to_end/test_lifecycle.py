"""Stops, deaths and restarts, on gevent and on gthread."""

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import requests

from gateway.simulator.server import Server
from gateway.simulator.settings import Settings, Traffic
from tests.end_to_end.conftest import Hosted, eventually
from tests.fakes import FOUND

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


def test_another_worker_feeds_within_five_seconds_of_a_kill(own: Hosted) -> None:
    own.start()
    eventually(lambda: is_hit(own))
    for _ in range(2):  # whichever of the two feeds, it is killed once
        os.kill(own.workers()[0], signal.SIGKILL)
        killed = time.monotonic()
        time.sleep(3.5)  # the index that the dead one left behind is still fresh until then
        eventually(own.is_ready, within=10)
        assert time.monotonic() - killed < 6
        eventually(lambda: len(own.workers()) == 2)


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
