"""The embedded store: one SQLite file, shared by all workers of a machine.

Readers never wait for the writer (WAL), and each read is one statement, so that calls and
`as_of` belong together. Writers wait for each other, so transactions are short. Knows nothing of
who feeds.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from pathlib import Path
from typing import final

from gateway.core.calls import Call, Snapshot
from gateway.core.query import Query
from gateway.core.secrets import Secret
from gateway.core.tokens import TokenRecord
from gateway.stores import KEPT_AFTER_EXPIRY, Changes, FeedState, statements
from gateway.stores.connections import Connections
from gateway.stores.rows import (
    call_of,
    microseconds,
    microseconds_in,
    moment,
    row_of,
    span_of,
)


@final
class SqliteStore:
    """Calls and tokens in one file. The file is made at the first use, readable by its owner."""

    def __init__(self, path: Path) -> None:
        self._file = Connections(path)

    def snapshot(self, query: Query) -> Snapshot:
        """See `CallStore`."""
        statement, values = statements.concerning(query)
        with self._file.reading() as connection:
            rows = connection.execute(statement, values).fetchall()
        as_of, complete, ahead = rows[0][:3]
        calls = tuple(call_of(row[3:]) for row in rows if row[3] is not None)
        return Snapshot(calls, moment(as_of), bool(complete), span_of(ahead))

    def state(self) -> FeedState:
        """See `CallStore`."""
        with self._file.reading() as connection:
            row = connection.execute(statements.FEED_STATE).fetchone()
        as_of, complete, ahead, until = row
        return FeedState(moment(as_of), bool(complete), span_of(ahead), moment(until))

    def unfinished(self) -> tuple[Call, ...]:
        """See `CallStore`."""
        with self._file.reading() as connection:
            rows = connection.execute(statements.UNFINISHED).fetchall()
        return tuple(map(call_of, rows))

    def update(self, calls: Collection[Call], state: FeedState) -> None:
        """See `CallStore`."""
        with self._file.writing() as connection:
            before = connection.total_changes
            connection.executemany(statements.UPSERT, map(row_of, calls))
            changed = connection.total_changes > before
            values = (
                microseconds(state.as_of),
                state.complete,
                microseconds_in(state.recorder_ahead),
                microseconds(state.recorded_until),
                changed,
            )
            connection.execute(statements.MOVE_ON, values)

    def revision(self) -> int:
        """See `CallStore`."""
        with self._file.reading() as connection:
            revision: int = connection.execute("SELECT revision FROM state").fetchone()[0]
            return revision

    def changes(self, since: int) -> Changes:
        """See `CallStore`."""
        with self._file.reading() as connection:
            rows = connection.execute(statements.CHANGES, (since,)).fetchall()
        return Changes(rows[0][0], frozenset(p for row in rows for p in row[1:] if p is not None))

    def forget_before(self, before: datetime) -> int:
        """See `CallStore`."""
        forgotten, last = 0, statements.AT_ONCE
        while last == statements.AT_ONCE:
            with self._file.writing() as connection:
                last = connection.execute(statements.FORGET, (microseconds(before),)).rowcount
            forgotten += last
        return forgotten

    def lease(self, holder: str, now: datetime, term: timedelta) -> bool:
        """See `CallStore`."""
        # Those that will not get it look once a second; they must not wait for the writer.
        with self._file.reading() as connection:
            values = (holder, microseconds(now))
            if connection.execute(statements.HELD_BY_ANOTHER, values).fetchone()[0]:
                return False
        with self._file.writing() as connection:
            term_ends = microseconds(now + term)
            row = (holder, term_ends, holder, microseconds(now))
            return connection.execute(statements.LEASE, row).rowcount == 1

    def release(self, holder: str) -> None:
        """See `CallStore`."""
        with self._file.writing() as connection:
            connection.execute(statements.RELEASE, (holder,))

    def recall(self, token: Secret, application: str) -> TokenRecord | None:
        """See `TokenStore`."""
        with self._file.reading() as connection:
            row = connection.execute(statements.RECALL, (token.digest, application)).fetchone()
        if row is None:
            return None
        node, expires_at, refused = row
        return TokenRecord(application, node, moment(expires_at), bool(refused))

    def remember(self, token: Secret, record: TokenRecord) -> None:
        """See `TokenStore`."""
        expires_at = microseconds(record.expires_at)
        stale = microseconds(record.expires_at - KEPT_AFTER_EXPIRY)
        row = (token.digest, record.application, record.node, expires_at, record.refused)
        with self._file.writing() as connection:
            connection.execute(statements.FORGET_TOKENS, (stale,))
            connection.execute(statements.REMEMBER, row)

    def close(self) -> None:
        """See `CallStore`."""
        self._file.close()
