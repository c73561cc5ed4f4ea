import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.core.errors import RecorderConnectTimeout, RecorderTimeout
from gateway.recorder.deadlines import Leash, Watch

LATER = 3600.0


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    """The two ends of a connection."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(5)
        yield ours, theirs


@pytest.fixture
def leash() -> Leash:
    """One whose time has not come."""
    return Leash(Watch(), time.monotonic() + LATER)


def test_who_waits_for_a_connection_sees_its_end_at_the_deadline(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    leash = Leash(Watch(), time.monotonic() + 0.1)
    leash.hold(ends[0].fileno())
    started = time.monotonic()
    assert ends[0].recv(1) == b""
    assert 0.05 < time.monotonic() - started < 2
    with pytest.raises(RecorderTimeout):
        leash.check()


def test_a_nearer_deadline_is_looked_at_before_those_that_were_set_earlier(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    watch = Watch()
    Leash(watch, time.monotonic() + LATER)
    leash = Leash(watch, time.monotonic() + LATER)
    leash.hold(ends[0].fileno())
    leash.until(time.monotonic() + 0.05, RecorderConnectTimeout)
    assert ends[0].recv(1) == b""
    with pytest.raises(RecorderConnectTimeout):
        leash.check()


def test_a_deadline_that_was_put_off_does_not_end_the_connection(
    ends: tuple[socket.socket, socket.socket], leash: Leash
) -> None:
    leash.hold(ends[0].fileno())
    now = time.monotonic()
    assert leash.expire(now) > now + LATER / 2
    leash.pause()
    leash.expire(now + 2 * LATER)
    ends[1].sendall(b"x")
    assert ends[0].recv(1) == b"x"
    leash.check()


def test_who_is_let_go_is_not_shut_down(
    ends: tuple[socket.socket, socket.socket], leash: Leash
) -> None:
    leash.hold(ends[0].fileno())
    leash.release()
    leash.release()
    leash.expire(time.monotonic() + 2 * LATER)
    ends[1].sendall(b"x")
    assert ends[0].recv(1) == b"x"


def test_another_connection_that_got_the_same_number_is_not_shut_down(leash: Leash) -> None:
    first, peer = socket.socketpair()
    number = first.fileno()
    leash.hold(number)
    first.close()
    another, its_peer = socket.socketpair()
    with peer, another, its_peer:
        assert number in {another.fileno(), its_peer.fileno()}
        leash.expire(time.monotonic() + 2 * LATER)
        its_peer.sendall(b"x")
        assert another.recv(1) == b"x"
        assert peer.recv(1) == b""


def test_what_connects_after_the_deadline_is_shut_at_once(
    ends: tuple[socket.socket, socket.socket], leash: Leash
) -> None:
    leash.expire(time.monotonic() + 2 * LATER)
    leash.hold(ends[0].fileno())
    assert ends[0].recv(1) == b""
    leash.until(time.monotonic() + LATER)
    assert leash.over


def test_a_connection_that_broke_before_its_deadline_is_no_trouble(leash: Leash) -> None:
    with socket.socket() as unconnected:
        leash.hold(unconnected.fileno())
        leash.expire(time.monotonic() + 2 * LATER)
    assert leash.over


def test_deadlines_hold_under_gevent_as_well() -> None:
    tests = Path(__file__).with_name("test_recorder_misbehaving.py")
    chosen = "handshake or outlives or media or (deadline and drip)"
    command = [sys.executable, "-m", "gevent.monkey", "--module", "pytest", str(tests)]
    options = ["-q", "-k", chosen, "-p", "no:cacheprovider", "-W", "default"]
    ran = subprocess.run(
        [*command, *options],
        cwd=tests.parents[2],
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        timeout=100,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout.decode()
