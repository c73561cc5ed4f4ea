"""Asks the recorder now and then what the index has answered, off the request's path.

A disagreement is rechecked with a newer snapshot, because the two are never asked in the same
instant. What remains is counted for all workers; a form of question on which the index is wrong
again and again falls silent until it agrees again.
"""

import logging
import random
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol, final

from gateway.core.errors import CallgateError
from gateway.core.query import Query, form_of
from gateway.core.replies import Outcome
from gateway.core.verdicts import Spoken, Verdict
from gateway.core.verification import Disagreement, Tally, disagreement, question, says

log = logging.getLogger(__name__)

MOST_PER_SECOND: Final = 5.0  # of all workers together
MOST_WAITING: Final = 50  # questions; while the recorder is slow, further ones are not taken


class NotCheckedError(CallgateError):
    """The two could not be compared; the message says why."""


class Index(Protocol):
    """What is checked."""

    def judge(self, query: Query) -> Verdict:
        """What the index says now, be it silent on the form or not."""
        ...


class Tallies(Protocol):
    """Where checks are counted."""

    def tally(self, form: str, disagreement: Disagreement | None) -> Tally:
        """As `CallStore`."""
        ...


class Oracle(Protocol):
    """The recorder, as the gateway's own login may ask it."""

    def ask(self, action: str, parameters: tuple[tuple[str, str], ...]) -> Outcome:
        """What it says. Raises `RecorderError`."""
        ...


@final
@dataclass(slots=True)
class Verifier:
    """One worker's. `share` of the answers are checked, `workers` share the allowed rate.

    `recheck_after`: seconds, within which the feed brings a newer snapshot. Mutable: it waits.
    """

    index: Index
    tallies: Tallies
    recorder: Oracle
    share: float
    workers: int = 1
    recheck_after: float = 3.0
    pause: Callable[[float], object] | None = None
    _waiting: deque[Query] = field(default_factory=lambda: deque(maxlen=MOST_WAITING))
    _wanted: threading.Event = field(default_factory=threading.Event)
    _stopped: threading.Event = field(default_factory=threading.Event)
    _silent: set[str] = field(default_factory=set)

    def consider(self, query: Query) -> None:
        """Take in a question that the index has answered, or was silent on; returns at once."""
        # Not for secrets: which questions are checked may be guessed.
        if random.random() >= self.share or question(query) is None:  # noqa: S311
            return
        self._waiting.append(query)
        self._wanted.set()

    def start(self) -> None:
        """Begin to check what is taken in; returns at once."""
        threading.Thread(target=self._run, name="verify", daemon=True).start()

    def stop(self) -> None:
        """Check nothing more."""
        self._stopped.set()
        self._wanted.set()

    def check(self, query: Query) -> None:
        """Check one question, twice if need be. Raises `CallgateError` if that cannot be done."""
        wrong = self._compare(query)
        if wrong is not None:
            (self.pause or self._stopped.wait)(self.recheck_after)
            wrong = self._compare(query)
        form = form_of(query)
        tally = self.tallies.tally(form, wrong)
        self._tell(form, wrong, tally)

    def _tell(self, form: str, wrong: Disagreement | None, tally: Tally) -> None:
        if wrong is not None:
            silent = ": the index is silent on this form" if tally.silent else ""
            log.warning(
                "the recorder contradicts the index on %s (%s)%s", form, wrong.value, silent
            )
        elif form in self._silent and not tally.silent:
            log.warning("the index speaks again on %s", form)
        (self._silent.add if tally.silent else self._silent.discard)(form)

    def _compare(self, query: Query) -> Disagreement | None:
        verdict, asked = self.index.judge(query), question(query)
        if asked is None or not isinstance(verdict, Spoken):
            raise NotCheckedError("the index has nothing to say on it by now")
        outcome = self.recorder.ask("GetCallID", asked)
        if not says(outcome, verdict):
            raise NotCheckedError(f"the recorder answers with the code {outcome.code}")
        return disagreement(verdict, outcome)

    def _try(self, query: Query) -> None:
        try:
            self.check(query)
        except Exception as error:
            unexpected = not isinstance(error, CallgateError)
            log.log(
                logging.ERROR if unexpected else logging.INFO,
                "the index is not checked: %s",
                error,
                exc_info=unexpected,
            )

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._wanted.wait()
            self._wanted.clear()
            while self._waiting and not self._stopped.is_set():
                self._try(self._waiting.popleft())
                self._stopped.wait(self.workers / MOST_PER_SECOND)
