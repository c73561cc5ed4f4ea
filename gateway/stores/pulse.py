"""How far a SQLite store has come, told for every request at the price of a look into memory.

At the start of each read SQLite compares the header of the write-ahead log's index, which all
processes share in memory, to know whether anything was committed. The same is done here, without
SQLite's locks, whose system calls cost more than all the rest of an answer: while the header
stands still, so does what was read last. Source: sqlite.org, "WAL-mode File Format", section 2.1.
"""

import mmap
import os
import sqlite3
from pathlib import Path
from typing import Final, final

from gateway.core.errors import StoreError
from gateway.stores import Pulse, statements
from gateway.stores.connections import Connections, forks
from gateway.stores.rows import moment

# Closing any descriptor of a file drops all locks that this process holds on it, SQLite's among
# them (POSIX, fcntl): whatever is opened here stays open for good.
_NEVER_CLOSED: Final[list[mmap.mmap]] = []
# The header stands there twice, and a commit writes both: bytes that are torn differ from both.
_HEADER: Final = 96  # bytes


@final
class PulseReader:
    """A connection of its own, which never writes; it is opened at the first use in a process.

    While it is open, SQLite keeps the file in which the header is.
    """

    def __init__(self, file: Connections, path: Path) -> None:
        self._file = file
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._memory: mmap.mmap | None = None
        self._forks = forks()
        # Header and pulse in one, so that threads see both or neither.
        self._last: tuple[bytes, Pulse] | None = None

    def read(self) -> Pulse:
        """The pulse as of the latest commit. Raises `StoreError`."""
        memory = self._memory
        if memory is None or self._forks != forks():
            memory = self._open()
        header = memory[:_HEADER]
        last = self._last
        if last is not None and last[0] == header:
            return last[1]
        with self._file.reading() as connection:
            as_of, revision = connection.execute(statements.PULSE).fetchone()
        pulse = Pulse(moment(as_of), revision)
        self._last = (header, pulse)
        return pulse

    def close(self) -> None:
        """Close the connection; the next reading opens another."""
        connection, self._connection = self._connection, None
        self._memory = self._last = None
        if connection is not None and self._forks == forks():
            connection.close()

    def _open(self) -> mmap.mmap:
        # A connection that was inherited through a fork is left alone, as SQLite demands.
        self._file.inherit(self._connection)
        self._forks, self._last = forks(), None
        self._connection = self._file.open()
        with self._file.translated():
            self._connection.execute(statements.PULSE).fetchone()  # now the file is there
            self._memory = _mapped(self._path)
        return self._memory


def _mapped(path: Path) -> mmap.mmap:
    real = path.resolve()  # SQLite keeps it beside the file itself, not beside a link to it
    descriptor = os.open(real.with_name(f"{real.name}-shm"), os.O_RDONLY)
    try:
        memory = mmap.mmap(descriptor, _HEADER, prot=mmap.PROT_READ)
    except ValueError as error:  # shorter than the header
        raise StoreError(f"the store {path} has no index of its log") from error
    _NEVER_CLOSED.append(memory)
    return memory
