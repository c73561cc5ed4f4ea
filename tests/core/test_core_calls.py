from datetime import timedelta

import pytest

from gateway.core.calls import Snapshot, same
from tests.fakes import NOON, call


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("A8343631-9F35", "a8343631-9f35", id="case"),
        pytest.param(" TRS26140192\t", "trs26140192", id="blanks-around"),
    ],
)
def test_ids_are_compared_without_case_and_blanks(one: str, other: str) -> None:
    assert same(one) == same(other)


def test_blanks_inside_an_id_count() -> None:
    assert same("a b") != same("ab")


def test_a_call_without_an_end_is_ongoing() -> None:
    assert call(ended=None).ongoing
    assert not call(ended=0).ongoing


def test_a_call_concerns_both_of_its_parties_and_nobody_else() -> None:
    between = call(caller="8856", called="1000")
    assert between.concerns("8856")
    assert between.concerns("1000")
    assert not between.concerns("885")
    assert not between.concerns("")


def test_what_is_only_alike_is_not_the_same() -> None:
    assert same("strasse@example.com") != same("stra\u00dfe@example.com")


def test_news_replace_the_calls_that_changed_and_vouch_for_the_rest() -> None:
    seen = Snapshot((call("a", ended=None), call("b")), NOON, complete=False)
    later = NOON + timedelta(seconds=1)
    news = Snapshot((call("a", ended=0), call("c")), later, complete=True)
    expected = Snapshot((call("a", ended=0), call("b"), call("c")), later, complete=True)
    assert seen.renewed_by(news) == expected
