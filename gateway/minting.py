"""The commands about what opens doors: a new key, a new user, a token that shall open nothing more.

Nothing secret is an argument, which everybody on the machine could read.
"""

import getpass
import json
import secrets
import sys
import uuid

from argon2 import PasswordHasher

from gateway.config import Config
from gateway.core.errors import StoreError
from gateway.core.secrets import Secret
from gateway.issuing import revoke
from gateway.wiring import build, clock


def new_key(name: str) -> int:
    """Mint a GUID, as the recorder's keys are, with 122 random bits; the exit status."""
    key = str(uuid.UUID(bytes=secrets.token_bytes(16), version=4))
    print(f"The key, which is shown this once:\n\n    {key}\n")
    print("The lines for the configuration:\n")
    print(f"    [[applications]]\n    name = {_quoted(name)}")
    print(f'    keys = ["sha256:{Secret(key).digest}"]')
    print('    # With credentials = "client" the recorder has to know the key as well.')
    return 0


def new_user(name: str) -> int:
    """Hash a password for a user of the gateway's own tokens; the exit status."""
    password = _asked("password")
    if not password:
        print("an empty password opens the door to everybody; nothing was made", file=sys.stderr)
        return 1
    print("The lines for the configuration:\n")
    print(f"    [[users]]\n    name = {_quoted(name)}")
    print(f'    password = "argon2:{PasswordHasher().hash(password)}"')
    return 0


def revoke_token(config: Config) -> int:
    """Make a token worthless; the exit status."""
    token = Secret(_asked("token"))
    plant = build(config)
    try:
        names = [application.name for application in config.applications]
        had = revoke(plant.store, token, names, clock())
    except StoreError as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        plant.store.close()
    if not had:
        print(f"no application has the token {token}; nothing was revoked", file=sys.stderr)
        return 1
    print(f"The token {token} is worthless from now on.")
    return 0


def _asked(what: str) -> str:
    """From the terminal without an echo, or the first line of standard input."""
    if sys.stdin.isatty():
        return getpass.getpass(f"The {what}: ")
    return sys.stdin.readline().rstrip("\r\n")


def _quoted(name: str) -> str:
    return json.dumps(name, ensure_ascii=False).replace("\x7f", "\\u007f")
