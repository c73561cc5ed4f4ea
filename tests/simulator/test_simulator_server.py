"""The recorder on a real socket: waiting, keep-alive, faults on the wire, and the control."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from http.client import HTTPConnection, HTTPResponse, RemoteDisconnected
from urllib.parse import urlencode, urlsplit

import pytest
import requests

from gateway.simulator.calls import between
from gateway.simulator.clock import FrozenClock
from gateway.simulator.faults import Fault, Kind
from gateway.simulator.server import Server
from gateway.simulator.settings import EMPTY, KEY_ONLY, QUIET, SEED_KEY, Settings, Traffic

START = 1_700_000_000.0
SAMPLE = {"action": "GetCallID", "apiKey": SEED_KEY, "extension": "8856", "status": "last"}
NEXT = {"action": "GetCallID", "apiKey": SEED_KEY, "extension": "8801", "status": "next"}


def make_settings(*faults: Fault, traffic: Traffic = QUIET, next_wait: float = 20.0) -> Settings:
    return Settings(port=0, access=KEY_ONLY, traffic=traffic, next_wait=next_wait, faults=faults)


@contextmanager
def connect(server: Server) -> Iterator[HTTPConnection]:
    address = urlsplit(server.origin)
    assert address.hostname
    with closing(HTTPConnection(address.hostname, address.port, timeout=20)) as connection:
        yield connection


def send(connection: HTTPConnection, parameters: dict[str, str]) -> None:
    connection.request("GET", f"/verba/api?{urlencode(parameters)}")


def read(connection: HTTPConnection) -> tuple[HTTPResponse, str]:
    response = connection.getresponse()
    return response, response.read().decode()


def wait_until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    bound = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < bound, "in vain"
        threading.Event().wait(0.005)


def test_a_connection_serves_many_requests_with_length_and_date() -> None:
    settings = replace(make_settings(), clock_offset=3600.0)
    with Server(settings, FrozenClock(START)) as server, connect(server) as connection:
        send(connection, SAMPLE)
        response, body = read(connection)
        first = connection.sock
        assert response.version == 11
        assert response.headers["Date"] == "Tue, 14 Nov 2023 23:13:20 GMT"
        assert response.headers["Content-Length"] == str(len(body))
        send(connection, SAMPLE)
        assert read(connection)[1] == body
        assert connection.sock is first


def test_blanks_that_nobody_escaped_are_tolerated() -> None:
    with Server(make_settings()) as server:
        address = urlsplit(server.origin)
        assert address.hostname
        assert address.port
        line = (
            f"GET /verba/api?action=SearchCalls&apiKey={SEED_KEY}"
            "&start=2011-01-01 00:00&end=2099-11-16 23:59 HTTP/1.0\r\n\r\n"
        )
        with socket.create_connection((address.hostname, address.port), 10) as connection:
            connection.sendall(line.encode())
            answer = connection.makefile("rb").read()
    assert b'<verbacdrlist rowcount="1">' in answer


def test_a_body_in_chunks_is_read() -> None:
    with Server(make_settings()) as server:
        parts = iter([b"action=GetCallID&apiKey=", SEED_KEY.encode(), b"&nativeID=TRS26140192"])
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = requests.post(server.url, data=parts, headers=kind, timeout=10)
    assert "a8343631" in answer.text


def test_next_waits_for_the_first_call_that_begins_after_the_request() -> None:
    with Server(make_settings(traffic=EMPTY)) as server, connect(server) as connection:
        server.world.begin(replace(between("8801", "8802"), id="before"))
        send(connection, NEXT)
        wait_until(lambda: server.world.waiting == 1)
        server.world.begin(replace(between("8803", "8804"), id="elsewhere"))
        server.world.begin(replace(between("8801", "8802"), id="twin", secondary=True))
        assert server.world.waiting == 1
        server.world.begin(replace(between("8805", "8801"), id="after"))
        assert "<CallID>after</CallID>" in read(connection)[1]


def test_ongoing_then_next_waits_only_if_nothing_is_ongoing() -> None:
    question = {**NEXT, "status": "ongoing,next"}
    with Server(make_settings(traffic=EMPTY)) as server, connect(server) as connection:
        send(connection, question)
        wait_until(lambda: server.world.waiting == 1)
        server.world.begin(replace(between("8801", "8802"), id="one"))
        assert "one" in read(connection)[1]
        send(connection, question)
        assert "one" in read(connection)[1]


def test_next_gives_up_when_its_time_is_over() -> None:
    settings = make_settings(next_wait=0.05)
    with Server(settings) as server, connect(server) as connection:
        send(connection, NEXT)
        assert "cannot be found" in read(connection)[1]


def test_a_hundred_and_fifty_desktops_wait_and_the_next_one_queues() -> None:
    with Server(make_settings(traffic=EMPTY)) as server:
        address = urlsplit(server.origin)
        assert address.hostname
        waiting = [HTTPConnection(address.hostname, address.port, timeout=20) for _ in range(150)]
        for connection in waiting:
            send(connection, NEXT)
        wait_until(lambda: server.world.waiting == 150)
        with connect(server) as late:
            send(late, {**SAMPLE, "extension": "9999"})
            wait_until(lambda: server.simulator.journal.open == 151)
            server.world.begin(replace(between("8801", "8802"), id="one"))
            answers = [read(connection)[1] for connection in waiting]
            assert "cannot be found" in read(late)[1]
        for connection in waiting:
            connection.close()
    assert sum("<CallID>one</CallID>" in answer for answer in answers) == 150


def test_who_waits_is_sent_home_when_the_recorder_stops() -> None:
    with Server(make_settings(traffic=EMPTY)) as server, connect(server) as connection:
        send(connection, NEXT)
        wait_until(lambda: server.world.waiting == 1)
        before = time.monotonic()
        server.world.stop()
        assert "cannot be found" in read(connection)[1]
    assert time.monotonic() - before < 10


def test_a_live_stream_ends_with_its_call() -> None:
    with Server(make_settings(traffic=EMPTY)) as server, connect(server) as connection:
        server.world.begin(replace(between("8801", "8802"), id="live"))
        question = {"action": "GetMediaLive", "apiKey": SEED_KEY, "cid": "live", "format": "mp3"}
        send(connection, question)
        response = connection.getresponse()
        assert response.headers["Transfer-Encoding"] == "chunked"
        assert response.read(4) == b"\xff\xfb\x18\xc4"
        server.world.end("live")
        assert len(response.read()) % 144 == 140
        send(connection, question)
        assert "not ongoing" in read(connection)[1]


def test_a_reset_is_a_reset_and_a_close_is_a_close() -> None:
    with Server(make_settings(Fault(Kind.RESET))) as server, connect(server) as connection:
        send(connection, SAMPLE)
        with pytest.raises(ConnectionResetError) as caught:
            connection.getresponse()
        assert caught.type is ConnectionResetError
        server.simulator.faults.put([Fault(Kind.CLOSE)])
        connection.close()
        send(connection, SAMPLE)
        with pytest.raises(RemoteDisconnected):
            connection.getresponse()


def test_a_slow_recorder_takes_its_time() -> None:
    slow = Fault(Kind.SLOW, actions=frozenset(("GetCallID",)), seconds=0.2)
    with Server(make_settings(slow)) as server, connect(server) as connection:
        before = time.monotonic()
        send(connection, {**SAMPLE, "action": "GetMarkers"})
        read(connection)
        between_them = time.monotonic()
        send(connection, SAMPLE)
        assert "a8343631" in read(connection)[1]
        assert between_them - before < 0.2 <= time.monotonic() - between_them


def test_a_dripped_body_outlasts_a_timeout_on_each_read() -> None:
    with Server(make_settings(Fault(Kind.DRIP, seconds=0.3))) as server:
        before = time.monotonic()
        answer = requests.get(server.url, params=SAMPLE, timeout=0.25)
        assert time.monotonic() - before >= 0.3
    assert answer.text.endswith("</VerbaApi>\n")


def test_the_flow_makes_calls_while_the_server_runs() -> None:
    busy = Traffic(calls_per_minute=6000.0, call_seconds=0.05, history_calls=0)
    with Server(make_settings(traffic=busy)) as server:
        wait_until(lambda: len(server.world.recorded(0.0, server.world.now())) > 20)


def test_other_paths_and_methods_are_the_containers_own() -> None:
    with Server(make_settings()) as server:
        assert requests.get(f"{server.origin}/other", timeout=10).status_code == 404
        assert requests.put(server.url, timeout=10).status_code == 405
        assert requests.head(server.url, timeout=10).text == ""


def test_the_control_shows_what_arrived_as_it_arrived() -> None:
    with Server(make_settings()) as server:
        control = f"{server.origin}/simulator/requests"
        form = {"extension": "8856", "status": "last"}
        query = {"action": "GetCallID", "apiKey": SEED_KEY}
        requests.post(server.url, params=query, data=form, headers={"X-Test": "1"}, timeout=10)
        requests.get(server.url, params={"action": "GetMarkers"}, timeout=10)
        shown = requests.get(control, params={"action": "GetCallID"}, timeout=10).json()
        assert shown["counts"] == {"GetCallID": 1, "GetMarkers": 1}
        assert (shown["open"], shown["waiting"]) == (0, 0)
        (seen,) = shown["last"]
        assert seen["method"] == "POST"
        assert dict(seen["query"]) == query
        assert dict(seen["form"]) == form
        assert seen["headers"]["X-Test"] == "1"
        assert requests.delete(control, timeout=10).json()["counts"] == {}


def test_the_control_changes_faults_at_run_time() -> None:
    with Server(make_settings()) as server:
        control = f"{server.origin}/simulator/faults"
        fault = {"kind": "refuse", "actions": ["GetCallID"]}
        shown = requests.post(control, json=fault, timeout=10).json()
        assert shown == [{**fault, "share": 1.0, "seconds": 5.0}]
        assert requests.get(server.url, params=SAMPLE, timeout=10).status_code == 503
        assert requests.get(control, timeout=10).json() == shown
        for wrong in ({"kind": "no"}, [1], "slow"):
            answer = requests.post(control, json=wrong, timeout=10)
            assert answer.status_code == 400
            assert answer.json()["error"]
        assert requests.delete(control, timeout=10).json() == []
        assert requests.get(server.url, params=SAMPLE, timeout=10).status_code == 200


def test_the_control_begins_and_ends_calls() -> None:
    with Server(make_settings(traffic=EMPTY)) as server:
        control = f"{server.origin}/simulator/calls"
        sides = {"caller": "8801", "called": "+36"}
        begun = requests.post(control, json={**sides, "id": "one", "ago": 60}, timeout=10).json()
        assert [call["id"] for call in requests.get(control, timeout=10).json()] == ["one"]
        ended = requests.post(f"{control}/one/end", timeout=10).json()
        assert ended["end"] - begun["start"] >= 60
        past = requests.post(control, json={**sides, "ago": 9, "seconds": 4}, timeout=10).json()
        assert past["end"] - past["start"] == pytest.approx(4)
        assert requests.get(control, timeout=10).json() == []
        assert requests.delete(f"{control}/one", timeout=10).status_code == 200
        assert requests.post(f"{control}/one/end", timeout=10).status_code == 404
        for wrong in ({"caller": "1"}, {**sides, "colour": "red"}, {**sides, "ago": "x"}):
            assert requests.post(control, json=wrong, timeout=10).status_code == 400


def test_issued_tokens_can_be_forgotten_as_by_a_restart() -> None:
    with Server(replace(make_settings(), access=Settings().access)) as server:
        login = {"action": "RequestToken", "apiKey": SEED_KEY}
        answer = requests.get(server.url, params=login, auth=("myapiuser", "pa$$word"), timeout=10)
        token = answer.text.split('token="')[1][:32]
        question = {**SAMPLE, "token": token}
        assert 'code="0"' in requests.get(server.url, params=question, timeout=10).text
        requests.delete(f"{server.origin}/simulator/tokens", timeout=10)
        assert 'code="-43"' in requests.get(server.url, params=question, timeout=10).text
