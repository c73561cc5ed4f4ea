"""The gateway's own login, at the recorder simulator."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.errors import RecorderError, RecorderGarbled, RecorderUnreachable
from gateway.core.secrets import Secret
from gateway.feed.account import Account, Credentials, RecorderRefusedError, _told_time
from gateway.recorder.nodes import FAILURES, Nodes
from gateway.recorder.transport import Settings, Transport
from gateway.simulator.faults import Fault, Kind
from gateway.simulator.settings import KEY_ONLY, SEED_KEY, Access
from tests.fakes import FrozenClock, issued, refused_with
from tests.feed.recorders import Simulated
from tests.servers import RawServer, answering, ok

DEAD = "http://127.0.0.1:1/verba/api"
WIDE = (("status", "recorded"), ("start", "2020-01-01 00:00"), ("end", "2030-01-01 00:00"))


@pytest.fixture
def recorder() -> Iterator[Simulated]:
    with Simulated() as made:
        yield made


def counts(recorder: Simulated) -> tuple[int, int]:
    """How many logins and searches arrived."""
    seen = recorder.server.simulator.journal.counts()
    return seen.get("RequestToken", 0), seen.get("SearchCalls", 0)


def test_one_login_is_enough_for_many_searches(recorder: Simulated) -> None:
    for _ in range(3):
        assert recorder.account.search(WIDE).rows == ()
    assert counts(recorder) == (1, 3)


def test_the_login_is_renewed_before_its_hour_is_over(recorder: Simulated) -> None:
    recorder.account.search(WIDE)
    recorder.clock.move(55 * 60 - 1)
    recorder.account.search(WIDE)
    assert counts(recorder) == (1, 2)
    recorder.clock.move(1)
    recorder.account.search(WIDE)
    assert counts(recorder) == (2, 3)


def test_a_login_that_the_recorder_forgot_is_made_anew_at_once(recorder: Simulated) -> None:
    recorder.account.search(WIDE)
    recorder.server.simulator.doorkeeper.revoke()
    assert recorder.account.search(WIDE).rows == ()
    assert counts(recorder) == (2, 3)


def test_a_login_that_is_refused_again_and_again_is_made_anew_once_for_each_search() -> None:
    with Simulated(access=Access(token_lifetime=0.5)) as recorder:

        def clock() -> datetime:
            recorder.recorder_clock.move(1)  # so that each token has expired when it is used
            return recorder.clock()

        with pytest.raises(RecorderRefusedError, match="refuses SearchCalls with the code -43"):
            recorder.login(clock=clock).search(WIDE)
        assert counts(recorder) == (2, 2)


def test_a_session_that_was_forgotten_with_a_bare_two_is_made_anew_now_and_then() -> None:
    two = refused_with(2, "SearchCalls")
    listed = b'<verbacdrlist rowcount="0"></verbacdrlist>'
    answers = (issued("first"), two, two, issued("second"), listed)
    clock = FrozenClock()
    transport = Transport(Settings(connect_timeout=2.0, timeout=10.0))
    with RawServer(*(answering(ok(body)) for body in answers)) as server:
        credentials = Credentials(Secret("k"), Secret("u"), Secret("p"))
        account = Account(transport, (server.url,), credentials, clock)
        with pytest.raises(RecorderRefusedError, match=r"SearchCalls with the code 2: No\."):
            account.search(WIDE)
        assert len(server.requests) == 2
        clock.move(30)
        assert account.search(WIDE).rows == ()
        assert b"token=second" in server.requests[-1]
    transport.close()


def test_a_password_that_was_refused_is_not_tried_again_at_once(recorder: Simulated) -> None:
    account = recorder.login(password="canary")
    for _ in range(3):
        with pytest.raises(RecorderRefusedError, match="RequestToken with the code -40") as caught:
            account.search(WIDE)
        assert "canary" not in str(caught.value)
    assert counts(recorder) == (1, 0)
    recorder.clock.move(30)
    with pytest.raises(RecorderRefusedError):
        account.search(WIDE)
    assert counts(recorder) == (2, 0)


@pytest.mark.parametrize("more", [(None, None), (Secret("myapiuser"), None)])
def test_without_a_user_the_key_is_enough(more: tuple[Secret | None, Secret | None]) -> None:
    with Simulated(access=KEY_ONLY) as recorder:
        account = recorder.login(credentials=Credentials(Secret(SEED_KEY), *more))
        assert account.search(WIDE).rows == ()
        assert counts(recorder) == (0, 1)


def test_a_key_that_needs_a_login_says_so(recorder: Simulated) -> None:
    account = recorder.login(credentials=Credentials(Secret(SEED_KEY)))
    with pytest.raises(RecorderRefusedError, match="with the code -42"):
        account.search(WIDE)


def test_the_next_round_asks_the_next_node_and_logs_in_there(recorder: Simulated) -> None:
    account = recorder.login(nodes=(DEAD, recorder.server.url))
    with pytest.raises(RecorderUnreachable):
        account.search(WIDE)
    assert account.search(WIDE).rows == ()
    assert counts(recorder) == (1, 1)


def test_what_the_feed_sees_of_the_nodes_is_told_to_those_who_forward(recorder: Simulated) -> None:
    nodes = Nodes((DEAD, recorder.server.url))
    account = recorder.login(nodes=(DEAD,), health=nodes)
    for _ in range(FAILURES):
        with pytest.raises(RecorderUnreachable):
            account.search(WIDE)
    assert nodes.choose() == recorder.server.url
    for _ in range(FAILURES):
        nodes.failed(recorder.server.url, "No.")
    recorder.login(health=nodes).search(WIDE)
    assert nodes.passes(recorder.server.url)


def test_a_single_node_that_failed_is_asked_again_with_a_login_of_its_own(
    recorder: Simulated,
) -> None:
    recorder.account.search(WIDE)
    faults = recorder.server.simulator.faults
    faults.put([Fault(Kind.ERROR)])
    with pytest.raises(RecorderGarbled):
        recorder.account.search(WIDE)
    faults.put(())
    assert recorder.account.search(WIDE).rows == ()
    assert counts(recorder) == (2, 3)


@pytest.mark.parametrize("kind", [Kind.RESET, Kind.CLOSE, Kind.REFUSE, Kind.TRACE, Kind.UNCLOSED])
def test_whatever_goes_wrong_is_a_recorder_error(recorder: Simulated, kind: Kind) -> None:
    recorder.server.simulator.faults.put([Fault(kind)])
    with pytest.raises(RecorderError):
        recorder.account.search(WIDE)


@pytest.mark.parametrize("offset", [-3600.0, -5.0, -0.4, 0.0, 0.4, 5.0, 86_400.0])
def test_the_recorders_clock_is_told_by_its_date_header(offset: float) -> None:
    with Simulated(clock_offset=offset) as recorder:
        ahead = recorder.account.search(WIDE).ahead
        assert ahead is not None
        assert ahead.least <= timedelta(seconds=offset) <= ahead.most
        assert ahead.most - ahead.least < timedelta(seconds=1.2)


@given(st.text(max_size=40) | st.from_regex(r"[A-Z][a-z]{2}, \d{1,3} [A-Z][a-z]{2} \d{4} [\d:]*"))
def test_no_date_header_makes_the_feed_fail(header: str) -> None:
    told = _told_time(header)
    assert told is None or told.tzinfo is not None


def test_nothing_secret_is_in_what_an_account_says_of_itself(recorder: Simulated) -> None:
    recorder.account.search(WIDE)
    account: Account = recorder.account
    assert "pa$$word" not in repr(account)
    assert SEED_KEY not in repr(account)
