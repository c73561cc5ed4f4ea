"""Deadlines that hold whatever the other side does: past one, its connection is shut down.

A socket's own timeout starts anew with every byte, so that a head which drips is never late. Here
one thread watches all exchanges and shuts down those that are over; whoever reads then sees the
end of the connection at once, under gevent and under threads. A leash holds a duplicate of the
connection's descriptor: its number cannot become another socket's while it is held. Knows nothing
of HTTP.
"""

import os
import socket
import threading
import time
from contextlib import suppress
from heapq import heappop, heappush
from itertools import count
from math import inf
from typing import Final, final

from gateway.core.errors import RecorderError, RecorderTimeout

_order: Final = count()


@final
class Leash:
    """On one connection for one exchange: until its deadline, or until it is released.

    `late`: what it means if the deadline passes. `over`: whether it has.
    """

    def __init__(self, watch: "Watch", deadline: float) -> None:
        self._watch = watch
        self._lock = threading.Lock()
        self._held: int | None = None
        self._deadline = inf
        self._next_look = inf
        self.over = False
        self.late: type[RecorderError] = RecorderTimeout
        self.until(deadline)

    def hold(self, descriptor: int) -> None:
        """From now on this connection is meant. The first one stays; one that is over is shut."""
        with self._lock:
            if self._held is None:
                self._held = os.dup(descriptor)
                if self.over:
                    self._shut()

    def until(self, deadline: float, late: type[RecorderError] = RecorderTimeout) -> None:
        """Set a deadline in the place of the last, in seconds of `time.monotonic`."""
        with self._lock:
            self._deadline, self.late = (deadline, late) if not self.over else (inf, self.late)
            if self._deadline >= self._next_look:
                return
            self._next_look = self._deadline
        self._watch.look(self, deadline)

    def pause(self) -> None:
        """No deadline, for as long as it is not the recorder that is waited for."""
        self._deadline = inf

    def release(self) -> None:
        """Let go. The connection will not be shut down after this."""
        with self._lock:
            self._deadline = inf
            if self._held is not None:
                os.close(self._held)
                self._held = None

    def cut(self) -> None:
        """Let go, and hang up on the other side if the connection is still held."""
        with self._lock:
            self._deadline = inf
            self._shut()

    def check(self) -> None:
        """Raise what it means, if the deadline has passed."""
        if self.over:
            raise self.late

    def expire(self, now: float) -> float:
        """Shut the connection down if its time has come; else when to look again."""
        with self._lock:
            self._next_look = inf
            if self._deadline <= now:
                self.over, self._deadline = True, inf
                self._shut()
            self._next_look = self._deadline
            return self._deadline

    def _shut(self) -> None:
        if self._held is not None:
            with socket.socket(fileno=self._held) as connection:
                self._held = None
                with suppress(OSError):  # the other side was first
                    connection.shutdown(socket.SHUT_RDWR)


@final
class Watch:
    """One thread for all leashes; there is none while none is out.

    A leash that was released stays listed until its time, which costs less than finding it.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._looks: list[tuple[float, int, Leash]] = []
        self._thread: threading.Thread | None = None

    def look(self, leash: Leash, at: float) -> None:
        """Look at the leash at that time."""
        with self._changed:
            heappush(self._looks, (at, next(_order), leash))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, daemon=True, name="deadlines")
                self._thread.start()
            elif self._looks[0][2] is leash:
                self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                if not self._looks:
                    self._thread = None
                    return
                wait = self._looks[0][0] - time.monotonic()
                if wait > 0:
                    self._changed.wait(wait)
                    continue
                leash = heappop(self._looks)[2]
            again = leash.expire(time.monotonic())
            if again < inf:
                self.look(leash, again)
