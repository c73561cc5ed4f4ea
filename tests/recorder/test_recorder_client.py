import io
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl

import pytest

from gateway.core.admission import Admitted, admit
from gateway.core.applications import Applications
from gateway.core.errors import RecorderError, RecorderGarbled, RecorderUnreachable
from gateway.core.parameters import parse
from gateway.core.replies import Document, Stream
from gateway.core.requests import Request, Upload
from gateway.core.secrets import Secret
from gateway.core.tokens import TokenRecord
from gateway.recorder.budget import Budget
from gateway.recorder.client import Client
from gateway.recorder.nodes import FAILURES, OUT_FOR, Breaker, Nodes
from gateway.recorder.probing import Prober
from gateway.recorder.transport import Settings, Transport
from tests.fakes import KEY, NOON, TOKEN, FrozenTicks, application, pairs
from tests.servers import RawServer, answering, ok

TRANSPORT = Transport(Settings(connect_timeout=1.0, timeout=2.0))


def admitted(
    *more_pairs: tuple[str, str],
    node: str | None = None,
    request: Any = None,
    **more: str,
) -> Admitted:
    """An admitted request of the sample's application."""
    asked = (*pairs(**more), *more_pairs)
    record = TokenRecord("crm", node, NOON + timedelta(hours=1)) if node else None
    made = replace(Request("id", asked, None, NOON), **(request or {}))
    return admit(parse(asked), made, Applications([application()]), lambda *_: record)


def form(request: bytes) -> list[tuple[str, str]]:
    """The form that a request brought."""
    body = request.partition(b"\r\n\r\n")[2].decode()
    return parse_qsl(body, keep_blank_values=True)


