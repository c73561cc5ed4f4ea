"""A call as the index knows it, and what a store says of the calls that a question concerns."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import final

from gateway.core.numbers import normal_number


def same(text: str) -> str:
    """The form in which ids and numbers are compared: without regard to case and to blanks."""
    return text.strip().lower()  # not casefold: straße is not strasse


@final
@dataclass(frozen=True, slots=True)
class Call:
    """One record of the recorder's. Times are the recorder's clock, in UTC, to the millisecond.

    `id` is spelt as the recorder spells it; the parties and the other ids are in the form in
    which they are compared. A secondary recording is never a `Call`. An end that was inferred,
    because the call left the list of ongoing ones, and that no record has confirmed yet, lies
    after `ended_after` and not after `ended_at`; of an end that is certain, `ended_after` is
    `None`. `pushed`: somebody else told of it, and no list of the recorder's has shown it yet.
    """

    id: str
    caller: str
    called: str
    started_at: datetime
    ended_at: datetime | None = None
    platform_call_id: str = ""
    native_id: str = ""
    manual: bool = False
    ended_after: datetime | None = None
    pushed: bool = False

    @property
    def ongoing(self) -> bool:
        """Whether the call has not ended as far as is known."""
        return self.ended_at is None

    @property
    def provisional(self) -> bool:
        """Whether the end was inferred."""
        return self.ended_after is not None

    @property
    def final(self) -> bool:
        """Whether the call has ended, and its record says when."""
        return self.ended_at is not None and self.ended_after is None

    def concerns(self, number: str) -> bool:
        """Whether a number, in the form in which numbers are compared, is one of its parties."""
        return number in (self.caller, self.called)


def party(text: str) -> str:
    """A participant's number from a record, in the form in which numbers are compared."""
    return same(normal_number(text))


@final
@dataclass(frozen=True, slots=True)
class Snapshot:
    """The calls that a query concerns, and what the store can vouch for.

    `as_of` (the gateway's clock): the calls are those that the recorder knew then; `None` is a
    store that was never fed. `complete`: the index reaches back as far as the recorder, so that
    what is not in it does not exist. `recorder_ahead`: the recorder's clock minus ours.
    `silent`: the forms of question on which the recorder has contradicted the index.
    """

    calls: tuple[Call, ...]
    as_of: datetime | None
    complete: bool = False
    recorder_ahead: timedelta = timedelta(0)
    silent: frozenset[str] = frozenset()

    def renewed_by(self, news: "Snapshot") -> "Snapshot":
        """The same with these calls put in or changed, as vouched for with the news."""
        calls = {call.id: call for call in (*self.calls, *news.calls)}
        return replace(news, calls=tuple(calls.values()))
