"""The journey as a whole, with fakes at its two ends and the model of a store in between."""

import re
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gateway.core.applications import Application, Applications
from gateway.core.calls import Snapshot
from gateway.core.errors import (
    Code,
    NoAnswer,
    RecorderTimeout,
    RecorderUnreachable,
    Refusal,
)
from gateway.core.query import ByParty, Query, Status, form_of
from gateway.core.replies import Dialect, Rendition, Reply, Stream
from gateway.core.requests import Request
from gateway.core.secrets import Secret
from gateway.core.selection import Terms
from gateway.core.tokens import TokenRecord
from gateway.core.verdicts import Found, NotYet
from gateway.core.verification import Disagreement
from gateway.forwarding import Forwarding
from gateway.index import Index
from gateway.pipeline import Gateway
from gateway.recorder.client import Client
from gateway.recorder.nodes import FAILURES, Nodes
from gateway.recorder.transport import Settings, Transport
from gateway.rendering import Renderer
from gateway.stores import FeedState
from gateway.stores.memory import MemoryStore
from gateway.stores.watch import Watch
from tests.fakes import (
    FOUND,
    NODE,
    NOON,
    NOT_FOUND,
    SAMPLE_ID,
    TOKEN,
    BrokenStore,
    FakeRecorder,
    FrozenClock,
    NoChunks,
    application,
    call,
    document,
    issued,
    pairs,
    refused_with,
)

STRICT = Terms(timedelta(seconds=3), timedelta(seconds=1))
OTHER = document(FOUND.replace(SAMPLE_ID.encode(), b"from-the-recorder"))


class World:
    """A gateway with a store that was fed at noon, and a recorder that gives another id."""

    def __init__(self, *replies: Reply | NoAnswer, app: Application | None = None) -> None:
        self.clock = FrozenClock()
        self.ticks = 0.0  # seconds, by a clock that nobody sets
        self.store = MemoryStore()
        self.store.update([call()], FeedState(as_of=NOON, complete=True))
        self.recorder = FakeRecorder(list(replies) or [OTHER])
        self.applications = Applications([app or application()])
        self.terms = Terms(timedelta(seconds=3))
        self.gateway = self.built()

    def built(self, calls: Any = None, **more: Any) -> Gateway:
        """The gateway, perhaps with another store, or otherwise different."""
        calls = calls or self.store
        watch = Watch(self.store, lambda: self.ticks)
        index = Index(calls, watch, self.clock, self.terms)
        return Gateway(
            applications=self.applications,
            tokens=calls,
            index=index,
            forwarding=Forwarding(self.recorder, calls, index),
            renderer=Renderer(),
            **more,
        )

    def prove(self, token: str = TOKEN) -> None:
        """Let the store remember a token as good."""
        record = TokenRecord("crm", NODE, NOON + timedelta(hours=1))
        self.store.remember(Secret(token), record)

    def ask(self, **more: str | None) -> Rendition:
        """Ask what the sample asks, but for these parameters."""
        asked: dict[str, Any] = {"action": "GetCallID", "extension": "8856", "status": "last"}
        asked.update(more)
        request = Request("id", tuple(pairs(**asked)), None, self.clock())
        return self.gateway.travel(request).rendition


class Counting:
    """A store that counts how often it is looked into."""

    def __init__(self, store: MemoryStore) -> None:
        self.looks = 0
        self._store = store

    def snapshot(self, query: Query) -> Snapshot:
        """As the store."""
        self.looks += 1
        return self._store.snapshot(query)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


@pytest.fixture
def world() -> World:
    """A world in which the token of the sample is proven."""
    made = World()
    made.prove()
    return made


def text(rendition: Rendition) -> str:
    """The body of an answer that is no stream."""
    assert isinstance(rendition.body, bytes)
    return rendition.body.decode()


def source(rendition: Rendition) -> str:
    """Where it came from, without why."""
    return re.split("; (?:reason|as-of-age|candidates)=", header(rendition, "Cache-Status") or "")[
        0
    ]


def header(rendition: Rendition, name: str) -> str | None:
    """The value of one header."""
    return dict(rendition.headers).get(name)


def test_a_proven_token_is_answered_from_the_index_and_the_recorder_hears_nothing(
    world: World,
) -> None:
    rendition = world.ask()
    assert rendition.body == FOUND
    assert rendition.status == 200
    assert source(rendition) == "callgate; hit; detail=index"
    assert world.recorder.asked == []


