"""What a door hands in: a request, with everything of HTTP that matters taken out of it.

Knows nothing of WSGI or sockets.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Never, Protocol, final

from gateway.core.applications import Address
from gateway.core.parameters import Pair
from gateway.core.secrets import Secret


class Body(Protocol):
    """A body that is passed on unread."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; none at its end."""
        ...


@final
@dataclass(frozen=True, slots=True)
class Upload:
    """Media on its way to the recorder. `length` in bytes; `None`: not announced."""

    body: Body
    content_type: str
    length: int | None


def _none() -> Mapping[str, Never]:
    return MappingProxyType({})


@final
@dataclass(frozen=True, slots=True)
class Request:
    """A request before anybody looked at it.

    `pairs`: the query string's, then the form's, in their order. `address`: the client's, `None`
    for a UNIX socket. `credentials`: the client's own headers that speak for him
    (`Authorization`, `Cookie`), which go to the recorder in `credentials = "client"`.
    `headers`: what else is passed on with questions for media (`Range`). `received_at`: the
    gateway's clock, with a zone.
    `hung_up`: whether the client has closed the connection since, where that can be known.
    """

    id: str
    pairs: tuple[Pair, ...] = field(repr=False)  # secrets in the clear, until they are parsed
    address: Address | None
    received_at: datetime
    credentials: Mapping[str, Secret] = field(default_factory=_none)
    headers: Mapping[str, str] = field(default_factory=_none, repr=False)
    upload: Upload | None = None
    hung_up: Callable[[], bool] = lambda: False


Clock = Callable[[], datetime]
