"""What is wrong with a configuration, and where. Never a secret, never a trace.

    CallgateError
    ├── WrongValueError         one value is wrong; raised by whoever reads that value
    └── ConfigurationFaults     the file as a whole cannot be used: every fault of it

Knows no TOML.
"""

import json
from dataclasses import dataclass
from typing import final

from gateway.core.errors import CallgateError

LONGEST_VALUE = 60


@final
@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong, or worth a warning: `gateway.toml:12: [recorder] timeout: "soon" is …`.

    `line` counts from 1; `None` if no line is to blame. `key` is empty if the whole file is.
    """

    path: str
    line: int | None
    key: str
    message: str

    def __str__(self) -> str:
        place = self.path if self.line is None else f"{self.path}:{self.line}"
        return ": ".join(part for part in (place, self.key, self.message) if part)


@final
class ConfigurationFaults(CallgateError):
    """Every fault of a configuration, in the order of their lines; `str()` lists one per line."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__(faults)
        self.faults = faults

    def __str__(self) -> str:
        return "\n".join(map(str, self.faults))


@final
class WrongValueError(CallgateError):
    """A value cannot be used; one message for each thing wrong with it."""

    def __init__(self, *messages: str) -> None:
        super().__init__(*messages)
        self.messages = messages


def show(value: object) -> str:
    """A value as the operator wrote it, for a message; shortened. Not for secrets."""
    match value:
        case bool() | str():
            # What a terminal could take for a command is escaped.
            escape = isinstance(value, str) and not value.isprintable()
            shown = json.dumps(value, ensure_ascii=escape)
        case int():
            shown = str(value) if abs(value) < 10**LONGEST_VALUE else "a number of many digits"
        case float():
            shown = str(value)
        case list():
            shown = "a list"
        case dict():
            shown = "a table"
        case _:
            shown = "a date or time"
    return shown if len(shown) <= LONGEST_VALUE else f"{shown[: LONGEST_VALUE - 1]}…"
