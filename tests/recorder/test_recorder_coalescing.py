"""Several who ask the same at the same time."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace

import pytest

from gateway.core.admission import Admitted
from gateway.core.errors import RecorderBusy, RecorderGarbled, RecorderUnreachable
from gateway.core.replies import Reply
from gateway.core.secrets import Secret
from gateway.recorder import coalescing
from gateway.recorder.coalescing import Coalescing
from tests.fakes import document
from tests.recorder.test_recorder_client import admitted

ANSWER = replace(document(b"answer"), cookies=("JSESSIONID=leader",))
BOUND = 5.0


@dataclass
class Slow:
    """A recorder that answers when it is told to."""

    error: Exception | None = None
    asked: list[Admitted] = field(default_factory=list)
    may_answer: threading.Event = field(default_factory=threading.Event)

    def ask(self, admitted: Admitted) -> tuple[Reply, str]:
        """Count, wait, and answer."""
        self.asked.append(admitted)
        assert self.may_answer.wait(BOUND)
        if self.error:
            raise self.error
        return ANSWER, "node"


def eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + BOUND
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.002)


def waiting(shared: Coalescing) -> int:
    """How many wait for what another asked."""
    return sum(flight.waiters for flight in shared._flights.values())


def at_once(recorder: Slow, *asked: Admitted, waiters: int) -> list[Future[tuple[Reply, str]]]:
    """All of them asked, one after the other, before the first is answered."""
    shared = Coalescing(recorder)
    with ThreadPoolExecutor(len(asked)) as pool:
        futures = []
        for number, each in enumerate(asked, 1):
            futures.append(pool.submit(shared.ask, each))
            eventually(lambda number=number: len(recorder.asked) + waiting(shared) == number)  # type: ignore[misc]
        assert waiting(shared) == waiters
        recorder.may_answer.set()
    assert shared._flights == {}
    return futures


SEARCH = {"action": "SearchCalls", "start": "a"}


def test_the_same_question_is_asked_once_and_the_session_stays_with_the_first() -> None:
    recorder = Slow()
    first, *rest = at_once(recorder, *[admitted(**SEARCH) for _ in range(5)], waiters=4)
    assert len(recorder.asked) == 1
    assert first.result() == (ANSWER, "node")
    assert all(each.result() == (replace(ANSWER, cookies=(), shared=True), "node") for each in rest)


@pytest.mark.parametrize(
    "other",
    [
        admitted(**SEARCH | {"start": "b"}),
        admitted(**SEARCH | {"token": "another"}),
        admitted(**SEARCH, request={"credentials": {"Authorization": Secret("Bearer x")}}),
    ],
    ids=["parameter", "token", "session"],
)
def test_what_differs_is_asked_for_itself(other: Admitted) -> None:
    recorder = Slow()
    at_once(recorder, admitted(**SEARCH), other, waiters=0)
    assert len(recorder.asked) == 2


@pytest.mark.parametrize(
    "asked",
    [
        {"action": "KeepCall", "callID": "x"},
        {"action": "RequestToken"},
        {"action": "GetMedia", "callID": "x"},
        {"action": "GetCallID", "extension": "1", "status": "next"},
    ],
    ids=["change", "login", "media", "yet to come"],
)
def test_changes_logins_media_and_what_is_yet_to_come_are_never_shared(
    asked: dict[str, str],
) -> None:
    recorder = Slow()
    at_once(recorder, admitted(**asked), admitted(**asked), waiters=0)
    assert len(recorder.asked) == 2


def test_a_failure_is_shared_too() -> None:
    recorder = Slow(RecorderUnreachable())
    for each in at_once(recorder, *[admitted(**SEARCH) for _ in range(3)], waiters=2):
        assert isinstance(each.exception(), RecorderUnreachable)
    assert len(recorder.asked) == 1


def test_a_fault_of_ours_leaves_nobody_waiting() -> None:
    recorder = Slow(ZeroDivisionError())
    first, second = at_once(recorder, admitted(**SEARCH), admitted(**SEARCH), waiters=1)
    assert isinstance(first.exception(), ZeroDivisionError)
    assert isinstance(second.exception(), RecorderGarbled)


def test_after_a_change_nobody_is_told_what_was_so_before_it() -> None:
    recorder = Slow()
    shared = Coalescing(recorder)
    with ThreadPoolExecutor(2) as pool:
        pool.submit(shared.ask, admitted(**SEARCH))
        eventually(lambda: len(recorder.asked) == 1)
        shared._recorder = Slow(may_answer=recorder.may_answer)
        early = pool.submit(shared.ask, admitted(**SEARCH))
        eventually(lambda: waiting(shared) == 1)
        done = Slow()
        done.may_answer.set()
        shared._recorder = done
        shared.ask(admitted(action="KeepCall", callID="x"))
        shared.ask(admitted(**SEARCH))
        assert len(done.asked) == 2
        assert not early.done()
        recorder.may_answer.set()


def test_nobody_joins_a_question_that_was_put_a_while_ago() -> None:
    now = [0.0]
    recorder = Slow()
    shared = Coalescing(recorder, lambda: now[0])
    with ThreadPoolExecutor(2) as pool:
        pool.submit(shared.ask, admitted(**SEARCH))
        eventually(lambda: len(recorder.asked) == 1)
        now[0] += coalescing.OPEN_FOR
        pool.submit(shared.ask, admitted(**SEARCH))
        eventually(lambda: len(recorder.asked) == 2)
        recorder.may_answer.set()
    assert shared._flights == {}


def test_media_between_two_questions_part_them_not() -> None:
    recorder = Slow()
    asked = [admitted(**SEARCH), admitted(action="GetMedia", callID="x"), admitted(**SEARCH)]
    at_once(recorder, *asked, waiters=1)
    assert len(recorder.asked) == 2


def test_too_many_waiters_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coalescing, "MOST_WAITERS", 1)
    recorder = Slow()
    shared = Coalescing(recorder)
    with ThreadPoolExecutor(2) as pool:
        futures = [pool.submit(shared.ask, admitted(**SEARCH)) for _ in range(2)]
        eventually(lambda: waiting(shared) == 1)
        with pytest.raises(RecorderBusy):
            shared.ask(admitted(**SEARCH))
        recorder.may_answer.set()
    assert [each.result()[1] for each in futures] == ["node", "node"]
