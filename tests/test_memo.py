"""Answers that are given again, and everything that must keep them from being so."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway import wsgi
from gateway.config import parse
from gateway.core.calls import Call
from gateway.core.replies import Rendition
from gateway.core.requests import Request
from gateway.core.secrets import Secret
from gateway.core.selection import Terms
from gateway.core.tokens import TokenRecord
from gateway.memo import Memo
from gateway.pipeline import Gateway, Journey
from gateway.stores import FeedState
from gateway.wiring import clock
from tests.fakes import (
    FOUND,
    KEY,
    NODE,
    NOON,
    NOT_FOUND,
    TOKEN,
    BrokenStore,
    application,
    call,
    pairs,
)
from tests.test_pipeline import World, header, source, text

CONFIG = """
[server]
workers = 1
[recorder]
nodes = ["http://127.0.0.1:1/verba/api"]
api_key = "k"
[index]
store = "memory:"
[[applications]]
name = "crm"
keys = ["{key}"]
requires_authentication = false
"""
HIT = "callgate; hit; detail=index"


class Counting:
    """A world behind a memo, which counts the requests that were taken the whole way."""

    def __init__(self, terms: Terms | None = None, **more: Any) -> None:
        self.world = World(app=application(**more))
        self.world.prove()
        self.world.terms = terms or self.world.terms
        self.use(self.world.built())
        self.travelled = 0
        counting: Any = self
        self.memo = Memo(counting)

    def use(self, gateway: Gateway) -> None:
        """From now on."""
        self.gateway, self.index, self.verify = gateway, gateway.index, gateway.verify

    def travel(self, request: Request) -> Journey:
        """As the gateway, counted."""
        self.travelled += 1
        return self.gateway.travel(request)

    def ask(self, likeness: str = "same", **more: str | None) -> Rendition:
        """Ask what the sample asks, but for these parameters."""
        clock = self.world.clock
        asked: dict[str, Any] = {"action": "GetCallID", "extension": "8856", "status": "last"}
        request = Request("id", tuple(pairs(**(asked | more))), None, clock())
        return self.memo.recall(likeness, clock()) or self.memo.travel(likeness, request)

    def feed(self, *calls: Call, complete: bool = True) -> None:
        """A round of the feed, now."""
        self.world.store.update(calls, FeedState(self.world.clock(), complete))


def test_the_same_request_is_answered_again_and_its_age_is_the_indexs_by_then() -> None:
    counting = Counting()
    first = counting.ask()
    counting.world.clock.move(1.5)
    again = counting.ask()
    assert counting.travelled == 1
    assert (first.body, again.body) == (FOUND, FOUND)
    assert header(first, "Cache-Status") == f'{HIT}; as-of-age=0.000; candidates=1; rule="last"'
    assert header(again, "Cache-Status") == f'{HIT}; as-of-age=1.500; candidates=1; rule="last"'
    apart = set(first.headers) ^ set(again.headers)
    assert {name for name, _ in apart} == {"Cache-Status"}


def test_a_round_of_the_feed_that_brings_nothing_new_makes_the_answer_younger() -> None:
    counting = Counting()
    counting.ask()
    counting.world.clock.move(60)
    counting.feed()
    assert "as-of-age=0.000" in (header(counting.ask(), "Cache-Status") or "")
    assert counting.travelled == 1


def test_another_request_is_not_the_same() -> None:
    counting = Counting()
    counting.ask()
    assert counting.ask("other", extension="9999").body == NOT_FOUND
    assert counting.travelled == 2


def test_an_index_that_has_moved_on_is_asked_anew() -> None:
    counting = Counting()
    counting.ask()
    counting.feed(call("newer", ended=-1))
    assert "newer" in text(counting.ask())
    counting.world.store.update([], counting.world.store.state(), removed=["newer"])
    assert counting.ask().body == FOUND


def test_an_index_that_is_complete_no_longer_is_asked_anew() -> None:
    counting = Counting()
    counting.ask(extension="9999")
    counting.feed(complete=False)
    assert source(counting.ask(extension="9999")) == "callgate; fwd=miss"


def test_an_index_that_has_grown_too_old_is_asked_anew() -> None:
    counting = Counting()
    counting.ask()
    counting.world.clock.move(3)
    assert source(counting.ask()) == HIT
    counting.world.clock.move(0.001)
    assert source(counting.ask()) == "callgate; fwd=miss"


def test_a_site_that_is_stricter_about_no_is_so_every_time() -> None:
    counting = Counting(Terms(timedelta(seconds=3), timedelta(seconds=1)))
    counting.ask("yes")
    counting.ask("no", extension="9999")
    counting.world.clock.move(1)
    counting.ask("yes")
    counting.ask("no", extension="9999")
    assert counting.travelled == 2
    counting.world.clock.move(0.5)
    counting.ask("yes")
    assert counting.travelled == 2
    assert counting.memo.recall("no", counting.world.clock()) is None


def test_a_token_past_its_hour_is_proven_anew() -> None:
    counting = Counting()
    counting.ask()
    counting.world.clock.move(3600)
    counting.feed()
    assert source(counting.ask()) == "callgate; fwd=bypass"


def test_a_token_that_was_refused_gets_nothing_more() -> None:
    counting = Counting()
    counting.ask()
    refused = TokenRecord("crm", NODE, NOON, refused=True)
    counting.world.store.remember(Secret(TOKEN), refused)
    assert 'code="-43"' in text(counting.ask())


def test_where_no_token_is_needed_none_expires() -> None:
    counting = Counting(requires_authentication=False)
    counting.ask(token=None)
    counting.world.clock.move(86_400)
    counting.feed()
    assert counting.ask(token=None).body == FOUND
    assert counting.travelled == 1


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({"status": "ongoing,last"}, id="passed on"),
        pytest.param({"key": "nobody's"}, id="refused"),
        pytest.param({"action": "GetCallURL"}, id="the recorder's"),
    ],
)
def test_what_the_index_did_not_say_is_not_kept(more: dict[str, str]) -> None:
    counting = Counting()
    counting.ask(**more)
    counting.ask(**more)
    assert counting.travelled == 2


def test_a_call_that_becomes_stuck_is_asked_about_anew() -> None:
    counting = Counting(Terms(timedelta(seconds=3), stuck_after=timedelta(hours=1)))
    counting.feed(call("stale", started=-3590, ended=None))
    assert "stale" in text(counting.ask(status="ongoing"))
    counting.world.clock.move(9)
    counting.feed()
    assert "stale" in text(counting.ask(status="ongoing"))
    assert counting.travelled == 1
    counting.world.clock.move(1.5)
    assert counting.ask(status="ongoing").body == NOT_FOUND


def test_next_is_another_question_each_time() -> None:
    counting = Counting()
    counting.world.clock.move(-61)
    request = Request(
        "id",
        tuple(pairs(action="GetCallID", extension="8856", status="next")),
        None,
        counting.world.clock(),
    )
    counting.world.clock.move(61)
    assert counting.memo.travel("next", request).body == NOT_FOUND
    assert counting.memo.recall("next", counting.world.clock()) is None


def test_a_store_that_fails_is_remembered_for_nothing() -> None:
    counting = Counting()
    broken: Any = BrokenStore()
    counting.use(counting.world.built(broken))
    counting.ask()
    counting.ask()
    assert counting.travelled == 2


def test_what_one_configuration_was_told_no_other_is() -> None:
    asked = {"REQUEST_METHOD": "GET", "PATH_INFO": "/verba/api", "SERVER_PROTOCOL": "HTTP/1.0"}
    query = f"action=GetCallID&apiKey={KEY}&extension=8856&status=last"
    bodies = []
    for key in (KEY, "another"):
        text_ = CONFIG.format(key=key)
        made = wsgi.create_app(parse(text_, Path("/nowhere"), {}, "test.toml"))
        made.plant._started = True
        made.plant.store.update([call()], FeedState(as_of=clock(), complete=True))
        environ = {**asked, "QUERY_STRING": query}
        bodies += [b"".join(made(dict(environ), lambda *_: print)) for _ in range(2)]
    assert bodies[:2] == [FOUND, FOUND]
    assert all(b'code="-41"' in body for body in bodies[2:])
