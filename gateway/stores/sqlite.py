"""The embedded store: one SQLite file, shared by all workers of a machine.

Readers never wait for the writer (WAL), and each read is one statement, so that calls and
`as_of` belong together. Writers wait for each other, so transactions are short. Knows nothing of
who feeds.
"""

import json
import sqlite3
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, final

from gateway.core.calls import Call, Snapshot
from gateway.core.query import Query
from gateway.core.secrets import Secret
from gateway.core.tokens import TokenRecord
from gateway.core.verification import Disagreement, Tally, silent_among
from gateway.stores import (
    KEPT_AFTER_EXPIRY,
    OVERRULED_FOR,
    Changes,
    FeedState,
    Pulse,
    statements,
)
from gateway.stores.connections import Connections
from gateway.stores.pulse import PulseReader
from gateway.stores.rows import (
    Key,
    Row,
    call_of,
    key_of,
    microseconds,
    microseconds_in,
    milliseconds,
    moment,
    row_of,
    span_of,
)

_TALLY: Final = ("checked", "wrong", "strikes", "agreed", "silent")


@final
class SqliteStore:
    """Calls and tokens in one file. The file is made at the first use, readable by its owner.

    `loading`: for a program that does nothing but put calls in; it takes 256 MB of memory.
    """

    def __init__(self, path: Path, *, loading: bool = False) -> None:
        self._file = Connections(path, loading=loading)
        self._pulse = PulseReader(self._file, path)

    def snapshot(self, query: Query) -> Snapshot:
        """See `CallStore`."""
        statement, values = statements.concerning(query)
        with self._file.reading() as connection:
            rows = connection.execute(statement, values).fetchall()
        return _snapshot_of(rows)

    def state(self) -> FeedState:
        """See `CallStore`."""
        with self._file.reading() as connection:
            row = connection.execute(statements.FEED_STATE).fetchone()
        as_of, complete, ahead, until, since, wrong = row
        span = span_of(ahead)
        return FeedState(moment(as_of), bool(complete), span, moment(until), moment(since), wrong)

    def unfinished(self) -> tuple[Call, ...]:
        """See `CallStore`."""
        with self._file.reading() as connection:
            rows = connection.execute(statements.UNFINISHED).fetchall()
        return tuple(map(call_of, rows))

    def known(self, ids: Collection[str]) -> tuple[Call, ...]:
        """See `CallStore`."""
        with self._file.reading() as connection:
            found = [
                connection.execute(statements.KNOWN, (key_of(each),)).fetchone() for each in ids
            ]
        return tuple(call_of(row) for row in found if row is not None)

    def within(self, start: datetime, end: datetime) -> tuple[Call, ...]:
        """See `CallStore`."""
        first, last = milliseconds(start), milliseconds(end)
        with self._file.reading() as connection:
            rows = connection.execute(statements.WITHIN, (first, last, first)).fetchall()
        return tuple(map(call_of, rows))

    def update(
        self,
        calls: Collection[Call],
        state: FeedState | None = None,
        *,
        removed: Collection[str] = (),
        asked_at: datetime | None = None,
    ) -> None:
        """See `CallStore`."""
        rows = [row_of(call) for call in calls]
        keys = [key_of(each) for each in removed]
        with self._file.writing() as connection:
            if asked_at is not None:
                since = (microseconds(asked_at),)
                overruled = {key for (key,) in connection.execute(statements.OVERRULED, since)}
                rows = [row for row in rows if row[0] not in overruled]
                keys = [key for key in keys if key not in overruled]
            changed = _written(connection, rows, keys)
            if state is not None:
                connection.execute(statements.MOVE_ON, (changed, *_values(state)))
            elif changed:
                connection.execute(statements.CHANGED)

    def overrule(self, calls: Collection[Call], removed: Collection[str], until: datetime) -> None:
        """See `CallStore`."""
        rows = [row_of(call) for call in calls]
        keys = [key_of(each) for each in removed]
        ends = microseconds(until)
        with self._file.writing() as connection:
            connection.execute(statements.FORGET_OVERRULED, (microseconds(until - OVERRULED_FOR),))
            everybody = [(key, ends) for key in (*(row[0] for row in rows), *keys)]
            connection.executemany(statements.OVERRULE, everybody)
            _written(connection, rows, keys)
            # Even of what was not in the index something else may have been kept.
            connection.execute(statements.CHANGED)

    def pulse(self) -> Pulse:
        """See `CallStore`."""
        return self._pulse.read()

    def size(self) -> int:
        """See `CallStore`."""
        with self._file.reading() as connection:
            size: int = connection.execute(statements.SIZE).fetchone()[0]
            return size

    def tallies(self) -> Mapping[str, Tally]:
        """See `CallStore`."""
        with self._file.reading() as connection:
            return _tallies(connection)

    def tally(self, form: str, disagreement: Disagreement | None) -> Tally:
        """See `CallStore`."""
        with self._file.writing() as connection:
            tallies = _tallies(connection)
            tallies[form] = after = tallies.get(form, Tally()).after(disagreement)
            text = json.dumps({name: getattr(after, name) for name in _TALLY}, default=dict)
            connection.execute(statements.TALLY, (form, text))
            silent = "\n".join(silent_among(tallies))
            connection.execute(statements.SILENCE, (silent, silent))
        return after

    def changes(self, since: int) -> Changes:
        """See `CallStore`."""
        with self._file.reading() as connection:
            rows = connection.execute(statements.CHANGES, (since,)).fetchall()
        return Changes(rows[0][0], _snapshot_of([row[1:] for row in rows]))

    def forget_before(self, before: datetime) -> int:
        """See `CallStore`."""
        forgotten, last = 0, statements.AT_ONCE
        while last == statements.AT_ONCE:
            with self._file.writing() as connection:
                last = connection.execute(statements.FORGET, (milliseconds(before),)).rowcount
                if last:
                    connection.execute(statements.CHANGED)
            forgotten += last
        return forgotten

    def lease(self, holder: str, now: datetime, term: timedelta) -> bool:
        """See `CallStore`."""
        # Those that will not get it look once a second; they must not wait for the writer.
        with self._file.reading() as connection:
            values = (holder, microseconds(now), microseconds(now + term))
            if connection.execute(statements.HELD_BY_ANOTHER, values).fetchone()[0]:
                return False
        with self._file.writing() as connection:
            term_ends = microseconds(now + term)
            row = (holder, term_ends, microseconds(now))
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
            if record.refused:
                connection.execute(statements.CHANGED)

    def close(self) -> None:
        """See `CallStore`."""
        self._pulse.close()
        self._file.close()


