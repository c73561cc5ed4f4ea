"""Readers of secrets: `env:NAME`, `file:PATH`, a digest, a hash, or the secret itself.

A value that is read here is never repeated in a message; names of variables and files are.
"""

import re

from gateway.config.faults import WrongValueError, show
from gateway.config.tree import Argon2
from gateway.config.values import Origin
from gateway.core.secrets import Secret

SHORTEST_KEY = 16
_LONGEST_FILE = 65536  # bytes: a secret is a line, and `file:/dev/zero` must end
_ELSEWHERE = ("env:", "file:")
_SHA256 = "sha256:"
_ARGON2 = "argon2:"


def sourced(value: object, origin: Origin) -> str:
    """The value itself, or what `env:NAME` or `file:PATH` stands for."""
    if not isinstance(value, str):
        raise WrongValueError('must be text in quotes; write "env:NAME" or "file:PATH"')
    if value.startswith("env:"):
        found = _from_environment(value.removeprefix("env:"), origin)
    elif value.startswith("file:"):
        found = _from_file(value.removeprefix("file:"), origin)
    else:
        found = value
    place = show(value) if value.startswith(_ELSEWHERE) else "the value"
    if not found:
        raise WrongValueError(f"{place} is empty; give it a value")
    if re.search(r"[\x00-\x1f\x7f]", found):
        raise WrongValueError(f"{place} holds a line break or control character; write one line")
    return found


def secret(value: object, origin: Origin) -> Secret:
    """A key or password of the recorder's."""
    found = Secret(sourced(value, origin))
    if _in_plain_text(value):
        origin.warn('stands in the file in plain text; write "env:NAME" or "file:PATH" instead')
    return found


def application_key(value: object, origin: Origin) -> str:
    """The SHA-256 digest of one application's key."""
    key = sourced(value, origin)
    if key.startswith(_SHA256):
        digest = key.removeprefix(_SHA256).lower()
        if not re.fullmatch(r"[0-9a-f]{64}", digest):
            right = 'write "sha256:" and 64 hexadecimal digits'
            raise WrongValueError(f"a key's SHA-256 digest is malformed; {right}")
        return digest
    held = Secret(key)
    if _in_plain_text(value):
        origin.warn(f'a key stands in plain text; write "{_SHA256}{held.digest}" instead of it')
    if len(key) < SHORTEST_KEY:
        shorter = f"a key has fewer than {SHORTEST_KEY} characters and can be guessed"
        origin.warn(f'{shorter}; mint one with "callgate keys new NAME"')
    return held.digest


def user_password(value: object, origin: Origin) -> Secret | Argon2:
    """What a user of the gateway's own tokens shows: a hash, or the password."""
    found = sourced(value, origin)
    if not found.startswith(_ARGON2):
        return secret(value, origin)
    encoded = found.removeprefix(_ARGON2)
    if not re.fullmatch(r"\$argon2(?:id|i|d)(?:\$[A-Za-z0-9+/=,.-]+){3,4}", encoded):
        right = 'write "argon2:$argon2id$v=19$m=…,t=…,p=…$SALT$HASH"'
        raise WrongValueError(f"the password's Argon2 hash is malformed; {right}")
    return Argon2(Secret(encoded))


def _in_plain_text(value: object) -> bool:
    return not (isinstance(value, str) and value.startswith(_ELSEWHERE))


def _from_environment(name: str, origin: Origin) -> str:
    if not name:
        raise WrongValueError('"env:" names no variable; write "env:NAME"')
    try:
        return origin.environment[name]
    except KeyError:
        message = f"the environment variable {show(name)} is not set"
        raise WrongValueError(f"{message}; set it where the gateway is started") from None


def _from_file(name: str, origin: Origin) -> str:
    if not name:
        raise WrongValueError('"file:" names no file; write "file:PATH"')
    path = origin.resolve(name)
    try:
        with path.open("rb") as file:
            content = file.read(_LONGEST_FILE).decode()
    except OSError as error:
        message = f"the file {show(name)} cannot be read, sought as {path}: {error.strerror}"
        raise WrongValueError(message) from None
    except UnicodeDecodeError:
        raise WrongValueError(f"the file {show(name)} is no text in UTF-8") from None
    return content.removesuffix("\n").removesuffix("\r")
