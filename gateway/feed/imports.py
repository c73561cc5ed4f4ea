"""Loads lists of calls from files into the index: what SearchCalls answered, at any size.

Streams, so that memory stays flat, and writes in short transactions, so that look-ups and the feed
go on meanwhile. Knows nothing of where files come from, or who watches.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, final
from zoneinfo import ZoneInfo

from gateway.core.calls import Call
from gateway.feed.records import call_of, is_secondary
from gateway.rendering.records import Readable, stream_calls
from gateway.stores import CallStore

_LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)
AT_ONCE: Final = 5000  # calls in a transaction, which takes a fifth of a second


@final
@dataclass(slots=True)
class Report:
    """What became of the rows so far. Mutable: it counts."""

    stored: int = 0
    secondary: int = 0
    ongoing: int = 0
    too_old: int = 0
    unreadable: int = 0

    def __str__(self) -> str:
        left_out = (
            (self.secondary, "duplicate recordings"),
            (self.ongoing, "that are ongoing, which the feed knows better"),
            (self.too_old, "from before [index] keep"),
            (self.unreadable, "without an id or a begin"),
        )
        words = "; ".join(f"{count:,} {what}" for count, what in left_out if count)
        return f"{self.stored:,} calls are in the index" + (f". Left out: {words}" if words else "")


@final
@dataclass(frozen=True, slots=True)
class Import:
    """Into which store, from which zone. `now` and `oldest`: the recorder's clock."""

    store: CallStore
    zone: ZoneInfo
    now: datetime
    oldest: datetime

    def load(self, file: Readable, report: Report) -> None:
        """Store the finished calls of one file, and count what becomes of each row.

        Raises:
            RecorderGarbled: the file is no list of calls; what came before is stored.
            StoreError: the store cannot be written.
        """
        waiting: list[Call] = []
        try:
            for call in self._calls(file, report):
                waiting.append(call)
                if len(waiting) == AT_ONCE:
                    self._store(waiting, report)
        finally:
            self._store(waiting, report)

    def _store(self, waiting: list[Call], report: Report) -> None:
        # A file is older than whatever somebody knew better since.
        self.store.update(waiting, asked_at=_LONG_AGO)
        report.stored += len(waiting)
        waiting.clear()

    def _calls(self, file: Readable, report: Report) -> Iterator[Call]:
        for row in stream_calls(file):
            call = call_of(row, self.zone, self.now)
            if call is None:
                report.secondary += is_secondary(row)
                report.unreadable += not is_secondary(row)
            elif call.ended_at is None:
                report.ongoing += 1
            elif call.ended_at < self.oldest:
                report.too_old += 1
            else:
                yield call
