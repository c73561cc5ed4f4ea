"""The recorder's error codes and how it says no (the recorder's API, §5)."""

from enum import IntEnum
from typing import Final, final

from gateway.simulator.settings import Dialect


class Code(IntEnum):
    """The numbered codes."""

    UNEXPECTED_ERROR = -1
    INVALID_PARAMETERS = -20
    INVALID_ACTION = -30
    INVALID_CREDENTIALS = -40
    INVALID_API_KEY = -41
    LOGIN_REQUIRED = -42
    TOKEN_EXPIRED = -43
    CALL_NOT_FOUND = -50
    MEDIA_NOT_FOUND = -70
    VIDEO_NOT_FOUND = -71
    PROPERTY_NOT_FOUND = -80


DOCUMENTED_ERROR: Final = 2
CREDENTIALS: Final = frozenset(
    (Code.INVALID_CREDENTIALS, Code.INVALID_API_KEY, Code.LOGIN_REQUIRED, Code.TOKEN_EXPIRED)
)
PURPOSES: Final = {
    "GetCallID": "Unable to retrieve the call identifier",
    "GetCallURL": "Unable to retrieve the call URL",
    "GetCallInformation": "Unable to retrieve the call information",
}


@final
class Refusal(Exception):
    """The recorder says no: a code and a sentence."""

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    def number(self, dialect: Dialect) -> int:
        """The code as this dialect writes it."""
        if dialect is Dialect.NUMBERED or self.code in CREDENTIALS:
            return int(self.code)
        return DOCUMENTED_ERROR


def not_found(action: str) -> Refusal:
    """No such call. For GetCallID the sentence is the seed's."""
    return Refusal(Code.CALL_NOT_FOUND, f"{_purpose(action)}, because the call cannot be found.")


def ambiguous(action: str) -> Refusal:
    """More than one call: an error, never a list (the seed, on `extension`)."""
    return Refusal(
        Code.CALL_NOT_FOUND, f"{_purpose(action)}, because more than one call was found."
    )


def invalid(message: str) -> Refusal:
    """A parameter is missing, or means nothing."""
    return Refusal(Code.INVALID_PARAMETERS, message)


def _purpose(action: str) -> str:
    return PURPOSES.get(action, "Unable to complete the request")
