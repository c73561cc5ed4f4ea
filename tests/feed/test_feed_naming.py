"""Which call is to be deleted, as the recorder tells it."""

from dataclasses import dataclass, field, replace

import pytest

from gateway.core.errors import RecorderError, RecorderUnreachable
from gateway.core.parameters import Pair
from gateway.feed.account import Page
from gateway.feed.naming import Names
from gateway.simulator.calls import between
from tests.feed.recorders import Simulated


@dataclass
class Told:
    """A recorder that answers with so many records."""

    rows: tuple[dict[str, str], ...]
    error: RecorderError | None = None
    asked: list[object] = field(default_factory=list)

    def records(self, action: str, parameters: tuple[Pair, ...]) -> Page:
        """As `Account`."""
        self.asked.append((action, parameters))
        if self.error:
            raise self.error
        return Page(self.rows, None)


@pytest.mark.parametrize(
    ("told", "id_"),
    [
        (Told(({"ccdr_id": "a"},)), "a"),
        (Told(()), None),
        (Told(({"ccdr_id": "a"}, {"ccdr_id": "b"})), None),
        (Told((), RecorderUnreachable()), None),
    ],
    ids=["one", "none", "several", "no answer"],
)
def test_only_one_record_names_a_call(told: Told, id_: str | None) -> None:
    assert Names(told)((("meetingID", "m"),)) == id_
    assert told.asked == [("GetCallInformation", (("meetingID", "m"),))]


def test_the_simulated_recorder_names_the_last_call_of_an_extension() -> None:
    with Simulated() as recorder:
        begun = recorder.world.begin(replace(between("8856", "8801"), id="a-call"))
        recorder.world.end(begun.id)
        names = Names(recorder.account)
        assert names((("extension", "8856"), ("status", "last"))) == "a-call"
        assert names((("extension", "1"), ("status", "last"))) is None
