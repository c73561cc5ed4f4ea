"""Who asks, and may he? Nothing else makes an `Admitted`, and nothing is asked without one.

The index and the recorder accept an `Admitted` and nothing less. Its constructor wants a seal
that only this module holds, so forwarding an unadmitted request does not type-check.
Knows nothing of calls, and of tokens only what the store remembered.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import final

from gateway.core.actions import ACTIONS, Kind
from gateway.core.applications import Application, Applications
from gateway.core.errors import Code, Refusal
from gateway.core.parameters import Parameters
from gateway.core.requests import Request
from gateway.core.secrets import Secret
from gateway.core.tokens import TokenRecord

# What a store remembers of an application's token; the second argument is its name.
Recall = Callable[[Secret, str], TokenRecord | None]


class _Seal:
    """Held by `admit` alone."""


@final
@dataclass(frozen=True, slots=True)
class Admitted:
    """A request that may be answered or forwarded, and in whose name.

    `proven`: no token is needed, or the recorder has vouched for this one, `until` its hour is
    over (`None`: for good). `node` is the recorder node that issued the token, where known.
    """

    parameters: Parameters
    request: Request
    application: Application
    proven: bool
    node: str | None
    until: datetime | None
    _seal: _Seal

    def naming(self, call_id: str) -> "Admitted":
        """The same request, which says by its id which call it means."""
        return replace(self, parameters=self.parameters.naming(call_id))

    def about_its_call(self) -> "Admitted":
        """What the recorder knows of the call that is meant, asked in the client's own name."""
        action = ACTIONS["GetCallInformation"]
        return replace(self, parameters=self.parameters.about_the_call(action))

    @property
    def received_at(self) -> datetime:
        """When the request came in, by the gateway's clock."""
        return self.request.received_at


def admit(
    parameters: Parameters,
    request: Request,
    applications: Applications,
    recall: Recall,
) -> Admitted:
    """Let the request in, or raise `Refusal` with the code that the recorder would give.

    A token that is not remembered, or whose hour is over, is let in unproven: the recorder
    judges, unless tokens are issued here. A token that the recorder has refused since it was
    issued is refused here.
    """
    if parameters.faults:
        raise Refusal(Code.INVALID_PARAMETERS, parameters.faults[0])
    application = _identify(parameters.api_key, applications)
    _permit(application, parameters, request)
    token = parameters.token
    record = recall(token, application.name) if token else None
    if parameters.action.kind is not Kind.AUTHENTICATES and application.requires_authentication:
        _want_token(token, record)
        proven = record is not None and record.proven(request.received_at)
        if applications.issued_here and not proven:
            raise _expired()
        until = record.expires_at if record else None
    else:
        proven, until = True, None
    node = record.node if record else None
    return Admitted(parameters, request, application, proven, node, until, _Seal())


def _identify(key: Secret | None, applications: Applications) -> Application:
    if key is None:
        raise Refusal(Code.INVALID_API_KEY, "The parameter apiKey is missing.")
    application = applications.with_key(key)
    if application is None:
        raise Refusal(Code.INVALID_API_KEY, "The API key is not known.")
    return application


def _permit(application: Application, parameters: Parameters, request: Request) -> None:
    if not application.may_come_from(request.address):
        raise Refusal(Code.INVALID_API_KEY, "The API key may not be used from this address.")
    if not application.may_use(parameters.action.name):
        message = "The application that this API key belongs to may not use this action."
        raise Refusal(Code.INVALID_ACTION, message)


def _want_token(token: Secret | None, record: TokenRecord | None) -> None:
    if token is None:
        message = "The parameter token is missing. Ask for a token with action=RequestToken."
        raise Refusal(Code.LOGIN_REQUIRED, message)
    if record is not None and record.refused:
        raise _expired()


def _expired() -> Refusal:
    message = "The token has expired. Ask for a new one with action=RequestToken."
    return Refusal(Code.TOKEN_EXPIRED, message)
