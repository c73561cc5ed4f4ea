"""The doors, called as a WSGI server calls them, under the standard library's validator."""

import io
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

import pytest

from gateway import wsgi
from gateway.config import Config, ConfigurationFaults, parse
from gateway.simulator.clock import SystemClock
from gateway.simulator.request import Request
from gateway.simulator.server import Server
from gateway.simulator.settings import Access, Settings, Traffic
from tests.fakes import FOUND, KEY, NOT_FOUND, SAMPLE_ID, TOKEN

QUIET = Settings(port=0, access=Access(), traffic=Traffic(calls_per_minute=0, history_calls=0))
SAMPLE = {
    "action": "GetCallID",
    "apiKey": KEY,
    "token": TOKEN,
    "extension": "8856",
    "status": "last",
}


class Answer:
    """What came out of a door."""

    def __init__(self, status: str, headers: list[tuple[str, str]], body: bytes) -> None:
        self.status = status
        self.headers = {name.lower(): value for name, value in headers}
        self.body = body


def call(
    application: Any,
    query: str | dict[str, str] = "",
    *,
    method: str = "GET",
    body: bytes = b"",
    **environ: Any,
) -> Answer:
    """Call an application, validated on both sides."""
    text = query if isinstance(query, str) else urlencode(query)
    made: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": "/verba/api",
        "QUERY_STRING": text,
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
    }
    setup_testing_defaults(made)
    made |= {name: value for name, value in environ.items() if value is not None}
    for name in [name for name, value in environ.items() if value is None]:
        made.pop(name, None)
    seen: list[Any] = []

    def start_response(
        status: str, headers: list[tuple[str, str]], *_: Any
    ) -> Callable[[bytes], Any]:
        seen.extend((status, headers))
        return lambda _: None

    chunks = validator(application)(made, start_response)
    try:
        whole = b"".join(chunks)
    finally:
        chunks.close()  # type: ignore[attr-defined]
    return Answer(seen[0], seen[1], whole)


@pytest.fixture(scope="module")
def recorder() -> Iterator[Server]:
    """A recorder in which nothing happens by itself."""
    with Server(QUIET, SystemClock()) as server:
        yield server


def eventually(condition: Callable[[], bool], within: float = 15.0) -> None:
    """Wait until it holds, or fail."""
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.05)


def configuration(url: str, more: str = "", application: str = "") -> Config:
    """A configuration for that recorder, with a store in memory."""
    text = f"""
[server]
max_body = 2000
{more}
[recorder]
nodes = ["{url}"]
api_key = "{KEY}"
user_name = "myapiuser"
password = "pa$$word"
[index]
store = "memory:"
[[applications]]
name = "crm"
keys = ["{KEY}"]
{application}
"""
    return parse(text, Path("/nowhere"), {}, "test.toml")


def heard(recorder: Server, action: str) -> Request:
    """The last request of that action that was not the feed's."""
    requests = [request for _, request in recorder.simulator.journal.last(action)]
    return [each for each in requests if "orderby" not in dict(each.pairs)][-1]


@pytest.fixture(scope="module")
def gateway(recorder: Server) -> Iterator[wsgi.Application]:
    """A gateway before that recorder."""
    application = wsgi.create_app(configuration(recorder.url))
    yield application
    application.plant.stop()


def test_the_seeds_sample_is_answered_byte_for_byte(gateway: wsgi.Application) -> None:
    answer = call(gateway, {**SAMPLE, "responseType": "XML"})
    assert answer.status == "200 OK"
    assert answer.body == FOUND
    assert answer.headers["content-type"].lower().replace(" ", "") == "text/xml;charset=utf-8"


def test_the_seeds_error_is_answered_byte_for_byte(gateway: wsgi.Application) -> None:
    assert call(gateway, {**SAMPLE, "extension": "9999"}).body == NOT_FOUND


@pytest.mark.parametrize(
    ("dress", "body"),
    [
        ("TEXT", f"{SAMPLE_ID}\n"),
        ("JSON", f'{{"action":"GetCallID","code":0,"CallID":"{SAMPLE_ID}"}}\n'),
    ],
)
def test_other_dresses_are_made_here(gateway: wsgi.Application, dress: str, body: str) -> None:
    assert call(gateway, {**SAMPLE, "responseType": dress}).body.decode() == body


