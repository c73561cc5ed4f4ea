"""The gateway's own sessions at the recorder, one for each node: for `credentials = "service"`.

One login at a time to a node, however many requests wait for it; a failure is theirs as well. The
recorder's key, user, password and token leave by `pairs` alone. Knows no XML: it is told how a
document is read.
"""

import logging
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Final, Protocol, final

from gateway.core.errors import RecorderError, RecorderLoginRefused
from gateway.core.parameters import Pair
from gateway.core.replies import Document, Outcome
from gateway.core.secrets import Secret
from gateway.recorder.transport import Question, Response

log = logging.getLogger(__name__)

RENEW_AFTER: Final = 55 * 60.0  # seconds of the hour that a token lives
# A password that was refused is not tried again at once: accounts are locked for that.
LOGIN_AGAIN_AFTER: Final = 30.0

Read = Callable[[Document], Outcome]


class Exchange(Protocol):
    """What sends a question."""

    def exchange(self, question: Question) -> Response:
        """As `Transport`."""
        ...


@final
@dataclass(frozen=True, slots=True)
class Login:
    """Who the gateway is to the recorder. Without a user it asks with its key alone."""

    api_key: Secret
    user_name: str | None = None
    password: Secret | None = None


@final
@dataclass(slots=True)
class _Session:
    """A node's. Times by a clock that nobody sets. Mutable: it is renewed."""

    lock: Lock = field(default_factory=Lock)
    token: Secret | None = None
    issued_at: float = 0.0
    failure: RecorderError | None = None
    failed_at: float = 0.0


@final
class Sessions:
    """Of one worker, shared by its threads."""

    def __init__(
        self,
        transport: Exchange,
        login: Login,
        read: Read,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._transport = transport
        self._login = login
        self._read = read
        self._ticks = ticks
        self._sessions: defaultdict[str, _Session] = defaultdict(_Session)

    def pairs(self, node: str) -> tuple[Pair, ...]:
        """The key, and the token where one is needed. Raises `RecorderError`.

        Whoever had to wait for another's login that failed fails with it.
        """
        key = ("apiKey", self._login.api_key.reveal())
        if self._login.user_name is None or self._login.password is None:
            return (key,)
        came_at = self._ticks()
        session = self._sessions[node]
        with session.lock:
            token = session.token
            if token is None or self._ticks() - session.issued_at >= RENEW_AFTER:
                self._again(session, came_at)
                token = self._log_in(session, node)
        return key, ("token", token.reveal())

    def expire(self, node: str, asked_at: float) -> None:
        """The node has refused what it was shown then."""
        session = self._sessions[node]
        with session.lock:
            if session.token is not None and session.issued_at <= asked_at:
                session.token = None

    def now(self) -> float:
        """What `expire` is told: seconds by a clock that nobody sets."""
        return self._ticks()

    def secrets(self, node: str) -> Mapping[str, str]:
        """What must never reach a client, and what stands in its place."""
        login, token = self._login, self._sessions[node].token
        known = {"key": login.api_key, "password": login.password, "token": token}
        return {value.reveal(): f"[{name}]" for name, value in known.items() if value}

    def _again(self, session: _Session, came_at: float) -> None:
        """Raise what another's login has just failed with, or one that was refused of late."""
        failure = session.failure
        if failure is None:
            return
        waited = session.failed_at >= came_at
        refused = isinstance(failure, RecorderLoginRefused)
        if waited or (refused and came_at - session.failed_at < LOGIN_AGAIN_AFTER):
            raise type(failure)

    def _log_in(self, session: _Session, node: str) -> Secret:
        asked_at = self._ticks()
        try:
            token = self._fresh_token(node)
        except RecorderError as error:
            session.failure, session.failed_at = error, self._ticks()
            raise
        session.token, session.issued_at, session.failure = token, asked_at, None
        return token

    def _fresh_token(self, node: str) -> Secret:
        login = self._login
        pairs = (
            ("action", "RequestToken"),
            ("apiKey", login.api_key.reveal()),
            ("userName", login.user_name or ""),
            ("password", login.password.reveal() if login.password else ""),
            ("responseType", "XML"),
        )
        response = self._transport.exchange(Question(node, pairs))
        document = Document(response.body(), response.headers.get("Content-Type", ""), node)
        outcome = self._read(document)
        if response.status != 200 or not outcome.token:  # noqa: PLR2004 - HTTP's OK
            log.error(
                "the recorder refuses the gateway's own login: HTTP %s, code %s",
                response.status,
                outcome.code,
            )
            raise RecorderLoginRefused
        return Secret(outcome.token)