def test_an_extension_without_calls_is_answered_with_the_seeds_error(world: World) -> None:
    assert world.ask(extension="9999").body == NOT_FOUND


def test_the_numbered_dialect_says_minus_fifty(world: World) -> None:
    numbered = replace(world.gateway, dialect=Dialect.NUMBERED)
    asked = tuple(pairs(action="GetCallID", extension="1", status="last"))
    assert 'code="-50"' in text(numbered.travel(Request("id", asked, None, NOON)).rendition)


def test_several_ongoing_calls_are_an_error_not_a_choice(world: World) -> None:
    calls = [call("a", ended=None), call("b", ended=None)]
    world.store.update(calls, FeedState(as_of=NOON, complete=True))
    body = text(world.ask(status="ongoing"))
    assert 'code="2"' in body
    assert "because 2 calls match" in body


def test_an_unproven_token_never_gets_an_answer_from_the_index() -> None:
    world = World(document(refused_with(-43)))
    rendition = world.ask()
    assert rendition.body == refused_with(-43)
    assert source(rendition) == "callgate; fwd=bypass"


def test_a_token_is_learned_when_the_recorder_accepts_it() -> None:
    world = World()
    assert world.ask().body == OTHER.body
    assert world.ask().body == FOUND
    assert len(world.recorder.asked) == 1


def test_a_token_is_learned_from_a_call_that_cannot_be_found() -> None:
    world = World(document(NOT_FOUND))
    world.ask(extension="1")
    world.ask(extension="1")
    assert len(world.recorder.asked) == 1


def test_media_teach_nothing_about_a_token() -> None:
    world = World(Stream(200, {"Content-Type": "audio/wav"}, NoChunks()))
    world.ask(action="GetMedia", extension=None, status=None, callID="x")
    assert source(world.ask()) == "callgate; fwd=bypass"


def test_a_token_is_learned_from_the_request_that_asked_for_it() -> None:
    world = World(document(issued("fresh-token")))
    world.ask(action="RequestToken", token=None, extension=None, status=None)
    assert world.ask(token="fresh-token").body == FOUND
    assert len(world.recorder.asked) == 1


def test_a_wrong_password_is_the_recorders_minus_forty() -> None:
    world = World(document(refused_with(-40, "RequestToken")))
    rendition = world.ask(action="RequestToken", token=None, userName="u", password="p")
    assert rendition.body == refused_with(-40, "RequestToken")
    world.ask(token="")
    assert len(world.recorder.asked) == 1


def test_a_token_that_the_recorder_no_longer_knows_is_refused_from_then_on(world: World) -> None:
    world.recorder.replies[:] = [document(refused_with(-43))]
    world.ask(action="GetCallURL")
    body = text(world.ask())
    assert 'code="-43"' in body
    assert "has expired" in body
    assert len(world.recorder.asked) == 1


def test_after_its_hour_a_token_is_proven_anew_by_the_recorder(world: World) -> None:
    world.clock.move(3601)
    world.store.update([], FeedState(as_of=world.clock(), complete=True))
    assert world.ask().body == OTHER.body
    assert world.ask().body == FOUND


@pytest.mark.parametrize(
    ("more", "code"),
    [
        pytest.param({"key": "nobody's"}, -41, id="unknown key"),
        pytest.param({"key": None}, -41, id="no key"),
        pytest.param({"token": None}, -42, id="no token"),
        pytest.param({"extension": "88\x0056"}, -20, id="control character"),
    ],
)
def test_what_is_refused_never_reaches_the_recorder(more: dict[str, str], code: int) -> None:
    world = World()
    rendition = world.ask(**more)
    assert f'code="{code}"' in text(rendition)
    assert rendition.status == 200
    assert source(rendition) == "callgate; detail=refused"
    assert world.recorder.asked == []


def test_a_stale_index_is_silent_and_the_recorder_is_asked(world: World) -> None:
    world.clock.move(4)
    rendition = world.ask()
    assert rendition.body == OTHER.body
    assert source(rendition) == "callgate; fwd=miss"


def test_what_is_not_understood_is_passed_on(world: World) -> None:
    rendition = world.ask(status="next,last")
    assert rendition.body == OTHER.body
    assert source(rendition) == "callgate; fwd=bypass"


