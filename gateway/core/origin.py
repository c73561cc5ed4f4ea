"""Where a request comes from: the peer, or whom a trusted peer says it speaks for.

Counting hops, as common middleware does, can be spoofed by whoever reaches the gateway directly.
Here a forwarded address counts only as far as an unbroken chain of trusted proxies vouches for it.
"""

from collections.abc import Iterable
from ipaddress import IPv6Address, ip_address

from gateway.core.applications import Address, Network


def client_address(peer: str, forwarded_for: str, trusted: Iterable[Network]) -> Address | None:
    """The client's address; `None` if it has none, as on a UNIX socket, or none is known.

    `forwarded_for` is the value of X-Forwarded-For: each proxy adds on the right the peer that it
    saw, so it is walked from right to left, for as long as who says so is trusted. If a trusted
    proxy names what is no address, then none is known: the client must not inherit the proxy's.
    """
    networks = tuple(trusted)
    address = _address(peer)
    if not forwarded_for.strip():
        return address
    for said in reversed(forwarded_for.split(",")):
        if not is_inside(address, networks):
            break
        address = _address(said)
    return address


def is_inside(address: Address | None, networks: Iterable[Network]) -> bool:
    """Whether an address is in one of the networks; no address is in none."""
    return address is not None and any(address in network for network in networks)


def _address(text: str) -> Address | None:
    """An address as proxies write it: perhaps in brackets, with a port, or IPv4 inside IPv6."""
    bare = text.strip()
    if bare.startswith("["):
        bare = bare[1:].partition("]")[0]
    elif bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        address = ip_address(bare)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
