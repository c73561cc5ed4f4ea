from dataclasses import fields
from ipaddress import ip_network
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from gateway.config import Config, ConfigurationFaults, MemoryStore, SqliteStore, load, parse
from gateway.config.settings import SECTIONS, Section, settings_of
from gateway.config.unavailable import version_of
from gateway.core.applications import Rate
from gateway.core.secrets import Secret, digest

KEY = f"sha256:{digest('a key that is long enough')}"
RECORDER = 'recorder.api_key = "env:KEY"\n'
APPLICATION = f'[[applications]]\nname = "crm"\nkeys = ["{KEY}"]\n'
ENVIRONMENT = {"KEY": "k" * 32, "EMPTY": ""}


def parsed(text: str) -> Config:
    return parse(text, Path("/etc/callgate"), ENVIRONMENT, "gateway.toml")


def faults(text: str) -> list[str]:
    with pytest.raises(ConfigurationFaults) as caught:
        parsed(text)
    return str(caught.value).splitlines()


def with_setting(section: str, line: str) -> str:
    """A configuration that is right but for this line."""
    if section == "applications":
        return RECORDER + APPLICATION + line
    return f"{RECORDER}{section}.{line}\n{APPLICATION}"


def test_a_key_and_an_application_are_enough() -> None:
    config = parsed(RECORDER + APPLICATION)
    assert config.recorder.api_key == Secret("k" * 32)
    assert config.warnings == ()
    assert config.path is None


def test_what_is_left_out_has_the_default_of_the_contract() -> None:
    config = parsed(RECORDER + APPLICATION)
    assert config.server.bind == "127.0.0.1:8080"
    assert config.server.path == "/verba/api"
    assert config.server.workers == 2
    assert config.server.trusted_proxies == ()
    assert config.server.operators == (ip_network("127.0.0.0/8"), ip_network("::1/128"))
    assert config.server.max_body == 65536
    assert config.recorder.nodes == ("http://127.0.0.1:9090/verba/api",)
    assert config.recorder.credentials == "client"
    assert (config.recorder.user_name, config.recorder.password) == (None, None)
    assert config.recorder.method == "POST"
    assert config.recorder.time_zone == ZoneInfo("UTC")
    assert config.recorder.verify_tls is True
    assert (config.recorder.connect_timeout, config.recorder.timeout) == (2.0, 10.0)
    assert config.recorder.most_requests == 120
    assert config.index.store == SqliteStore(Path("/etc/callgate/callgate.db"))
    assert (config.index.poll_every, config.index.max_age) == (1.0, 3.0)
    assert config.index.max_age_of_no is None
    assert config.index.stuck_after == 12 * 3600.0
    assert config.index.verify == 0.0
    assert config.index.keep == 30 * 86400.0
    assert (config.replies.error_codes, config.replies.http_status) == ("documented", "legacy")
    assert config.users == ()


def test_an_application_has_the_defaults_of_the_contract() -> None:
    (application,) = parsed(RECORDER + APPLICATION).applications
    assert application.name == "crm"
    assert application.keys == {KEY.removeprefix("sha256:")}
    assert application.requires_authentication
    assert application.networks == ()
    assert application.actions == {"*"}
    assert application.rate is None
    assert not application.stale_answers
    assert not application.may_push
    assert not application.extended_status
    assert not application.resolve


@pytest.mark.parametrize("section", SECTIONS.values(), ids=SECTIONS)
def test_every_field_has_its_setting_and_every_setting_its_field(section: Section) -> None:
    assert [field.name for field in fields(section.make)] == list(settings_of(section.name))


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("10.5", 10.5),
        ("7", 7.0),
        ('"90s"', 90.0),
        ('"15m"', 900.0),
        ('"12h"', 43200.0),
        ('"30d"', 2592000.0),
        ('"1.5h"', 5400.0),
    ],
)
def test_a_duration_is_seconds_or_a_number_with_a_unit(written: str, seconds: float) -> None:
    assert parsed(with_setting("index", f"keep = {written}")).index.keep == seconds


@pytest.mark.parametrize(
    ("line", "rate"),
    [
        ('rate = "50/second"', Rate(50, 1.0)),
        ('rate = "1000/minute"', Rate(1000, 60.0)),
        ('rate = "10000/hour"', Rate(10000, 3600.0)),
    ],
)
def test_a_rate_is_requests_in_a_period(line: str, rate: Rate) -> None:
    assert parsed(with_setting("applications", line)).applications[0].rate == rate


@pytest.mark.parametrize(
    "bind",
    ["127.0.0.1:8080", "[::1]:8080", "gateway.example:80", "0.0.0.0:0", "unix:/run/callgate.sock"],
)
def test_it_listens_on_ports_and_on_sockets(bind: str) -> None:
    assert parsed(with_setting("server", f'bind = "{bind}"')).server.bind == bind


