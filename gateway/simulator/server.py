"""The recorder on a socket, with its calls flowing: `with Server(settings) as server: …`."""

import signal
import sys
import threading
from types import FrameType, TracebackType
from typing import Final, Self, final

from gateway.simulator.application import create_app
from gateway.simulator.clock import Clock
from gateway.simulator.flow import Flow
from gateway.simulator.landmarks import GUIDE
from gateway.simulator.listener import Listener
from gateway.simulator.settings import Settings

SOON: Final = 0.005
LATE: Final = 0.5
"""Seconds between two looks at the flow of calls, at least and at most."""


@final
class Server:
    """A running recorder. It listens and its calls flow from `start` to `stop`.

    Raises:
        OSError: the address is in use, or is not this machine's.
    """

    def __init__(self, settings: Settings | None = None, clock: Clock | None = None) -> None:
        self.settings = settings or Settings()
        self.simulator = create_app(self.settings, clock)
        self.world = self.simulator.world
        self._flow = Flow(self.world, self.settings.traffic)
        self._listener = Listener((self.settings.host, self.settings.port), self.simulator)
        self._threads = (
            threading.Thread(target=self._listener.serve_forever, args=(0.05,), daemon=True),
            threading.Thread(target=self._play, daemon=True),
        )

    @property
    def origin(self) -> str:
        """Where it listens, `http://host:port`; below it are the API and the control endpoint."""
        host, port = self._listener.server_address[:2]
        name = f"[{host!s}]" if ":" in str(host) else host
        return f"http://{name!s}:{port}"

    @property
    def url(self) -> str:
        """The address of the API."""
        return self.origin + self.settings.path

    def start(self) -> None:
        """Begins to answer."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Sends everyone home who waits, closes every connection, and ends every thread."""
        self.world.stop()
        self._listener.shutdown()
        self._listener.hang_up()
        self._listener.server_close()
        for thread in self._threads:
            thread.join()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _play(self) -> None:
        pause = 0.0
        while not self.world.stopping.wait(pause):
            now = self.world.now()
            self._flow.play(now)
            pause = min(max(self._flow.due() - now, SOON), LATE)


def serve(settings: Settings) -> None:
    """Runs a recorder until SIGINT or SIGTERM. Only the main thread may call it.

    Raises:
        OSError: the address is in use, or is not this machine's.
    """
    stop = threading.Event()

    def leave(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    before = {number: signal.signal(number, leave) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with Server(settings) as server:
            sys.stdout.write(_greeting(server))
            sys.stdout.flush()
            stop.wait()
    finally:
        for number, disposition in before.items():
            signal.signal(number, disposition)


def _greeting(server: Server) -> str:
    return f"The recorder simulator answers at {server.url}\n{GUIDE}"
