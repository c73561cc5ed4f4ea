"""The SQL: what finds the calls that decide a query, and what puts calls and tokens in.

Each query is one statement, made once for its shape. It may fetch more calls than decide, never
fewer: `select` has the last word, and the tests hold it to the memory store's.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final, assert_never

from gateway.core.query import ByNativeID, ByParty, ByPlatformCallID, Query, Status
from gateway.stores.rows import microseconds

FIELDS: Final = (
    "key, id, caller, called, started_at, ended_at, platform_call_id, native_id, manual,"
    " ended_after, pushed"
)
STATE: Final = "as_of, complete, recorder_ahead, silent"

_EXCLUDED: Final = ", ".join(f"excluded.{field.strip()}" for field in FIELDS.split(","))
_BOUND: Final = ", ".join("?" for _ in FIELDS.split(","))

# A row that would not change keeps its revision, and wakes nobody. What has ended for good is
# replaced only by what has ended for good.
UPSERT: Final = f"""
INSERT INTO calls ({FIELDS}, revision)
VALUES ({_BOUND}, (SELECT revision + 1 FROM state))
ON CONFLICT (key) DO UPDATE SET ({FIELDS}, revision) = ({_EXCLUDED}, excluded.revision)
WHERE ({FIELDS.replace("key, id", "calls.key, calls.id")}) IS NOT ({_EXCLUDED})
AND (calls.ended_at IS NULL OR calls.ended_after IS NOT NULL
    OR (excluded.ended_at IS NOT NULL AND excluded.ended_after IS NULL))
"""
REMOVE: Final = "DELETE FROM calls WHERE key = ?"
OVERRULED: Final = "SELECT key FROM overruled WHERE until > ?"
OVERRULE: Final = """
INSERT INTO overruled (key, until) VALUES (?, ?)
ON CONFLICT (key) DO UPDATE SET until = max(until, excluded.until)
"""
FORGET_OVERRULED: Final = "DELETE FROM overruled WHERE until < ?"
MOVE_ON: Final = """
UPDATE state SET revision = revision + (? OR complete <> ?),
    as_of = ?, complete = ?, recorder_ahead = ?, recorded_until = ?, read_since = ?,
    contradicted = ?
