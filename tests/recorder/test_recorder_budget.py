from contextlib import ExitStack

from gateway.recorder.budget import AT_LEAST, WINDOW, Budget
from tests.fakes import FrozenTicks


def under_way(budget: Budget, stack: ExitStack, times: int) -> list[bool]:
    return [stack.enter_context(budget.retry()) for _ in range(times)]


def test_three_may_always_be_under_way_and_a_fifth_of_the_requests_beyond() -> None:
    budget = Budget(FrozenTicks())
    for _ in range(20):
        budget.spend()
    with ExitStack() as stack:
        assert under_way(budget, stack, 5) == [True, True, True, True, False]
        assert (budget.retries, budget.refused) == (4, 1)


def test_what_is_over_is_no_longer_under_way() -> None:
    budget = Budget(FrozenTicks())
    with ExitStack() as stack:
        assert under_way(budget, stack, AT_LEAST + 1) == [True, True, True, False]
    with budget.retry() as may:
        assert may


def test_requests_of_long_ago_allow_nothing() -> None:
    ticks = FrozenTicks()
    budget = Budget(ticks)
    for _ in range(100):
        budget.spend()
    ticks.now = WINDOW
    with ExitStack() as stack:
        assert under_way(budget, stack, AT_LEAST + 1)[-1] is False
