"""The only clock of the simulator. Everything else is told the time."""

import time
from typing import Protocol, final


class Clock(Protocol):
    """Tells the time. A test brings one that stands still."""

    def now(self) -> float:
        """POSIX time in seconds."""
        ...


@final
class SystemClock:
    """The clock of the machine."""

    def now(self) -> float:
        """POSIX time in seconds."""
        return time.time()  # noqa: TID251 - the one place where the simulator reads a clock


@final
class FrozenClock:
    """A clock that stands still until it is moved: for tests, and mutable for that reason."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def now(self) -> float:
        """POSIX time in seconds."""
        return self._seconds

    def move(self, seconds: float) -> None:
        """Goes forward by so many seconds."""
        self._seconds += seconds
