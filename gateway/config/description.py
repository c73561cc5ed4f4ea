"""The effective configuration as TOML, for people: every setting, defaults included, no secret."""

import json
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from zoneinfo import ZoneInfo

from gateway.config.settings import SECTIONS, Section, settings_of
from gateway.config.tree import Argon2, Config, MemoryStore, RedisStore, SqliteStore, Store
from gateway.config.values import PERIODS, RATES
from gateway.core.applications import Rate
from gateway.core.secrets import Secret, digest


def describe(config: Config) -> str:
    """A TOML document that says what is in force. Secrets are shown as `"<secret 1a2b3c4d>"`.

    Durations are in seconds, or in whole hours or days. What is not set is a comment.
    """
    paragraphs = []
    for section in SECTIONS.values():
        found = getattr(config, section.name)
        entries = found if section.many else (found,)
        paragraphs += [_paragraph(section, entry) for entry in entries]
    return "\n\n".join(paragraphs) + "\n"


def _paragraph(section: Section, entry: object) -> str:
    lines = [section.heading]
    for key in settings_of(section.name):
        value = getattr(entry, key)
        if (section.name, key) == ("applications", "keys"):
            value = frozenset(_masked(one) for one in value)
        lines.append(f"# {key} is not set" if value is None else f"{key} = {_toml(value)}")
    return "\n".join(lines)


def _masked(key: str) -> str:
    """A key of which only the digest is known, as `Secret` would show it."""
    return f"<secret {digest(f'fingerprint:{key}')[:8]}>"


def _toml(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():  # all of them are durations, but for a share, which has no unit either
            return _duration(value)
        case frozenset():
            return f"[{', '.join(sorted(map(_toml, value)))}]"
        case tuple():
            return f"[{', '.join(map(_toml, value))}]"
        case _:
            return _quoted(_text(value))


def _duration(seconds: float) -> str:
    for unit in ("d", "h"):
        if seconds and seconds % PERIODS[unit] == 0:
            return f'"{seconds / PERIODS[unit]:.0f}{unit}"'
    return str(seconds)


def _text(value: object) -> str:
    match value:
        case str() | Path() | Secret() | IPv4Network() | IPv6Network():
            return str(value)
        case Argon2(encoded):
            return str(encoded)
        case ZoneInfo():
            return value.key
        case Rate(requests, seconds):
            return f"{requests}/{next(name for name, one in RATES.items() if one == seconds)}"
        case MemoryStore() | SqliteStore() | RedisStore():
            return _store(value)
        case _:
            message = f"{type(value).__name__} has no form in TOML yet"
            raise TypeError(message)


def _store(store: Store) -> str:
    match store:
        case MemoryStore():
            return "memory:"
        case SqliteStore(path):
            return f"sqlite:///{path}"
        case RedisStore(host, port, database):
            return f"redis://{f'[{host}]' if ':' in host else host}:{port}/{database}"


def _quoted(text: str) -> str:
    """A basic string of TOML: JSON's, but for DEL, which TOML wants escaped."""
    printable = text.encode("utf-8", "replace").decode()
    return json.dumps(printable, ensure_ascii=False).replace("\x7f", "\\u007f")