def test_every_answer_has_an_id_and_says_where_it_came_from(gateway: wsgi.Application) -> None:
    for query in (SAMPLE, {"action": "GetCallID"}, {**SAMPLE, "status": "odd"}):
        headers = call(gateway, query).headers
        assert len(headers["x-request-id"]) == 32
        assert headers["cache-status"].startswith("callgate; ")
        assert headers["cache-control"] == "no-store"
        assert headers["content-length"].isdigit()


def test_query_and_form_are_merged_the_query_first(
    gateway: wsgi.Application, recorder: Server
) -> None:
    form = urlencode({"token": TOKEN, "f_x": "from the form"}).encode()
    query = {"action": "SearchCalls", "apiKey": KEY, "f_x": "from the query"}
    call(gateway, query, method="POST", body=form, CONTENT_TYPE="application/x-www-form-urlencoded")
    seen = heard(recorder, "SearchCalls")
    asked = [value for name, value in seen.form if name == "f_x"]
    assert asked == ["from the query", "from the form"]


@pytest.mark.parametrize(
    ("query", "form"),
    [
        pytest.param("extension=1&extension=2", "", id="in the query"),
        pytest.param("", "extension=1&extension=2", id="in the form"),
        pytest.param("extension=1", "extension=2", id="across both"),
        pytest.param("extension=1", "Extension=2", id="in another case"),
    ],
)
def test_a_reserved_parameter_with_two_values_is_refused(
    gateway: wsgi.Application, query: str, form: str
) -> None:
    common = urlencode(
        {"action": "GetCallID", "apiKey": KEY, "token": TOKEN, "responseType": "TEXT"}
    )
    answer = call(gateway, f"{common}&{query}", method="POST", body=form.encode(), CONTENT_TYPE="")
    assert answer.body.startswith(b"ERROR:-20:The parameter extension is given twice")


@pytest.mark.parametrize("octets", ["%00", "%0d%0a", "%1b", "%c2%85"])
def test_control_characters_are_refused(gateway: wsgi.Application, octets: str) -> None:
    answer = call(gateway, urlencode(SAMPLE).replace("8856", f"88{octets}56"))
    assert b'code="-20"' in answer.body
    assert b"control character" in answer.body


def test_too_many_parameters_are_refused(gateway: wsgi.Application) -> None:
    many = "&".join(f"p{i}=" for i in range(5000))
    assert b"more than 250 parameters" in call(gateway, f"{urlencode(SAMPLE)}&{many}").body


@pytest.mark.parametrize("announced", [True, False], ids=["announced", "chunked"])
def test_a_body_over_the_limit_is_refused_in_the_dress_that_was_asked_for(
    gateway: wsgi.Application, announced: bool
) -> None:
    environ: dict[str, Any] = (
        {} if announced else {"wsgi.input_terminated": True, "CONTENT_LENGTH": None}
    )
    answer = call(gateway, "responseType=TEXT", method="POST", body=b"x" * 2001, **environ)
    assert answer.status == "413 Request Entity Too Large"
    assert answer.body.startswith(b"ERROR:-20:The body is larger than 2000 bytes")


def test_a_body_of_exactly_the_limit_is_taken(gateway: wsgi.Application) -> None:
    form = urlencode(SAMPLE).encode()
    padded = form + b"&x=" + b"y" * (2000 - len(form) - 3)
    assert b'code="0"' in call(gateway, method="POST", body=padded, CONTENT_TYPE="").body


def test_a_body_that_is_no_form_is_refused(gateway: wsgi.Application) -> None:
    answer = call(gateway, SAMPLE, method="POST", body=b"{}", CONTENT_TYPE="application/json")
    assert answer.status.startswith("415")


def test_bytes_that_are_no_utf8_are_left_to_the_recorder(
    gateway: wsgi.Application, recorder: Server
) -> None:
    query = f"{urlencode({**SAMPLE, 'action': 'SearchCalls'})}&anyname=%E9t%E9"
    call(gateway, query)
    seen = dict(heard(recorder, "SearchCalls").form)
    assert seen["anyname"] == "\ufffdt\ufffd"  # a servlet replaces them, and not the gateway


@pytest.mark.parametrize("raw", ["é", "á é"], ids=["accent", "raw blank"])
def test_a_query_that_is_not_escaped_is_read_all_the_same(
    gateway: wsgi.Application, recorder: Server, raw: str
) -> None:
    wire = f"{urlencode({**SAMPLE, 'action': 'SearchCalls'})}&anyname={raw}".encode().decode(
        "latin-1"
    )
    call(gateway, wire)
    assert dict(heard(recorder, "SearchCalls").form)["anyname"] == raw