@pytest.mark.parametrize("status", ["last", "ongoing,last"], ids=["ours", "passed on"])
def test_a_recorder_that_is_down_is_an_excuse_in_the_dress_that_was_asked_for(
    world: World, status: str
) -> None:
    world.recorder.replies[:] = [RecorderUnreachable()]
    world.clock.move(4)
    rendition = world.ask(status=status, responseType="TEXT")
    assert rendition.status == 503
    assert rendition.body == b"ERROR:-1:The recorder cannot be reached at the moment.\n"
    assert header(rendition, "Retry-After") == "5"
    assert header(rendition, "Proxy-Status") == "callgate; error=destination_unavailable"


def test_an_application_that_has_opted_in_gets_a_stale_answer_while_the_recorder_is_down() -> None:
    world = World(RecorderTimeout(), app=application(stale_answers=True))
    world.prove()
    world.clock.move(60)
    rendition = world.ask()
    assert rendition.body == FOUND
    assert source(rendition) == "callgate; hit; detail=stale"
    assert header(rendition, "Age") == "60"


def test_while_every_node_is_out_a_stale_answer_is_given_without_asking() -> None:
    world = World(app=application(stale_answers=True))
    world.prove()
    world.clock.move(60)
    nodes = Nodes((NODE,))
    for _ in range(FAILURES):
        nodes.failed(NODE, "No.")
    transport = Transport(Settings(connect_timeout=0.0, timeout=0.0))  # no use can be made of it
    forwarding = replace(world.gateway.forwarding, recorder=Client(transport, nodes))
    world.gateway = replace(world.gateway, forwarding=forwarding)
    assert source(world.ask()) == "callgate; hit; detail=stale"
    assert nodes.states()[0].ejections == 1


def test_a_stale_index_that_cannot_vouch_even_so_leaves_the_excuse() -> None:
    world = World(RecorderTimeout(), app=application(stale_answers=True))
    world.prove()
    world.store.update([], FeedState(as_of=NOON, complete=False))
    world.clock.move(60)
    assert world.ask(extension="1").status == 504


def test_a_store_that_fails_makes_the_index_silent_and_nothing_else() -> None:
    world = World()
    broken: Any = BrokenStore()
    gateway = world.built(broken)
    request = Request(
        "id", tuple(pairs(action="GetCallID", extension="1", status="last")), None, NOON
    )
    assert gateway.travel(request).rendition.body == OTHER.body
    key_only = Applications([application(requires_authentication=False)])
    rendition = replace(gateway, applications=key_only).travel(request).rendition
    assert rendition.body == OTHER.body
    assert source(rendition) == "callgate; fwd=miss"


def test_a_refusal_at_the_door_is_dressed_as_the_request_wished(world: World) -> None:
    refusal = Refusal(Code.INVALID_PARAMETERS, "Too large.", status=413)
    rendition = world.gateway.refuse([("responseType", "json"), ("action", "KeepCall")], refusal)
    assert rendition.status == 413
    assert rendition.body == b'{"action":"KeepCall","code":-20,"message":"Too large."}\n'


def eventually(condition: Callable[[], bool], within: float = 5.0) -> None:
    """Wait until it holds, or fail."""
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.002)


class Asker:
    """A client that waits for its answer in a thread of its own."""

    def __init__(self, world: World, **more: str) -> None:
        self.rendition: Rendition | None = None
        self._thread = threading.Thread(target=self._ask, args=(world, more))
        self._thread.start()
        eventually(lambda: world.gateway.index.watch.parked == 1 or not self._thread.is_alive())

    def _ask(self, world: World, more: dict[str, str]) -> None:
        self.rendition = world.ask(**more)

    def answer(self) -> Rendition:
        """The answer, which must come soon."""
        self._thread.join(5)
        assert self.rendition is not None
        return self.rendition


def test_next_is_parked_until_the_index_learns_of_the_call(world: World) -> None:
    asker = Asker(world, status="next")
    assert asker.rendition is None
    coming = call("the-next", started=1, ended=None)
    world.store.update([coming], FeedState(as_of=NOON + timedelta(seconds=1), complete=True))
    assert "the-next" in text(asker.answer())
    assert world.recorder.asked == []


def test_next_is_not_found_once_the_minute_was_seen_out(world: World) -> None:
    asker = Asker(world, status="next")
    world.clock.move(60)
    world.store.update([], FeedState(as_of=world.clock(), complete=True))
    # A client that is parked looks by itself when its minute is over; the bell only hastens it.
    world.store.update([call("any", started=-9, ended=-8)], world.store.state())
    assert asker.answer().body == NOT_FOUND


