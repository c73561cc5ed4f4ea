"""What reached the recorder, for tests and for the curious."""

import threading
from collections import Counter, deque
from dataclasses import replace
from typing import Final, final

from gateway.simulator.request import Request

KEPT: Final = 1000


@final
class Journal:
    """Counts requests by action and keeps the last thousand, secrets included, uploads not."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._last: deque[tuple[float, Request]] = deque(maxlen=KEPT)
        self._open = 0

    def arrived(self, request: Request, now: float) -> None:
        """Notes a request before anything is done about it."""
        with self._lock:
            self._counts[request.one("action")] += 1
            self._last.append((now, replace(request, body=b"", files=())))
            self._open += 1

    def answered(self) -> None:
        """Notes that one request has its answer."""
        with self._lock:
            self._open -= 1

    @property
    def open(self) -> int:
        """How many requests have no answer yet."""
        return self._open

    def counts(self) -> dict[str, int]:
        """How many requests arrived, by action."""
        with self._lock:
            return dict(self._counts)

    def last(self, action: str = "") -> list[tuple[float, Request]]:
        """The last requests for this action, or for any, with their times; the newest last."""
        with self._lock:
            return [
                (at, request)
                for at, request in self._last
                if not action or request.one("action") == action
            ]

    def forget(self) -> None:
        """Begins anew."""
        with self._lock:
            self._counts.clear()
            self._last.clear()
