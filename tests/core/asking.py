"""Requests of the core's tests, their admission, and pairs of any kind for the properties."""

from datetime import timedelta
from typing import Final

from hypothesis import strategies as st

from gateway.core.actions import ACTIONS
from gateway.core.admission import Admitted, admit
from gateway.core.applications import Address, Application, Applications
from gateway.core.parameters import Pair, Parameters, parse
from gateway.core.requests import Request
from gateway.core.secrets import Secret
from gateway.core.tokens import TokenRecord
from tests.fakes import NODE, NOON, application, pairs

CRM: Final = application()
OPEN: Final = application(requires_authentication=False)
PROVEN: Final = TokenRecord("crm", NODE, NOON + timedelta(minutes=1))
EXPIRED: Final = TokenRecord("crm", NODE, NOON)
REFUSED: Final = TokenRecord("crm", NODE, NOON + timedelta(minutes=1), refused=True)

_NAMES: Final = sorted({name for row in ACTIONS.values() for name in (*row.reserved, *row.own)})
# Arbitrary characters, lone surrogates among them; more often than by chance what is dangerous.
ANY_TEXT: Final = st.text(
    st.characters() | st.sampled_from(" \t\r\n\x00\x7f\x85,;:+-.()*#019aK\udcff\ud800"),
    max_size=12,
)
ANY_NUMBER: Final = st.tuples(
    st.sampled_from(["", " ", "+", "tel:", "TEL: ", "sip:", "sips:+"]),
    st.text(st.sampled_from("0123456789*# -.()+;@a"), max_size=16),
).map("".join)
_NAME: Final = st.sampled_from(_NAMES) | st.sampled_from(_NAMES).map(str.swapcase) | ANY_TEXT
_VALUE: Final = (
    ANY_TEXT | ANY_NUMBER | st.sampled_from([*ACTIONS, "last, ONGOING", " next ", "html", "TEXT"])
)
ANY_PAIRS: Final[st.SearchStrategy[list[Pair]]] = st.lists(st.tuples(_NAME, _VALUE), max_size=12)
ACTION_PAIR: Final[st.SearchStrategy[Pair]] = st.tuples(
    st.just("action"), st.sampled_from(sorted(ACTIONS))
)


def sent(parameters: Parameters) -> list[Pair]:
    """The pairs with their secrets in the clear, as the recorder is sent them."""
    return [
        (name, value.reveal() if isinstance(value, Secret) else value)
        for name, value in parameters.pairs
    ]


def request_of(
    asked: tuple[Pair, ...], address: Address | None = None, later: float = 0.0
) -> Request:
    """A request at noon, or so many seconds later."""
    received_at = NOON + timedelta(seconds=later)
    return Request(id="r-1", pairs=asked, address=address, received_at=received_at)


def admission(
    *asked: Pair,
    app: Application = CRM,
    record: TokenRecord | None = PROVEN,
    address: Address | None = None,
) -> Admitted:
    """What `admit` makes of these pairs, word for word, at noon."""
    request = request_of(asked, address)
    return admit(parse(asked), request, Applications([app]), lambda _token, _name: record)


def asked_for(
    action: str = "GetCallID",
    *,
    app: Application = CRM,
    record: TokenRecord | None = PROVEN,
    token: str | None = "demo-token",
    **more: str,
) -> Admitted:
    """What `admit` makes of a request with the sample's key."""
    return admission(*pairs(token=token, action=action, **more), app=app, record=record)