def test_next_survives_a_silence_of_the_index_within_the_minute(world: World) -> None:
    asker = Asker(world, status="next")
    world.clock.move(30)
    world.store.update([call("noise", started=-9, ended=-8)], world.store.state())
    state = FeedState(as_of=world.clock(), complete=True)
    world.store.update([call("late", started=30, ended=None)], state)
    assert "late" in text(asker.answer())


def test_next_is_answered_as_soon_as_a_silent_index_speaks_again(world: World) -> None:
    asker = Asker(world, status="next")
    world.clock.move(5)
    coming = [call("while silent", started=2, ended=None)]
    world.store.update(coming, replace(world.store.state(), as_of=NOON))
    looked = world.clock.read
    eventually(lambda: world.clock.read > looked)  # it was woken, and the index was too old
    assert asker.rendition is None
    world.store.update([], FeedState(as_of=world.clock(), complete=True))
    assert "while silent" in text(asker.answer())


def test_next_is_an_excuse_when_the_index_was_silent_at_the_end_of_the_minute(
    world: World,
) -> None:
    asker = Asker(world, status="next")
    world.clock.move(64)
    world.store.update([call("noise", started=-9, ended=-8)], world.store.state())
    assert asker.answer().status == 503


def test_a_clock_that_is_set_back_makes_nobody_wait_for_longer(world: World) -> None:
    asker = Asker(world, status="next")
    world.clock.move(-3600)
    world.ticks = 64
    world.store.update([call("noise", started=-9, ended=-8)], FeedState(as_of=world.clock()))
    assert asker.answer().status == 503


def test_who_is_woken_by_the_call_does_not_look_into_the_store_again(world: World) -> None:
    store = Counting(world.store)
    world.gateway = world.built(store)
    asker = Asker(world, status="next")
    eventually(lambda: store.looks == 2)  # before he waits, and when he is sure to be woken
    coming = call("the-next", started=1, ended=None)
    world.store.update([coming], FeedState(as_of=NOON + timedelta(seconds=1), complete=True))
    assert "the-next" in text(asker.answer())
    assert store.looks == 2


def test_who_is_woken_looks_again_where_a_number_can_be_read_in_two_ways(world: World) -> None:
    store = Counting(world.store)
    world.gateway = world.built(store)
    world.store.update([call("there", caller="441234567", ended=-1)])
    asker = Asker(world, status="next", extension=" 441234567")
    eventually(lambda: store.looks == 2)
    coming = call("the-next", caller="441234567", started=1, ended=None)
    world.store.update([coming], FeedState(as_of=NOON + timedelta(seconds=1), complete=True))
    assert "the-next" in text(asker.answer())
    assert store.looks == 3


def test_who_is_parked_is_told_when_the_gateway_stops(world: World) -> None:
    asker = Asker(world, status="next")
    world.gateway.index.watch.stop()
    rendition = asker.answer()
    assert rendition.status == 503
    assert "being restarted" in text(rendition)


def test_a_no_that_is_too_old_waits_for_the_next_snapshot(world: World) -> None:
    world.terms = STRICT
    world.gateway = world.built()
    world.clock.move(2)
    assert world.ask().body == FOUND
    asker = Asker(world, extension="9999")
    looked = world.clock.read
    eventually(lambda: world.clock.read > looked + 2)
    assert asker.rendition is None
    world.store.update([], FeedState(as_of=world.clock(), complete=True))
    assert asker.answer().body == NOT_FOUND
    assert world.recorder.asked == []


def test_a_no_that_stays_too_old_is_the_recorders_to_say(world: World) -> None:
    world.terms = STRICT
    world.gateway = world.built()
    world.clock.move(2)
    asker = Asker(world, extension="9999")
    world.clock.move(2)
    assert asker.answer().body == OTHER.body


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({}, 'callgate; hit; detail=index; as-of-age=0.000; candidates=1; rule="last"'),
        ({"extension": "1"}, "callgate; hit; detail=index; as-of-age=0.000; candidates=0"),
        (
            {"status": "ongoing"},
            'callgate; hit; detail=index; as-of-age=0.000; candidates=2; rule="ongoing"',
        ),
    ],
    ids=["found", "not found", "ambiguous"],
)
def test_the_header_says_why(world: World, more: dict[str, str], why: str) -> None:
    twice = [call("a", ended=None), call("b", ended=None)]
    world.store.update(twice, FeedState(as_of=NOON, complete=True))
    assert header(world.ask(**more), "Cache-Status") == why


