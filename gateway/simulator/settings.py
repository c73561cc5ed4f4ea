"""Everything that can be set about the simulated recorder. Knows no command line."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, final
from zoneinfo import ZoneInfo

from gateway.simulator.faults import Fault

SEED_KEY: Final = "74c8eea0-50c6-40b2-9f3e-252ed501c3c8"
SEED_TOKEN: Final = "09835e02-6c10-11e0-bb22-ba324924019b"  # noqa: S105 - printed in the manual


def _within(name: str, value: float, least: float, most: float = float("inf")) -> None:
    if not least <= value <= most:
        raise ValueError(f"{name}: {value} must lie between {least} and {most}")


class Dialect(StrEnum):
    """How errors are numbered (the recorder's API, §5).

    `DOCUMENTED` answers every error with 2, except for -40 to -43, which clients look for.
    """

    DOCUMENTED = "documented"
    NUMBERED = "numbered"


@final
@dataclass(frozen=True, slots=True)
class Access:
    """Who may ask (the recorder's API, §6).

    `keys` says of each API key whether it requires authentication. A token lives for
    `token_lifetime` seconds: since its last use if `sliding`, else since it was issued;
    `tokens` were issued before the start and never expire.
    """

    keys: dict[str, bool] = field(default_factory=lambda: {SEED_KEY: True})
    users: dict[str, str] = field(default_factory=lambda: {"myapiuser": "pa$$word"})
    token_lifetime: float = 3600.0
    sliding: bool = False
    tokens: tuple[str, ...] = (SEED_TOKEN,)

    def __post_init__(self) -> None:
        _within("token_lifetime", self.token_lifetime, 0.0)


KEY_ONLY: Final = Access(keys={SEED_KEY: False})


@final
@dataclass(frozen=True, slots=True)
class Traffic:
    """The synthetic calls: how many, how long, and how badly they are written down.

    `calls_per_minute` begin on `extensions` numbers from `first_extension` on, and last
    `call_seconds` in the mean; 0 makes no calls. `history_calls` are spread over the
    `history_days` before the start. After its end a call is in no list for `gap` seconds.
    `stuck_share` (0 to 1) of the calls stay ongoing for ever. Without `landmarks` not even
    the sample call exists. The same `seed` makes the same conversations; their ids differ from
    run to run, unless the clock does not.
    """

    calls_per_minute: float = 20.0
    call_seconds: float = 60.0
    first_extension: int = 8800
    extensions: int = 100
    history_calls: int = 2000
    history_days: float = 7.0
    gap: float = 0.0
    stuck_share: float = 0.0
    landmarks: bool = True
    seed: int = 8856

    def __post_init__(self) -> None:
        _within("calls_per_minute", self.calls_per_minute, 0.0)
        _within("call_seconds", self.call_seconds, 0.001)
        _within("extensions", self.extensions, 1, 100_000)
        _within("history_calls", self.history_calls, 0)
        _within("history_days", self.history_days, 0.0)
        _within("gap", self.gap, 0.0)
        _within("stuck_share", self.stuck_share, 0.0, 1.0)


QUIET: Final = Traffic(calls_per_minute=0.0, history_calls=0)
EMPTY: Final = Traffic(calls_per_minute=0.0, history_calls=0, landmarks=False)


@final
@dataclass(frozen=True, slots=True)
class Settings:
    """A simulated recorder.

    Port 0 is any free one. `clock_offset` is how many seconds the recorder's clock is ahead
    of true time. `time_zone` is that of a logged-in user: without a login times are in GMT
    (the recorder's API, §6). `next` waits for `next_wait` seconds. `threads` requests are
    worked on at a time, waiting ones included, and further ones queue.

    Raises:
        ValueError: a setting is out of its range.
        ZoneInfoNotFoundError: there is no such time zone.
    """

    host: str = "127.0.0.1"
    port: int = 9090
    path: str = "/verba/api"
    access: Access = field(default_factory=Access)
    dialect: Dialect = Dialect.DOCUMENTED
    time_zone: str = "UTC"
    clock_offset: float = 0.0
    next_wait: float = 60.0
    page_length: int = 100
    max_page_length: int = 1000
    threads: int = 150
    traffic: Traffic = field(default_factory=Traffic)
    faults: tuple[Fault, ...] = ()

    def __post_init__(self) -> None:
        ZoneInfo(self.time_zone)
        if not self.path.startswith("/"):
            raise ValueError(f"path: {self.path!r} must begin with a slash")
        _within("port", self.port, 0, 65_535)
        _within("next_wait", self.next_wait, 0.0)
        _within("max_page_length", self.max_page_length, 1)
        _within("page_length", self.page_length, 1, self.max_page_length)
        _within("threads", self.threads, 1)
