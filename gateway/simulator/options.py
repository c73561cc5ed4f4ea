"""The options of `callgate simulate`, as a table. Knows what they are, not what they do."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, final

from gateway.simulator.faults import Fault, read_fault
from gateway.simulator.settings import SEED_KEY, SEED_TOKEN, Access, Dialect, Settings, Traffic

MODES: Final = ("token", "key-only")
SETTINGS: Final = Settings()
ACCESS: Final = Access()
TRAFFIC: Final = Traffic()


@final
@dataclass(frozen=True, slots=True)
class Option:
    """One option: its flag, the unit or the choices, how it is read, its default and its words.

    A default of `None` makes a switch, a list makes the option repeatable.
    """

    flag: str
    unit: str | tuple[str, ...]
    read: Callable[[str], object]
    default: object
    words: str


def read_fault_option(text: str) -> Fault:
    """A fault, or argparse's own error."""
    try:
        return read_fault(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


GROUPS: Final[dict[str, tuple[Option, ...]]] = {
    "where it listens": (
        Option(
            *("--bind", "HOST:PORT", str, f"{SETTINGS.host}:{SETTINGS.port}"),
            "address and port, 0 to 65535; 0 is any free one",
        ),
        Option("--path", "PATH", str, SETTINGS.path, "path of the API"),
        Option(
            *("--threads", "COUNT", int, SETTINGS.threads),
            "requests that are worked on at a time, from 1; those that wait for a call count",
        ),
    ),
    "who may ask": (
        Option(
            *("--mode", MODES, str, "token"),
            "whether an API key needs a token beside it, unless it says itself",
        ),
        Option(
            *("--key", "KEY[=MODE]", str, []),
            f"an API key, repeatable (default: {SEED_KEY})",
        ),
        Option(
            *("--user", "NAME:PASSWORD", str, []),
            "who may ask for a token, repeatable (default: myapiuser:pa$$word)",
        ),
        Option(
            *("--token", "TOKEN", str, []),
            f"a token that never expires, repeatable (default: {SEED_TOKEN})",
        ),
        Option(
            *("--token-lifetime", "SECONDS", float, ACCESS.token_lifetime),
            "life of a token that was asked for, from 0",
        ),
        Option("--sliding", "", str, None, "using a token renews it (default: it does not)"),
    ),
    "how it answers": (
        Option(
            *("--dialect", tuple(Dialect), str, SETTINGS.dialect.value),
            "documented: every error is 2, but -40 to -43; numbered: -1 to -80",
        ),
        Option(
            *("--time-zone", "ZONE", str, SETTINGS.time_zone),
            "of the times for who is logged in, like Europe/Zurich; others see GMT",
        ),
        Option(
            *("--clock-offset", "SECONDS", float, SETTINGS.clock_offset),
            "how far the recorder's clock is ahead; may be negative",
        ),
        Option(
            *("--next-wait", "SECONDS", float, SETTINGS.next_wait),
            "how long status=next waits for a call, from 0",
        ),
        Option(
            *("--page-length", "ROWS", int, SETTINGS.page_length),
            "of SearchCalls without pagelen, from 1",
        ),
        Option(
            *("--max-page-length", "ROWS", int, SETTINGS.max_page_length),
            "of SearchCalls at most, from 1",
        ),
    ),
    "the calls": (
        Option(
            *("--calls-per-minute", "RATE", float, TRAFFIC.calls_per_minute),
            "conversations that begin, from 0; 0 is a quiet recorder",
        ),
        Option(
            *("--call-seconds", "SECONDS", float, TRAFFIC.call_seconds),
            "mean length of a record, from 0.001",
        ),
        Option(
            *("--first-extension", "NUMBER", int, TRAFFIC.first_extension),
            "the lowest extension",
        ),
        Option(
            *("--extensions", "COUNT", int, TRAFFIC.extensions),
            "how many extensions, 1 to 100000",
        ),
        Option(
            *("--history-calls", "COUNT", int, TRAFFIC.history_calls),
            "conversations before the start, from 0",
        ),
        Option(
            *("--history-days", "DAYS", float, TRAFFIC.history_days),
            "days over which they are spread, from 0",
        ),
        Option(
            *("--seed", "NUMBER", int, TRAFFIC.seed),
            "the same seed makes the same conversations, under other ids",
        ),
        Option("--no-landmarks", "", str, None, "without the extensions that are listed below"),
    ),
    "what goes wrong": (
        Option(
            *("--gap", "SECONDS", float, TRAFFIC.gap),
            "how long a call is in no list after its end, from 0",
        ),
        Option(
            *("--stuck-share", "SHARE", float, TRAFFIC.stuck_share),
            "share of the records that stay ongoing for ever, 0 to 1",
        ),
        Option(
            *("--fault", "KIND[:DETAILS]", read_fault_option, []),
            "a fault from the start, repeatable, see below (default: none)",
        ),
    ),
}


def add_option(group: argparse._ArgumentGroup, option: Option) -> None:
    """Adds one option to a group of a parser."""
    if option.default is None:
        group.add_argument(option.flag, action="store_true", help=option.words)
    elif isinstance(option.default, list):
        group.add_argument(
            *(option.flag,),
            action="append",
            default=option.default,
            type=option.read,
            metavar=option.unit,
            help=option.words,
        )
    else:
        choices = None if isinstance(option.unit, str) else option.unit
        group.add_argument(
            *(option.flag,),
            default=option.default,
            type=option.read,
            choices=choices,
            metavar=option.unit if choices is None else None,
            help=f"{option.words} (default: %(default)s)",
        )
