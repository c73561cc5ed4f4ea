"""The commands about users and tokens, as an operator types them."""

import io
import tomllib
from datetime import timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from gateway.cli import main
from gateway.core.secrets import Secret
from gateway.core.tokens import TokenRecord
from gateway.stores.sqlite import SqliteStore
from gateway.wiring import clock
from tests.fakes import KEY


def typed(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """What stands on standard input."""
    monkeypatch.setattr("sys.stdin", io.StringIO(text))


def test_a_new_users_lines_hold_a_hash_and_no_password(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    typed(monkeypatch, "se:cret word\n")
    assert main(["users", "new", "ann"]) == 0
    out = capsys.readouterr().out
    (user,) = tomllib.loads(out.partition("configuration:\n")[2])["users"]
    assert user["name"] == "ann"
    assert PasswordHasher().verify(user["password"].removeprefix("argon2:"), "se:cret word")
    assert "se:cret" not in out


def test_an_empty_password_makes_no_user(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    typed(monkeypatch, "\n")
    assert main(["users", "new", "ann"]) == 1
    assert "empty password" in capsys.readouterr().err


def test_a_token_is_revoked_by_name_of_nobody_but_itself(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    config = tmp_path / "gateway.toml"
    config.write_text(
        f'[recorder]\napi_key = "{KEY}"\n[[applications]]\nname = "crm"\nkeys = ["{KEY}"]\n'
    )
    store = SqliteStore(tmp_path / "callgate.db")
    store.remember(Secret("canary"), TokenRecord("crm", "", clock() + timedelta(hours=1)))
    for status in (0, 0):
        typed(monkeypatch, "canary\n")
        assert main(["tokens", "revoke", str(config)]) == status
    record = store.recall(Secret("canary"), "crm")
    store.close()
    assert record is not None
    assert record.refused
    typed(monkeypatch, "another\n")
    assert main(["tokens", "revoke", str(config)]) == 1
    said = capsys.readouterr()
    assert "nothing was revoked" in said.err
    assert "canary" not in said.out + said.err