def reset(connection: socket.socket, _request: bytes) -> None:
    """Hang up at once, rudely."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def test_the_recorder_is_asked_for_xml_whatever_the_client_wants() -> None:
    with RawServer(answering(ok(b"<x/>", "Content-Type: text/xml"))) as server:
        client = Client(TRANSPORT, Nodes((server.url,)))
        reply, node = client.ask(admitted(action="GetCallID", responseType="HTML", x="1"))
        assert node == server.url
    assert reply == Document(b"<x/>", "text/xml", node)
    assert form(server.requests[0]) == [
        ("apiKey", KEY),
        ("token", TOKEN),
        ("action", "GetCallID"),
        ("x", "1"),
        ("responseType", "XML"),
    ]


@pytest.mark.parametrize(
    ("action", "asked", "sent"),
    [
        pytest.param("GetVoiceQuality", "JSON", "JSON", id="native"),
        pytest.param("GetVoiceQuality", "TEXT", "XML", id="made here"),
        pytest.param("GetCallID", "JSON", "XML", id="made here too"),
        pytest.param("GetCallID", "YAML", "YAML", id="unknown, for the recorder to judge"),
        pytest.param("GetMedia", "XML", None, id="media have none"),
    ],
)
def test_the_dress_that_is_asked_for_is_the_one_that_can_be_made(
    action: str, asked: str, sent: str | None
) -> None:
    with RawServer(answering(ok(b"", "Content-Type: text/xml"))) as server:
        Client(TRANSPORT, Nodes((server.url,))).ask(admitted(action=action, responseType=asked))
    assert dict(form(server.requests[0])).get("responseType") == sent


def test_repeated_and_empty_parameters_arrive_in_their_order() -> None:
    extra = (("anynum", "1"), ("anynum", "2"), ("f_x", ""))
    with RawServer(answering(ok(b""))) as server:
        Client(TRANSPORT, Nodes((server.url,))).ask(admitted(*extra, action="SearchCalls"))
    assert [pair for pair in form(server.requests[0]) if pair in extra] == list(extra)


def test_a_token_goes_to_the_node_that_issued_it() -> None:
    with RawServer(answering(ok(b"1"))) as one, RawServer(answering(ok(b"2"))) as two:
        client = Client(TRANSPORT, Nodes((one.url, two.url)))
        assert client.ask(admitted(action="GetCallURL", node=two.url))[1] == two.url
        assert client.ask(admitted(action="GetCallURL"))[1] == one.url
        assert client.ask(admitted(action="GetCallURL", node="http://gone/"))[1] == one.url


def test_only_that_clients_own_credentials_are_passed_on() -> None:
    credentials = {"Authorization": Secret("Basic abc"), "Cookie": Secret("JSESSIONID=1")}
    with RawServer(answering(ok(b""))) as server:
        client = Client(TRANSPORT, Nodes((server.url,)))
        client.ask(admitted(action="RequestToken", request={"credentials": credentials}))
        client.ask(admitted(action="GetCallURL"))
    assert b"Authorization: Basic abc\r\n" in server.requests[0]
    assert b"Cookie: JSESSIONID=1\r\n" in server.requests[0]
    assert b"Basic" not in server.requests[1]
    assert b"JSESSIONID" not in server.requests[1]


def test_a_read_that_broke_before_its_answer_is_asked_once_more() -> None:
    with RawServer(reset, answering(ok(b"<x/>"))) as server:
        reply, _ = Client(TRANSPORT, Nodes((server.url,))).ask(admitted(action="GetCallURL"))
    assert isinstance(reply, Document)
    assert len(server.requests) == 2


@pytest.mark.parametrize("action", ["GetCallURL", "RequestToken"])
def test_who_is_tied_to_no_node_is_answered_by_another_while_the_first_is_down(action: str) -> None:
    with RawServer(reset) as one, RawServer(answering(ok(b"<x/>"))) as two:
        client = Client(TRANSPORT, Nodes((one.url, two.url)))
        assert client.ask(admitted(action=action))[1] == two.url
        with pytest.raises(RecorderUnreachable):
            client.ask(admitted(action="GetCallURL", node=one.url))


@pytest.mark.parametrize("action", ["MuteRecording", "KeepCall", "SomethingNew"])
def test_a_change_is_never_sent_twice(action: str) -> None:
    with RawServer(reset, answering(ok(b"<x/>"))) as server:
        with pytest.raises(RecorderUnreachable):
            Client(TRANSPORT, Nodes((server.url,))).ask(admitted(action=action))
        assert len(server.requests) == 1


def test_an_http_error_of_the_recorders_is_no_answer() -> None:
    trace = ok(b"java.lang.NullPointerException", status="500 Internal Server Error")
    with RawServer(answering(trace)) as server, pytest.raises(RecorderGarbled):
        Client(TRANSPORT, Nodes((server.url,))).ask(admitted(action="GetCallURL"))


def test_media_are_passed_on_unread_with_what_describes_them() -> None:
    media = ok(
        b"RIFF....",
        "Content-Type: audio/wav",
        "Content-Disposition: attachment; filename=x.wav",
        "Content-Range: bytes 0-7/100",
        "Server: secret",
        status="206 Partial Content",
    )
    with RawServer(answering(media)) as server:
        headers = MappingProxyType({"Range": "bytes=0-7", "Accept-Encoding": "gzip, br"})
        asked = admitted(action="GetMedia", callID="1", request={"headers": headers})
        reply, _ = Client(TRANSPORT, Nodes((server.url,))).ask(asked)
        assert isinstance(reply, Stream)
        assert b"".join(reply.chunks) == b"RIFF...."
    assert reply.status == 206
    assert reply.headers == {
        "Content-Type": "audio/wav",
        "Content-Length": "8",
        "Content-Disposition": "attachment; filename=x.wav",
        "Content-Range": "bytes 0-7/100",
    }
    assert b"Range: bytes=0-7\r\n" in server.requests[0]
    assert b"Accept-Encoding: gzip, br\r\n" in server.requests[0]


def test_a_document_is_asked_for_in_an_encoding_that_can_be_read_here() -> None:
    with RawServer(answering(ok(b"<x/>"))) as server:
        request = {"headers": {"Accept-Encoding": "br", "Range": "bytes=0-1"}}
        Client(TRANSPORT, Nodes((server.url,))).ask(admitted(action="SearchCalls", request=request))
    assert b"Accept-Encoding: identity\r\n" in server.requests[0]
    assert b"Range" not in server.requests[0]


def test_an_error_in_place_of_media_is_a_document() -> None:
    with RawServer(answering(ok(b"<x/>", "Content-Type: text/xml"))) as server:
        reply, _ = Client(TRANSPORT, Nodes((server.url,))).ask(admitted(action="GetMedia"))
    assert isinstance(reply, Document)


def test_hanging_up_on_media_hangs_up_on_the_recorder() -> None:
    hung_up = []

    def endless(connection: socket.socket, _request: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\n\r\n")
        try:
            while True:
                connection.sendall(b"x" * 65536)
        except OSError:
            hung_up.append(True)

    with RawServer(endless) as server:
        reply, _ = Client(TRANSPORT, Nodes((server.url,))).ask(admitted(action="GetMediaLive"))
        assert isinstance(reply, Stream)
        assert next(iter(reply.chunks))
        reply.chunks.close()
    assert hung_up


@pytest.mark.parametrize("length", [11, None], ids=["announced", "chunked"])
def test_an_upload_is_passed_on_as_it_came(length: int | None) -> None:
    upload = Upload(io.BytesIO(b"--b\r\nmedia\n"), "multipart/form-data; boundary=b", length)
    with RawServer(answering(ok(b"<x/>"))) as server:
        asked = admitted(action="PutMedia", starttime="x", request={"upload": upload})
        Client(TRANSPORT, Nodes((server.url,))).ask(asked)
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert b"action=PutMedia&starttime=x" in head.split(b"\r\n")[0]
    assert b"Content-Type: multipart/form-data; boundary=b" in head
    assert body == (b"--b\r\nmedia\n" if length else b"b\r\n--b\r\nmedia\n\r\n0\r\n\r\n")


def test_next_may_take_its_minute() -> None:
    slow = Transport(Settings(connect_timeout=1.0, timeout=0.05))

    def wait(connection: socket.socket, _request: bytes) -> None:
        connection.settimeout(0.5)
        try:
            connection.recv(1)
        except TimeoutError:
            connection.sendall(ok(b"<late/>"))

    with RawServer(wait) as server:
        asked = admitted(action="GetCallID", extension="1", status="ongoing,next")
        reply, _ = Client(slow, Nodes((server.url,))).ask(asked)
    assert isinstance(reply, Document)


def upload_that_breaks_off() -> dict[str, Upload]:
    """Of eleven announced bytes three come."""
    return {"upload": Upload(io.BytesIO(b"---"), "multipart/form-data; boundary=b", 11)}


def ask_in_vain(client: Client, times: int, **more: Any) -> None:
    for _ in range(times):
        with pytest.raises(RecorderError):
            client.ask(admitted(**more))


def test_a_dead_node_is_left_alone_and_comes_back_by_a_probe_without_secrets() -> None:
    ticks = FrozenTicks()
    jobs = []
    with RawServer(reset) as one, RawServer(answering(ok(b"<x/>"))) as two:
        nodes = Nodes((one.url, two.url), ticks)
        Prober(TRANSPORT, nodes, lambda seconds, job: jobs.append((seconds, job)))
        client = Client(TRANSPORT, nodes)
        for _ in range(FAILURES + 3):
            assert client.ask(admitted(action="GetCallURL"))[1] == two.url
        assert len(one.requests) == FAILURES
        assert client.ask(admitted(action="KeepCall"))[1] == two.url
        assert [state.breaker for state in nodes.states()] == [Breaker.OPEN, Breaker.CLOSED]
        assert client.standing().retries == FAILURES
        one._conversations[:] = [answering(ok(b"<x/>"))]
        ticks.now = OUT_FOR
        assert [seconds for seconds, _ in jobs] == [OUT_FOR]
        jobs[0][1]()
        assert TOKEN.encode() not in one.requests[-1]
        assert KEY.encode() not in one.requests[-1]
        assert client.ask(admitted(action="GetCallURL"))[1] == one.url


def test_while_its_node_is_out_a_token_goes_nowhere() -> None:
    with RawServer(reset) as one, RawServer(answering(ok(b"<x/>"))) as two:
        client = Client(TRANSPORT, Nodes((one.url, two.url)))
        ask_in_vain(client, FAILURES, action="GetCallURL", node=one.url)
        asked = len(one.requests)
        ask_in_vain(client, 1, action="GetCallURL", node=one.url)
        assert (len(one.requests), len(two.requests)) == (asked, 0)


def test_while_every_node_is_out_none_is_asked() -> None:
    with RawServer(reset) as server:
        client = Client(TRANSPORT, Nodes((server.url,)))
        ask_in_vain(client, FAILURES, action="KeepCall")
        ask_in_vain(client, 3, action="KeepCall")
        assert len(server.requests) == FAILURES


@pytest.mark.parametrize(
    ("status", "out"),
    [
        pytest.param("503 Service Unavailable", True, id="nobody is there"),
        pytest.param("500 Internal Server Error", False, id="perhaps of this request"),
        pytest.param("404 Not Found", False, id="the client's mistake"),
    ],
)
def test_a_node_is_out_for_what_says_that_nobody_is_there(status: str, out: bool) -> None:
    with RawServer(answering(ok(b"", status=status))) as server:
        nodes = Nodes((server.url,))
        ask_in_vain(Client(TRANSPORT, nodes), FAILURES, action="GetCallURL")
        assert nodes.passes(server.url) is not out


def test_an_upload_that_the_client_breaks_off_is_no_fault_of_the_nodes() -> None:
    with RawServer(answering(ok(b"<x/>"))) as server:
        nodes = Nodes((server.url,))
        for _ in range(FAILURES):
            ask_in_vain(
                Client(TRANSPORT, nodes), 1, action="PutMedia", request=upload_that_breaks_off()
            )
        assert nodes.passes(server.url)


class NothingLeft(Budget):
    """A budget that allows nothing."""

    @contextmanager
    def retry(self) -> Iterator[bool]:
        """No."""
        yield False


def test_what_the_budget_refuses_is_not_sent_once_more() -> None:
    with RawServer(reset) as one, RawServer(answering(ok(b"<x/>"))) as two:
        ask_in_vain(
            Client(TRANSPORT, Nodes((one.url, two.url)), NothingLeft()), 1, action="GetCallURL"
        )
        assert not two.requests
