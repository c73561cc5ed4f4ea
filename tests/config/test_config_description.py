import tomllib
from io import StringIO
from pathlib import Path

import pytest

from gateway.config import RedisStore, describe, parse
from gateway.config.check import check
from gateway.config.description import _text
from gateway.config.settings import SETTINGS
from gateway.core.secrets import Secret, digest

CANARY = "canary-0f3b9a7c-secret"
HASH = "$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHQ$aGFzaGhhc2g"
EVERYTHING = f"""
[server]
bind = "[::1]:0"
path = "/api"
workers = 1
trusted_proxies = ["10.0.0.7"]
operators = []
max_body = 1
[recorder]
nodes = ["https://a.example/verba/api", "https://b.example/verba/api"]
api_key = "{CANARY}"
user_name = 'a"\\ü'
password = "{CANARY}"
method = "GET"
time_zone = "Europe/Berlin"
verify_tls = false
connect_timeout = 0.5
timeout = "90s"
[index]
store = "memory:"
poll_every = 2
max_age = 2.0
max_age_of_no = 0.5
stuck_after = "2h"
verify = 0.01
keep = "36h"
[replies]
error_codes = "numbered"
http_status = "standard"
[[users]]
name = "u"
password = "{CANARY}"
[[users]]
name = "v"
password = "argon2:{HASH}"
[[applications]]
name = "crm"
keys = ["{CANARY}"]
requires_authentication = false
networks = ["10.0.0.0/8", "::1"]
actions = ["GetCallURL", "GetCallID"]
rate = "50/minute"
stale_answers = true
may_push = true
[[applications]]
name = "lamp"
keys = ["sha256:{"0" * 64}"]
"""
CONFIG = parse(EVERYTHING, Path("/etc/callgate"), {}, "gateway.toml")


def test_everything_written_is_described_as_it_is_in_force() -> None:
    described = tomllib.loads(describe(CONFIG))
    assert described["server"] == {
        "bind": "[::1]:0",
        "path": "/api",
        "workers": 1,
        "trusted_proxies": ["10.0.0.7/32"],
        "operators": [],
        "max_body": 1,
    }
    assert described["recorder"]["user_name"] == 'a"\\ü'
    assert described["recorder"]["time_zone"] == "Europe/Berlin"
    assert described["recorder"]["verify_tls"] is False
    assert described["recorder"]["timeout"] == 90.0
    assert described["index"] == {
        "store": "memory:",
        "poll_every": 2.0,
        "max_age": 2.0,
        "max_age_of_no": 0.5,
        "stuck_after": "2h",
        "verify": 0.01,
        "keep": "36h",
    }
    assert described["replies"] == {"error_codes": "numbered", "http_status": "standard"}
    crm, lamp = described["applications"]
    assert crm["actions"] == ["GetCallID", "GetCallURL"]
    assert crm["networks"] == ["10.0.0.0/8", "::1/128"]
    assert crm["rate"] == "50/minute"
    assert "rate" not in lamp


def test_no_secret_is_described_but_each_can_be_recognised() -> None:
    described = describe(CONFIG)
    shown = tomllib.loads(described)
    assert CANARY not in described
    assert digest(CANARY) not in described
    assert HASH not in described
    assert shown["recorder"]["api_key"] == str(Secret(CANARY))
    assert shown["users"][0]["password"] == str(Secret(CANARY))
    assert shown["users"][1]["password"] == str(Secret(HASH))
    assert shown["applications"][0]["keys"] == [str(Secret(CANARY))]


def test_every_setting_is_described_or_said_to_be_absent() -> None:
    lines = describe(CONFIG).splitlines()
    for setting in SETTINGS:
        assert any(line.lstrip("# ").startswith(f"{setting.key} ") for line in lines)


def test_what_is_described_is_a_configuration_but_for_its_secrets() -> None:
    described = describe(CONFIG)
    again = parse(described, Path("/elsewhere"), {}, "gateway.toml")
    assert again.server == CONFIG.server
    assert again.index == CONFIG.index
    assert again.replies == CONFIG.replies
    assert again.recorder.nodes == CONFIG.recorder.nodes


def test_text_that_toml_would_not_take_is_escaped() -> None:
    text = EVERYTHING.replace("'a\"\\ü'", '"env:USER"')
    config = parse(text, Path("/etc"), {"USER": "a\udcff\x80\u2028"}, "gateway.toml")
    described = describe(config)
    described.encode()
    assert tomllib.loads(described)["recorder"]["user_name"] == "a?\x80\u2028"


def test_a_file_is_described_by_its_whole_path() -> None:
    text = EVERYTHING.replace("memory:", "sqlite:///callgate.db")
    config = parse(text, Path("/srv/callgate"), {}, "gateway.toml")
    assert (
        tomllib.loads(describe(config))["index"]["store"] == "sqlite:////srv/callgate/callgate.db"
    )


@pytest.mark.parametrize("host", ["cache", "::1"])
def test_a_store_that_is_not_available_yet_has_its_form(host: str) -> None:
    shown = "cache" if host == "cache" else "[::1]"
    assert _text(RedisStore(host, 6379, 2)) == f"redis://{shown}:6379/2"


def test_what_has_no_form_is_a_programming_error() -> None:
    with pytest.raises(TypeError, match="object has no form in TOML yet"):
        _text(object())


def test_a_check_prints_what_is_in_force_and_the_warnings_apart(tmp_path: Path) -> None:
    file = tmp_path / "gateway.toml"
    file.write_text(EVERYTHING)
    out, err = StringIO(), StringIO()
    assert check(file, out, err) == 0
    assert tomllib.loads(out.getvalue())["server"]["workers"] == 1
    assert f"warning: {file}:11: [recorder] api_key: stands in the file" in err.getvalue()
    assert CANARY not in out.getvalue() + err.getvalue()


def test_a_check_prints_every_fault_and_fails(tmp_path: Path) -> None:
    file = tmp_path / "gateway.toml"
    file.write_text("[server]\nworkers = 0\n[index]\nkeep = 0\n")
    out, err = StringIO(), StringIO()
    assert check(file, out, err) == 1
    assert out.getvalue() == ""
    assert len(err.getvalue().splitlines()) == 4
