import traceback
from pathlib import Path

import pytest

from gateway.config import Argon2, Config, ConfigurationFaults, parse
from gateway.core.secrets import Secret, digest

CANARY = "canary-0f3b9a7c-secret"
SHORT = "canary"
API_KEY = 'recorder.api_key = "env:KEY"\n'


def parsed(text: str, directory: Path = Path("/etc/callgate")) -> Config:
    environment = {"KEY": "k" * 32, "CANARY": CANARY, "LINES": f"{CANARY}\n2", "EMPTY": ""}
    environment |= {"DIGEST": f"sha256:{digest(CANARY)}", "HASH": f"argon2:{ARGON2}"}
    return parse(text, directory, environment, "gateway.toml")


ARGON2 = "$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHQ$aGFzaGhhc2g"


def application(keys: str, name: str = "crm") -> str:
    return f'[[applications]]\nname = "{name}"\nkeys = [{keys}]\n'


def faults(text: str) -> str:
    """All that can be printed of a failure, the traceback included."""
    with pytest.raises(ConfigurationFaults) as caught:
        parsed(text)
    assert CANARY not in "".join(traceback.format_exception(caught.value))
    assert CANARY not in repr(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    "key",
    [
        pytest.param(f'"{CANARY}"', id="in plain text"),
        pytest.param('"env:CANARY"', id="in a variable"),
        pytest.param('"env:DIGEST"', id="its digest in a variable"),
        pytest.param(f'"sha256:{digest(CANARY)}"', id="its digest"),
        pytest.param(f'"sha256:{digest(CANARY).upper()}"', id="its digest in capitals"),
    ],
)
def test_an_application_is_known_by_the_digest_of_its_key(key: str) -> None:
    (found,) = parsed(API_KEY + application(key)).applications
    assert found.keys == {digest(CANARY)}


@pytest.mark.parametrize("line_end", ["", "\n", "\r\n"])
def test_a_secret_may_lie_in_a_file_beside_the_configuration(tmp_path: Path, line_end: str) -> None:
    (tmp_path / "key").write_bytes((CANARY + line_end).encode())
    text = 'recorder.api_key = "file:key"\n' + application('"file:key"')
    config = parsed(text, tmp_path)
    assert config.recorder.api_key == Secret(CANARY)
    assert config.applications[0].keys == {digest(CANARY)}
    assert config.warnings == ()


def test_a_key_in_plain_text_is_warned_about_with_the_line_to_use_instead() -> None:
    (warning,) = parsed(API_KEY + application(f'"{CANARY}"')).warnings
    assert str(warning).startswith('gateway.toml:4: [[applications]] "crm" keys: ')
    assert f'write "sha256:{digest(CANARY)}" instead' in str(warning)
    assert CANARY not in str(warning)


def test_a_short_key_is_warned_about() -> None:
    warnings = parsed(API_KEY + application(f'"{SHORT}"')).warnings
    assert len(warnings) == 2
    assert "fewer than 16 characters" in str(warnings[1])
    assert f'"{SHORT}"' not in "".join(map(str, warnings))


def test_the_same_key_twice_in_one_application_is_a_warning() -> None:
    (warning,) = parsed(API_KEY + application('"env:CANARY", "env:DIGEST"')).warnings
    assert "the same key stands here more than once" in str(warning)


def test_the_recorders_secrets_in_plain_text_are_warned_about() -> None:
    login = f'[recorder]\napi_key = "{CANARY}"\nuser_name = "u"\npassword = "{CANARY}"\n'
    config = parsed(login + application('"env:CANARY"'))
    assert [warning.line for warning in config.warnings] == [2, 4]
    assert config.recorder.user_name == "u"
    assert config.recorder.password == Secret(CANARY)
    assert CANARY not in f"{config} {config!r}"


def test_one_key_in_two_applications_is_a_fault_that_names_both_and_never_the_key() -> None:
    text = API_KEY + application(f'"{CANARY}"', "crm") + application('"env:DIGEST"', "desktop")
    found = faults(text)
    assert found == (
        'gateway.toml:7: [[applications]] "desktop" keys: '
        '"crm" and "desktop" have a key in common; give each application its own'
    )
    assert digest(CANARY) not in found


