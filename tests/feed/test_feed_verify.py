"""Checks of the index against the recorder, with fakes at both ends."""

import logging
import threading
import time
from dataclasses import dataclass, field

import pytest

from gateway.core.errors import Code, RecorderTimeout
from gateway.core.query import ByParty, Query, Status
from gateway.core.replies import CANNOT_BE_FOUND, Outcome
from gateway.core.verdicts import Found, NotFound, Unknown, Verdict
from gateway.core.verification import STRIKES, TRUSTED_AFTER, Disagreement
from gateway.feed.verify import MOST_PER_SECOND, NotCheckedError, Verifier
from gateway.stores.memory import MemoryStore
from tests.fakes import NOON, call

LAST = Query(ByParty(("8856",), (Status.LAST,)), NOON)
NEXT = Query(ByParty(("8856",), (Status.NEXT,)), NOON)
HERE = Outcome(Code.SUCCESS, call_id="a")
NOBODY = Outcome(Code.CANNOT_BE_FOUND, CANNOT_BE_FOUND)


@dataclass
class FakeIndex:
    """An index that says what it was told, and then the last of it for ever."""

    verdicts: list[Verdict]

    def judge(self, query: Query) -> Verdict:
        """The next verdict."""
        del query
        return self.verdicts.pop(0) if len(self.verdicts) > 1 else self.verdicts[0]


@dataclass
class FakeOracle:
    """A recorder that says what it was told, and then the last of it for ever."""

    outcomes: list[Outcome | Exception]
    asked: list[dict[str, str]] = field(default_factory=list)
    told: threading.Event = field(default_factory=threading.Event)

    def ask(self, action: str, parameters: tuple[tuple[str, str], ...]) -> Outcome:
        """The next outcome."""
        self.asked.append({"action": action, **dict(parameters)})
        self.told.set()
        outcome = self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


class Checked:
    """A verifier, what it asks, and how long it waited."""

    def __init__(
        self, verdicts: list[Verdict], outcomes: list[Outcome | Exception], share: float = 1.0
    ) -> None:
        self.store = MemoryStore()
        self.oracle = FakeOracle(outcomes)
        self.waited: list[float] = []
        self.verifier = Verifier(
            FakeIndex(verdicts), self.store, self.oracle, share, pause=self.waited.append
        )


def test_an_answer_that_the_recorder_gives_as_well_is_counted_as_such() -> None:
    checked = Checked([Found(call("A"))], [HERE])
    checked.verifier.check(LAST)
    assert checked.oracle.asked == [{"action": "GetCallID", "extension": "8856", "status": "last"}]
    assert checked.store.tallies()["last"].checked == 1
    assert checked.waited == []


def test_a_disagreement_that_a_newer_snapshot_resolves_was_a_race() -> None:
    checked = Checked([NotFound(), Found(call("a"))], [HERE])
    checked.verifier.check(LAST)
    assert checked.waited == [3.0]
    assert not checked.store.tallies()["last"].wrong


def test_a_disagreement_that_remains_is_counted_and_told(caplog: pytest.LogCaptureFixture) -> None:
    checked = Checked([Found(call("x"))], [NOBODY])
    for _ in range(STRIKES):
        checked.verifier.check(LAST)
    tally = checked.store.tallies()["last"]
    assert (dict(tally.wrong), tally.silent) == ({Disagreement.INVENTED.value: STRIKES}, True)
    assert "contradicts the index on last (invented)" in caplog.text
    assert "the index is silent on this form" in caplog.text
    assert checked.store.snapshot(LAST).silent == {"last"}


@pytest.mark.parametrize(
    ("verdict", "outcome", "query"),
    [
        (Unknown("old"), HERE, LAST),
        (Found(call("a")), Outcome(Code.TOKEN_EXPIRED), LAST),
        (Found(call("a")), HERE, NEXT),
    ],
    ids=["index silent", "recorder refuses", "next"],
)
def test_what_cannot_be_compared_is_not_counted(
    verdict: Verdict, outcome: Outcome, query: Query
) -> None:
    checked = Checked([verdict], [outcome])
    with pytest.raises(NotCheckedError):
        checked.verifier.check(query)
    assert checked.store.tallies() == {}


def test_a_share_of_the_answers_is_checked_by_a_thread_that_survives_failures(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    checked = Checked([Found(call("a"))], [RecorderTimeout(), HERE])
    checked.verifier.start()
    try:
        checked.verifier.consider(LAST)
        assert checked.oracle.told.wait(5)
        checked.oracle.told.clear()
        checked.verifier.consider(NEXT)
        checked.verifier.consider(LAST)
        assert checked.oracle.told.wait(5)
    finally:
        checked.verifier.stop()
    assert len(checked.oracle.asked) == 2
    assert "the index is not checked" in caplog.text


def test_of_no_share_nothing_is_checked() -> None:
    checked = Checked([Found(call("a"))], [HERE], share=0.0)
    checked.verifier.consider(LAST)
    assert not checked.verifier._waiting


def test_a_form_that_speaks_again_is_told(caplog: pytest.LogCaptureFixture) -> None:
    checked = Checked([Found(call("x"))], [NOBODY])
    for _ in range(STRIKES):
        checked.verifier.check(LAST)
    checked.oracle.outcomes[:] = [Outcome(Code.SUCCESS, call_id="x")]
    for _ in range(TRUSTED_AFTER):
        checked.verifier.check(LAST)
    assert "the index speaks again on last" in caplog.text
    assert checked.store.snapshot(LAST).silent == frozenset()


def test_never_more_than_five_a_second_are_asked_by_all_workers_together() -> None:
    checked = Checked([Found(call("a"))], [HERE])
    checked.verifier.workers = 2
    begun = time.monotonic()
    for _ in range(3):
        checked.verifier.consider(LAST)
    checked.verifier.start()
    try:
        while len(checked.oracle.asked) < 3:
            assert checked.oracle.told.wait(5)
            checked.oracle.told.clear()
    finally:
        checked.verifier.stop()
    assert time.monotonic() - begun >= 2 * 2 / MOST_PER_SECOND
