"""A recorder that does what no recorder should. Whatever it does ends in time, and in our words."""

import gzip
import itertools
import socket
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import pytest

from gateway.core.errors import (
    RecorderConnectTimeout,
    RecorderCutOff,
    RecorderError,
    RecorderGarbled,
    RecorderHungUp,
    RecorderNotFound,
    RecorderNotListening,
    RecorderTimeout,
    RecorderTooLong,
    RecorderUnreachable,
    RecorderWithoutTls,
)
from gateway.recorder import transport as module
from gateway.recorder.transport import Question, Settings, Transport
from tests.servers import Conversation, RawServer, answering, ok

ALLOWED = 0.4  # seconds
MARGIN = 1.0
SECRET = "canary-7f3a"
BEGIN = b"HTTP/1.1 200 OK\r\n"
CHUNKED = BEGIN + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.fixture
def transport() -> Transport:
    """One with short deadlines, which asks by GET: then every foreign text holds the secret."""
    return Transport(Settings(ALLOWED, ALLOWED, method="GET"))


def question(node: str, allow: float = 0.0) -> Question:
    return Question(node, (("apiKey", SECRET),), allow=allow)


def ask(transport: Transport, node: str) -> bytes:
    return transport.exchange(question(node)).body()


def dripping(pieces: Iterable[bytes], pause: float = 0.02) -> Conversation:
    """Send piece by piece, until the other side has had enough."""

    def converse(connection: socket.socket, _request: bytes) -> None:
        for piece in pieces:
            connection.sendall(piece)
            time.sleep(pause)

    return converse


def each(text: bytes) -> Iterable[bytes]:
    return (text[at : at + 1] for at in range(len(text)))


def silent(connection: socket.socket, _request: bytes) -> None:
    connection.recv(1)


def forever(piece: bytes, before: bytes = b"") -> Iterable[bytes]:
    return itertools.chain([before], itertools.repeat(piece))


LATE: dict[str, Conversation] = {
    "head that never comes": silent,
    "dripped status line": dripping(each(b"HTTP/1.1 200 " + b"K" * 5_000)),
    "dripped head": dripping(each(BEGIN + b"X: " + b"x" * 5_000)),
    "endless header lines": dripping(forever(b"X: x\r\n", BEGIN), 0.05),
    "endless 100 Continue": dripping(forever(b"HTTP/1.1 100 Continue\r\n\r\n")),
    "dripped body": dripping(forever(b"x", BEGIN + b"Content-Length: 99999\r\n\r\n")),
    "dripped body of no length": dripping(forever(b"x", BEGIN + b"\r\n")),
    "dripped chunk size": dripping(forever(b"0", CHUNKED)),
    "dripped chunks": dripping(forever(b"1\r\nx\r\n", CHUNKED)),
    "dripped trailers": dripping(forever(b"X: x\r\n", CHUNKED + b"0\r\n")),
}

GARBLED: dict[str, tuple[Conversation, type[RecorderError]]] = {
    "flood of 100 Continue": (
        dripping(forever(b"HTTP/1.1 100 Continue\r\n\r\n" * 1_000), 0),
        RecorderGarbled,
    ),
    "flood of headers": (dripping(forever(b"X: x\r\n" * 1_000, BEGIN), 0), RecorderGarbled),
    "close in mid-head": (answering(BEGIN + b"Content-Type: text/x"), RecorderGarbled),
    "close between headers": (answering(BEGIN + b"Content-Type: x/y\r\n"), RecorderGarbled),
    "close in the status line": (answering(b"HTTP/1.1 20"), RecorderGarbled),
    "huge status line": (answering(b"HTTP/1.1 200 " + b"K" * 500_000), RecorderGarbled),
    "status that is no number": (answering(b"HTTP/1.1 OK OK\r\n\r\n"), RecorderGarbled),
    "no HTTP": (answering(b"SSH-2.0-OpenSSH\r\n"), RecorderGarbled),
    "short body": (answering(BEGIN + b"Content-Length: 10\r\n\r\nhalf"), RecorderCutOff),
    "short chunk": (answering(CHUNKED + b"a\r\nhalf"), RecorderCutOff),
    "chunk size that is none": (answering(CHUNKED + b"zz\r\nhalf\r\n"), RecorderCutOff),
    "no last chunk": (answering(CHUNKED + b"4\r\nhalf\r\n"), RecorderCutOff),
    "gzip that is none": (answering(ok(b"x" * 99, "Content-Encoding: gzip")), RecorderGarbled),
    "hung up at once": (answering(b""), RecorderHungUp),
}


