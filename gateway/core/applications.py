"""The applications that may ask: what each is called, how it shows who it is, what it may do.

Knows no configuration file; `gateway/config` makes these from one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import final

from gateway.core.secrets import Secret

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

EVERY_ACTION = "*"


@final
@dataclass(frozen=True, slots=True)
class Rate:
    """At most `requests` in each period of `seconds`."""

    requests: int
    seconds: float


@final
@dataclass(frozen=True, slots=True)
class Application:
    """One entry of `[[applications]]`. `keys` are SHA-256 digests, lower-case hexadecimal.

    `extended_status`: it may ask for any order of statuses, such as `ongoing,last`.
    `resolve`: where a request says which call it means by extension and status, the index puts
    its id in.
    """

    name: str
    keys: frozenset[str]
    requires_authentication: bool = True
    networks: tuple[Network, ...] = ()
    actions: frozenset[str] = frozenset({EVERY_ACTION})
    rate: Rate | None = None
    stale_answers: bool = False
    may_push: bool = False
    extended_status: bool = False
    resolve: bool = False

    def may_use(self, action: str) -> bool:
        """Whether the application may use this action; names are compared exactly."""
        return EVERY_ACTION in self.actions or action in self.actions

    def may_come_from(self, address: Address | None) -> bool:
        """Whether its requests may come from here; no networks means from anywhere.

        `None` is a peer without an address, a UNIX socket: only an application that may come
        from anywhere may come from there.
        """
        if not self.networks:
            return True
        return address is not None and any(address in network for network in self.networks)


@final
class Applications:
    """All of them, found by key in one look-up.

    `issued_here`: their tokens are the gateway's own, and one that it does not know is nobody's.

    The look-up is by the key's digest. An attacker who times it learns about digests of his own
    guesses, and a digest leads back to no key: SHA-256 is what makes it constant-time.
    """

    __slots__ = ("_by_digest", "all", "issued_here")

    def __init__(self, applications: Iterable[Application], *, issued_here: bool = False) -> None:
        self.issued_here = issued_here
        self.all = tuple(applications)
        self._by_digest = {key: application for application in self.all for key in application.keys}

    def with_key(self, key: Secret) -> Application | None:
        """The application that holds this key."""
        return self._by_digest.get(key.digest)