@pytest.mark.parametrize(
    ("section", "line", "value"),
    [
        ("server", 'bind = "unix:run/c.sock"', "unix:/etc/callgate/run/c.sock"),
        ("index", 'store = "sqlite:///../x.db"', SqliteStore(Path("/etc/x.db"))),
        ("index", 'store = "sqlite:////var/x.db"', SqliteStore(Path("/var/x.db"))),
        ("recorder", 'verify_tls = "."', Path("/")),
    ],
)
def test_a_relative_path_is_relative_to_the_file(section: str, line: str, value: object) -> None:
    directory = Path("/") if line.startswith("verify_tls") else Path("/etc/callgate")
    config = parse(with_setting(section, line), directory, ENVIRONMENT, "gateway.toml")
    assert getattr(getattr(config, section), line.split(" = ", maxsplit=1)[0]) == value


def test_a_network_may_be_one_host() -> None:
    config = parsed(with_setting("server", 'trusted_proxies = ["10.0.0.7", "fd00::/8"]'))
    assert config.server.trusted_proxies == (ip_network("10.0.0.7/32"), ip_network("fd00::/8"))


@pytest.mark.parametrize(
    ("section", "line", "message"),
    [
        ("recorder", 'timeout = "soon"', '"soon" is no duration; write seconds (10.0) or "90s"'),
        ("recorder", "timeout = true", "true is no duration"),
        ("recorder", 'timeout = "10"', '"10" is no duration'),
        ("recorder", "timeout = 0", "0 is out of range; write more than 0"),
        ("recorder", "timeout = -1.5", "-1.5 is out of range"),
        ("recorder", "timeout = inf", "inf is out of range"),
        ("recorder", "timeout = nan", "nan is out of range"),
        ("recorder", f"timeout = {'9' * 400}", "a number of many digits is out of range"),
        ("recorder", f"timeout = -{'9' * 400}", "a number of many digits is out of range"),
        ("recorder", "most_requests = 9", "9 are less than five for each of 2 workers"),
        ("recorder", "most_requests = 3", "3 is no whole number from 5 to 100000"),
        ("recorder", 'connect_timeout = "99999999d"', "is out of range"),
        ("recorder", "timeout = 1979-05-27", "a date or time is no duration"),
        ("recorder", "timeout = {a = 1}", "a table is no duration"),
        ("server", "workers = 0", "0 is no whole number from 1 to 1024"),
        ("server", 'workers = "2"', '"2" is no whole number'),
        ("server", "workers = true", "true is no whole number"),
        ("server", "workers = 1.0", "1.0 is no whole number"),
        ("server", "max_body = 0", "0 is no whole number from 1 to 1073741824"),
        ("server", 'bind = "8080"', '"8080" is no address to listen on; write "127.0.0.1:8080"'),
        ("server", 'bind = ":8080"', "is no address to listen on"),
        ("server", 'bind = "::1:8080"', "is no address to listen on"),
        ("server", 'bind = "[::x]:8080"', "is no address to listen on"),
        ("server", 'bind = "host:65536"', "is no address to listen on"),
        ("server", 'bind = "unix:"', "is no address to listen on"),
        ("server", 'bind = "unix:/a\\u0000b"', "not printable"),
        ("server", "bind = 8080", "8080 is no text; write it in quotes"),
        ("server", 'path = "verba"', '"verba" is no path; write "/verba/api"'),
        ("server", 'path = "/-/api"', 'is among the gateway\'s own "/-/…"'),
        ("server", 'path = "/a?b"', "is no path"),
        ("server", 'path = ""', '"" is empty'),
        (
            "server",
            'operators = "10.0.0.0/8"',
            'is no list; write it in brackets, as ["10.0.0.0/8"]',
        ),
        ("server", "operators = [1]", "1 is no text"),
        (
            "server",
            'operators = ["10.0.0.5/8"]',
            'write "10.0.0.0/8", or "10.0.0.5" for the one host',
        ),
        ("server", 'operators = ["fd00::1/8"]', 'write "fd00::/8", or "fd00::1" for the one host'),
        ("server", 'operators = ["10/8"]', '"10/8" is no network'),
        ("server", 'operators = ["localhost"]', '"localhost" is no network'),
        ("recorder", "nodes = []", "must not be empty"),
        ("recorder", 'nodes = ["ftp://host/"]', '"ftp://host/" is no URL of a recorder node'),
        ("recorder", 'nodes = ["host:80"]', "is no URL"),
        ("recorder", 'nodes = ["http:///verba"]', "is no URL"),
        ("recorder", 'nodes = ["http://host:99999/"]', "is no URL"),
        ("recorder", 'nodes = ["http://[::1/"]', "is no URL"),
        ("recorder", 'nodes = ["http://a b/"]', "is no URL"),
        ("recorder", 'credentials = "Client"', 'write "client" or "service"'),
        ("recorder", 'method = "PUT"', '"PUT" is not one of its words; write "POST" or "GET"'),
        ("recorder", "method = []", "a list is not one of its words"),
        ("recorder", 'time_zone = "Europe/Berln"', 'did you mean "Europe/Berlin"?'),
        ("recorder", 'time_zone = "Europe"', "is no time zone"),
        ("recorder", 'time_zone = "../etc/passwd"', "is no time zone"),
        (
            "recorder",
            'verify_tls = "nowhere.pem"',
            "does not exist, sought as /etc/callgate/nowhere.pem",
        ),
        ("recorder", f'verify_tls = "{"a" * 5000}"', "does not exist, sought as"),
        ("recorder", "verify_tls = 1", "1 is none of its values; write true, false"),
        ("index", 'store = "mysql://host/db"', 'write "memory:", "sqlite:///FILE"'),
        ("index", 'store = "sqlite://x.db"', "is no store"),
        ("index", 'store = "sqlite:///"', "is no store"),
        ("index", 'store = "redis://host:0/0"', "is no store"),
        ("index", "max_age_of_no = 4", "4.0 s is more than max_age (3.0 s)"),
        ("index", "verify = 1.01", "1.01 is no share; write a number from 0 to 1"),
        ("index", "verify = true", "true is no share"),
        ("index", "poll_every = 4", "3.0 s is less than poll_every (4.0 s)"),
        ("replies", 'http_status = "200"', 'write "legacy" or "standard"'),
        ("applications", "stale_answers = 1", "1 is neither true nor false"),
        ("applications", 'actions = ["getcallid"]', 'did you mean "GetCallID"?'),
        ("applications", 'actions = ["Sing"]', '"Sing" is none of the nineteen actions'),
        ("applications", "actions = []", "must not be empty"),
        ("applications", 'rate = "50/sec"', '"50/sec" is no rate; write "50/second"'),
        ("applications", 'rate = "0/second"', "is no rate"),
        ("applications", "rate = 50", "50 is no rate"),
    ],
)
def test_a_wrong_value_is_named_with_its_place_and_what_would_be_right(
    section: str, line: str, message: str
) -> None:
    (fault,) = faults(with_setting(section, line))
    heading = '[[applications]] "crm"' if section == "applications" else f"[{section}]"
    number = 5 if section == "applications" else 2
    key = "max_age" if "poll_every" in line else line.split(" = ", maxsplit=1)[0]
    assert fault.startswith(f"gateway.toml:{number}: {heading} {key}: ")
    assert message in fault


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("timout = 1", 'gateway.toml:5: [[applications]] "crm" timout: is no setting of'),
        ("[recoder]", 'gateway.toml:5: recoder: is no section; did you mean "recorder"?'),
        ("[x]", "gateway.toml:5: x: is no section; there are server, recorder, index"),
        (
            "[server]\nwokers = 1",
            '[server] wokers: is no setting of [server]; did you mean "workers"?',
        ),
        ("[server]\nmax_age = 1", "[server] max_age: does not belong here, but under [index]"),
        ("[server]\n'a b' = 1", '[server] "a b": is no setting'),
        ("[server.tls]\ncert = 1", "gateway.toml:5: [server] tls: is no setting"),
    ],
)
def test_an_unknown_key_is_a_fault_that_knows_what_was_meant(text: str, fault: str) -> None:
    (found,) = faults(RECORDER + APPLICATION + text)
    assert fault in found


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (APPLICATION, "gateway.toml: [recorder] api_key: is missing (the gateway's own API key)"),
        (RECORDER, "gateway.toml: applications: is missing; write at least one [[applications]]"),
        ("applications = []\n" + RECORDER, "gateway.toml:1: applications: is missing;"),
        (
            f"{RECORDER}[applications]\n",
            "gateway.toml:2: applications: must be tables of their own",
        ),
        (
            f"{RECORDER}{APPLICATION}[[server]]",
            "gateway.toml:5: server: must be one table; write [server]",
        ),
        (
            f"timeout = 1\n{RECORDER}{APPLICATION}",
            "gateway.toml:1: timeout: stands outside any section",
        ),
        (f'{RECORDER}[[applications]]\nkeys = ["{KEY}"]', "number 1 name: is missing (for logs"),
        (f'{RECORDER}[[applications]]\nname = "crm"', '[[applications]] "crm" keys: is missing'),
    ],
)
def test_what_is_missing_or_of_the_wrong_shape_is_a_fault(text: str, fault: str) -> None:
    (found,) = faults(text)
    assert fault in found


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("a = 1\nb = = 2", "gateway.toml:2: is not valid TOML: Invalid value"),
        ("a = 1\na = 2", "gateway.toml:2: is not valid TOML: this key is already given above"),
        ("a = 1\nb = [1,\n\n", "gateway.toml:4: is not valid TOML: "),
        (f"a = {'9' * 5000}", "gateway.toml: is not valid TOML: Exceeds the limit"),
        (f"a = {'[' * 5000}", "gateway.toml: is nested too deeply"),
    ],
)
def test_a_slip_in_the_syntax_is_one_fault_with_its_line(text: str, fault: str) -> None:
    (found,) = faults(text)
    assert found.startswith(fault)