def test_the_header_says_why_the_index_is_silent(world: World) -> None:
    world.clock.move(4)
    why = 'callgate; fwd=miss; reason="the index is older than max_age"'
    assert header(world.ask(), "Cache-Status") == why


DELETED = document(b'<VerbaApi><Response code="0" type="DeleteCall"/></VerbaApi>')


@pytest.mark.parametrize(
    "selector",
    [
        {"callID": SAMPLE_ID.upper()},
        {"ccdr_id": SAMPLE_ID},
        {"extension": "8856", "status": "last"},
        {"nativeID": f"native-{SAMPLE_ID}"},
    ],
    ids=lambda selector: next(iter(selector)),
)
def test_a_call_that_was_deleted_is_gone_before_its_answer_leaves(
    world: World, selector: dict[str, str]
) -> None:
    world.recorder.replies[:] = [DELETED]
    asked = {"extension": None, "status": None} | selector
    assert world.ask(action="DeleteCall", **asked).body == DELETED.body
    assert world.ask().body == NOT_FOUND
    world.store.update([call()], FeedState(NOON, complete=True), asked_at=NOON)
    assert world.ask().body == NOT_FOUND


@pytest.mark.parametrize(
    ("reply", "more"),
    [
        (document(refused_with(2, "DeleteCall")), {}),
        (DELETED, {"extension": "9999"}),
        (DELETED, {"status": "first"}),
        (DELETED, {"action": "KeepCall"}),
        (DELETED, {"foo": "bar"}),
        (DELETED, {"callID": SAMPLE_ID}),
    ],
    ids=["refused", "another's", "unknown", "not deleted", "something beside", "two selectors"],
)
def test_what_deletes_nothing_that_is_known_removes_nothing(
    world: World, reply: Reply, more: dict[str, str]
) -> None:
    world.recorder.replies[:] = [reply]
    world.ask(**{"action": "DeleteCall"} | more)
    assert world.ask().body == FOUND


RECORD = f"<verbacdr><ccdr_id>{SAMPLE_ID}</ccdr_id></verbacdr>"
TOLD = document(f'<V><Response code="0">{RECORD}</Response></V>'.encode())
NEVER_TOLD = document(refused_with(2, "GetCallInformation"))


@pytest.mark.parametrize(
    ("asked", "told", "gone"),
    [
        ({"meetingID": "m-1"}, TOLD, True),
        ({"extension": "9999", "status": "last"}, TOLD, True),
        ({"meetingID": "m-1"}, NEVER_TOLD, False),
        ({"meetingID": "m-1"}, RecorderTimeout(), False),
        ({"meetingID": "m-1"}, Stream(200, {}, NoChunks()), False),
    ],
    ids=["nobody's selector", "another's", "not told", "no answer", "no document"],
)
def test_a_call_that_the_index_cannot_tell_is_told_by_the_recorder_before_it_is_deleted(
    world: World, asked: dict[str, str], told: Reply | NoAnswer, *, gone: bool
) -> None:
    world.recorder.replies[:] = [told, DELETED]
    given = {"action": "DeleteCall", "extension": None, "status": None, "foo": "bar"}
    assert world.ask(**given | asked).body == DELETED.body
    first, second = world.recorder.asked
    assert first.parameters.action.name == "GetCallInformation"
    assert dict(first.parameters.pairs).keys() == {"action", "apiKey", "token", *asked}
    assert second.parameters.action.name == "DeleteCall"
    assert world.ask().body == (NOT_FOUND if gone else FOUND)


@pytest.mark.parametrize(
    "asked",
    [
        {"action": "KeepCall", "extension": "9999"},
        {"action": "DeleteCall", "status": "ongoing,next"},
        {"action": "DeleteCall", "extension": None, "status": None},
    ],
    ids=["no deletion", "yet to come", "nothing named"],
)
def test_the_recorder_is_asked_which_call_it_is_where_one_is_deleted_that_has_a_name(
    world: World, asked: dict[str, str | None]
) -> None:
    world.recorder.replies[:] = [DELETED]
    world.ask(**asked)
    assert len(world.recorder.asked) == 1


