"""News that are pushed: what is taken of them, and what is said of those that are wrong."""

import json
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.calls import Call
from gateway.feed.push import MOST_EVENTS, News, NewsFault, read_news
from gateway.stores import FeedState
from gateway.stores.memory import MemoryStore
from tests.fakes import NOON, call

NONE = timedelta(0)
BEGUN = {
    "id": "A8",
    "caller": "8856",
    "called": "tel:+36 1 234-5678",
    "started_at": "2026-03-02T13:00:00.250+01:00",
}
CALL = Call("A8", "8856", "+3612345678", NOON + timedelta(seconds=0.25), pushed=True)


def told(*events: object, known: tuple[Call, ...] = (), ahead: timedelta = NONE) -> News:
    """What is taken of these events."""
    store = MemoryStore()
    store.update(known, FeedState())
    return read_news(json.dumps({"calls": events}).encode(), store, NOON, ahead)


def test_a_call_that_begins_is_a_call_in_the_form_that_is_compared() -> None:
    assert told(BEGUN) == News((CALL,), ())


def test_a_call_whose_begin_is_not_told_begins_now() -> None:
    (begun,) = told({"id": "a", "called": "1"}).calls
    assert begun.started_at == NOON


def test_an_end_needs_no_more_than_the_id_and_awaits_its_record() -> None:
    (ended,) = told({"id": "a8", "ended_at": "2026-03-02T12:00:30Z"}, known=(CALL,)).calls
    assert (ended.id, ended.caller) == ("A8", "8856")
    assert ended.ended_at == NOON + timedelta(seconds=30)
    assert ended.ended_after == NOON + timedelta(seconds=28)


def test_events_of_one_request_count_in_their_order() -> None:
    end = {"id": "a8", "ended_at": "2026-03-02T12:00:30Z"}
    news = told(BEGUN, {"id": "b", "caller": "1"}, end, {"id": "B", "deleted": True})
    assert [(each.id, each.ongoing) for each in news.calls] == [("A8", False)]
    assert news.removed == ("B",)
    assert told({"id": "a8", "deleted": True}, BEGUN) == News((CALL,), ())


def test_the_same_news_again_change_nothing() -> None:
    store = MemoryStore()
    for _ in range(2):
        news = read_news(json.dumps({"calls": [BEGUN]}).encode(), store, NOON, NONE)
        store.overrule(news.calls, news.removed, NOON)
    assert store.known(["a8"]) == (CALL,)
    assert store.changes(1).parties == frozenset()


def test_what_its_record_has_settled_is_not_unsettled() -> None:
    final = call("a8")
    later = told({"id": "a8", "ended_at": "2026-03-02T12:00:30Z"}, known=(final,))
    assert later.calls == (final,)


def test_times_are_translated_to_the_recorders_clock() -> None:
    (begun,) = told(BEGUN, ahead=timedelta(seconds=90)).calls
    assert begun.started_at == CALL.started_at + timedelta(seconds=90)


@pytest.mark.parametrize(
    ("event", "message"),
    [
        ("x", "calls[0] is no object"),
        ({}, "calls[0].id is missing"),
        ({"id": " "}, "calls[0].id is missing"),
        ({"id": 7}, "calls[0].id must be a text of at most 256 characters"),
        ({"id": "x" * 257}, "calls[0].id must be a text"),
        ({"id": "\ud800", "caller": "1"}, "calls[0].id must be a text"),
        ({"id": "a\x1b[31m", "caller": "1"}, "calls[0].id must be a text"),
        ({"id": "a"}, "needs a caller or a called"),
        ({"id": "a", "caller": "1", "extension": "1"}, "a field that is not known; there are call"),
        ({"id": "a", "caller": "1", "manual": "yes"}, "calls[0].manual must be true or false"),
        (
            {**BEGUN, "started_at": "noon"},
            'started_at is no time; write it with its zone, as "2026',
        ),
        ({**BEGUN, "started_at": "2026-03-02T12:00:00"}, "calls[0].started_at has no zone"),
        ({**BEGUN, "ended_at": "2026-03-02T11:00:00Z"}, "ended_at is before the call began"),
        ({**BEGUN, "ended_at": "2026-03-02T12:01:01Z"}, "ended_at is more than a year ago, or yet"),
        ({**BEGUN, "started_at": "0001-01-01T00:00:00Z"}, "started_at is more than a year ago, or"),
    ],
)
def test_a_wrong_event_is_named_with_its_place_and_what_would_be_right(
    event: object, message: str
) -> None:
    with pytest.raises(NewsFault) as caught:
        told(event)
    assert message in str(caught.value)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"calls": 1}', b"\xff", b"[" * 100_000])
def test_what_is_no_news_says_what_news_are(body: bytes) -> None:
    with pytest.raises(NewsFault, match=r"no JSON|write \{"):
        read_news(body, MemoryStore(), NOON, NONE)


def test_too_many_events_are_refused() -> None:
    told(*[BEGUN] * MOST_EVENTS)
    with pytest.raises(NewsFault, match="1001 events, and 1000 are the most"):
        told(*[BEGUN] * (MOST_EVENTS + 1))


@given(
    st.dictionaries(
        st.sampled_from(sorted([*BEGUN, "ended_at", "deleted", "manual", "x"])),
        st.none() | st.booleans() | st.text(max_size=30) | st.datetimes().map(datetime.isoformat),
    )
)
def test_no_event_does_more_than_be_taken_or_be_refused(event: dict[str, object]) -> None:
    try:
        news = told(event)
    except NewsFault:
        return
    assert all(not each.ended_at or each.ended_at >= each.started_at for each in news.calls)


def test_a_call_of_the_recorders_that_is_pushed_stays_the_recorders() -> None:
    known = replace(CALL, pushed=False)
    (changed,) = told({"id": "A8", "called": "9999"}, known=(known,)).calls
    assert changed == replace(known, called="9999")


def test_a_begin_after_the_end_that_is_known_is_refused() -> None:
    later = {"id": "a8", "started_at": "2026-03-02T12:00:00Z"}
    with pytest.raises(NewsFault, match="before the call began"):
        told(later, known=(call("a8"),))
