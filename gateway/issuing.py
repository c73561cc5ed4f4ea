"""The gateway's own tokens, for its own users: `credentials = "service"`.

Wraps whoever asks the recorder, which never hears of these users. A token is remembered by its
digest, lives for an hour, and can be revoked.
"""

import logging
import secrets
from base64 import b64decode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from threading import Lock
from typing import Any, Final, final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from gateway.config import Argon2
from gateway.core.actions import Kind
from gateway.core.admission import Admitted
from gateway.core.errors import Code, NoAnswer, Refusal, StoreError
from gateway.core.replies import Answer, Reply
from gateway.core.secrets import Secret
from gateway.core.tokens import TOKEN_LIFETIME, TokenRecord
from gateway.recorder.bulkheads import Recorder
from gateway.stores import TokenStore

log = logging.getLogger(__name__)

NO_NODE: Final = ""  # of a token that no recorder knows


Offload = Callable[[Callable[[Any], bool], Any], bool]


def _at_once(work: Callable[[Any], bool], argument: Any) -> bool:  # noqa: ANN401 - passes it on
    return work(argument)


@final
class Issuer:
    """Shared by all threads of a worker."""

    def __init__(
        self, recorder: Recorder, tokens: TokenStore, verify: Callable[[str, Secret], bool]
    ) -> None:
        self._recorder = recorder
        self._tokens = tokens
        self._verify = verify

    def ask(self, admitted: Admitted) -> tuple[Reply, str]:
        """As the recorder; but a token is ours to give. Raises `Refusal` for a wrong password."""
        if admitted.parameters.action.kind is Kind.AUTHENTICATES:
            return self._issue(admitted), NO_NODE
        return self._recorder.ask(admitted)

    def _issue(self, admitted: Admitted) -> Answer:
        user, password = _shown(admitted)
        if not user or not self._verify(user, password):
            message = "The user name or the password is wrong."
            raise Refusal(Code.INVALID_CREDENTIALS, message)
        token = secrets.token_hex(16)  # the form of the recorder's own
        expires_at = admitted.received_at + TOKEN_LIFETIME
        record = TokenRecord(admitted.application.name, NO_NODE, expires_at)
        try:
            self._tokens.remember(Secret(token), record)
        except StoreError as error:
            log.error("a token cannot be issued: %s", error)
            raise NoAnswer from None
        return Answer(admitted.parameters.action.name, Code.SUCCESS, token=token)


def revoke(tokens: TokenStore, token: Secret, applications: Iterable[str], now: datetime) -> int:
    """Make a token worthless for everybody, at once; how many applications had it."""
    had = 0
    for name in applications:
        record = tokens.recall(token, name)
        if record is not None:
            tokens.remember(token, replace(record, expires_at=now, refused=True))
            had += 1
    return had


@final
class Users:
    """Who may have a token, by name. `offload`: a hash takes 50 ms and more, and 64 MB."""

    def __init__(
        self, passwords: Mapping[str, Secret | Argon2], offload: Offload = _at_once
    ) -> None:
        self._passwords = passwords
        self._offload = offload
        self._hasher = PasswordHasher()
        self._lock = Lock()
        # Whoever guesses a name must not learn from the time that it takes.
        hashed = (each for each in passwords.values() if isinstance(each, Argon2))
        self._nobody: Secret | Argon2 = next(hashed, Secret(secrets.token_hex()))

    def __call__(self, user: str, password: Secret) -> bool:
        """Whether the password is right; one hash at a time."""
        known = self._passwords.get(user)
        expected = self._nobody if known is None else known
        if isinstance(expected, Secret):
            return expected == password and known is not None
        with self._lock:
            right = self._offload(self._matches, (expected, password))
        return right and known is not None

    def _matches(self, both: tuple[Argon2, Secret]) -> bool:
        expected, password = both
        try:
            return self._hasher.verify(expected.encoded.reveal(), password.reveal())
        except (VerificationError, InvalidHashError, UnicodeEncodeError):
            return False


def _shown(admitted: Admitted) -> tuple[str, Secret]:
    """The user and the password of a request: a Basic header, else two parameters (RFC 7617)."""
    header = admitted.request.credentials.get("Authorization")
    scheme, _, encoded = (header.reveal() if header else "").partition(" ")
    if scheme.lower() == "basic":
        try:
            decoded = b64decode(encoded.strip(), validate=True).decode()
        except ValueError:
            decoded = ""
        user, _, password = decoded.partition(":")
        return user, Secret(password)
    given = dict(reversed(admitted.parameters.pairs))
    user_name, shown = given.get("userName"), given.get("password")
    return (
        user_name.reveal() if isinstance(user_name, Secret) else user_name or "",
        shown if isinstance(shown, Secret) else Secret(shown or ""),
    )
