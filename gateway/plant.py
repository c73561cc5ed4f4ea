"""A gateway with everything that runs beside it: what feeds its index, and what checks it."""

import threading
from dataclasses import dataclass, field
from typing import final

from gateway.config import Config
from gateway.core.errors import StoreError
from gateway.core.verification import silent_among
from gateway.feed.feeder import Feeder
from gateway.feed.verify import Verifier
from gateway.operations.figures import Figures, Here, figures
from gateway.operations.health import Health, health
from gateway.pipeline import Gateway
from gateway.recorder.bulkheads import Bulkheads
from gateway.recorder.client import Client
from gateway.recorder.transport import Transport
from gateway.stores import memory, sqlite


@final
@dataclass(slots=True)
class Plant:
    """A gateway with everything that runs beside it. Mutable: it is started and stopped.

    Made before a server forks, started after: threads and connections do not survive a fork.
    """

    config: Config
    gateway: Gateway
    store: memory.MemoryStore | sqlite.SqliteStore
    transport: Transport
    bulkheads: Bulkheads
    client: Client
    feeder: Feeder
    verifier: Verifier | None = None
    _started: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self) -> None:
        """Begin to feed, once; returns at once, and needs no recorder."""
        if self._started:  # asked for every request
            return
        with self._lock:
            if not self._started:
                self._started = True
                self.feeder.start()
                if self.verifier:
                    self.verifier.start()

    def among(self, workers: int) -> None:
        """So many workers there are in truth, whatever the configuration says."""
        self.bulkheads.share_among(workers)
        if self.verifier:
            self.verifier.workers = workers

    def stop(self) -> None:
        """Wake whoever is parked, and stop feeding; the server finishes the requests that run."""
        self.gateway.index.watch.stop()
        if self.verifier:
            self.verifier.stop()
        with self._lock:
            if self._started:
                self.feeder.stop()
        # Only what is idle is closed: a request that runs opens anew what it still needs.
        self.transport.close()
        self.store.close()

    def health(self) -> Health:
        """Whether it can answer."""
        try:
            state, tallies = self.store.state(), self.store.tallies()
        except StoreError as error:
            return Health(ready=False, reason=str(error))
        stale_is_enough = any(each.stale_answers for each in self.config.applications)
        max_age, silent = self.gateway.index.terms.max_age, silent_among(tallies)
        return health(
            state, self.gateway.index.clock(), max_age, silent, stale_is_enough=stale_is_enough
        )

    def figures(self) -> Figures:
        """What there is to know of the index and the nodes. Raises `StoreError`."""
        index = self.gateway.index
        here = Here(index.watch.parked, self.bulkheads.occupancy(), self.client.standing())
        return figures(self.store, index.terms, index.clock(), here)
