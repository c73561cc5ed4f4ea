"""What the recorder's answer to a request teaches about the token that came with it."""

from gateway.core.actions import Kind
from gateway.core.admission import Admitted
from gateway.core.errors import Code
from gateway.core.replies import Outcome
from gateway.core.secrets import Secret
from gateway.core.tokens import TOKEN_LIFETIME, TokenRecord


def lesson(admitted: Admitted, outcome: Outcome, node: str) -> tuple[Secret, TokenRecord] | None:
    """The token to remember, and what of it; `None`: nothing new.

    A token is learned when the recorder issues it, or accepts a request that carries it and
    nothing else that opens doors. One
    that was issued by this very node, and is known to it no longer, is remembered as refused;
    one that was never proven is not, because another node may know it.
    """
    application = admitted.application.name
    if admitted.parameters.action.kind is Kind.AUTHENTICATES:
        if outcome.code != Code.SUCCESS or not outcome.token:
            return None
        expires_at = admitted.received_at + TOKEN_LIFETIME
        return Secret(outcome.token), TokenRecord(application, node, expires_at)
    token = admitted.parameters.token
    if token is None:
        return None
    if outcome.token_refused and admitted.node == node:
        return token, TokenRecord(application, node, admitted.received_at, refused=True)
    # Whoever shows a session or a login of his own may have been let in for that.
    if outcome.accepted and not admitted.proven and not admitted.request.credentials:
        return token, TokenRecord(application, node, admitted.received_at + TOKEN_LIFETIME)
    return None
