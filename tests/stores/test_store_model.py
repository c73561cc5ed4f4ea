"""Every store, held to the model: after any history it answers any question as memory does."""

import tempfile
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.core.calls import Call
from gateway.core.query import FORMS, ByNativeID, ByParty, ByPlatformCallID, Query, Selector
from gateway.core.selection import Terms, select
from gateway.stores import FeedState
from gateway.stores.memory import MemoryStore
from tests.fakes import NOON
from tests.stores.kinds import KINDS, Store

TERMS = Terms(timedelta.max)
NUMBERS = ("8856", "+8856", "anna@example.com")
READINGS = (("8856",), ("+8856", "8856"), ("8856", "+8856"), ("anna@example.com",))
MOMENTS = tuple(NOON + timedelta(seconds=30 * number) for number in range(-4, 5))

# Few values, so that they meet: the same parties, the same instants, the same ids.
moments = st.sampled_from(MOMENTS)
spans = st.sampled_from([timedelta(seconds=30 * number) for number in range(-1, 2)])


@st.composite
def calls(draw: st.DrawFn) -> Call:
    started_at = draw(moments)
    lasted = draw(st.none() | st.integers(0, 3))
    return Call(
        id=draw(st.sampled_from("abcdefABC")),
        caller=draw(st.sampled_from(NUMBERS)),
        called=draw(st.sampled_from(NUMBERS)),
        started_at=started_at,
        ended_at=None if lasted is None else started_at + timedelta(seconds=30 * lasted),
        platform_call_id=draw(st.sampled_from(("", "p", "q"))),
        native_id=draw(st.sampled_from(("", "n", "m"))),
        manual=draw(st.booleans()),
        ended_after=started_at if lasted is not None and draw(st.booleans()) else None,
        pushed=draw(st.booleans()),
    )


states = st.builds(
    FeedState, moments, st.booleans(), spans, st.none() | moments, st.none() | moments
)


@dataclass(frozen=True)
class Update:
    calls: tuple[Call, ...]
    state: FeedState

    def apply(self, store: Store) -> object:
        store.update(self.calls, self.state)
        return None


@dataclass(frozen=True)
class Polled:
    calls: tuple[Call, ...]
    removed: tuple[str, ...]
    state: FeedState
    asked_at: datetime

    def apply(self, store: Store) -> object:
        store.update(self.calls, self.state, removed=self.removed, asked_at=self.asked_at)
        return None


@dataclass(frozen=True)
class Overrule:
    calls: tuple[Call, ...]
    removed: tuple[str, ...]
    until: datetime

    def apply(self, store: Store) -> object:
        store.overrule(self.calls, self.removed, self.until)
        return None


@dataclass(frozen=True)
class Forget:
    before: datetime

    def apply(self, store: Store) -> object:
        return store.forget_before(self.before)


@dataclass(frozen=True)
class Want:
    holder: str
    now: datetime

    def apply(self, store: Store) -> object:
        return store.lease(self.holder, self.now, timedelta(seconds=31))


@dataclass(frozen=True)
class GiveBack:
    holder: str

    def apply(self, store: Store) -> object:
        store.release(self.holder)
        return None


updates = st.builds(Update, st.lists(calls(), max_size=8).map(tuple), states)
few = st.lists(calls(), max_size=4).map(tuple)
ids = st.lists(st.sampled_from("abcdefABC"), max_size=2).map(tuple)
holders = st.sampled_from("xyz")
operations = st.one_of(
    updates,
    updates,
    st.builds(Polled, few, ids, states, moments),
    st.builds(Overrule, few, ids, moments),
    st.builds(Forget, moments),
    st.builds(Want, holders, moments),
    st.builds(GiveBack, holders),
)
SELECTORS: tuple[Selector, ...] = (
    *(ByParty(numbers, form) for numbers in READINGS for form in FORMS.values()),
    *(ByPlatformCallID(value) for value in "pq"),
    *(ByNativeID(value) for value in "nm"),
)
# Whatever can be asked is asked after each history: what matters is rare.
QUERIES = tuple(
    Query(selector, asked_at, manual)
    for selector in SELECTORS
    for asked_at in (MOMENTS[2], MOMENTS[4], MOMENTS[5])
    for manual in (False, True)
)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "memory"])
@settings(deadline=None, max_examples=120, suppress_health_check=[HealthCheck.too_slow])
@given(history=st.lists(operations, min_size=1, max_size=8))
def test_any_store_answers_as_the_model_does_after_any_history(
    kind: str, history: list[Update | Polled | Overrule | Forget | Want | GiveBack]
) -> None:
    model = MemoryStore()
    with tempfile.TemporaryDirectory() as folder, closing(KINDS[kind](Path(folder))) as store:
        for operation in history:
            assert operation.apply(store) == operation.apply(model)
        assert observed(store) == observed(model)
        for query in QUERIES:
            expected = select(query, model.snapshot(query), NOON, TERMS)
            assert select(query, store.snapshot(query), NOON, TERMS) == expected


def observed(store: Store) -> object:
    """Whatever can be seen of a store but for its answers to queries."""
    told = [store.changes(since) for since in range(store.pulse().revision + 2)]
    news = [(each.revision, each.snapshot, set(each.snapshot.calls)) for each in told]
    changes = [(at, replace(of, calls=()), calls) for at, of, calls in news]
    known = set(store.known(tuple("abcdef")))
    within = {(a, b): set(store.within(a, b)) for a in MOMENTS for b in MOMENTS}
    return store.state(), set(store.unfinished()), store.pulse(), changes, known, within
