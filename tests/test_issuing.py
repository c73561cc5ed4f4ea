"""Tokens of the gateway's own, end to end against the simulator: `credentials = "service"`."""

import re
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher

from gateway import wsgi
from gateway.config import Argon2, parse
from gateway.core.errors import Code, NoAnswer, Refusal
from gateway.core.replies import Answer
from gateway.core.secrets import Secret
from gateway.core.tokens import TokenRecord
from gateway.issuing import Issuer, Users, revoke
from gateway.simulator.clock import SystemClock
from gateway.simulator.server import Server
from gateway.stores.memory import MemoryStore
from tests.fakes import KEY, NOON, BrokenStore, FakeRecorder, document
from tests.recorder.test_recorder_client import admitted
from tests.test_wsgi import QUIET, call
from tests.test_wsgi import Answer as Answered

HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("se:cret")
USERS = Users({"ann": Argon2(Secret(HASH)), "bob": Secret("plain")})
CLIENTS_KEY = "clients-own-key"


def basic(login: str) -> dict[str, Any]:
    """A request with that Basic header."""
    value = Secret(f"Basic {b64encode(login.encode()).decode()}")
    return {"credentials": {"Authorization": value}}


@pytest.mark.parametrize(
    ("user", "password", "right"),
    [
        ("ann", "se:cret", True),
        ("ann", "plain", False),
        ("ann", "", False),
        ("ann", "\udcff", False),
        ("bob", "plain", True),
        ("bob", "se:cret", False),
        ("eve", "se:cret", False),
        ("eve", "", False),
    ],
)
def test_a_user_needs_his_own_password(user: str, password: str, *, right: bool) -> None:
    assert USERS(user, Secret(password)) is right


@dataclass
class Slow:
    """Does work elsewhere, and counts it."""

    done: int = 0

    def __call__(self, work: Any, argument: Any) -> bool:
        """Count, and do it."""
        self.done += 1
        return bool(work(argument))


def test_a_name_that_nobody_has_takes_as_long_as_one_that_somebody_has() -> None:
    elsewhere = Slow()
    users = Users({"ann": Argon2(Secret(HASH))}, elsewhere)
    users("ann", Secret("x"))
    users("eve", Secret("x"))
    assert elsewhere.done == 2


def test_without_any_user_nobody_gets_in() -> None:
    assert not Users({})("", Secret(""))


@pytest.mark.parametrize(
    ("asked", "request_"),
    [
        ({"userName": "ann", "password": "se:cret"}, {}),
        ({}, basic("ann:se:cret")),
        ({"userName": "eve", "password": "x"}, basic("ann:se:cret")),
    ],
    ids=["parameters", "Basic", "Basic before parameters"],
)
def test_a_token_is_issued_for_an_hour_and_the_recorder_never_hears_of_it(
    asked: dict[str, str], request_: dict[str, Any]
) -> None:
    store, recorder = MemoryStore(), FakeRecorder([document(b"")])
    issuer = Issuer(recorder, store, USERS)
    asked = {"action": "RequestToken", "token": ""} | asked
    reply, _ = issuer.ask(admitted(**asked, request=request_))
    assert isinstance(reply, Answer)
    assert re.fullmatch("[0-9a-f]{32}", reply.token)
    assert reply.token not in repr(reply)
    record = store.recall(Secret(reply.token), "crm")
    assert record == TokenRecord("crm", "", NOON + timedelta(hours=1))
    assert recorder.asked == []


@pytest.mark.parametrize(
    ("asked", "request_"),
    [
        ({}, {}),
        ({"userName": "ann"}, {}),
        ({"userName": "ann", "password": "wrong"}, {}),
        ({"userName": "ann", "password": "se:cret"}, basic("ann:wrong")),
        ({}, basic("ann")),
        ({}, {"credentials": {"Authorization": Secret("Basic \udcff!")}}),
        ({}, {"credentials": {"Authorization": Secret("Basic /w==")}}),
    ],
)
def test_who_shows_no_right_password_is_refused_as_by_the_recorder(
    asked: dict[str, str], request_: dict[str, Any]
) -> None:
    issuer = Issuer(FakeRecorder([document(b"")]), MemoryStore(), USERS)
    with pytest.raises(Refusal) as refused:
        issuer.ask(admitted(**{"action": "RequestToken"} | asked, request=request_))
    assert refused.value.code == Code.INVALID_CREDENTIALS


