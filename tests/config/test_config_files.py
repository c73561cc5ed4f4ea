import re
import tomllib
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from gateway.config import Config, SqliteStore, load, parse
from gateway.config.settings import SECTIONS, SETTINGS, Setting
from gateway.core.secrets import Secret, digest

FOLDER = Path(__file__).parents[2] / "config"
ENVIRONMENT = {
    "RECORDER_API_KEY": "0b7e7dc2-6cf5-44c4-8e0f-3d4e8f3c2f6b",
    "RECORDER_USER": "gateway",
    "RECORDER_PASSWORD": "a long password",
}
DEMO_KEY = "74c8eea0-50c6-40b2-9f3e-252ed501c3c8"


def documented() -> dict[str, Any]:
    """`gateway.toml` with the settings that are commented out: `# rate = "50/second"`."""
    text = (FOLDER / "gateway.toml").read_text()
    return tomllib.loads(re.sub(r"^# (\w+ = |\[\[\w+\]\]$)", r"\1", text, flags=re.MULTILINE))


def documented_value(setting: Setting) -> object:
    section = documented()[setting.section]
    if SECTIONS[setting.section].many:
        section = section[0]
    return section[setting.key]


def demo() -> Config:
    return parse((FOLDER / "demo.toml").read_text(), FOLDER, {}, "demo.toml")


def test_the_documented_settings_are_those_of_the_code() -> None:
    found = {
        (section, key)
        for section, content in documented().items()
        for table in (content if isinstance(content, list) else [content])
        for key in table
    }
    assert found == {(setting.section, setting.key) for setting in SETTINGS}


@pytest.mark.parametrize(
    "setting",
    [setting for setting in SETTINGS if setting.default is not None],
    ids=lambda setting: f"{setting.section}.{setting.key}",
)
def test_a_documented_default_is_that_of_the_code(setting: Setting) -> None:
    value = documented_value(setting)
    assert (tuple(value) if isinstance(value, list) else value) == setting.default


def test_every_setting_is_preceded_by_its_words() -> None:
    lines = (FOLDER / "gateway.toml").read_text().splitlines()
    for before, line in pairwise(lines):
        if re.match(r"(# )?\w+ = ", line) and not line.startswith("password"):
            assert before.startswith("# "), line


def test_the_documented_configuration_loads_without_a_warning() -> None:
    text = (FOLDER / "gateway.toml").read_text()
    config = parse(text, FOLDER, ENVIRONMENT, "gateway.toml")
    assert config.warnings == ()
    assert config.recorder.user_name == "gateway"


def test_the_demo_needs_no_environment_and_lets_the_sample_in() -> None:
    config = demo()
    (application,) = config.applications
    assert application.name == "demo"
    assert application.keys == {digest(DEMO_KEY)}
    assert application.requires_authentication
    assert config.server.bind == "127.0.0.1:8080"
    assert config.server.path == "/verba/api"
    assert config.recorder.nodes == ("http://127.0.0.1:9090/verba/api",)
    assert config.recorder.api_key == Secret(DEMO_KEY)
    assert config.recorder.user_name == "myapiuser"
    assert config.recorder.password == Secret("pa$$word")
    assert config.index.store == SqliteStore(FOLDER / "demo.db")


def test_the_demo_warns_of_its_public_secrets_and_nothing_else() -> None:
    assert [warning.key for warning in demo().warnings] == [
        "[recorder] api_key",
        "[recorder] password",
    ]


def test_the_demo_loads_from_its_file() -> None:
    assert load(FOLDER / "demo.toml").path == (FOLDER / "demo.toml").resolve()
