"""Whether the gateway can answer, and if not, why. For load balancers and for people."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, final

from gateway.stores import FeedState

SEE: Final = "the recorder does not answer as it should, and the log says how"


@final
@dataclass(frozen=True, slots=True)
class Health:
    """Ready or not; `reason` is a sentence for people."""

    ready: bool
    reason: str


def health(
    state: FeedState,
    now: datetime,
    max_age: timedelta,
    silent: Sequence[str] = (),
    *,
    stale_is_enough: bool,
) -> Health:
    """How it stands with the index.

    `silent`: forms of question on which the recorder has contradicted it. `stale_is_enough`: some
    application has opted in to stale answers, so that it is served even while the recorder is
    down.
    """
    if state.as_of is None:
        return Health(ready=False, reason=f"the index was never fed: {SEE}")
    age = now - state.as_of
    if age > max_age:
        reason = f"the index is {age.total_seconds():.0f} s old: {SEE}"
        return Health(ready=stale_is_enough, reason=reason)
    if silent:
        forms = " and ".join(silent)
        reason = f"the index is fresh, but silent on {forms}: the recorder has contradicted it"
        return Health(ready=True, reason=reason)
    return Health(ready=True, reason="the index is fresh")
