"""API keys, tokens and logins."""

import re

import pytest
from werkzeug.test import Client, TestResponse

from gateway.simulator.application import Simulator, create_app
from gateway.simulator.clock import FrozenClock
from gateway.simulator.settings import (
    EMPTY,
    QUIET,
    SEED_KEY,
    SEED_TOKEN,
    Access,
    Dialect,
    Settings,
)

START = 1_700_000_000.0
LOGIN = {"userName": "myapiuser", "password": "pa$$word"}


def make_recorder(clock: FrozenClock | None = None, access: Access | None = None) -> Simulator:
    settings = Settings(access=access or Access(), traffic=QUIET)
    return create_app(settings, clock or FrozenClock(START))


def ask(recorder: Simulator, **parameters: str) -> str:
    query = {"action": "GetCallID", "nativeID": "TRS26140192", **parameters}
    return Client(recorder).get("/verba/api", query_string=query).text


def log_in(recorder: Simulator, **parameters: str) -> str:
    answer = ask(recorder, action="RequestToken", apiKey=SEED_KEY, **(parameters or LOGIN))
    found = re.search('token="([A-Za-z0-9]{32})"', answer)
    assert found is not None
    return found[1]


def basic(name: str, password: str) -> TestResponse:
    query = {"action": "RequestToken", "apiKey": SEED_KEY}
    return Client(make_recorder()).get("/verba/api", query_string=query, auth=(name, password))


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({}, "-41"),
        ({"apiKey": "unknown"}, "-41"),
        ({"apiKey": SEED_KEY.upper()}, "-41"),
        ({"apiKey": SEED_KEY}, "-42"),
        ({"apiKey": SEED_KEY, "token": "never-issued"}, "-43"),
        ({"apiKey": SEED_KEY, "token": SEED_TOKEN}, "0"),
        ({"apiKey": SEED_KEY, "token": SEED_TOKEN, "action": "GetCallId"}, "2"),
    ],
)
def test_a_request_is_admitted_with_key_and_token(given: dict[str, str], code: str) -> None:
    assert f'code="{code}"' in ask(make_recorder(), **given)


def test_an_unknown_action_is_minus_thirty_in_the_numbered_dialect() -> None:
    settings = Settings(traffic=EMPTY, dialect=Dialect.NUMBERED)
    recorder = create_app(settings, FrozenClock(START))
    answer = ask(recorder, action="<Nothing>", apiKey=SEED_KEY, token=SEED_TOKEN)
    assert '<Response code="-30" type="&lt;Nothing&gt;">' in answer


def test_each_key_says_whether_it_needs_a_token() -> None:
    recorder = make_recorder(access=Access(keys={"open": False, "closed": True}))
    assert 'code="0"' in ask(recorder, apiKey="open")
    assert 'code="-42"' in ask(recorder, apiKey="closed")


def test_a_token_alone_is_enough_where_the_vendor_leaves_the_key_out() -> None:
    question = {"action": "GetVoiceQuality", "callIDs": "a8343631-9f35-4a3a-83f0-9e81592339fb"}
    assert "ccdr_id" in ask(make_recorder(), token=SEED_TOKEN, **question)
    assert 'code="-42"' in ask(make_recorder(), **question)


def test_a_login_gives_a_token_that_works_and_a_session() -> None:
    recorder = make_recorder()
    assert 'code="0"' in ask(recorder, apiKey=SEED_KEY, token=log_in(recorder))
    answer = basic("myapiuser", "pa$$word")
    assert answer.headers["Set-Cookie"].startswith("JSESSIONID=")
    assert "<SessionCookieName>JSESSIONID</SessionCookieName>" in answer.text


@pytest.mark.parametrize(("name", "password"), [("myapiuser", "wrong"), ("nobody", "pa$$word")])
def test_a_wrong_login_is_minus_forty_with_http_200(name: str, password: str) -> None:
    answer = basic(name, password)
    assert answer.status_code == 200
    assert 'code="-40"' in answer.text
    assert "token=" not in answer.text


def test_a_token_expires_an_hour_after_it_was_issued() -> None:
    clock = FrozenClock(START)
    recorder = make_recorder(clock)
    token = log_in(recorder)
    clock.move(3600)
    assert 'code="0"' in ask(recorder, apiKey=SEED_KEY, token=token)
    clock.move(1)
    assert 'code="-43"' in ask(recorder, apiKey=SEED_KEY, token=token)
    assert 'code="0"' in ask(recorder, apiKey=SEED_KEY, token=SEED_TOKEN)


def test_a_sliding_token_lives_while_it_is_used() -> None:
    clock = FrozenClock(START)
    recorder = make_recorder(clock, Access(sliding=True, token_lifetime=100))
    token = log_in(recorder)
    for _ in range(3):
        clock.move(90)
        assert 'code="0"' in ask(recorder, apiKey=SEED_KEY, token=token)
    clock.move(101)
    assert 'code="-43"' in ask(recorder, apiKey=SEED_KEY, token=token)


def test_a_token_belongs_to_the_recorder_that_issued_it() -> None:
    token = log_in(make_recorder())
    assert 'code="-43"' in ask(make_recorder(), apiKey=SEED_KEY, token=token)