def test_every_fault_is_told_at_once_and_in_the_order_of_the_lines() -> None:
    text = """\
[[applications]]
name = "crm"
keys = ["env:NOWHERE", "sha256:12"]
networks = ["x",
  "10.0.0.5/8"]
[index]
keep = "long"
[recorder]
api_key = "env:EMPTY"
timeout = 0
typo = 1
"""
    lines = [fault.split(":")[1] for fault in faults(text)]
    assert lines == ["3", "3", "4", "4", "7", "9", "10", "11"]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ('user_name = "u"', "password: is missing beside user_name; write both, or neither"),
        ('password = "env:KEY"', "user_name: is missing beside password; write both, or neither"),
    ],
)
def test_a_login_needs_both_its_halves(line: str, fault: str) -> None:
    (found,) = faults(with_setting("recorder", line))
    assert fault in found


def test_two_applications_cannot_have_one_name() -> None:
    other = APPLICATION.replace(KEY, f"sha256:{'1' * 64}")
    (fault,) = faults(RECORDER + APPLICATION + other)
    assert fault.startswith('gateway.toml:6: [[applications]] "crm" name: "crm" is the name of')


def test_two_users_cannot_have_one_name() -> None:
    user = '[[users]]\nname = "u"\npassword = "env:KEY"\n'
    (fault,) = faults(RECORDER + APPLICATION + user + user)
    assert '"u" is the name of another user already' in fault


