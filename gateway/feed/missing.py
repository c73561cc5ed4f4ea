"""Which records are looked for one by one: those of calls that ended and began long ago.

Each is looked for at growing intervals, so that records which never appear cost the recorder
little and keep nobody else's from being looked for. Pure but for its memory.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, final

from gateway.core.calls import Call, same

MOST_AT_ONCE: Final = 10  # records looked for in one round
SOONEST: Final = timedelta(seconds=1)
LATEST: Final = timedelta(minutes=2)


@final
@dataclass(slots=True)
class Missing:
    """When each missing record is looked for again, and after what interval."""

    _next: dict[str, tuple[datetime, timedelta]] = field(default_factory=dict)

    def due(self, missing: Iterable[Call], now: datetime) -> list[Call]:
        """Those of the missing ones to look for now, the longest waiting first."""
        calls = {same(call.id): call for call in missing}
        new = (now, SOONEST / 2)
        self._next = {key: self._next.get(key, new) for key in calls}
        due = sorted((at, key) for key, (at, _) in self._next.items() if at <= now)
        for _, key in due[:MOST_AT_ONCE]:
            interval = min(self._next[key][1] * 2, LATEST)
            self._next[key] = (now + interval, interval)
        return [calls[key] for _, key in due[:MOST_AT_ONCE]]
