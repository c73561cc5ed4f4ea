"""What can go wrong on a request's way, drawn before it is defined.

    CallgateError
    ├── Refusal                     we say no, and the recorder never hears of it
    ├── NoAnswer                    nobody can answer at the moment
    │   ├── RecorderError               the recorder was asked, or should have been
    │   │   ├── RecorderUnreachable         nobody there, or gone before an answer began
    │   │   │   ├── RecorderNotListening        the connection was refused
    │   │   │   ├── RecorderNotFound            no such host
    │   │   │   ├── RecorderConnectTimeout      no connection in time
    │   │   │   ├── RecorderUntrusted           its certificate does not convince
    │   │   │   ├── RecorderWithoutTls          TLS was not agreed upon
    │   │   │   └── RecorderHungUp              the connection broke
    │   │   ├── RecorderBusy                as many requests there as it may have
    │   │   ├── RecorderLoginRefused        it refuses the gateway's own login
    │   │   ├── RecorderTimeout             there, but not in time
    │   │   └── RecorderGarbled             an answer that is none: HTTP 500, no HTTP
    │   │       ├── RecorderCutOff              it broke off
    │   │       └── RecorderTooLong             it is over the limit
    │   ├── ClientGone                  whoever waited has hung up
    │   ├── IndexSilent                 a request waited, and the index fell silent meanwhile
    │   └── GatewayStopping             we are being restarted
    └── StoreError                  the index could not be read or written

A `Refusal` and a `NoAnswer` become answers; a `StoreError` makes the index silent, and the
recorder is asked. Rooms that start the gateway have faults of their own. No message holds a
secret, an address of the recorder, or a trace.
"""

from enum import IntEnum
from typing import ClassVar


class Code(IntEnum):
    """The recorder's numbered error codes, and the two that its documentation shows.

    Source: the vendor's table; `2` is what every documented sample of an error shows.
    """

    SUCCESS = 0
    CANNOT_BE_FOUND = 2
    UNEXPECTED_ERROR = -1
    EVALUATION_EXPIRED = -10
    INVALID_PARAMETERS = -20
    INVALID_ACTION = -30
    INVALID_CREDENTIALS = -40
    INVALID_API_KEY = -41
    LOGIN_REQUIRED = -42
    TOKEN_EXPIRED = -43
    CALL_NOT_FOUND = -50
    INVALID_BUSINESS_ID = -60
    MEDIA_NOT_FOUND = -70
    VIDEO_NOT_FOUND = -71
    PROPERTY_NOT_FOUND = -80


class CallgateError(Exception):
    """The root: everything that this project raises on purpose."""


class Refusal(CallgateError):
    """The gateway's own no. `status` is the HTTP status where it is not the API's usual 200."""

    def __init__(self, code: Code, message: str, *, status: int = 200) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


class NoAnswer(CallgateError):
    """Nobody can answer. `status` is HTTP's, `message` what the client is told (RFC 9110).

    `kind`: what went wrong on the way to the recorder and back, as registered for `Proxy-Status`
    (RFC 9209, 2.3); empty if the recorder was not asked.
    """

    status: ClassVar[int] = 503
    message: ClassVar[str] = "There is no answer at the moment. Ask again."
    kind: ClassVar[str] = ""

    def __str__(self) -> str:
        return super().__str__() or self.message


class GatewayStopping(NoAnswer):
    """The gateway is being restarted while a request waited in it."""

    message = "The gateway is being restarted. Ask again."


class ClientGone(NoAnswer):
    """The client hung up while its request waited; nobody will read the answer."""

    message = "The client has hung up."


class IndexSilent(NoAnswer):
    """The index was not fed any more while a request waited for a call, and until its end."""

    message = "The gateway lost sight of the calls while it waited for the next one. Ask again."


class RecorderError(NoAnswer):
    """The recorder gave no answer. Its texts may hold secrets, so they are never passed on."""

    status = 502
    message = "The recorder gave no answer that can be read."
    kind = "proxy_internal_error"


class RecorderUnreachable(RecorderError):
    """No connection, or one that broke before an answer began."""

    status = 503
    message = "The recorder cannot be reached at the moment."
    kind = "destination_unavailable"


class RecorderNotListening(RecorderUnreachable):
    """Nobody listens at its address."""

    kind = "connection_refused"


class RecorderNotFound(RecorderUnreachable):
    """Its host's name has no address."""

    kind = "dns_error"


class RecorderConnectTimeout(RecorderUnreachable):
    """No connection, TLS included, within the deadline for one."""

    kind = "connection_timeout"


class RecorderUntrusted(RecorderUnreachable):
    """Its certificate was not accepted."""

    kind = "tls_certificate_error"


class RecorderWithoutTls(RecorderUnreachable):
    """The two sides did not agree on TLS."""

    kind = "tls_protocol_error"


class RecorderHungUp(RecorderUnreachable):
    """The connection broke before an answer began."""

    kind = "connection_terminated"


class RecorderBusy(RecorderError):
    """As many requests of this kind are at the recorder as may be."""

    status = 503
    message = "The recorder is busy with other requests of this kind. Ask again."
    kind = "connection_limit_reached"


class RecorderTimeout(RecorderError):
    """The whole answer did not arrive within its deadline."""

    status = 504
    message = "The recorder did not answer in time."
    kind = "http_response_timeout"


class RecorderGarbled(RecorderError):
    """An answer that is no HTTP, or HTTP 4xx or 5xx, which the API never says."""

    kind = "http_protocol_error"


class RecorderCutOff(RecorderGarbled):
    """An answer that began and broke off."""

    kind = "http_response_incomplete"


class RecorderTooLong(RecorderGarbled):
    """A body over the limit."""

    kind = "http_response_body_size"


class RecorderLoginRefused(RecorderError):
    """It refuses the gateway's own key, user or password: only the operator can mend that."""

    status = 503
    message = "The recorder does not let the gateway in at the moment."
    kind = "destination_unavailable"


class StoreError(CallgateError):
    """The store could not be read or written; the message says which and why."""
