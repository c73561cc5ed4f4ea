"""On which line of a TOML document each key stands. Knows nothing of what the keys mean.

Neither tomllib nor tomlkit tells (CPython's issue 115516 was declined, tomlkit's issue 55 is open),
so the document is cut into statements, and tomllib itself reads each of them: quoted and dotted
keys, inline tables, comments and multi-line values are right because no second grammar is at work.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping

Where = tuple[str | int, ...]
"""A path into the document, as `("applications", 0, "keys")`."""

DEEPEST = 8  # no setting lies deeper; a key of a thousand dots is not followed to its end

# A value of several lines ends on a line that closes something. This only spares attempts.
_CLOSES = re.compile(r"""[\]}]|\"{3}|'{3}""")


def lines_of(text: str) -> Mapping[Where, int]:
    """The line, from 1, of every key, table and element of a table array of a *valid* document."""
    found: dict[Where, int] = {}
    elements: dict[Where, int] = {}
    table: Where = ()
    for line, header, statement in _statements(text):
        if header:
            table = _entered(statement, elements)
        for where in [table] if header else [table + path for path in _paths(statement)]:
            # Parents that only a child names, as the `a` of `[a.b]`, stand where the child does.
            for depth in range(1, len(where) + 1):
                found.setdefault(where[:depth], line)
    return found


def _statements(text: str) -> Iterator[tuple[int, bool, dict[str, object]]]:
    """Line, whether it is a header, and content of every statement.

    A statement ends at the first line end where tomllib accepts it: TOML is read from left to
    right, so what is complete there is complete in the whole document too.
    """
    lines = text.replace("\r\n", "\n").split("\n")
    start = 0
    for end, line in enumerate(lines):
        if end > start and not _CLOSES.search(line):
            continue
        try:
            statement = tomllib.loads("\n".join(lines[start : end + 1]))
        except tomllib.TOMLDecodeError:
            continue
        yield start + 1, lines[start].lstrip().startswith("["), statement
        start = end + 1


def _entered(header: dict[str, object], elements: dict[Where, int]) -> Where:
    """The table that a header opens; `elements` counts those of each array of tables so far."""
    where: Where = ()
    node: object = header
    while isinstance(node, dict) and node:
        ((key, node),) = node.items()
        where = (*where, key)
        if isinstance(node, list):
            elements[where] = elements.get(where, 0) + 1
        if where in elements:
            where = (*where, elements[where] - 1)
    return where


def _paths(node: object, depth: int = DEEPEST) -> Iterator[Where]:
    """Every path in a value: what stands in inline tables included."""
    inner: Iterable[tuple[str | int, object]] = ()
    if isinstance(node, dict):
        inner = node.items()
    elif isinstance(node, list):
        inner = [(index, item) for index, item in enumerate(node) if isinstance(item, dict)]
    for key, value in inner if depth else ():
        yield (key,)
        yield from ((key, *path) for path in _paths(value, depth - 1))
