"""What clients see of a gateway under gunicorn, on gevent and on gthread."""

import re
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from gateway.simulator.server import Server
from tests.end_to_end.conftest import Hosted, eventually
from tests.fakes import FOUND, KEY, NOT_FOUND, TOKEN

PARKED = re.compile(r"^callgate_index_parked_requests (\S+)", re.MULTILINE)
HIT = "callgate; hit; detail=index"


def post(recorder: Server, path: str, body: object = None) -> requests.Response:
    """Tell the simulator something."""
    return requests.post(f"{recorder.origin}/simulator/{path}", json=body, timeout=5)


def proven(hosted: Hosted) -> None:
    """See to it that every worker may answer to the sample's token."""
    eventually(lambda: hosted.ask().headers["Cache-Status"].startswith(HIT))


def asked_of(recorder: Server, action: str) -> int:
    """How often the recorder was asked for that."""
    return int(recorder.simulator.journal.counts().get(action, 0))


def test_the_seeds_sample_is_answered_byte_for_byte(hosted: Hosted) -> None:
    assert hosted.ask(responseType="XML").content == FOUND
    proven(hosted)
    answer = hosted.ask(responseType="XML")
    assert answer.content == FOUND
    assert answer.headers["Cache-Status"].startswith(HIT)


def test_the_seeds_error_is_answered_byte_for_byte(hosted: Hosted) -> None:
    proven(hosted)
    assert hosted.ask(extension="9999").content == NOT_FOUND


def test_a_thousand_questions_cost_the_recorder_nothing(hosted: Hosted, recorder: Server) -> None:
    proven(hosted)
    before = asked_of(recorder, "GetCallID")
    with ThreadPoolExecutor(8) as clients:
        answers = list(clients.map(lambda _: hosted.ask().content, range(1000)))
    assert set(answers) == {FOUND}
    assert asked_of(recorder, "GetCallID") == before


def test_a_client_logs_in_and_is_answered_from_the_index_at_once(hosted: Hosted) -> None:
    login = requests.get(
        f"{hosted.origin}/verba/api",
        params={"action": "RequestToken", "apiKey": KEY, "responseType": "TEXT"},
        auth=("myapiuser", "pa$$word"),
        timeout=10,
    )
    answer = hosted.ask(token=login.text.strip())
    assert answer.content == FOUND
    assert answer.headers["Cache-Status"].startswith(HIT)


def test_wrong_passwords_keys_and_tokens_get_the_codes_that_clients_know(hosted: Hosted) -> None:
    login = {"action": "RequestToken", "apiKey": KEY, "userName": "myapiuser", "password": "no"}
    answer = requests.post(f"{hosted.origin}/verba/api", data=login, timeout=10)
    assert 'code="-40"' in answer.text
    assert 'code="-41"' in hosted.ask(apiKey="nobody").text
    assert 'code="-42"' in hosted.ask(token=None).text
    assert 'code="-43"' in hosted.ask(token="never-issued").text


def test_an_unproven_token_gets_no_answer_from_the_index(hosted: Hosted) -> None:
    proven(hosted)
    answer = hosted.ask(token="guessed")
    assert FOUND not in answer.content
    assert answer.headers["Cache-Status"] == "callgate; fwd=bypass"


def test_four_thousand_characters_of_query_are_taken(hosted: Hosted) -> None:
    assert hosted.ask(padding="x" * 4000).content == FOUND


def test_next_is_woken_by_the_call_and_holds_no_thread_of_the_recorders(
    hosted: Hosted, recorder: Server
) -> None:
    proven(hosted)
    before = asked_of(recorder, "GetCallID")
    with ThreadPoolExecutor(1) as pool:
        parked = pool.submit(hosted.ask, extension="7700", status="next", responseType="TEXT")
        time.sleep(0.3)  # the question must be put before the call begins
        begun = post(recorder, "calls", {"caller": "7700", "called": "+361999"}).json()
        answer = parked.result(15)
    assert answer.text.strip() == begun["id"]
    assert asked_of(recorder, "GetCallID") == before
    post(recorder, f"calls/{begun['id']}/end")


def test_a_call_that_ends_is_the_last_one_and_never_in_neither_list(
    hosted: Hosted, recorder: Server
) -> None:
    proven(hosted)
    extension = f"7{hosted.port}"  # one that no other run has used
    begun = post(recorder, "calls", {"caller": extension, "called": "1"}).json()["id"]

    def ask(status: str) -> str:
        return hosted.ask(extension=extension, status=status, responseType="TEXT").text

    eventually(lambda: ask("ongoing") == f"{begun}\n")
    post(recorder, f"calls/{begun}/end")
    seen = set()

    def is_last() -> bool:
        seen.add(ask("last,ongoing"))
        return ask("last") == f"{begun}\n"

    eventually(is_last)
    assert seen == {f"{begun}\n"}


def test_media_come_through_whole(hosted: Hosted, recorder: Server) -> None:
    answer = hosted.ask(action="GetMedia")
    direct = requests.get(
        recorder.url,
        params={
            "action": "GetMedia",
            "apiKey": KEY,
            "token": TOKEN,
            "extension": "8856",
            "status": "last",
        },
        timeout=10,
    )
    assert answer.content == direct.content
    assert answer.headers["Content-Type"] == direct.headers["Content-Type"]