@pytest.mark.parametrize(
    ("section", "line", "instead"),
    [
        ("index", 'store = "redis://cache:6379/0"', 'use "sqlite:///FILE"'),
        ("index", 'store = "redis://[::1]:6379/0"', 'use "sqlite:///FILE"'),
    ],
)
def test_what_this_version_cannot_do_is_refused_with_what_it_can(
    section: str, line: str, instead: str
) -> None:
    found = "\n".join(faults(with_setting(section, line)))
    assert "is not available in version" in found
    assert instead in found


def test_a_version_that_is_not_installed_has_no_number() -> None:
    assert version_of("callgate").startswith("version ")
    assert version_of("no such distribution") == "this version"


@pytest.mark.parametrize(
    ("section", "line", "warning"),
    [
        ("applications", 'rate = "50/second"', "is not enforced in version"),
        ("recorder", 'method = "GET"', "GET writes keys, tokens and passwords"),
        ("recorder", "verify_tls = false", "can read every key and password"),
        ("index", 'store = "memory:"', "each worker keeps an index of its own"),
        (
            "applications",
            "[[users]]\nname='u'\npassword='env:KEY'",
            "the recorder checks its users",
        ),
    ],
)
def test_what_works_but_should_be_mended_is_a_warning(
    section: str, line: str, warning: str
) -> None:
    (found,) = parsed(with_setting(section, line)).warnings
    assert warning in str(found)


def test_one_worker_may_keep_its_index_in_memory() -> None:
    config = parsed('server.workers = 1\nindex.store = "memory:"\n' + RECORDER + APPLICATION)
    assert config.index.store == MemoryStore()
    assert config.warnings == ()


def test_a_file_is_read_with_its_byte_order_mark_and_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEY", "from the environment")
    file = tmp_path / "gateway.toml"
    file.write_text(RECORDER + APPLICATION, "utf-8-sig")
    config = load(file)
    assert config.path == file.resolve()
    assert config.recorder.api_key == Secret("from the environment")
    assert config.index.store == SqliteStore(tmp_path.resolve() / "callgate.db")


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "cannot be read: No such file or directory"), (b"a = '\xff'", "is no text in UTF-8")],
)
def test_a_file_that_cannot_be_read_is_a_fault(
    tmp_path: Path, content: bytes | None, message: str
) -> None:
    file = tmp_path / "gateway.toml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigurationFaults, match=message) as caught:
        load(str(file))
    assert str(caught.value).startswith(f"{file}: ")
