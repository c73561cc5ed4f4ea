"""Every kind of store, made anew: the suite runs against each. A new kind joins with one line."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from gateway.stores import CallStore, TokenStore
from gateway.stores.memory import MemoryStore
from gateway.stores.sqlite import SqliteStore


class Store(CallStore, TokenStore, Protocol):
    """Calls and tokens in one."""


KINDS: dict[str, Callable[[Path], Store]] = {
    "memory": lambda _: MemoryStore(),
    "sqlite": lambda folder: SqliteStore(folder / "calls.db"),
}
