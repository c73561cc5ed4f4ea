"""The gateway's own sessions at the recorder, and what never leaves them."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

from gateway.core.admission import Admitted
from gateway.core.errors import RecorderError, RecorderLoginRefused, RecorderTimeout
from gateway.core.parameters import Pair
from gateway.core.replies import Document, Reply, Stream
from gateway.core.secrets import Secret
from gateway.recorder.client import Client
from gateway.recorder.nodes import Nodes
from gateway.recorder.service import Service
from gateway.recorder.sessions import LOGIN_AGAIN_AFTER, RENEW_AFTER, Login, Sessions
from gateway.recorder.transport import Question, Settings, Transport
from gateway.rendering.documents import read
from tests.fakes import NoChunks, document
from tests.recorder.test_recorder_client import admitted
from tests.servers import RawServer, answering, ok

LOGIN = Login(Secret("service-key"), "service", Secret("pa&word"))
BOUND = 5.0


class Said:
    """What a recorder says to a login; the next time something else."""

    headers: dict[str, str] = {}  # noqa: RUF012 - nobody changes it

    def __init__(self, status: int, body: bytes) -> None:
        self.status = status
        self._body = body

    def body(self) -> bytes:
        """All of it."""
        return self._body


def issued(token: str) -> Said:
    return Said(200, f'<V><Response code="0" token="{token}"/></V>'.encode())


REFUSED = Said(200, b'<V><Response code="-40"><ErrorMessage>no</ErrorMessage></Response></V>')


@dataclass
class Door:
    """A recorder's door: what it says, one after the other, and who came."""

    says: list[Said | RecorderError]
    asked: list[tuple[Pair, ...]] = field(default_factory=list)
    opens: threading.Event = field(default_factory=threading.Event)

    def exchange(self, question: Question) -> Said:
        """The next."""
        self.asked.append(question.pairs)
        assert self.opens.wait(BOUND)
        said = self.says.pop(0)
        if isinstance(said, RecorderError):
            raise said
        return said


class Sessioned:
    """Sessions at a door, by a clock that is moved by hand."""

    def __init__(
        self, *says: Said | RecorderError, login: Login = LOGIN, shut: bool = False
    ) -> None:
        self.now = 1000.0
        self.door = Door(list(says))
        if not shut:
            self.door.opens.set()
        self.sessions = Sessions(self.door, login, read, lambda: self.now)  # type: ignore[arg-type]

    def token(self, node: str = "a") -> str:
        """The one that is shown to a node."""
        return dict(self.sessions.pairs(node))["token"]


def test_a_node_is_logged_in_to_once_and_again_after_55_minutes() -> None:
    world = Sessioned(issued("one"), issued("two"))
    assert world.sessions.pairs("a") == (("apiKey", "service-key"), ("token", "one"))
    world.now += RENEW_AFTER - 1
    assert world.token() == "one"
    world.now += 1
    assert world.token() == "two"
    assert ("userName", "service") in world.door.asked[0]


def test_each_node_has_a_session_of_its_own() -> None:
    world = Sessioned(issued("one"), issued("two"))
    assert [world.token("a"), world.token("b"), world.token("a")] == ["one", "two", "one"]


def test_a_recorder_that_asks_for_keys_alone_gets_no_more() -> None:
    world = Sessioned(login=Login(Secret("service-key")))
    assert world.sessions.pairs("a") == (("apiKey", "service-key"),)


def test_a_token_that_was_refused_is_renewed_once_however_many_saw_it_refused() -> None:
    world = Sessioned(issued("one"), issued("two"))
    world.token()
    asked_at = world.sessions.now()
    world.now += 1
    world.sessions.expire("a", asked_at)
    assert world.token() == "two"
    world.sessions.expire("a", asked_at)
    assert world.token() == "two"


def eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + BOUND
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.002)


@pytest.mark.parametrize("said", [issued("one"), RecorderTimeout(), REFUSED])
def test_one_login_at_a_time_and_who_waits_for_it_shares_what_comes_of_it(
    said: Said | RecorderError,
) -> None:
    world = Sessioned(said, shut=True)
    with ThreadPoolExecutor(8) as pool:
        futures = [pool.submit(world.token) for _ in range(8)]
        eventually(lambda: len(world.door.asked) == 1)
        time.sleep(0.05)  # the others come to the lock
        world.door.opens.set()
    if said is REFUSED or isinstance(said, RecorderError):
        expected = RecorderLoginRefused if said is REFUSED else RecorderTimeout
        assert all(type(each.exception()) is expected for each in futures)
    else:
        assert {each.result() for each in futures} == {"one"}
    assert len(world.door.asked) == 1