@pytest.mark.parametrize(
    "host", [None, "", "a b", "a/b", "exa\tmple", "a,b", "[::1", "a:b", "user@host"]
)
def test_a_missing_or_invalid_host_is_a_bad_request(
    gateway: wsgi.Application, host: str | None
) -> None:
    assert call(gateway, SAMPLE, HTTP_HOST=host).status == "400 Bad Request"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8080", "[::1]:8080", "gate.example"])
def test_a_sound_host_is_let_in(gateway: wsgi.Application, host: str) -> None:
    assert call(gateway, SAMPLE, HTTP_HOST=host).body == FOUND


def test_http_1_0_needs_no_host(gateway: wsgi.Application) -> None:
    answer = call(gateway, SAMPLE, HTTP_HOST=None, SERVER_PROTOCOL="HTTP/1.0")
    assert answer.body == FOUND


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE"])
def test_other_methods_are_refused_with_what_is_allowed(
    gateway: wsgi.Application, method: str
) -> None:
    answer = call(gateway, SAMPLE, method=method)
    assert answer.status == "405 Method Not Allowed"
    assert answer.headers["allow"] == "GET, HEAD, POST, OPTIONS"


def test_options_says_what_is_allowed_and_asks_nobody(gateway: wsgi.Application) -> None:
    answer = call(gateway, method="OPTIONS")
    assert answer.status == "204 No Content"
    assert answer.headers["allow"] == "GET, HEAD, POST, OPTIONS"


def test_head_has_the_headers_of_get_and_no_body(gateway: wsgi.Application) -> None:
    get, head = call(gateway, SAMPLE), call(gateway, SAMPLE, method="HEAD")
    assert head.body == b""
    assert head.headers["content-length"] == get.headers["content-length"] == str(len(FOUND))


def test_head_of_media_hangs_up_on_the_recorder(gateway: wsgi.Application) -> None:
    answer = call(gateway, {**SAMPLE, "action": "GetMedia"}, method="HEAD")
    assert answer.status == "200 OK"
    assert answer.body == b""


def test_media_stream_through(gateway: wsgi.Application) -> None:
    answer = call(gateway, {**SAMPLE, "action": "GetMedia"})
    assert answer.body.startswith(b"RIFF")
    assert answer.headers["content-length"] == str(len(answer.body))
    assert answer.headers["x-request-id"]


def test_an_upload_streams_through(gateway: wsgi.Application, recorder: Server) -> None:
    part = b'Content-Disposition: form-data; name="f"; filename="a.wav"\r\n\r\nRIFF'
    body = b"--b\r\n" + part + b"x" * 5000 + b"\r\n--b--\r\n"
    query = {
        **SAMPLE,
        "action": "PutMedia",
        "starttime": "2026-01-01 10:00",
        "endtime": "2026-01-01 10:01",
        "nativeid": "N1",
    }
    del query["extension"], query["status"]
    kind = "multipart/form-data; boundary=b"
    answer = call(gateway, query, method="POST", body=body, CONTENT_TYPE=kind)
    assert b'code="0"' in answer.body
    assert any(name == "nativeid" for name, _ in heard(recorder, "PutMedia").query)


def test_a_forwarded_address_counts_only_from_a_trusted_proxy(recorder: Server) -> None:
    inside = 'networks = ["10.0.0.0/8"]\nrequires_authentication = false'
    config = configuration(recorder.url, 'trusted_proxies = ["127.0.0.1"]', inside)
    application = wsgi.create_app(config)
    try:
        for peer, forwarded, admitted in (
            ("127.0.0.1", "10.1.2.3", True),
            ("127.0.0.1", "10.1.2.3, 192.0.2.1", False),
            ("192.0.2.1", "10.1.2.3", False),
            ("127.0.0.1", "", False),
        ):
            answer = call(application, SAMPLE, REMOTE_ADDR=peer, HTTP_X_FORWARDED_FOR=forwarded)
            assert (b'code="-41"' not in answer.body) is admitted, (peer, forwarded)
    finally:
        application.plant.stop()


