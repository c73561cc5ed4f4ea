"""Readers of plain values: from what TOML holds to what the code wants.

A reader takes a value and the `Origin`, and returns what it means or raises `WrongValueError`
with what is wrong and what would be right. Knows no setting by name.
"""

import difflib
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar, final
from zoneinfo import ZoneInfo, available_timezones

from gateway.config.faults import WrongValueError, show
from gateway.config.lines import Where
from gateway.config.report import Report
from gateway.core.applications import Rate

T = TypeVar("T")

PERIODS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
RATES = {"second": 1.0, "minute": 60.0, "hour": 3600.0}
LONGEST_DURATION = 36500.0 * PERIODS["d"]


Judge = Callable[[Path], Sequence[str]]
"""What is wrong with the stylesheets of a folder, one message for each fault."""


@final
@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value comes from, who hears what should be mended in it, and who judges templates."""

    directory: Path
    environment: Mapping[str, str]
    report: Report
    where: Where = ()
    judge: Judge = lambda _: ()

    def at(self, where: Where) -> "Origin":
        """The same for the value that stands there."""
        return replace(self, where=where)

    def warn(self, message: str) -> None:
        """Tell the operator what he should mend, though it works."""
        self.report.warn(self.where, message)

    def resolve(self, path: str) -> Path:
        """An absolute path; a relative one is relative to the configuration file."""
        try:
            return (self.directory / path).resolve()
        except (OSError, ValueError, RuntimeError) as error:
            raise WrongValueError(f"{show(path)} is no path of a file") from error


Reader = Callable[[object, Origin], T]


def text(value: object, _: Origin) -> str:
    """Text of at least one character, all of them printable."""
    if not isinstance(value, str):
        raise WrongValueError(f'{show(value)} is no text; write it in quotes, as "…"')
    if not value.strip() or not value.isprintable():
        raise WrongValueError(f"{show(value)} is empty or not printable; write some plain text")
    return value


def flag(value: object, _: Origin) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise WrongValueError(f"{show(value)} is neither true nor false; write true or false")
    return value


def whole(minimum: int, maximum: int) -> Reader[int]:
    """A whole number from `minimum` to `maximum`."""

    def read(value: object, _: Origin) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not minimum <= value <= maximum:
            message = f"{show(value)} is no whole number from {minimum} to {maximum}"
            raise WrongValueError(f"{message}; write it without quotes")
        return value

    return read


def choice(*words: str) -> Reader[str]:
    """One of some words, exactly."""

    def read(value: object, _: Origin) -> str:
        if value not in words or not isinstance(value, str):
            allowed = " or ".join(map(show, words))
            raise WrongValueError(f"{show(value)} is not one of its words; write {allowed}")
        return value

    return read


def each(
    reader: Reader[T], *, example: str, at_least: int = 0, secret: bool = False
) -> Reader[tuple[T, ...]]:
    """A list of what `reader` reads; faults of all elements at once."""

    def read(value: object, origin: Origin) -> tuple[T, ...]:
        if not isinstance(value, list | tuple):
            shown = "a single value" if secret else show(value)
            raise WrongValueError(f"{shown} is no list; write it in brackets, as {example}")
        if len(value) < at_least:
            raise WrongValueError(f"must not be empty; write at least one, as {example}")
        good: list[T] = []
        messages: list[str] = []
        for element in value:
            try:
                good.append(reader(element, origin))
            except WrongValueError as wrong:
                messages.extend(wrong.messages)
        if messages:
            raise WrongValueError(*messages)
        return tuple(good)

    return read


def duration(value: object, _: Origin) -> float:
    """Seconds, more than none: `10.0`, or `"90s"`, `"15m"`, `"12h"`, `"30d"`."""
    seconds = None
    if isinstance(value, int | float) and not isinstance(value, bool):
        # Before it is a float: TOML's whole numbers have no end.
        seconds = float(max(-1, min(value, LONGEST_DURATION + 1)))
    elif isinstance(value, str) and (
        found := re.fullmatch(r"(\d{1,12}(?:\.\d{1,12})?)([smhd])", value, re.ASCII)
    ):
        seconds = float(found[1]) * PERIODS[found[2]]
    if seconds is None:
        right = 'write seconds (10.0) or "90s", "12h", "30d"'
        raise WrongValueError(f"{show(value)} is no duration; {right}")
    if not 0 < seconds <= LONGEST_DURATION:
        right = "write more than 0 and at most a hundred years"
        raise WrongValueError(f"{show(value)} is out of range; {right}")
    return seconds


def share(value: object, _: Origin) -> float:
    """A part of a whole, from 0 to 1."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise WrongValueError(f"{show(value)} is no share; write a number from 0 to 1, as 0.01")
    return float(value)


def rate(value: object, _: Origin) -> Rate:
    """So many requests in a period: `"50/second"`, `"1000/minute"`, `"10000/hour"`."""
    pattern = rf"([1-9]\d{{0,8}})/({'|'.join(RATES)})"
    found = re.fullmatch(pattern, value, re.ASCII) if isinstance(value, str) else None
    if not found:
        right = 'write "50/second", "1000/minute" or "10000/hour"'
        raise WrongValueError(f"{show(value)} is no rate; {right}")
    return Rate(int(found[1]), RATES[found[2]])


def time_zone(value: object, origin: Origin) -> ZoneInfo:
    """A zone of the IANA database, as `"Europe/Berlin"`."""
    name = text(value, origin)
    try:
        return ZoneInfo(name)
    except (ValueError, KeyError, OSError) as error:
        right = nearest(name, available_timezones()) or 'write "UTC", or one as "Europe/Berlin"'
        message = f"{show(name)} is no time zone that this machine knows"
        raise WrongValueError(f"{message}; {right}") from error


def nearest(word: str, known: Collection[str]) -> str:
    """`did you mean "…"?` if a known word is near, letter case aside; else nothing."""
    by_lower = {one.lower(): one for one in sorted(known)}
    near = difflib.get_close_matches(word.lower(), by_lower, n=1)
    return f"did you mean {show(by_lower[near[0]])}?" if near else ""