def test_a_password_that_was_refused_is_not_tried_again_at_once() -> None:
    world = Sessioned(REFUSED, issued("one"))
    for _ in range(3):
        with pytest.raises(RecorderLoginRefused):
            world.token()
        world.now += 1
    world.now += LOGIN_AGAIN_AFTER
    assert world.token() == "one"


def test_a_recorder_that_did_not_answer_is_asked_again_by_the_next() -> None:
    world = Sessioned(RecorderTimeout(), issued("one"))
    with pytest.raises(RecorderTimeout):
        world.token()
    world.now += 1
    assert world.token() == "one"


@pytest.mark.parametrize("said", [Said(500, b""), Said(200, b"<html/>"), issued("")])
def test_what_is_no_token_is_none(said: Said) -> None:
    with pytest.raises(RecorderLoginRefused):
        Sessioned(said).token()


@dataclass
class Replying:
    """A client that gives these replies, one after the other."""

    replies: list[Reply]
    sessions: Sessions
    shown: list[tuple[Pair, ...]] = field(default_factory=list)

    def ask(self, admitted: Admitted) -> tuple[Reply, str]:
        """The next, with what would be shown."""
        del admitted
        self.shown.append(self.sessions.pairs("a"))
        return self.replies.pop(0), "a"


def service(world: Sessioned, *replies: Reply) -> tuple[Service, Replying]:
    client = Replying(list(replies), world.sessions)
    return Service(client, world.sessions, read), client


EXPIRED = document(b'<V><Response code="-43"><ErrorMessage>x</ErrorMessage></Response></V>')
KEPT = document(b'<V><Response code="0" type="KeepCall"/></V>')


def test_a_session_that_the_recorder_forgot_is_begun_anew_and_the_change_made() -> None:
    world = Sessioned(issued("one"), issued("two"))
    asking, client = service(world, EXPIRED, KEPT)
    world.now += 1
    assert asking.ask(admitted(action="KeepCall", callID="x")) == (KEPT, "a")
    assert [dict(shown)["token"] for shown in client.shown] == ["one", "two"]


@pytest.mark.parametrize("code", [-40, -41, -42, -43])
def test_that_the_gateway_is_not_let_in_is_not_the_clients_fault(code: int) -> None:
    body = f'<V><Response code="{code}"><ErrorMessage>x</ErrorMessage></Response></V>'
    world = Sessioned(issued("one"), issued("two"))
    asking, _ = service(world, document(body.encode()), document(body.encode()))
    with pytest.raises(RecorderLoginRefused):
        asking.ask(admitted(action="KeepCall", callID="x"))


def test_nothing_of_the_session_reaches_the_client() -> None:
    said = b"<V><Response code='0'/><a>service-key pa&amp;word pa&word one</a></V>"
    world = Sessioned(issued("one"))
    asking, _ = service(world, Document(said, "text/xml", "a", ("JSESSIONID=x",)))
    reply, _ = asking.ask(admitted(action="GetCallURL", callID="x"))
    assert isinstance(reply, Document)
    assert reply.body.endswith(b"<a>[key] [password] [password] [token]</a></V>")
    assert reply.cookies == ()


def test_media_pass_unread() -> None:
    world = Sessioned(issued("one"))
    stream = Stream(200, {}, NoChunks())
    asking, _ = service(world, stream)
    assert asking.ask(admitted(action="GetMedia", callID="x")) == (stream, "a")


def test_the_recorder_sees_the_gateways_login_and_nothing_of_the_clients() -> None:
    with RawServer(answering(ok(b"<x/>"))) as server:
        world = Sessioned(issued("one"))
        transport = Transport(Settings(connect_timeout=1.0, timeout=2.0))
        client = Client(transport, Nodes((server.url,)), login=world.sessions)
        credentials = {"Authorization": Secret("Bearer canary"), "Cookie": Secret("JSESSIONID=y")}
        request = {"credentials": credentials, "headers": {"Range": "bytes=0-"}}
        client.ask(admitted(action="GetMedia", callID="x", request=request))
        transport.close()
    heard = server.requests[0].decode()
    assert "apiKey=service-key&token=one" in heard
    assert "Range: bytes=0-" in heard
    for secret in ("canary", "JSESSIONID", "74c8eea0", "09835e02"):
        assert secret not in heard
