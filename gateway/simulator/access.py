"""Who may ask: API keys, users and tokens (the recorder's API, §6). A token is this node's own."""

import hmac
import secrets
import string
import threading
from typing import Final, final

from werkzeug.datastructures import Authorization

from gateway.simulator.refusals import Code, Refusal
from gateway.simulator.request import Request
from gateway.simulator.settings import Access

KEYLESS: Final = frozenset(("MuteRecording", "GetVoiceQuality"))
"""The vendor's own samples of these leave the API key out; a token is all they need."""
LETTERS: Final = string.ascii_letters + string.digits
TOKEN_LENGTH: Final = 32


@final
class Doorkeeper:
    """Knows the tokens that were issued, and when."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._lock = threading.Lock()
        self._issued = dict.fromkeys(access.tokens, float("inf"))

    def log_in(self, request: Request, now: float) -> str:
        """A new token for the user in the Basic header, or in the parameters.

        Raises:
            Refusal: -40, the user or the password is wrong.
        """
        basic = Authorization.from_header(request.headers.get("Authorization"))
        if basic is not None and basic.type == "basic":
            name, password = basic.username or "", basic.password or ""
        else:
            name, password = request.one("userName"), request.one("password")
        known = self._access.users.get(name)
        if known is None or not hmac.compare_digest(known.encode(), password.encode()):
            raise Refusal(Code.INVALID_CREDENTIALS, "Invalid user name or password.")
        with self._lock:
            token = "".join(secrets.choice(LETTERS) for _ in range(TOKEN_LENGTH))
            self._issued[token] = now
        return token

    def admit(self, request: Request, now: float) -> bool:
        """Whether the request is from a logged-in user.

        Raises:
            Refusal: -41 the API key is not known, -42 the token is missing, -43 it has expired
                or was never issued.
        """
        action, key = request.one("action"), request.one("apiKey")
        requires = self._access.keys.get(key, True)
        if key not in self._access.keys and (key or action not in KEYLESS):
            raise Refusal(Code.INVALID_API_KEY, "Invalid API key.")
        if action == "RequestToken":
            return False
        token = request.one("token")
        if not requires:
            return self._valid(token, now)
        if not token:
            raise Refusal(Code.LOGIN_REQUIRED, "Login required: the token is missing.")
        if not self._valid(token, now):
            raise Refusal(Code.TOKEN_EXPIRED, "The token has expired.")
        return True

    def revoke(self) -> None:
        """Forgets every token that was issued at run time, as a restart of the recorder does."""
        with self._lock:
            self._issued = dict.fromkeys(self._access.tokens, float("inf"))

    def _valid(self, token: str, now: float) -> bool:
        with self._lock:
            issued = self._issued.get(token)
            if issued is None or now - issued > self._access.token_lifetime:
                self._issued.pop(token, None)
                return False
            if self._access.sliding:
                self._issued[token] = max(issued, now)
        return True
