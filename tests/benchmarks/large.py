"""Large indexes: made fast, by SQL, because loading millions of calls is not what is measured."""

import sqlite3
import threading
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

from gateway.core.query import ByParty, Query, Status
from gateway.feed.imports import Import, Report
from gateway.stores import FeedState
from gateway.stores.sqlite import SqliteStore
from tests.benchmarks.churn import record

EXTENSIONS = 10_000
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
# The same spread as real calls have: random ids, a few thousand extensions, any number called.
_FILL = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
INSERT INTO calls (key, id, caller, called, started_at, ended_at, platform_call_id, native_id,
    manual, ended_after, pushed, revision)
SELECT randomblob(16), 0, CAST(8000 + abs(random()) % 10000 AS TEXT),
    '+3612' || abs(random() % 10000000), ? - i * 250, ? - i * 250 + abs(random() % 300000),
    CAST(abs(random() % 100000000) AS TEXT), CAST(abs(random() % 100000000) AS TEXT), 0, NULL, 0, 1
FROM n
"""


def fill(path: Path, count: int) -> None:
    """An index of so many calls, the latest of which began at noon."""
    with closing(SqliteStore(path)) as store:
        store.update([], FeedState(as_of=NOON, complete=True))
    with closing(sqlite3.connect(path, isolation_level=None)) as file:
        file.execute("PRAGMA journal_mode = OFF")
        file.execute("PRAGMA synchronous = OFF")
        file.execute("PRAGMA cache_size = -1000000")
        indexes = file.execute(
            "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'calls' "
            "AND sql IS NOT NULL"
        ).fetchall()
        for name, _ in indexes:
            file.execute(f"DROP INDEX {name}")
        file.execute("BEGIN")
        noon = int(NOON.timestamp() * 1000)
        file.execute(_FILL, (count, noon, noon))
        file.execute("COMMIT")
        for _, sql in indexes:
            file.execute(sql)
        file.execute("PRAGMA journal_mode = WAL")


def look_up(store: SqliteStore, times: int, seed: int) -> float:
    """How long a look-up takes, in seconds, over so many extensions."""
    begun = time.perf_counter()
    for number in range(times):
        extension = str(8000 + (number * 7919 + seed) % EXTENSIONS)
        store.snapshot(Query(ByParty((extension,), (Status.LAST, Status.ONGOING)), NOON))
    return (time.perf_counter() - begun) / times


def ten_millions(rounds: int = 7, most: int = 10_000_000) -> dict[str, float]:
    """A look-up among 10,000,000 calls against one among 100,000, and the bytes of a call."""
    with TemporaryDirectory() as folder:
        small, large = Path(folder, "small.db"), Path(folder, "large.db")
        fill(small, 100_000)
        fill(large, most)
        with closing(SqliteStore(small)) as few, closing(SqliteStore(large)) as many:
            for store in (few, many):
                look_up(store, EXTENSIONS, 0)
            ratios = [
                look_up(many, 2000, seed) / look_up(few, 2000, seed) for seed in range(rounds)
            ]
        return {
            "10,000,000 against 100,000, time": median(ratios),
            "bytes of a call": large.stat().st_size / most,
        }


def loading(count: int = 300_000) -> dict[str, float]:
    """Calls a second from SearchCalls XML into a file, while look-ups go on."""
    with TemporaryDirectory() as folder:
        listing, path = Path(folder, "calls.xml"), Path(folder, "calls.db")
        with listing.open("w") as file:
            file.write("<verbacdrlist>")
            # Ids at random, as the recorder's are.
            for number in range(count):
                file.write(record(number * 2654435761 % 2**61, 2e9, ended=True))
            file.write("</verbacdrlist>")
        done, looked = threading.Event(), [0]

        def look() -> None:
            with closing(SqliteStore(path)) as other:
                while not done.wait(0.01):
                    look_up(other, 10, looked[0])
                    looked[0] += 10

        reader = threading.Thread(target=look)
        reader.start()
        with closing(SqliteStore(path, loading=True)) as store, listing.open("rb") as read:
            report, begun = Report(), time.perf_counter()
            Import(store, ZoneInfo("UTC"), NOON, NOON - timedelta(days=36500)).load(read, report)
            spent = time.perf_counter() - begun
        done.set()
        reader.join()
        return {"calls a second": report.stored / spent, "look-ups meanwhile": looked[0]}