@pytest.mark.parametrize(
    ("secret", "message"),
    [
        ('"env:NOWHERE"', 'the environment variable "NOWHERE" is not set'),
        ('"env:"', '"env:" names no variable'),
        ('"env:EMPTY"', '"env:EMPTY" is empty'),
        ('"env:LINES"', '"env:LINES" holds a line break'),
        (
            '"file:nowhere"',
            'the file "nowhere" cannot be read, sought as /etc/callgate/nowhere: No',
        ),
        ('"file:/"', 'the file "/" cannot be read'),
        ('"file:a\\u0000b"', '"a\\u0000b" is no path of a file'),
        ('"file:"', '"file:" names no file'),
        ('"file:/dev/zero"', '"file:/dev/zero" holds a line break or control character'),
        ('""', "the value is empty"),
        (f'"{CANARY}\\n"', "the value holds a line break"),
        (f'["{CANARY}"]', 'must be text in quotes; write "env:NAME" or "file:PATH"'),
        (f"{{ key = '{CANARY}' }}", "must be text in quotes"),
        ("12345", "must be text in quotes"),
    ],
)
def test_a_secret_that_cannot_be_had_is_a_fault_without_the_secret(
    secret: str, message: str
) -> None:
    text = f"recorder.api_key = {secret}\n" + application(secret)
    found = faults(text).splitlines()
    assert len(found) == 2
    assert all(message in line for line in found)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f'[recorder]\nnodes = ["http://u:{CANARY}@host/"]', id="in a node"),
        pytest.param(f'[recorder]\nnodes = ["http://host/?apiKey={CANARY}"]', id="in a query"),
        pytest.param(f'[recorder]\nnodes = ["http://host/#{CANARY}"]', id="in a fragment"),
        pytest.param(f'[index]\nstore = "redis://:{CANARY}@host:6379/0"', id="in a store"),
        pytest.param(f'[[applications]]\nname = "x"\nkeys = "{CANARY}"', id="no list of keys"),
        pytest.param(f'[[applications]]\nname = "x"\nkeys = ["sha256:{CANARY}"]', id="no digest"),
        pytest.param(f'[[users]]\nname = "x"\npassword = "argon2:{CANARY}"', id="no hash"),
        pytest.param(f'[recorder]\npasword = "{CANARY}"', id="under a misspelt key"),
        pytest.param(f'[recoder]\npassword = "{CANARY}"', id="under a misspelt section"),
        pytest.param(f'recorder = "{CANARY}"', id="in place of a section"),
        pytest.param(f'password = "{CANARY}', id="in text without an end"),
        pytest.param(f'password = "a"\npassword = "{CANARY}"', id="in a key given twice"),
    ],
)
def test_no_fault_repeats_what_may_be_a_secret(text: str) -> None:
    assert CANARY not in faults(text)


def test_a_file_that_is_no_text_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigurationFaults, match='the file "key" is no text in UTF-8'):
        parsed('recorder.api_key = "file:key"\n', tmp_path)


@pytest.mark.parametrize(
    ("password", "expected", "plain"),
    [
        (f"argon2:{ARGON2}", Argon2(Secret(ARGON2)), False),
        ("env:HASH", Argon2(Secret(ARGON2)), False),
        ("env:CANARY", Secret(CANARY), False),
        (CANARY, Secret(CANARY), True),
    ],
    ids=["a hash", "a hash in a variable", "a password in a variable", "a password"],
)
def test_a_users_password_is_a_hash_or_itself(
    password: str, expected: Secret | Argon2, *, plain: bool
) -> None:
    users = f'[[users]]\nname = "u"\npassword = "{password}"\n'
    config = parsed(API_KEY + users + application('"env:CANARY"'))
    assert config.users[0].password == expected
    assert any("plain text" in str(warning) for warning in config.warnings) == plain
