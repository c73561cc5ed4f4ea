"""The lanes to the recorder: none starves another, and a full one says so at once."""

import gc
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from gateway.core.admission import Admitted
from gateway.core.errors import RecorderBusy, RecorderTimeout
from gateway.core.replies import Document, Reply, Stream
from gateway.recorder.bulkheads import Bulkheads
from tests.fakes import FakeRecorder, document
from tests.recorder.test_recorder_client import admitted

LOOKUP = admitted(action="GetCallID", status="last", extension="1")
CHANGE = admitted(action="KeepCall", callID="x")
MEDIA = admitted(action="GetMedia", callID="x")


@dataclass
class Media:
    """A recording, as long as it is open."""

    closed: int = 0

    def __iter__(self) -> Iterator[bytes]:
        yield b"media"

    def close(self) -> None:
        """Count."""
        self.closed += 1


@dataclass
class Nested:
    """A recorder that, while it is asked, asks for something else through the same lanes."""

    inner: Admitted
    lanes: Bulkheads = field(init=False)
    outcome: object = None

    def ask(self, admitted: Admitted) -> tuple[Reply, str]:
        """The first time only."""
        if self.outcome is None:
            self.outcome = "asked"
            try:
                self.outcome = self.lanes.ask(self.inner)
            except RecorderBusy as busy:
                self.outcome = busy
        return document(admitted.parameters.action.name.encode()), "node"


def nested(inner: Admitted) -> Nested:
    recorder = Nested(inner)
    recorder.lanes = Bulkheads(recorder, 4, 4, patience=0.01)  # one place in every lane
    return recorder


def test_a_full_lane_refuses_and_is_counted() -> None:
    recorder = nested(LOOKUP)
    reply, _ = recorder.lanes.ask(LOOKUP)
    assert isinstance(reply, Document)
    assert isinstance(recorder.outcome, RecorderBusy)
    occupancy = recorder.lanes.occupancy()["look-ups"]
    assert (occupancy.size, occupancy.used, occupancy.refused) == (1, 0, 1)


def test_a_full_lane_is_in_nobody_elses_way() -> None:
    recorder = nested(CHANGE)
    recorder.lanes.ask(LOOKUP)
    assert recorder.outcome == (document(b"KeepCall"), "node")
    assert all(each.refused == 0 for each in recorder.lanes.occupancy().values())


def test_a_failure_gives_its_place_back() -> None:
    lanes = Bulkheads(FakeRecorder([RecorderTimeout()]), 4, 4, patience=0.01)
    for _ in range(3):
        with pytest.raises(RecorderTimeout):
            lanes.ask(LOOKUP)
    assert lanes.occupancy()["look-ups"].used == 0


def test_media_hold_their_place_until_they_are_closed() -> None:
    media = Media()
    lanes = Bulkheads(FakeRecorder([Stream(200, {}, media)]), 4, 4, patience=0.01)
    stream, _ = lanes.ask(MEDIA)
    assert isinstance(stream, Stream)
    with pytest.raises(RecorderBusy):
        lanes.ask(MEDIA)
    assert b"".join(stream.chunks) == b"media"
    stream.chunks.close()
    stream.chunks.close()
    assert media.closed == 2
    assert lanes.occupancy()["media"].used == 0


def test_media_that_nobody_took_give_their_place_back() -> None:
    lanes = Bulkheads(FakeRecorder([Stream(200, {}, Media())]), 4, 4, patience=0.01)
    for _ in range(3):
        lanes.ask(MEDIA)
        gc.collect()
    assert lanes.occupancy()["media"].used == 0


def test_the_places_are_shared_by_the_workers_that_there_are() -> None:
    lanes = Bulkheads(FakeRecorder([document(b"")]), 120, 1)
    assert lanes.occupancy()["look-ups"].size == 48
    lanes.share_among(4)
    assert lanes.occupancy()["look-ups"].size == 12
