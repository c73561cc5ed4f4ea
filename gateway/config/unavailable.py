"""What may be written but is not acted on in this version. Honest, and meant to shrink to nothing.

A row goes when its feature comes; nothing else has to change.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from typing import Final, final

from gateway.config.tree import RedisStore


@final
@dataclass(frozen=True, slots=True)
class Gap:
    """A setting, the values of it that are concerned, and what to do. Fatal ones are faults."""

    section: str
    key: str
    concerns: Callable[[object], bool]
    words: str
    fatal: bool


GAPS: Final = (
    Gap(
        "index",
        "store",
        lambda value: isinstance(value, RedisStore),
        '"redis://…" is not available in {version} yet; use "sqlite:///FILE"',
        fatal=True,
    ),
    Gap(
        "applications",
        "rate",
        lambda value: value is not None,
        "is not enforced in {version} yet; limit the rate in the reverse proxy",
        fatal=False,
    ),
)


def gaps(section: str, key: str, value: object) -> list[tuple[bool, str]]:
    """Whether it is fatal, and the words, for each gap that this value falls into."""
    return [
        (gap.fatal, gap.words.format(version=version_of("callgate")))
        for gap in GAPS
        if (gap.section, gap.key) == (section, key) and gap.concerns(value)
    ]


def version_of(distribution: str) -> str:
    """`version 1.2.3` of what is installed, or `this version`."""
    try:
        return f"version {metadata.version(distribution)}"
    except metadata.PackageNotFoundError:  # run from a folder, not installed
        return "this version"