def test_a_request_id_is_taken_over_from_a_trusted_proxy_alone(
    gateway: wsgi.Application, recorder: Server
) -> None:
    assert call(gateway, SAMPLE, HTTP_X_REQUEST_ID="mine").headers["x-request-id"] != "mine"
    trusting = wsgi.create_app(configuration(recorder.url, 'trusted_proxies = ["127.0.0.1"]'))
    try:
        assert call(trusting, SAMPLE, HTTP_X_REQUEST_ID="a-1").headers["x-request-id"] == "a-1"
        odd = call(trusting, SAMPLE, HTTP_X_REQUEST_ID="a b").headers["x-request-id"]
        assert len(odd) == 32
    finally:
        trusting.plant.stop()


@pytest.mark.parametrize(
    ("forwarded", "status"),
    [
        ("", "200 OK"),
        ("127.0.0.9", "200 OK"),
        ("203.0.113.9", "403 Forbidden"),
        ("127.0.0.1, 203.0.113.9", "403 Forbidden"),
        ("203.0.113.9, 127.0.0.1", "403 Forbidden"),
        ("unknown", "403 Forbidden"),
    ],
)
@pytest.mark.parametrize("trusted", ["", 'trusted_proxies = ["127.0.0.0/8"]'])
def test_a_proxy_on_this_machine_does_not_open_the_operators_pages_to_the_world(
    recorder: Server, forwarded: str, status: str, trusted: str
) -> None:
    application = wsgi.create_app(configuration(recorder.url, trusted))
    try:
        answer = call(application, PATH_INFO="/-/live", HTTP_X_FORWARDED_FOR=forwarded)
        assert answer.status == status
    finally:
        application.plant.stop()


@pytest.mark.parametrize("host", [None, "a b"])
def test_the_operators_pages_want_sound_http_too(gateway: wsgi.Application, host: object) -> None:
    assert call(gateway, PATH_INFO="/-/live", HTTP_HOST=host).status == "400 Bad Request"
    assert call(gateway, PATH_INFO="/-/live", method="DELETE").status == "405 Method Not Allowed"


@pytest.mark.parametrize(
    ("cookies", "sent"),
    [
        ("JSESSIONID=A1.node-2", "JSESSIONID=A1.node-2"),
        ("a=b; JSESSIONID=A1;c=d", "JSESSIONID=A1"),
        ("name=J\xf6rg; JSESSIONID=A1", "JSESSIONID=A1"),
        ("name=J\xf6rg", None),
        ("XJSESSIONID=A1", None),
        ('JSESSIONID="A;1"', None),
    ],
)
def test_of_all_cookies_only_the_recorders_session_is_passed_on(
    gateway: wsgi.Application, recorder: Server, cookies: str, sent: str | None
) -> None:
    answer = call(gateway, SAMPLE | {"action": "GetCallURL"}, HTTP_COOKIE=cookies)
    assert answer.status == "200 OK"
    headers = {name.lower(): value for name, value in heard(recorder, "GetCallURL").headers.items()}
    assert headers.get("cookie") == sent


def test_a_body_that_breaks_off_is_a_bad_request(gateway: wsgi.Application) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError(size)

    broken: dict[str, Any] = {"wsgi.input": Broken(), "CONTENT_LENGTH": "9"}
    answer = call(gateway, SAMPLE, method="POST", **broken)
    assert answer.status == "400 Bad Request"
    assert b"The body broke off" in answer.body


@pytest.mark.parametrize(
    ("raw", "number"), [("%2012345678", "12345678"), ("+12345678", "+12345678")]
)
def test_a_blank_that_was_escaped_was_no_plus(
    gateway: wsgi.Application, recorder: Server, raw: str, number: str
) -> None:
    query = f"action=GetCallURL&apiKey={KEY}&token={TOKEN}&status=last&extension={raw}"
    call(gateway, query)
    assert dict(heard(recorder, "GetCallURL").pairs)["extension"] == number


def test_a_response_type_that_nobody_knows_is_left_to_the_recorder(
    gateway: wsgi.Application,
) -> None:
    answer = call(gateway, SAMPLE | {"responseType": "PDF"})
    assert answer.headers["cache-status"] == "callgate; fwd=bypass"


def test_elsewhere_is_nothing(gateway: wsgi.Application) -> None:
    answer = call(gateway, PATH_INFO="/verba/apiary")
    assert answer.status == "404 Not Found"
    assert b"/verba/api" in answer.body


