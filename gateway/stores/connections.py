"""Connections to one SQLite file: opened after the fork, pooled, its errors translated.

A pool and not a `threading.local`, which under gevent would be one connection for each request.
Knows the file and its schema, and nothing of what is asked.
"""

import itertools
import os
import sqlite3
import stat
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from importlib.resources import files
from pathlib import Path
from typing import Final, final

from gateway.core.errors import StoreError

_SCHEMA: Final = files("gateway.stores").joinpath("schema.sql").read_text("utf-8")
_APPLICATION: Final = 1128353864  # as in the schema
_VERSION: Final = 2  # as in the schema
_BUSY_TIMEOUT: Final = 2.0  # seconds that a writer waits for another
_PAUSE: Final = 0.005  # seconds between two attempts, where SQLite itself does not wait
# Indexes of random ids are written all over the file. A long log and a large cache gather what
# belongs together; a program that does nothing but load millions of calls has them larger still.
_USUAL: Final = ("PRAGMA wal_autocheckpoint = 16000", "PRAGMA cache_size = -32000")
_LOADING: Final = ("PRAGMA wal_autocheckpoint = 64000", "PRAGMA cache_size = -256000")
_NEW: Final = (0, 0, 0)  # application, version, tables: of an empty file
_AWAY: Final = "move the file away and start anew: the index is built from the recorder"


_forks = itertools.count(1)
_forked = [0]
os.register_at_fork(after_in_child=lambda: _forked.__setitem__(0, next(_forks)))


def forks() -> int:
    """How many forks lie between this process and the one that imported this; no system call."""
    return _forked[0]


@final
class Connections:
    """The connections of this process to one file, which is made at the first use."""

    def __init__(self, path: Path, *, loading: bool = False) -> None:
        self._path = path
        self._pragmas = _LOADING if loading else _USUAL
        self._idle: deque[sqlite3.Connection] = deque()
        self._forks = forks()
        self._inherited: list[object] = []

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection for one piece of work; what goes wrong is raised as `StoreError`."""
        self._notice_a_fork()
        with self.translated():
            connection = self._taken() or _open(self._path, self._pragmas)
            try:
                yield connection
            except BaseException:
                connection.close()  # whatever it was in the middle of is rolled back
                raise
        self._idle.append(connection)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """The same in one transaction, which is committed at the end or not at all."""
        with self.reading() as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.commit()

    def open(self) -> sqlite3.Connection:
        """A connection for whoever keeps it himself. Raises `StoreError`."""
        with self.translated():
            return _open(self._path, self._pragmas)

    def inherit(self, connections: object) -> None:
        """Keep what a parent process opened: SQLite demands that it be neither used nor closed."""
        self._inherited.append(connections)

    def close(self) -> None:
        """Close those that are idle."""
        self._notice_a_fork()
        while (connection := self._taken()) is not None:
            connection.close()

    def _notice_a_fork(self) -> None:
        if self._forks != forks():
            self.inherit(self._idle)
            self._idle, self._forks = deque(), forks()

    def _taken(self) -> sqlite3.Connection | None:
        try:
            return self._idle.pop()
        except IndexError:
            return None

    @contextmanager
    def translated(self) -> Iterator[None]:
        """What SQLite and the file system raise becomes `StoreError`."""
        try:
            yield
        except sqlite3.OperationalError as error:  # locked, full, not to be opened: it may pass
            raise StoreError(f"the store {self._path} cannot be used: {error}") from error
        except sqlite3.DatabaseError as error:  # corrupt, or no database at all
            raise StoreError(f"the store {self._path} is broken ({error}): {_AWAY}") from error
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise StoreError(f"the store {self._path} cannot be made: {reason}") from error
        except UnicodeEncodeError as error:  # its text would show what was to be written
            raise StoreError(f"the store {self._path} takes only text that is UTF-8") from error


def _open(path: Path, pragmas: Iterable[str]) -> sqlite3.Connection:
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _make(path)
    connection = sqlite3.connect(
        path, timeout=_BUSY_TIMEOUT, isolation_level=None, check_same_thread=False
    )
    try:
        _prepare(connection, path)
        for pragma in pragmas:
            connection.execute(pragma)
    except BaseException:
        connection.close()
        raise
    return connection


def _make(path: Path) -> None:
    """An empty file for its owner alone, made without opening it.

    Closing a descriptor of a file drops all locks that this process has on it (POSIX), and another
    thread may have made and opened it by now.
    """
    with suppress(FileExistsError):
        try:
            os.mknod(path, mode=0o600 | stat.S_IFREG)
        except PermissionError:  # where this is for the superuser alone
            path.touch(mode=0o600, exist_ok=True)


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    found = _found(connection)
    if found == _NEW:
        # In one transaction: another process sees the whole schema with its version, or none.
        connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} COMMIT;")
    elif found[0] != _APPLICATION:
        raise StoreError(f"the store {path} is another program's database: name a file of its own")
    elif found[1] != _VERSION:
        raise StoreError(
            f"the store {path} has version {found[1]}, this program reads {_VERSION}: {_AWAY}"
        )
    _switch_to_wal(connection)
    connection.execute("PRAGMA synchronous = NORMAL")


def _switch_to_wal(connection: sqlite3.Connection) -> None:
    """For good, and by whoever is first. SQLite itself does not wait here for other processes."""
    deadline = time.monotonic() + _BUSY_TIMEOUT
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(_PAUSE)
        else:
            return


def _found(connection: sqlite3.Connection) -> tuple[int, int, int]:
    """The application, the version and the number of tables, all of one moment."""
    connection.execute("BEGIN")
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    connection.execute("COMMIT")
    return application, version, tables
