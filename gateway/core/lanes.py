"""Which part of the recorder's threads a request may occupy, so that no kind starves another.

Pure. The recorder has some 150 threads for everybody; whoever waits for a call or fetches media
holds one for long.
"""

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import Final, assert_never

from gateway.core.actions import Kind
from gateway.core.parameters import Parameters


class Lane(Enum):
    """One part. The feed has its own: it asks for one thing at a time."""

    LOOKUPS = "look-ups"
    CHANGES = "changes"
    WAITS = "waits"
    MEDIA = "media"


# Of all requests that may be at the recorder at once.
_SHARES: Final = {Lane.LOOKUPS: 0.4, Lane.CHANGES: 0.2, Lane.WAITS: 0.2, Lane.MEDIA: 0.2}


def waits(parameters: Parameters) -> bool:
    """Whether the recorder may take a minute to answer: for a call that is yet to begin."""
    selects = "status" in parameters.action.selectors
    return selects and "next" in (parameters.get("status") or "").split(",")


def lane_of(parameters: Parameters) -> Lane:
    """The lane of a request."""
    match parameters.action.kind:
        case Kind.STREAMS | Kind.UPLOADS:
            return Lane.MEDIA
        case _ if waits(parameters):
            return Lane.WAITS
        case Kind.CHANGES | Kind.AUTHENTICATES:
            return Lane.CHANGES
        case Kind.READS:
            return Lane.LOOKUPS
        case _:  # pragma: no cover - the type checker proves that nothing is left
            assert_never(parameters.action.kind)


def sizes(total: int, workers: int) -> Mapping[Lane, int]:
    """How many requests of each lane one of so many workers may have at the recorder; one at least.

    `total`: how many requests all workers together may have there.
    """
    return MappingProxyType(
        {lane: max(1, int(total * share / workers)) for lane, share in _SHARES.items()}
    )
