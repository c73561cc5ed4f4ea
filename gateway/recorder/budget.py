"""How often a request may be sent once more: a recorder in trouble shall not get twice the load.

Knows no request and no node; the time is a monotonic clock's.
"""

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Final

SHARE: Final = 0.2  # of the requests of late
WINDOW: Final = 10  # seconds
AT_LEAST: Final = 3  # under way at once, however few requests there were


class Budget:
    """Counts requests and retries. Shared by all threads of a worker."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.retries = 0
        self.refused = 0
        self._monotonic = monotonic
        self._seconds: deque[tuple[int, int, int]] = deque()  # which, requests, retries
        self._under_way = 0
        self._lock = Lock()

    def spend(self) -> None:
        """A request is sent for the first time."""
        with self._lock:
            self._count(1, 0)

    @contextmanager
    def retry(self) -> Iterator[bool]:
        """Whether a request may be sent once more; if so, it is under way until the end."""
        with self._lock:
            self._count(0, 0)
            requests = sum(each[1] for each in self._seconds)
            retries = sum(each[2] for each in self._seconds)
            may = self._under_way < AT_LEAST or retries < SHARE * requests
            self._under_way += may
            self.retries += may
            self.refused += not may
            self._count(0, int(may))
        try:
            yield may
        finally:
            with self._lock:
                self._under_way -= may

    def _count(self, requests: int, retries: int) -> None:
        now = int(self._monotonic())
        while self._seconds and self._seconds[0][0] <= now - WINDOW:
            self._seconds.popleft()
        if not self._seconds or self._seconds[-1][0] != now:
            self._seconds.append((now, 0, 0))
        _, asked, again = self._seconds[-1]
        self._seconds[-1] = (now, asked + requests, again + retries)