"""
CHANGED: Final = "UPDATE state SET revision = revision + 1"
FEED_STATE: Final = (
    "SELECT as_of, complete, recorder_ahead, recorded_until, read_since, contradicted FROM state"
)
TALLIES: Final = "SELECT form, tally FROM tallies"
TALLY: Final = "INSERT OR REPLACE INTO tallies VALUES (?, ?)"
SILENCE: Final = "UPDATE state SET silent = ?, revision = revision + 1 WHERE silent <> ?"
SIZE: Final = "SELECT coalesce(max(number) - min(number) + 1, 0) FROM calls"
PULSE: Final = "SELECT as_of, revision FROM state"
UNFINISHED: Final = f"SELECT {FIELDS} FROM calls WHERE ended_at IS NULL OR ended_after IS NOT NULL"
KNOWN: Final = f"SELECT {FIELDS} FROM calls WHERE key = ?"
WITHIN: Final = f"""
SELECT {FIELDS} FROM calls
WHERE ended_at BETWEEN ? AND ? AND started_at >= ? AND ended_after IS NULL
"""
CHANGES: Final = f"""
SELECT state.revision, {STATE}, {FIELDS} FROM state LEFT JOIN calls ON calls.revision > ?
"""

AT_ONCE: Final = 1000  # calls forgotten in one transaction, so that other writers get a turn
FORGET: Final = f"""
DELETE FROM calls WHERE number IN (SELECT number FROM calls WHERE ended_at < ? LIMIT {AT_ONCE})
"""

# One that ends later than any that is given now was given before a clock was set back.
HELD_BY_ANOTHER: Final = """
SELECT count(*) FROM state WHERE leased_by <> ? AND leased_until > ? AND leased_until <= ?
"""
LEASE: Final = """
UPDATE state SET leased_by = ?1, leased_until = ?2
WHERE leased_by IS NULL OR leased_by = ?1 OR leased_until <= ?3 OR leased_until > ?2
"""
RELEASE: Final = "UPDATE state SET leased_by = NULL WHERE leased_by = ?"

RECALL: Final = """
SELECT node, expires_at, refused FROM tokens WHERE digest = ? AND application = ?
"""
REMEMBER: Final = "INSERT OR REPLACE INTO tokens VALUES (?, ?, ?, ?, ?)"
FORGET_TOKENS: Final = "DELETE FROM tokens WHERE expires_at < ?"

# An end that was inferred may have been as early as `ended_after`: whatever ended since then
# decides, too.
_NEWEST: Final = "(SELECT max(ended_at) FROM calls WHERE {side} = :{number} {manual})"
_EARLIEST: Final = f"""(SELECT min(coalesce(ended_after, ended_at)) FROM calls
    WHERE {{side}} = :{{number}} AND ended_at = {_NEWEST} {{manual}})"""
# And those that began minutes before the question: a call that was there shall be known to have
# been, though the recorder's clock be set back while the question waits.
_LATER: Final = ">= (:asked_at + (SELECT recorder_ahead FROM state)) / 1000 - 300000"

# What each status needs to see of a number's calls; {side} is `caller` or `called`. A call that
# began after the question also ended after it, and the end is what the index is sorted by.
_SEEN: Final = {
    Status.ONGOING: ("{side} = :{number} AND ended_at IS NULL {manual}",),
    Status.LAST: (f"{{side}} = :{{number}} AND ended_at >= {_EARLIEST} {{manual}}",),
    Status.NEXT: (
        f"{{side}} = :{{number}} AND ended_at IS NULL AND started_at {_LATER} {{manual}}",
        f"{{side}} = :{{number}} AND ended_at {_LATER} AND started_at {_LATER} {{manual}}",
    ),
}
# Which of several readings of a number is meant depends on whether one has any call at all.
_ANY: Final = "number = (SELECT number FROM calls WHERE {side} = :{number} {manual} LIMIT 1)"


Values = Mapping[str, str | bytes | int]


def concerning(query: Query) -> tuple[str, Values]:
    """The statement for a query, and its values. Its rows: `STATE`, then `FIELDS` or NULLs."""
    match query.selector:
        case ByParty(numbers, statuses):
            asked_at = {"asked_at": microseconds(query.asked_at)}
            named = {f"n{i}": _bound(number) for i, number in enumerate(numbers)}
            return _by_party(len(numbers), statuses, query.manual), named | asked_at
        case ByPlatformCallID(value, _):
            return _by_id("platform_call_id"), {"value": _bound(value)}
        case ByNativeID(value, _):
            return _by_id("native_id"), {"value": _bound(value)}
        case _:  # pragma: no cover - the type checker proves that nothing is left
            assert_never(query.selector)


def _bound(text: str) -> str | bytes:
    """A client may send bytes that are no UTF-8: as a BLOB they equal no text, and no call's."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")
    return text


@lru_cache
def _by_party(numbers: int, statuses: tuple[Status, ...], manual: bool) -> str:  # noqa: FBT001
    wanted = [condition for status in statuses for condition in _SEEN[status]]
    if numbers > 1:
        wanted.append(_ANY)
    only = "AND manual" if manual else ""
    conditions = [
        condition.format(side=side, number=f"n{i}", manual=only)
        for condition in wanted
        for side in ("caller", "called")
        for i in range(numbers)
    ]
    return _with_state(conditions)


@lru_cache
def _by_id(column: str) -> str:
    return _with_state([f"{column} = :value"])


def _with_state(conditions: list[str]) -> str:
    calls = " UNION ALL ".join(f"SELECT {FIELDS} FROM calls WHERE {each}" for each in conditions)
    return f"SELECT {STATE}, found.* FROM state LEFT JOIN ({calls}) AS found"
