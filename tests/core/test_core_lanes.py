import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.lanes import Lane, lane_of, sizes
from gateway.core.parameters import parse


@pytest.mark.parametrize(
    ("asked", "lane"),
    [
        ({"action": "GetCallID", "status": "last"}, Lane.LOOKUPS),
        ({"action": "SearchCalls", "status": "next"}, Lane.LOOKUPS),
        ({"action": "GetCallID", "status": "ongoing,next"}, Lane.WAITS),
        ({"action": "KeepCall", "status": "next"}, Lane.WAITS),
        ({"action": "KeepCall", "callID": "x"}, Lane.CHANGES),
        ({"action": "RequestToken"}, Lane.CHANGES),
        ({"action": "Unheard"}, Lane.CHANGES),
        ({"action": "GetMedia", "status": "next"}, Lane.MEDIA),
        ({"action": "PutMedia"}, Lane.MEDIA),
    ],
)
def test_every_request_has_its_lane(asked: dict[str, str], lane: Lane) -> None:
    assert lane_of(parse(asked.items())) is lane


@given(total=st.integers(5, 100_000), workers=st.integers(1, 1024))
def test_every_lane_has_a_place_and_together_they_are_about_the_total(
    total: int, workers: int
) -> None:
    of_each = sizes(total, workers)
    assert set(of_each) == set(Lane)
    assert min(of_each.values()) >= 1
    assert sum(of_each.values()) <= max(total / workers, len(Lane))
