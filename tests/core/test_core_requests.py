from gateway.core.requests import Request
from gateway.core.secrets import Secret
from tests.core.asking import request_of
from tests.fakes import NOON


def test_a_request_shows_none_of_its_secrets() -> None:
    request = Request(
        id="r-1",
        pairs=(("token", "canary-token"),),
        address=None,
        received_at=NOON,
        credentials={"Authorization": Secret("Basic canary")},
        headers={"X-Unheard": "canary"},
    )
    assert "canary" not in repr(request)
    assert "r-1" in repr(request)


def test_a_request_brings_nothing_that_it_does_not_say() -> None:
    request = request_of(())
    assert dict(request.credentials) == {}
    assert dict(request.headers) == {}
    assert request.upload is None
