import threading
from collections.abc import Callable

import pytest

from gateway.recorder.nodes import FAILURES, OUT_FOR, Breaker, Nodes
from gateway.recorder.probing import Prober, later
from gateway.recorder.transport import Question, Response, Settings, Transport
from tests.fakes import FrozenTicks
from tests.servers import RawServer, answering, ok

TRANSPORT = Transport(Settings(connect_timeout=1.0, timeout=2.0))


class Diary:
    """What is to be done later; nothing is done by itself."""

    def __init__(self) -> None:
        self.plans: list[tuple[float, Callable[[], None]]] = []

    def __call__(self, seconds: float, work: Callable[[], None]) -> None:
        self.plans.append((seconds, work))


def probed(url: str) -> tuple[Nodes, Diary]:
    """A node that was ejected, and then probed once."""
    ticks, diary = FrozenTicks(), Diary()
    nodes = Nodes((url,), ticks)
    prober = Prober(TRANSPORT, nodes, diary)
    for _ in range(FAILURES):
        nodes.failed(url, "No.")
    ticks.now = OUT_FOR
    diary.plans[0][1]()
    prober.probe(url)  # not again
    return nodes, diary


@pytest.mark.parametrize("status", ["200 OK", "400 Bad Request", "500 Internal Server Error"])
def test_whoever_answers_a_probe_is_back(status: str) -> None:
    with RawServer(answering(ok(b"", status=status))) as server:
        nodes, _ = probed(server.url)
        assert nodes.passes(server.url)
        assert len(server.requests) == 1


def test_who_says_that_nobody_is_there_stays_out_and_is_probed_again_later() -> None:
    with RawServer(answering(ok(b"", status="503 Service Unavailable"))) as server:
        nodes, diary = probed(server.url)
    (state,) = nodes.states()
    assert (state.breaker, state.reason) == (Breaker.OPEN, "HTTP 503")
    assert [seconds for seconds, _ in diary.plans] == [OUT_FOR, 2 * OUT_FOR]


def test_who_cannot_be_reached_stays_out() -> None:
    nodes, diary = probed("http://127.0.0.1:1/verba/api")
    assert nodes.states()[0].reason == "The recorder cannot be reached at the moment."
    assert len(diary.plans) == 2


class Broken:
    """A transport with a fault of its own."""

    def exchange(self, question: Question) -> Response:
        """Fail as no transport should."""
        raise ZeroDivisionError(question.node)


def test_a_probe_that_fails_as_none_should_leaves_a_next_probe() -> None:
    ticks, diary = FrozenTicks(), Diary()
    nodes = Nodes(("http://one/",), ticks)
    prober = Prober(Broken(), nodes, diary)
    for _ in range(FAILURES):
        nodes.failed("http://one/", "No.")
    ticks.now = OUT_FOR
    with pytest.raises(ZeroDivisionError):
        prober.probe("http://one/")
    assert nodes.states()[0].breaker is Breaker.OPEN
    assert len(diary.plans) == 2


def test_later_comes() -> None:
    done = threading.Event()
    later(0.0, done.set)
    assert done.wait(5.0)