def assert_silent_about_the_secret(error: RecorderError, log: str) -> None:
    assert SECRET not in f"{error!r} {error} {error.__cause__} {log}"
    assert error.__suppress_context__ or error.__context__ is None


@pytest.mark.parametrize("conversation", LATE.values(), ids=LATE)
def test_what_drips_ends_at_the_deadline(
    transport: Transport, conversation: Conversation, caplog: pytest.LogCaptureFixture
) -> None:
    with RawServer(conversation) as server:
        started = time.monotonic()
        with pytest.raises(RecorderTimeout) as caught:
            ask(transport, server.url)
        assert ALLOWED * 0.9 < time.monotonic() - started < ALLOWED + MARGIN
    assert_silent_about_the_secret(caught.value, caplog.text)


@pytest.mark.parametrize(("conversation", "meant"), GARBLED.values(), ids=GARBLED)
def test_what_is_no_answer_says_so_at_once(
    transport: Transport,
    conversation: Conversation,
    meant: type[RecorderError],
    caplog: pytest.LogCaptureFixture,
) -> None:
    with RawServer(conversation) as server:
        started = time.monotonic()
        with pytest.raises(RecorderError) as caught:
            ask(transport, server.url)
        assert time.monotonic() - started < ALLOWED + MARGIN
    assert type(caught.value) is meant
    assert_silent_about_the_secret(caught.value, caplog.text)


def test_a_handshake_that_never_ends_is_no_connection(transport: Transport) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        started = time.monotonic()
        with pytest.raises(RecorderConnectTimeout):
            ask(transport, f"https://127.0.0.1:{server.getsockname()[1]}/verba/api")
        assert time.monotonic() - started < ALLOWED + MARGIN