def test_live_and_ready_are_for_operators(gateway: wsgi.Application) -> None:
    assert call(gateway, PATH_INFO="/-/live").status == "200 OK"
    assert call(gateway, PATH_INFO="/-/none").status == "404 Not Found"
    for peer, forwarded in (("192.0.2.1", ""), ("192.0.2.1", "127.0.0.1"), ("", "")):
        answer = call(
            gateway, PATH_INFO="/-/live", REMOTE_ADDR=peer, HTTP_X_FORWARDED_FOR=forwarded
        )
        assert answer.status == "403 Forbidden"


def test_ready_says_why_it_is_not() -> None:
    application = wsgi.create_app(configuration("http://127.0.0.1:1/verba/api"))
    try:
        answer = call(application, PATH_INFO="/-/ready")
        assert answer.status == "503 Service Unavailable"
        assert b"never fed" in answer.body
    finally:
        application.plant.stop()


def test_an_unexpected_fault_is_a_plain_answer_and_a_log_without_secrets(
    gateway: wsgi.Application, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise ValueError(KEY)

    monkeypatch.setattr(type(gateway.plant.gateway), "travel", fail)
    answer = call(gateway, SAMPLE | {"extension": "nobody's"})
    assert answer.status == "500 Internal Server Error"
    assert answer.headers["x-request-id"] in caplog.text
    assert "ValueError" in caplog.text
    assert KEY not in caplog.text


def hello(_environ: Any, start_response: Any) -> Iterable[bytes]:
    """Another application."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"hello"]


def test_the_middleware_takes_the_apis_path_and_hands_on_the_rest(recorder: Server) -> None:
    wrapped = wsgi.Middleware(hello, configuration(recorder.url))
    try:
        assert call(wrapped, SAMPLE).body == FOUND
        assert call(wrapped, SAMPLE, SCRIPT_NAME="/verba", PATH_INFO="/api").body == FOUND
        assert call(wrapped, PATH_INFO="/").body == b"hello"
        assert call(wrapped, PATH_INFO="/-/live").body == b"hello"
    finally:
        wrapped.gateway.plant.stop()


def test_app_is_made_from_the_file_that_the_environment_names(
    recorder: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (Path(__file__).parents[1] / "config" / "demo.toml").read_text("utf-8")
    path = tmp_path / "demo.toml"
    path.write_text(text.replace("http://127.0.0.1:9090/verba/api", recorder.url), "utf-8")
    monkeypatch.setenv("CALLGATE_CONFIG", str(path))
    app = wsgi.Configured()
    assert call(app, SAMPLE).body == FOUND
    app.load().plant.stop()


def test_app_says_what_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CALLGATE_CONFIG", raising=False)
    with pytest.raises(RuntimeError, match="set CALLGATE_CONFIG"):
        wsgi.Configured().load()


def test_a_faulty_file_is_every_fault_at_once(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text("[server]\nworkers = 0\nodd = 1\n", "utf-8")
    with pytest.raises(ConfigurationFaults) as caught:
        wsgi.create_app(tmp_path / "x.toml")
    assert "x.toml:2" in str(caught.value)
    assert "x.toml:3" in str(caught.value)


@pytest.mark.parametrize(
    "number", ["+36 1 234-5678", "tel:+3612345678", "+3612345678", "sip:+3612345678"]
)
@pytest.mark.parametrize("escape", [quote, str], ids=["escaped", "lost plus"])
def test_a_number_is_one_however_it_is_written(
    gateway: wsgi.Application, recorder: Server, number: str, escape: Callable[[str], str]
) -> None:
    asked = urlencode({**SAMPLE, "status": "odd"}).replace("8856", escape(number).replace(" ", "+"))
    call(gateway, asked)
    assert dict(heard(recorder, "GetCallID").form)["extension"] == "+3612345678"


def test_a_share_of_the_answers_is_checked_by_the_gateways_own_login(recorder: Server) -> None:
    config = configuration(recorder.url)
    index = replace(config.index, verify=1.0)
    application = wsgi.create_app(replace(config, index=index))
    try:
        eventually(lambda: "hit" in call(application, SAMPLE).headers["cache-status"])
        eventually(lambda: application.plant.store.tallies().get("last") is not None)
        tally = application.plant.store.tallies()["last"]
        assert (dict(tally.wrong), tally.silent) == ({}, False)
    finally:
        application.plant.stop()
