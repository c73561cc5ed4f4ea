"""What a request that waits is woken by, and with which news.

It uses `threading` alone, and so parks threads under `gthread` and greenlets under `gevent`.
Knows nothing of who rings.
"""

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Final, final

from gateway.core.errors import NoAnswer
from gateway.stores import Changes

PAUSE: Final = 0.1  # seconds between looks when a deadline has passed

HungUp = Callable[[], bool]
Ticks = Callable[[], float]  # seconds, by a clock that nobody sets


@final
class Bell:
    """Rung when a party's calls change; the waiter then looks again."""

    def __init__(self, hung_up: HungUp, ticks: Ticks = time.monotonic) -> None:
        self._rung = threading.Event()
        self.wants_newer = False
        self.hung_up = hung_up
        self.sent_away: NoAnswer | None = None
        self._news: Changes | None = None
        self._ticks = ticks
        self._since = ticks()

    @property
    def waited(self) -> timedelta:
        """How long ago the bell was made."""
        return timedelta(seconds=self._ticks() - self._since)

    def ring(self, news: Changes | None = None) -> None:
        """Wake the waiter, or keep him from falling asleep; `news`: what changed."""
        if news is not None:
            self._news = self._news.followed_by(news) if self._news else news
        self._rung.set()

    def wait(self, left: timedelta, *, newer: bool = False) -> Changes | None:
        """Return when the bell was rung or the time is over; at least a short pause.

        `newer`: it is rung for a newer snapshot, too, be there anything new in it or not. Returns
        the calls of the query's parties that changed since the last time, if that is why. Raises
        `GatewayStopping` when nobody will ring any more, `ClientGone` when nobody waits.
        """
        self.wants_newer = newer
        self._rung.wait(max(left.total_seconds(), PAUSE))
        self._rung.clear()
        if self.sent_away is not None:
            raise self.sent_away
        news, self._news = self._news, None
        return news

    def send_away(self, reason: NoAnswer) -> None:
        """Let the waiter wait no longer, for good."""
        self.sent_away = reason
        self.ring()
