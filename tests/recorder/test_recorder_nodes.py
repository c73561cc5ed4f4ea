import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.recorder.nodes import ALONE_OUT_FOR, FAILURES, OUT_AT_MOST, OUT_FOR, Breaker, Nodes
from tests.fakes import FrozenTicks

ONE, TWO = "http://one/verba/api", "http://two/verba/api"


def failing(ticks: FrozenTicks, *urls: str) -> Nodes:
    """Nodes of which the first is out."""
    nodes = Nodes(urls or (ONE, TWO), ticks)
    for _ in range(FAILURES):
        nodes.failed(ONE, "No.")
    return nodes


def test_four_failures_in_a_row_do_not_eject_and_a_success_forgets_them() -> None:
    nodes = Nodes((ONE, TWO), FrozenTicks())
    for _ in range(3):
        for _ in range(FAILURES - 1):
            nodes.failed(ONE, "No.")
        nodes.succeeded(ONE)
    assert nodes.choose() == ONE
    assert nodes.states()[0].reason is None


def test_an_ejected_node_says_why_and_when_it_is_probed() -> None:
    ticks = FrozenTicks()
    nodes = failing(ticks)
    ticks.now = 10.0
    state = nodes.states()[0]
    assert (state.breaker, state.reason, state.failed_ago) == (Breaker.OPEN, "No.", 10.0)
    assert (state.probe_in, state.ejections) == (OUT_FOR - 10.0, 1)
    assert (nodes.choose(), nodes.choose(but=TWO)) == (TWO, None)


def test_a_node_is_probed_once_at_a_time_and_not_before_its_time() -> None:
    ticks = FrozenTicks()
    nodes = failing(ticks)
    assert not nodes.probing(ONE)
    ticks.now = OUT_FOR
    assert nodes.probing(ONE)
    assert not nodes.probing(ONE)
    assert nodes.states()[0].breaker is Breaker.HALF_OPEN
    assert not nodes.passes(ONE)


def test_each_probe_that_fails_doubles_the_time_up_to_the_cap() -> None:
    ticks, planned = FrozenTicks(), []
    nodes = Nodes((ONE,), ticks)
    nodes.tell(lambda _, seconds: planned.append(seconds))
    for _ in range(FAILURES):
        nodes.failed(ONE, "No.")
    for _ in range(5):
        ticks.now += planned[-1]
        assert nodes.probing(ONE)
        nodes.probe_failed(ONE, "Still not.")
    assert planned == [OUT_FOR, 60.0, 120.0, 240.0, OUT_AT_MOST, OUT_AT_MOST]


def test_an_answer_that_arrives_meanwhile_prevails_over_a_probe_that_fails() -> None:
    ticks = FrozenTicks()
    nodes = failing(ticks)
    ticks.now = OUT_FOR
    assert nodes.probing(ONE)
    nodes.succeeded(ONE)
    nodes.probe_failed(ONE, "No.")
    assert nodes.choose() == ONE


def test_a_label_holds_no_secret() -> None:
    (state,) = Nodes(("https://user:pa$$@one:8/verba?apiKey=secret#x",)).states()
    assert state.label == "https://one:8/verba"


@given(st.lists(st.sampled_from(["fails", "answers", "is probed in vain", "time passes"])))
def test_a_success_always_lets_requests_pass_and_no_node_is_out_without_a_probe(
    events: list[str],
) -> None:
    ticks, planned = FrozenTicks(), [0.0]
    nodes = Nodes((ONE,), ticks)
    nodes.tell(lambda _, seconds: planned.append(ticks.now + seconds))
    for event in events:
        match event:
            case "fails":
                nodes.failed(ONE, "No.")
            case "answers":
                nodes.succeeded(ONE)
                assert nodes.passes(ONE)
            case "is probed in vain":
                if nodes.probing(ONE):
                    nodes.probe_failed(ONE, "No.")
            case _:
                ticks.now += OUT_FOR
        (state,) = nodes.states()
        if not nodes.passes(ONE):
            assert state.probe_in == max(planned[-1] - ticks.now, 0.0)
            assert state.probe_in <= OUT_AT_MOST


@pytest.mark.parametrize(
    ("urls", "planned"),
    [(("a",), [ALONE_OUT_FOR] * 3), (("a", "b"), [OUT_FOR, 2 * OUT_FOR, 4 * OUT_FOR])],
    ids=["alone", "beside another"],
)
def test_a_node_that_is_alone_is_probed_soon_and_again_and_again(
    urls: tuple[str, ...], planned: list[float]
) -> None:
    nodes, ticks = Nodes.of(urls), FrozenTicks()
    plans: list[float] = []
    nodes._monotonic = ticks
    nodes.tell(lambda _, seconds: plans.append(seconds))
    for _ in range(FAILURES):
        nodes.failed("a", "no")
    while len(plans) < len(planned):
        ticks.now += plans[-1]
        assert nodes.probing("a")
        nodes.probe_failed("a", "no")
    assert plans == planned