def test_an_upload_of_more_than_max_body_goes_through(hosted: Hosted) -> None:
    answer = requests.post(
        f"{hosted.origin}/verba/api",
        params={
            "action": "PutMedia",
            "apiKey": KEY,
            "token": TOKEN,
            "starttime": "2026-01-01 10:00:00",
            "endtime": "2026-01-01 10:01:00",
        },
        files={"file": ("a.wav", b"x" * 1_000_000)},
        timeout=20,
    )
    assert 'code="0"' in answer.text


@pytest.mark.parametrize(
    ("head", "status"),
    [
        pytest.param(b"GET /verba/api HTTP/1.1\r\n\r\n", b"400", id="no host"),
        pytest.param(b"GET /verba/api HTTP/1.1\r\nHost: a b\r\n\r\n", b"400", id="odd host"),
        pytest.param(b"PUT /verba/api HTTP/1.1\r\nHost: a\r\n\r\n", b"405", id="odd method"),
        pytest.param(
            b"POST /verba/api HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            b"400",
            id="smuggling",
        ),
    ],
)
def test_what_http_forbids_is_refused(hosted: Hosted, head: bytes, status: bytes) -> None:
    with socket.create_connection(("127.0.0.1", hosted.port), timeout=10) as connection:
        connection.sendall(head)
        assert connection.recv(4096).split(b" ")[1] == status


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(
            b"GET /verba/api?start=2011-01-01 00:00&apiKey=canary&token=canary HTTP/1.1\r\n\r\n",
            id="raw blanks",
        ),
        pytest.param(
            b"POST /verba/api HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n"
            b"..password=canary&token=canary\r\n\r\n",
            id="short length",
        ),
        pytest.param(b"GET / HTTP/1.1\r\nAuthorization canary\r\n\r\n", id="no colon"),
        pytest.param(b"CANARY canary / HTTP/1.1\r\n\r\n", id="odd method"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: a\r\nExpect: canary\r\n\r\n", id="expect"),
        pytest.param(
            b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: canary\r\n\r\n", id="coding"
        ),
    ],
)
def test_what_is_no_http_is_not_repeated(hosted: Hosted, sent: bytes) -> None:
    answered = b""
    with socket.create_connection(("127.0.0.1", hosted.port), timeout=10) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        while piece := connection.recv(65536):
            answered += piece
    assert b" 4" in answered or b" 5" in answered
    assert b"canary" not in answered.lower()
    eventually(lambda: "what was sent is not repeated" in hosted.log)
    assert "canary" not in hosted.log.lower()


@pytest.mark.parametrize(
    "path", ["/verba/api%0aFORGED%20%1b[31m", "/verba/api%3fapiKey=canary", "/x;jsessionid=canary"]
)
def test_a_path_cannot_forge_a_line_of_the_log_nor_hide_a_secret_in_it(
    hosted: Hosted, path: str
) -> None:
    with socket.create_connection(("127.0.0.1", hosted.port), timeout=10) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
        id_ = re.findall(rb"X-Request-ID: (\w+)", connection.recv(65536))[0].decode()
    line = eventually(lambda: [each for each in hosted.log.splitlines() if id_ in each])[0]
    assert line.startswith("127.0.0.1 GET /")
    assert "canary" not in line
    assert line.isprintable()


def test_no_secret_is_in_the_log(hosted: Hosted) -> None:
    hosted.ask()
    hosted.ask(token="canary-token", apiKey="canary-key", extension="canary-extension")
    eventually(lambda: "GET /verba/api" in hosted.log)
    for secret in (KEY, TOKEN, "canary", "pa$$word"):
        assert secret not in hosted.log


def test_busy_connections_do_not_starve_another(hosted: Hosted) -> None:
    proven(hosted)
    busy = threading.Event()

    def poll() -> None:
        with requests.Session() as session:
            while not busy.is_set():
                session.get(f"{hosted.origin}/-/live", timeout=10)

    with ThreadPoolExecutor(16) as clients:
        for _ in range(16):
            clients.submit(poll)
        try:
            for _ in range(20):
                assert hosted.ask(timeout=5).content == FOUND
        finally:
            busy.set()


def test_a_client_that_hangs_up_while_it_waits_is_forgotten(hosted: Hosted) -> None:
    proven(hosted)
    parked = f"{hosted.origin}/-/metrics"

    def waiting() -> float:
        # Two workers: the figure is that of whichever answers.
        seen = [requests.get(parked, timeout=5).text for _ in range(8)]
        return max(float(figure[1]) for each in seen if (figure := PARKED.search(each)))

    query = f"action=GetCallID&apiKey={KEY}&token={TOKEN}&extension=7790&status=next"
    with socket.create_connection(("127.0.0.1", hosted.port), timeout=10) as connection:
        connection.sendall(f"GET /verba/api?{query} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        eventually(lambda: waiting() == 1)
    eventually(lambda: waiting() == 0, within=10)
