"""The configuration: one TOML file in, frozen objects or every fault at once out.

Start at `settings`, the table of all keys; `tree` is what others get to see.
"""

from gateway.config.description import describe
from gateway.config.faults import ConfigurationFaults, Fault
from gateway.config.parsing import load, parse
from gateway.config.tree import (
    Argon2,
    Config,
    Index,
    MemoryStore,
    Recorder,
    RedisStore,
    Replies,
    Server,
    SqliteStore,
    Store,
    User,
)

__all__ = [
    "Argon2",
    "Config",
    "ConfigurationFaults",
    "Fault",
    "Index",
    "MemoryStore",
    "Recorder",
    "RedisStore",
    "Replies",
    "Server",
    "SqliteStore",
    "Store",
    "User",
    "describe",
    "load",
    "parse",
]