def test_a_dripped_handshake_is_no_connection(transport: Transport) -> None:
    def drip(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            try:
                for piece in each(b"\x16\x03\x03\x3f\x00\x02" + b"\x00" * 500):
                    connection.sendall(piece)
                    time.sleep(0.02)
            except OSError:
                pass  # the other side has had enough

    with socket.create_server(("127.0.0.1", 0)) as listener:
        dripper = threading.Thread(target=drip, args=(listener,))
        dripper.start()
        started = time.monotonic()
        with pytest.raises(RecorderConnectTimeout):
            ask(transport, f"https://127.0.0.1:{listener.getsockname()[1]}/verba/api")
        assert time.monotonic() - started < ALLOWED + MARGIN
        dripper.join()


def test_what_speaks_no_tls_is_not_asked(transport: Transport) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def refuse() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        refuser = threading.Thread(target=refuse)
        refuser.start()
        with pytest.raises(RecorderWithoutTls):
            ask(transport, f"https://127.0.0.1:{listener.getsockname()[1]}/verba/api")
        refuser.join()


def test_nobody_there_is_refused_and_no_name_is_not_found(transport: Transport) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(RecorderNotListening):
        ask(transport, f"http://127.0.0.1:{port}/verba/api")
    with pytest.raises(RecorderUnreachable) as caught:
        ask(transport, "http://recorder.invalid/verba/api")
    assert type(caught.value) in {RecorderNotFound, RecorderConnectTimeout}


def test_decoded_bytes_count_against_the_limit(
    transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_BYTES", 1_000_000)
    bomb = gzip.compress(bytes(50_000_000))
    with RawServer(answering(ok(bomb, "Content-Encoding: gzip"))) as server:
        started = time.monotonic()
        with pytest.raises(RecorderTooLong):
            ask(transport, server.url)
        assert time.monotonic() - started < ALLOWED + MARGIN


def test_a_redirect_to_itself_is_one_answer(transport: Transport) -> None:
    redirect = ok(b"", "Location: /verba/api", status="302 Found")
    with RawServer(answering(redirect)) as server:
        response = transport.exchange(question(server.url))
        response.close()
    assert response.status == 302
    assert len(server.requests) == 1


@pytest.mark.parametrize("early", [b"HTTP/1.1 408 Request Timeout\r\n\r\n", ok(b"another's")])
def test_what_comes_on_an_idle_connection_answers_no_later_request(
    transport: Transport, early: bytes
) -> None:
    said = threading.Event()
    kept = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst"

    def babble(connection: socket.socket, _request: bytes) -> None:
        connection.sendall(kept)
        time.sleep(0.05)  # apart from the answer, so that it is not read with it
        connection.sendall(early)
        said.set()
        connection.recv(1)

    with RawServer(babble, answering(ok(b"second"))) as server:
        assert ask(transport, server.url) == b"first"
        assert said.wait(5)
        assert ask(transport, server.url) == b"second"


def test_a_connection_is_kept_and_outlives_the_deadlines_of_those_that_had_it(
    transport: Transport,
) -> None:
    kept = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    asked = 6

    def converse(connection: socket.socket, _request: bytes) -> None:
        connection.sendall(kept)
        for _ in range(asked - 1):
            connection.recv(65536)
            time.sleep(ALLOWED / 2)  # each in time, together long past the first one's deadline
            connection.sendall(kept)

    with RawServer(converse) as server:
        for _ in range(asked):
            assert ask(transport, server.url) == b"ok"
        transport.close()
    assert len(server.requests) == 1


def test_media_may_take_longer_than_a_document_but_not_be_silent_for_as_long(
    transport: Transport,
) -> None:
    pieces = 8

    def converse(connection: socket.socket, _request: bytes) -> None:
        connection.sendall(BEGIN + b"Content-Length: 999\r\n\r\n")
        for _ in range(pieces):
            connection.sendall(b"x")
            time.sleep(ALLOWED / 4)
        connection.settimeout(ALLOWED * 8)
        with suppress(OSError):
            connection.recv(1)

    with RawServer(converse) as server:
        response = transport.exchange(question(server.url))
        came: list[bytes] = []
        started = time.monotonic()
        with pytest.raises(RecorderTimeout):
            came.extend(response)
        assert time.monotonic() - started < ALLOWED * (pieces / 4 + 1) + MARGIN
    assert b"".join(came) == b"x" * pieces


def test_a_slow_client_does_not_cost_the_recorder_its_deadline(transport: Transport) -> None:
    body = b"x" * 200_000
    with RawServer(answering(BEGIN + b"Content-Length: 200000\r\n\r\n" + body)) as server:
        came = b""
        for piece in transport.exchange(question(server.url)):
            if not came:
                time.sleep(ALLOWED * 2)
            came += piece
    assert came == body


def test_a_slow_upload_has_its_time_and_the_answer_the_usual(transport: Transport) -> None:
    def slowly() -> Iterable[bytes]:
        for _ in range(4):
            time.sleep(ALLOWED / 2)
            yield b"x"

    with RawServer(answering(ok(b"<x/>")), silent) as server:
        uploaded = Question(server.url, (), body=slowly())
        assert transport.exchange(uploaded).body() == b"<x/>"
        started = time.monotonic()
        with pytest.raises(RecorderTimeout):
            transport.exchange(Question(server.url, (), body=iter([b"x"])))
        assert time.monotonic() - started < ALLOWED + MARGIN


def test_a_request_that_may_wait_is_given_its_time(transport: Transport) -> None:
    def slow(connection: socket.socket, _request: bytes) -> None:
        time.sleep(ALLOWED * 2)
        connection.sendall(ok(b"<x/>"))

    with RawServer(slow) as server:
        assert transport.exchange(question(server.url, allow=ALLOWED * 4)).body() == b"<x/>"


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_no_thread_and_no_descriptor_is_left(transport: Transport) -> None:
    threads, files = set(threading.enumerate()), open_files()
    with RawServer(answering(ok(b"<x/>"))) as server:
        for _ in range(20):
            ask(transport, server.url)
    bound = time.monotonic() + 5
    while (left := set(threading.enumerate()) - threads) and time.monotonic() < bound:
        time.sleep(0.02)
    assert left == set()
    assert open_files() <= files