@pytest.mark.parametrize("status", ["next,last", "next,ongoing"])
def test_who_waits_for_a_call_before_he_tries_another_looks_again(
    world: World, status: str
) -> None:
    world = World(app=application(extended_status=True))
    world.prove()
    store = Counting(world.store)
    world.gateway = world.built(store)
    asker = Asker(world, status=status)
    eventually(lambda: store.looks == 2)
    coming = call("the-next", started=1, ended=None)
    world.store.update([coming], FeedState(as_of=NOON + timedelta(seconds=1), complete=True))
    assert "the-next" in text(asker.answer())
    assert store.looks == 3


def test_news_that_the_index_has_overtaken_are_not_believed(world: World) -> None:
    store = Counting(world.store)
    index = world.built(store).index
    query = Query(ByParty(("8856",), (Status.NEXT,)), NOON)
    before = index.look(query)
    coming = call("gone again", started=1, ended=None)
    world.store.update([coming], FeedState(as_of=NOON, complete=True))
    news = world.store.changes((before.snapshot and 1) or 0)
    assert isinstance(index._informed(before, news).verdict, Found)
    assert store.looks == 1
    world.store.overrule((), ("gone again",), NOON + timedelta(hours=1))
    assert isinstance(index._informed(before, news).verdict, NotYet)
    assert store.looks == 2


@pytest.mark.parametrize(
    ("asked", "resolved"),
    [
        ({"action": "KeepCall"}, True),
        ({"action": "AttachMetaData", "Order": "17"}, True),
        ({"action": "AddMarker", "mname": "m"}, True),
        ({"action": "GetMedia"}, True),
        ({"action": "KeepCall", "type": "manualRecord"}, False),
        ({"action": "KeepCall", "callID": "x"}, False),
        ({"action": "KeepCall", "extension": "9999"}, False),
        ({"action": "KeepCall", "status": "next"}, False),
        ({"action": "KeepCall", "status": "first"}, False),
        ({"action": "SearchCalls"}, False),
        ({"action": "PutMedia"}, False),
    ],
    ids=lambda value: "-".join(value.values()) if isinstance(value, dict) else str(value),
)
def test_the_index_says_which_call_is_meant_where_the_site_wants_it(
    asked: dict[str, str], *, resolved: bool
) -> None:
    world = World(app=application(resolve=True))
    world.prove()
    world.ask(**asked)
    (heard,) = world.recorder.asked
    names = {name for name, _ in heard.parameters.pairs}
    assert (heard.parameters.get("callID") == SAMPLE_ID) is resolved
    assert ({"extension", "status"} <= names) is not resolved
    assert names >= asked.keys() - {"extension", "status"}


def test_nobody_else_and_no_unproven_token_has_its_call_resolved(world: World) -> None:
    world.ask(action="KeepCall")
    resolving = World(app=application(resolve=True))
    resolving.ask(action="KeepCall")
    for each in (*world.recorder.asked, *resolving.recorder.asked):
        assert each.parameters.get("extension") == "8856"


