"""The configuration as frozen objects: what everyone else sees of it.

Made by `parsing`. Knows no defaults: those stand in the table of settings.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, final
from zoneinfo import ZoneInfo

from gateway.config.faults import Fault
from gateway.core.applications import Application, Network
from gateway.core.secrets import Secret


@final
@dataclass(frozen=True, slots=True)
class Server:
    """`[server]`. `bind` is what gunicorn takes; a UNIX socket's path in it is absolute."""

    bind: str
    path: str
    workers: int
    trusted_proxies: tuple[Network, ...]
    operators: tuple[Network, ...]
    max_body: int


@final
@dataclass(frozen=True, slots=True)
class Recorder:
    """`[recorder]`. Timeouts in seconds. `user_name` and `password` are both there or both not."""

    nodes: tuple[str, ...]
    credentials: Literal["client", "service"]
    api_key: Secret
    user_name: str | None
    password: Secret | None
    method: Literal["POST", "GET"]
    time_zone: ZoneInfo
    verify_tls: bool | Path
    connect_timeout: float
    timeout: float
    most_requests: int


@final
@dataclass(frozen=True, slots=True)
class MemoryStore:
    """Within one worker, gone with it."""


@final
@dataclass(frozen=True, slots=True)
class SqliteStore:
    """One file, absolute, shared by all workers of one machine. Its folder need not exist yet."""

    path: Path


@final
@dataclass(frozen=True, slots=True)
class RedisStore:
    """Redis or Valkey, shared by many machines."""

    host: str
    port: int
    database: int


Store = MemoryStore | SqliteStore | RedisStore


@final
@dataclass(frozen=True, slots=True)
class Index:
    """`[index]`. Times in seconds, `verify` from 0 to 1. `max_age_of_no`: `None` for `max_age`."""

    store: Store
    poll_every: float
    max_age: float
    max_age_of_no: float | None
    stuck_after: float
    verify: float
    keep: float


@final
@dataclass(frozen=True, slots=True)
class Replies:
    """`[replies]`. `templates`: an absolute folder of stylesheets; `None` for ours alone."""

    error_codes: Literal["documented", "numbered"]
    http_status: Literal["legacy", "standard"]
    templates: Path | None


@final
@dataclass(frozen=True, slots=True)
class Argon2:
    """A password as its Argon2 hash, in the PHC form `$argon2id$…`."""

    encoded: Secret


@final
@dataclass(frozen=True, slots=True)
class User:
    """One entry of `[[users]]`: who may ask for a token here."""

    name: str
    password: Secret | Argon2


@final
@dataclass(frozen=True, slots=True)
class Config:
    """The whole file, `path` if there was one. `warnings` are what should be mended in it."""

    server: Server
    recorder: Recorder
    index: Index
    replies: Replies
    users: tuple[User, ...]
    applications: tuple[Application, ...]
    path: Path | None = None
    warnings: tuple[Fault, ...] = ()
