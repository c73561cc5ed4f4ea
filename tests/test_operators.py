"""The operators' paths, called as a WSGI server calls them."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway import wsgi
from gateway.config import parse
from gateway.core.errors import StoreError
from gateway.core.verification import Disagreement
from gateway.stores import FeedState
from gateway.wiring import clock
from tests.fakes import FOUND, KEY, TOKEN, call
from tests.test_wsgi import Answer
from tests.test_wsgi import call as ask

TEXT = f"""
[server]
max_body = 2000
workers = 1
[recorder]
nodes = ["http://127.0.0.1:1/verba/api"]
api_key = "{KEY}"
[index]
store = "memory:"
stuck_after = "1h"
[[applications]]
name = "pbx"
keys = ["{KEY}"]
requires_authentication = false
may_push = true
[[applications]]
name = "crm"
keys = ["{TOKEN}"]
"""
EVENT = {"id": "pushed", "caller": "7", "called": "8856"}


@pytest.fixture
def gateway() -> Iterator[wsgi.Application]:
    """A gateway whose index was fed just now, and whose feed does not run."""
    application = wsgi.create_app(parse(TEXT, Path("/nowhere"), {}, "test.toml"))
    application.plant._started = True
    application.plant.store.update([call()], FeedState(as_of=clock(), complete=True))
    yield application
    application.plant.gateway.index.watch.stop()


def push(gateway: wsgi.Application, *events: object, key: str = KEY, **environ: Any) -> Answer:
    body = json.dumps({"calls": events}).encode()
    asked: dict[str, Any] = {"PATH_INFO": "/-/calls", "HTTP_X_API_KEY": key} | environ
    return ask(gateway, method="POST", body=body, **asked)


def of(gateway: wsgi.Application, extension: str, status: str) -> bytes:
    asked = {"action": "GetCallID", "apiKey": KEY, "extension": extension, "status": status}
    return ask(gateway, asked | {"responseType": "TEXT"}).body


def test_what_is_pushed_is_answered_at_once(gateway: wsgi.Application) -> None:
    answer = push(gateway, EVENT)
    assert (answer.status, answer.body) == ("200 OK", b'{"stored": 1, "removed": 0}\n')
    assert of(gateway, "7", "ongoing") == b"pushed\n"
    ended = clock().isoformat()
    push(gateway, {"id": "pushed", "ended_at": ended})
    assert of(gateway, "7", "last") == b"pushed\n"
    push(gateway, {"id": "pushed", "deleted": True})
    assert of(gateway, "7", "last").startswith(b"ERROR:2:")


def test_a_key_may_come_as_a_bearer(gateway: wsgi.Application) -> None:
    bearer = {"HTTP_X_API_KEY": "", "HTTP_AUTHORIZATION": f"bearer {KEY}"}
    assert push(gateway, EVENT, **bearer).status == "200 OK"


@pytest.mark.parametrize(
    ("environ", "status", "message"),
    [
        ({"key": "nobody"}, "401 Unauthorized", "X-API-Key or Authorization"),
        ({"key": ""}, "401 Unauthorized", "X-API-Key or Authorization"),
        ({"key": TOKEN}, "403 Forbidden", "set may_push = true"),
        ({"REQUEST_METHOD": "GET"}, "405 Method Not Allowed", "POST events"),
        ({"REMOTE_ADDR": "203.0.113.9"}, "403 Forbidden", "operators"),
    ],
    ids=["unknown key", "no key", "may not push", "method", "from elsewhere"],
)
def test_who_may_not_push_is_told_why(
    gateway: wsgi.Application, environ: dict[str, str], status: str, message: str
) -> None:
    answer = push(gateway, EVENT, **environ)
    assert answer.status == status
    assert message in answer.body.decode()
    assert gateway.plant.store.known(["pushed"]) == ()


def test_of_several_events_with_a_fault_none_is_taken(gateway: wsgi.Application) -> None:
    answer = push(gateway, EVENT, {"id": "b"})
    assert answer.status == "400 Bad Request"
    assert json.loads(answer.body)["error"].startswith("calls[1] is not known yet")
    assert gateway.plant.store.known(["pushed"]) == ()


def test_too_much_news_is_too_large(gateway: wsgi.Application) -> None:
    assert push(gateway, *[EVENT] * 100).status == "413 Request Entity Too Large"


def test_a_store_that_fails_is_no_reason_for_a_trace(
    gateway: wsgi.Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise StoreError("full")

    monkeypatch.setattr(type(gateway.plant.store), "overrule", fail)
    monkeypatch.setattr(type(gateway.plant.store), "size", fail)
    assert push(gateway, EVENT).status == "503 Service Unavailable"
    for path in ("/-/metrics", "/-/status"):
        answer = ask(gateway, PATH_INFO=path)
        assert (answer.status, answer.body) == ("503 Service Unavailable", b"full\n")


def troubled(gateway: wsgi.Application) -> None:
    """A stuck call with a hostile name, and a form that the recorder contradicts."""
    store = gateway.plant.store
    state = FeedState(as_of=clock(), complete=True, contradicted=7)
    store.update([call("<script>", ended=None)], state)
    for _ in range(3):
        store.tally("last", Disagreement.ANOTHER_CALL)


def test_the_status_page_shows_what_is_wrong_and_runs_nothing(gateway: wsgi.Application) -> None:
    troubled(gateway)
    answer = ask(gateway, PATH_INFO="/-/status")
    page = answer.body.decode()
    assert answer.status == "200 OK"
    assert "silent on last: the recorder has contradicted it" in page
    assert "&lt;script&gt;" in page
    assert '<th scope="row">look-ups</th><td>0 of 48</td><td>0</td>' in page
    assert "<script>" not in page
    assert "another call: 3" in page
    assert '<th scope="row">Listed as ongoing, recorded as ended</th><td>7</td>' in page
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; style-src")
    assert answer.headers["cache-control"] == "no-store"


def test_the_metrics_say_the_same_in_prometheuss_words(gateway: wsgi.Application) -> None:
    troubled(gateway)
    answer = ask(gateway, PATH_INFO="/-/metrics")
    lines = answer.body.decode().splitlines()
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert "callgate_index_stuck_calls 1.0" in lines
    assert "callgate_index_ongoing_calls 0.0" in lines
    assert "callgate_index_contradicted_calls 7.0" in lines
    assert 'callgate_recorder_requests_most{lane="media"} 24.0' in lines
    assert 'callgate_recorder_requests_refused_total{lane="changes"} 0.0' in lines
    assert "callgate_index_calls 2.0" in lines
    assert 'callgate_index_disagreements_total{form="last",kind="another call"} 3.0' in lines
    assert 'callgate_index_silent{form="last"} 1.0' in lines
    assert 'callgate_index_checks_total{form="last"} 3.0' in lines


def test_metrics_and_status_page_say_how_it_stands_with_the_nodes(
    gateway: wsgi.Application,
) -> None:
    asked = {"action": "KeepCall", "apiKey": KEY, "callID": "1"}
    for _ in range(5):
        assert ask(gateway, asked).status == "503 Service Unavailable"
    lines = ask(gateway, PATH_INFO="/-/metrics").body.decode().splitlines()
    node = '{node="http://127.0.0.1:1/verba/api"}'
    assert f"callgate_recorder_node_up{node} 0.0" in lines
    assert f"callgate_recorder_ejections_total{node} 1.0" in lines
    assert "callgate_recorder_retries_total 0.0" in lines
    assert "callgate_recorder_retries_refused_total 0.0" in lines
    page = ask(gateway, PATH_INFO="/-/status").body.decode()
    assert "<td>open</td><td>The recorder cannot be reached at the moment. (" in page
    assert re.search("<td>in [45] s</td>", page)


def test_readiness_says_on_what_the_index_is_silent(gateway: wsgi.Application) -> None:
    troubled(gateway)
    answer = ask(gateway, PATH_INFO="/-/ready")
    assert answer.status == "200 OK"
    assert b"silent on last" in answer.body


def test_what_is_not_there_says_what_is(gateway: wsgi.Application) -> None:
    answer = ask(gateway, PATH_INFO="/-/x")
    assert answer.status == "404 Not Found"
    assert b"/-/status" in answer.body
    answer = ask(gateway, PATH_INFO="/-/status", method="POST")
    assert (answer.status, answer.headers["allow"]) == ("405 Method Not Allowed", "GET, HEAD")


def test_an_index_that_was_never_fed_has_figures_too() -> None:
    application = wsgi.create_app(parse(TEXT, Path("/nowhere"), {}, "test.toml"))
    application.plant._started = True
    assert b"never fed" in ask(application, PATH_INFO="/-/status").body
    assert b"callgate_index_age_seconds +Inf" in ask(application, PATH_INFO="/-/metrics").body


def test_the_sample_is_answered_beside_all_that(gateway: wsgi.Application) -> None:
    asked = {"action": "GetCallID", "apiKey": KEY, "extension": "8856", "status": "last"}
    assert ask(gateway, asked).body == FOUND