def test_a_store_that_fails_does_not_hide_that_a_call_was_deleted(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.recorder.replies[:] = [DELETED]
    broken: Any = BrokenStore()
    world.gateway = world.built(broken)
    rendition = world.ask(action="DeleteCall", extension=None, status=None, callID="x")
    assert rendition.body == DELETED.body
    assert "stays in the index" in caplog.text


def test_what_the_recorder_said_is_good_for_as_long_as_the_index_would_be(world: World) -> None:
    world.clock.move(60)
    assert source(world.ask()) == "callgate; fwd=miss"
    world.clock.move(3)
    again = world.ask(responseType="TEXT")
    assert again.body == b"from-the-recorder\n"
    assert source(again).startswith("callgate; hit; detail=recorder")
    assert header(again, "Age") == "3"
    world.clock.move(0.001)
    assert source(world.ask()) == "callgate; fwd=miss"
    assert len(world.recorder.asked) == 2


def test_what_the_recorder_said_gives_way_to_an_index_that_may_speak_again(world: World) -> None:
    world.clock.move(60)
    world.ask()
    world.store.update([], FeedState(world.clock(), complete=True))
    assert world.ask().body == FOUND


@pytest.mark.parametrize(
    ("first", "then"),
    [
        pytest.param({"extension": "9999"}, {}, id="another extension"),
        pytest.param({"status": "ongoing"}, {}, id="another status"),
        pytest.param({"type": "manualRecord"}, {}, id="another kind"),
        pytest.param({"status": "next"}, {"status": "next"}, id="next"),
    ],
)
def test_what_the_recorder_said_answers_no_other_question(
    world: World, first: dict[str, str], then: dict[str, str]
) -> None:
    world.clock.move(60)
    world.ask(**first)
    world.ask(**then)
    assert len(world.recorder.asked) == 2


def test_what_the_recorder_said_is_forgotten_when_a_call_is_deleted_by_whomever(
    world: World,
) -> None:
    world.clock.move(60)
    world.ask()
    another = replace(world.gateway, forwarding=world.built().forwarding)
    world.recorder.replies[:] = [DELETED, OTHER]
    asked = tuple(pairs(action="DeleteCall", callID="x"))
    another.travel(Request("id", asked, None, world.clock()))
    assert source(world.ask()) == "callgate; fwd=miss"


def test_what_the_recorder_said_does_not_outlive_a_clock_that_is_set_back(world: World) -> None:
    world.clock.move(3600)
    world.ask()
    world.clock.move(-3000)
    assert source(world.ask()) == "callgate; fwd=miss"


def test_a_no_of_the_recorders_ages_like_one_of_the_indexs(world: World) -> None:
    world.terms = STRICT
    world.gateway = world.built()
    world.recorder.replies[:] = [document(NOT_FOUND)]
    world.clock.move(60)
    world.ask()
    world.clock.move(1)
    assert source(world.ask()).startswith("callgate; hit; detail=recorder")
    world.clock.move(0.5)
    assert source(world.ask()) == "callgate; fwd=miss"


def test_a_call_that_the_index_had_to_tell_is_not_denied_for_long(world: World) -> None:
    world.recorder.replies[:] = [DELETED]
    world.ask(action="DeleteCall")
    world.clock.move(6)
    listed = FeedState(world.clock(), complete=True)
    world.store.update([call()], listed, asked_at=world.clock())
    assert world.ask().body == FOUND


@pytest.mark.parametrize("code", [-1, -20, 2])
def test_an_error_of_the_recorders_is_told_to_nobody_else(world: World, code: int) -> None:
    world.recorder.replies[:] = [document(refused_with(code))]
    world.clock.move(60)
    world.ask()
    world.ask()
    assert len(world.recorder.asked) == 2


def test_a_session_is_its_own_clients_alone(world: World) -> None:
    world.recorder.replies[:] = [replace(OTHER, cookies=("JSESSIONID=alice",))]
    world.clock.move(60)
    assert header(world.ask(), "Set-Cookie") == "JSESSIONID=alice"
    assert header(world.ask(), "Set-Cookie") is None
    assert len(world.recorder.asked) == 1


def test_what_the_index_answers_may_be_checked_and_what_it_is_silent_on_as_well(
    world: World,
) -> None:
    checked: list[str] = []
    verify: Callable[[Query], None] = lambda query: checked.append(form_of(query))  # noqa: E731
    world.gateway = world.built(verify=verify)
    world.ask()
    world.ask(status="next,last")
    for _ in range(3):
        world.store.tally("last", Disagreement.MISSED)
    rendition = world.ask()
    assert rendition.body == OTHER.body
    assert "the recorder has contradicted the index" in (header(rendition, "Cache-Status") or "")
    assert checked == ["last", "last"]
    query = Query(ByParty(("8856",), (Status.LAST,)), NOON)
    assert world.gateway.index.judge(query) == Found(call())


TRACE = (
    '<VerbaApi><Response code="-1" type="GetCallID"><ErrorMessage>java.lang.NullPointerException\n'
    "\tat com.verba.api.Servlet.doGet(Servlet.java:7) /verba/api?token=%s</ErrorMessage>"
    "</Response></VerbaApi>"
)


def test_a_trace_is_in_the_log_under_the_id_that_the_client_is_told(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.recorder.replies[:] = [document((TRACE % TOKEN).encode())]
    rendition = world.ask(status="ongoing,last", responseType="TEXT")
    assert text(rendition) == "ERROR:-1:The recorder reported an internal error. Request: id\n"
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.startswith(
        "request id: the recorder reports: java.lang.NullPointerException at com."
    )
    assert TOKEN not in line
    assert "\n" not in line


def test_a_sentence_of_the_recorders_is_not_logged_and_names_no_request(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.recorder.replies[:] = [document(refused_with(-1))]
    rendition = world.ask(status="ongoing,last", responseType="TEXT")
    assert text(rendition) == "ERROR:-1:No.\n"
    assert caplog.records == []