def _written(connection: sqlite3.Connection, rows: Collection[Row], keys: Collection[Key]) -> bool:
    """Put in and remove; whether that changed anything."""
    before = connection.total_changes
    connection.executemany(statements.UPSERT, rows)
    connection.executemany(statements.REMOVE, ((key,) for key in keys))
    return connection.total_changes > before


def _snapshot_of(rows: Collection[Row]) -> Snapshot:
    """From rows of `STATE` and `FIELDS`."""
    as_of, complete, ahead, silent = next(iter(rows))[:4]
    # A call may be fetched for several reasons.
    found = dict.fromkeys(row[4:] for row in rows if row[4] is not None)
    calls = tuple(map(call_of, found))
    forms = frozenset(silent.splitlines())
    return Snapshot(calls, moment(as_of), bool(complete), span_of(ahead), forms)


def _values(state: FeedState) -> Row:
    return (
        state.complete,
        microseconds(state.as_of),
        state.complete,
        microseconds_in(state.recorder_ahead),
        microseconds(state.recorded_until),
        microseconds(state.read_since),
        state.contradicted,
    )


def _tallies(connection: sqlite3.Connection) -> dict[str, Tally]:
    rows = connection.execute(statements.TALLIES).fetchall()
    return {form: Tally(**json.loads(text)) for form, text in rows}
