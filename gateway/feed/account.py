"""The gateway's own account at the recorder: logs in, stays logged in, searches for calls.

Uses the recorder's key, user and password of the configuration, which no client ever sees.
Knows nothing of the index.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final, TypeVar, final

from gateway.core.errors import RecorderError, RecorderGarbled, RecorderTimeout, RecorderUnreachable
from gateway.core.parameters import Pair
from gateway.core.replies import Document, Outcome
from gateway.core.requests import Clock
from gateway.core.secrets import Secret
from gateway.feed.clocks import Ahead, ClockDifference
from gateway.recorder.nodes import Nodes
from gateway.recorder.transport import Question, Transport
from gateway.rendering.documents import read
from gateway.rendering.records import CallList, read_calls
from gateway.rendering.traces import fit_for_clients

log = logging.getLogger(__name__)

_RENEW_AFTER: Final = timedelta(minutes=55)  # of the hour that a token lives
# A password that was refused is not tried again at once: accounts are locked for that.
_LOGIN_AGAIN_AFTER: Final = timedelta(seconds=30)

T = TypeVar("T")
Offload = Callable[[Callable[[bytes], CallList | Outcome], bytes], CallList | Outcome]


class RecorderRefusedError(RecorderError):
    """The recorder refuses the gateway's own account; the message says with which code."""


@final
@dataclass(frozen=True, slots=True)
class Credentials:
    """Who the gateway is to the recorder. Without a user it asks with its key alone."""

    api_key: Secret
    user_name: Secret | None = None
    password: Secret | None = None


@final
@dataclass(frozen=True, slots=True)
class Page:
    """Rows of a list of calls. `ahead`: how far the recorder's clock is ahead, where it told."""

    rows: tuple[Mapping[str, str], ...]
    ahead: Ahead | None


@final
@dataclass(slots=True)
class Account:
    """One login, at the node that answers. Not for several threads at once."""

    transport: Transport
    nodes: tuple[str, ...]
    credentials: Credentials
    clock: Clock
    offload: Offload = field(default=lambda work, argument: work(argument))
    health: Nodes | None = None  # what is seen here of the nodes is told there
    _token: Secret | None = None
    _issued_at: datetime | None = None
    _refused: tuple[datetime, Outcome] | None = None
    _clocks: dict[str, ClockDifference] = field(default_factory=dict)

    def search(self, parameters: tuple[Pair, ...]) -> Page:
        """One page of SearchCalls. Raises `RecorderError`; logs in again once if it must."""
        found, ahead = self._logged_in("SearchCalls", parameters, self._listed)
        if isinstance(found, Outcome):
            raise _refused("SearchCalls", found)
        return Page(found.rows, ahead)

    def ask(self, action: str, parameters: tuple[Pair, ...]) -> Outcome:
        """What the recorder says to another action. Raises `RecorderError`; logs in as above."""
        outcome, _ = self._logged_in(action, parameters, read)
        return outcome

    def _listed(self, document: Document) -> CallList | Outcome:
        return self.offload(read_calls, document.body)

    def _logged_in(
        self, action: str, parameters: tuple[Pair, ...], read_: Callable[[Document], T]
    ) -> tuple[T, Ahead | None]:
        document, ahead = self._ask(action, (*parameters, *self._login()))
        found = read_(document)
        if isinstance(found, Outcome) and self._may_be_the_token(found):
            self._token = None
            document, ahead = self._ask(action, (*parameters, *self._login()))
            found = read_(document)
        return found, ahead

    def _may_be_the_token(self, refusal: Outcome) -> bool:
        """Whether a new login may help.

        In the documented dialect everything that goes wrong is a 2: a session that the recorder
        forgot, too, as at a restart. Such a refusal is tried with a new login now and then.
        """
        if self._token is None or self._issued_at is None or refusal.accepted:
            return False
        return refusal.token_refused or self.clock() - self._issued_at >= _LOGIN_AGAIN_AFTER

    def _login(self) -> tuple[Pair, ...]:
        """The token as a parameter, fresh if need be; none where the key is enough."""
        user, password = self.credentials.user_name, self.credentials.password
        if user is None or password is None:
            return ()
        now = self.clock()
        issued_at = self._issued_at
        if self._token is None or issued_at is None or now - issued_at >= _RENEW_AFTER:
            self._token = self._fresh_token(user, password, now)
            self._issued_at = now
        return (("token", self._token.reveal()),)

    def _fresh_token(self, user: Secret, password: Secret, now: datetime) -> Secret:
        if self._refused is not None and now - self._refused[0] < _LOGIN_AGAIN_AFTER:
            raise _refused("RequestToken", self._refused[1])
        login = (("userName", user.reveal()), ("password", password.reveal()))
        document, _ = self._ask("RequestToken", login)
        outcome = read(document)
        if not outcome.token:
            self._refused = (now, outcome) if outcome.code is not None else None
            raise _refused("RequestToken", outcome)
        self._refused = None
        return Secret(outcome.token)

    def _ask(self, action: str, pairs: tuple[Pair, ...]) -> tuple[Document, Ahead | None]:
        node = self.nodes[0]
        key = ("apiKey", self.credentials.api_key.reveal())
        question = Question(node, (("action", action), key, *pairs, ("responseType", "XML")))
        asked_at = self.clock()
        try:
            response = self.transport.exchange(question)
            if response.status != HTTPStatus.OK:
                response.close()
                log.warning(
                    "the recorder answered the gateway's own login with HTTP %s", response.status
                )
                raise RecorderGarbled
            told = _told_time(response.headers.get("Date"))
            clocks = self._clocks.setdefault(node, ClockDifference())
            if told is not None:
                clocks.learn(told, asked_at, self.clock())
            document = Document(response.body(), response.headers.get("Content-Type", ""), node)
        except RecorderError as error:
            if self.health and isinstance(error, RecorderUnreachable | RecorderTimeout):
                self.health.failed(node, error.message)
            # The next round tries the next node, where this login is not known.
            self.nodes, self._token = (*self.nodes[1:], node), None
            raise
        if self.health:
            self.health.succeeded(node)
        return document, clocks.ahead


def _refused(action: str, outcome: Outcome) -> RecorderRefusedError:
    said = f": {fit_for_clients(outcome.message)}" if outcome.message else ""
    return RecorderRefusedError(f"the recorder refuses {action} with the code {outcome.code}{said}")


def _told_time(header: str | None) -> datetime | None:
    try:
        told = parsedate_to_datetime(header) if header else None
    except ValueError:
        return None
    return told if told is not None and told.tzinfo is not None else None