def test_a_token_that_cannot_be_remembered_is_not_issued() -> None:
    broken: Any = BrokenStore()
    issuer = Issuer(FakeRecorder([document(b"")]), broken, USERS)
    with pytest.raises(NoAnswer):
        issuer.ask(admitted(action="RequestToken", userName="bob", password="plain"))


def test_a_revoked_token_is_worthless_at_once() -> None:
    store, token = MemoryStore(), Secret("t")
    store.remember(token, TokenRecord("crm", "", NOON + timedelta(hours=1)))
    assert revoke(store, token, ("crm", "lamp"), NOON) == 1
    record = store.recall(token, "crm")
    assert record is not None
    assert not record.proven(NOON - timedelta(minutes=1))
    assert revoke(store, Secret("another"), ("crm",), NOON) == 0


@pytest.fixture(scope="module")
def recorder() -> Iterator[Server]:
    """A recorder that knows the gateway's own login alone."""
    with Server(replace(QUIET), SystemClock()) as server:
        yield server


@pytest.fixture(scope="module")
def gateway(recorder: Server) -> Iterator[wsgi.Application]:
    """A gateway with users of its own before it."""
    text = f"""
[recorder]
nodes = ["{recorder.url}"]
credentials = "service"
api_key = "{KEY}"
user_name = "myapiuser"
password = "pa$$word"
[index]
store = "memory:"
[[users]]
name = "ann"
password = "argon2:{HASH}"
[[applications]]
name = "crm"
keys = ["{CLIENTS_KEY}"]
"""
    application = wsgi.create_app(parse(text, Path("/nowhere"), {}, "test.toml"))
    yield application
    application.plant.stop()


def ask(gateway: wsgi.Application, action: str, **more: str) -> Answered:
    return call(gateway, {"action": action, "apiKey": CLIENTS_KEY, **more})


def test_clients_get_along_with_the_gateways_tokens_alone(
    gateway: wsgi.Application, recorder: Server
) -> None:
    login = ask(gateway, "RequestToken", userName="ann", password="se:cret", responseType="TEXT")
    token = login.body.decode().strip()
    assert re.fullmatch("[0-9a-f]{32}", token)
    answer = ask(gateway, "GetCallURL", extension="8856", status="last", token=token)
    assert b'code="0"' in answer.body
    heard = [request for _, request in recorder.simulator.journal.last("GetCallURL")][-1]
    assert dict(heard.pairs)["apiKey"] == KEY
    assert dict(heard.pairs)["token"] != token
    assert token not in str(heard)
    assert not [
        each for _, each in recorder.simulator.journal.last("RequestToken") if "ann" in str(each)
    ]


def test_a_token_in_every_dress(gateway: wsgi.Application) -> None:
    login = {"userName": "ann", "password": "se:cret"}
    for dress, shape in (
        ("XML", rb'<Response code="0" type="RequestToken" token="[0-9a-f]{32}"/>'),
        ("JSON", rb'"token":"[0-9a-f]{32}"'),
        ("HTML", rb"[0-9a-f]{32}"),
    ):
        answer = ask(gateway, "RequestToken", responseType=dress, **login)
        assert re.search(shape, answer.body), answer.body
        assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("token", ["09835e02-6c10-11e0-bb22-ba324924019b", "guessed", "0" * 32])
def test_no_token_but_the_gateways_own_opens_anything(
    gateway: wsgi.Application, recorder: Server, token: str
) -> None:
    before = len(recorder.simulator.journal.last("KeepCall"))
    answer = ask(gateway, "KeepCall", extension="8856", status="last", token=token)
    assert b'code="-43"' in answer.body
    assert len(recorder.simulator.journal.last("KeepCall")) == before


def test_the_recorders_own_key_is_no_clients_key(gateway: wsgi.Application) -> None:
    answer = call(gateway, {"action": "RequestToken", "apiKey": KEY, "userName": "ann"})
    assert b'code="-41"' in answer.body
