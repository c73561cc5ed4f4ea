import gzip
import logging
import socket
import struct
import threading
import time

import pytest

from gateway.core.errors import RecorderError, RecorderGarbled, RecorderTimeout, RecorderUnreachable
from gateway.recorder import transport as module
from gateway.recorder.transport import Question, Settings, Transport
from tests.servers import RawServer, answering, ok

QUICK = Settings(connect_timeout=0.5, timeout=0.5)
SECRET = "canary-7f3a"


@pytest.fixture
def transport() -> Transport:
    """A transport with short deadlines."""
    return Transport(QUICK)


def question(node: str, *pairs: tuple[str, str], **headers: str) -> Question:
    """A question with a secret in it."""
    return Question(node, pairs or (("apiKey", SECRET),), headers)


def test_it_asks_by_post_and_no_secret_is_in_the_url(transport: Transport) -> None:
    with RawServer(answering(ok(b"<x/>"))) as server:
        assert transport.exchange(question(server.url)).body() == b"<x/>"
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /verba/api HTTP/1.1\r\n")
    assert SECRET.encode() not in head
    assert body == f"apiKey={SECRET}".encode()


def test_parameters_arrive_whole_in_their_order_whatever_they_hold(transport: Transport) -> None:
    pairs = (("b", "1"), ("a", "ő & +"), ("b", ""), ("raw", "\udce9"))
    with RawServer(answering(ok(b""))) as server:
        transport.exchange(question(server.url, *pairs)).body()
    assert server.requests[0].endswith(b"b=1&a=%C5%91+%26+%2B&b=&raw=%E9")
    assert b"charset=UTF-8" in server.requests[0]


def test_a_site_may_ask_by_get(transport: Transport) -> None:
    del transport
    asking = Transport(Settings(0.5, 0.5, method="GET"))
    with RawServer(answering(ok(b""))) as server:
        asking.exchange(question(server.url)).body()
    assert server.requests[0].startswith(f"GET /verba/api?apiKey={SECRET} HTTP/1.1".encode())


def test_no_clients_session_becomes_anothers(transport: Transport) -> None:
    cookie = "Set-Cookie: JSESSIONID=alice; Path=/"
    with RawServer(answering(ok(b"", cookie))) as server:
        first = transport.exchange(question(server.url))
        assert first.cookies == ("JSESSIONID=alice; Path=/",)
        first.body()
        transport.exchange(question(server.url)).body()
        transport.exchange(question(server.url, Cookie="JSESSIONID=bob")).body()
    assert b"cookie" not in server.requests[1].lower()
    assert b"Cookie: JSESSIONID=bob\r\n" in server.requests[2]


def test_a_redirect_is_not_followed_with_the_secrets(transport: Transport) -> None:
    with RawServer(answering(ok(b""))) as elsewhere:
        redirect = ok(b"", f"Location: {elsewhere.url}", status="307 Temporary Redirect")
        with RawServer(answering(redirect)) as server:
            response = transport.exchange(question(server.url))
            response.close()
    assert response.status == 307
    assert elsewhere.requests == []


def test_the_body_of_a_redirect_is_not_read_to_see_where_it_leads(transport: Transport) -> None:
    def drip(connection: socket.socket, _request: bytes) -> None:
        connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 9999\r\n\r\n")
        hung_up.wait(10)

    hung_up = threading.Event()
    with RawServer(drip) as server:
        response = transport.exchange(question(server.url))
        assert response.status == 302
        response.close()
        hung_up.set()


@pytest.mark.parametrize("location", [b"http://\xff\xfe/", b"http://[::1", b"///"])
def test_a_redirect_to_nowhere_is_an_answer_like_any_other(
    transport: Transport, location: bytes
) -> None:
    head = b"HTTP/1.1 302 Found\r\nLocation: " + location + b"\r\nContent-Length: 0\r\n\r\n"
    with RawServer(answering(head)) as server:
        response = transport.exchange(question(server.url))
        assert response.status == 302
        response.close()


def test_the_environments_proxy_is_not_told_the_secrets(
    transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with RawServer(answering(ok(b"direct"))) as server:
        assert transport.exchange(question(server.url)).body() == b"direct"


def test_a_compressed_body_is_the_recorders_bytes(transport: Transport) -> None:
    packed = gzip.compress(b"<x/>" * 1000)
    with RawServer(answering(ok(packed, "Content-Encoding: gzip"))) as server:
        assert transport.exchange(question(server.url)).body() == b"<x/>" * 1000


def test_nobody_there_is_unreachable(transport: Transport) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(RecorderUnreachable):
        transport.exchange(question(f"http://127.0.0.1:{port}/verba/api"))


def test_a_reset_before_the_answer_is_unreachable(transport: Transport) -> None:
    def reset(connection: socket.socket, _request: bytes) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    with RawServer(reset) as server, pytest.raises(RecorderUnreachable):
        transport.exchange(question(server.url))


def test_silence_is_a_timeout(transport: Transport) -> None:
    def say_nothing(connection: socket.socket, _request: bytes) -> None:
        connection.recv(1)

    with RawServer(say_nothing) as server, pytest.raises(RecorderTimeout):
        transport.exchange(question(server.url))


def test_a_body_that_drips_ends_at_the_deadline_not_at_the_next_pause(
    transport: Transport,
) -> None:
    def drip(connection: socket.socket, _request: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(1000):
            connection.sendall(b"x")
            time.sleep(0.05)

    with RawServer(drip) as server:
        started = time.monotonic()
        with pytest.raises(RecorderTimeout):
            transport.exchange(question(server.url)).body()
        assert time.monotonic() - started < 5


def test_a_body_that_breaks_off_is_garbled(transport: Transport) -> None:
    with (
        RawServer(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")) as server,
        pytest.raises(RecorderGarbled),
    ):
        transport.exchange(question(server.url)).body()


def test_what_is_no_http_is_not_an_answer(transport: Transport) -> None:
    with RawServer(answering(b"SSH-2.0-OpenSSH\r\n")) as server, pytest.raises(RecorderError):
        transport.exchange(question(server.url))


def test_a_body_over_the_limit_is_not_read_to_its_end(
    transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_BYTES", 1000)
    with RawServer(answering(ok(b"x" * 100_000))) as server, pytest.raises(RecorderGarbled):
        transport.exchange(question(server.url)).body()


def test_no_secret_is_in_an_exception_or_a_log(
    transport: Transport, caplog: pytest.LogCaptureFixture
) -> None:
    del transport
    caplog.set_level(logging.WARNING)
    asking = Transport(Settings(0.5, 0.5, method="GET"))
    with pytest.raises(RecorderUnreachable) as caught:
        asking.exchange(question("http://127.0.0.1:1/verba/api"))
    seen = f"{caught.value!r} {caught.value} {caught.value.__cause__} {caplog.text}"
    assert caught.value.__suppress_context__
    assert SECRET not in seen
    assert SECRET not in repr(question("http://127.0.0.1:1/verba/api"))
