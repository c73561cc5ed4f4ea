"""The calls that are always there: the sample of the seed, and extensions to try things on."""

from typing import Final

from gateway.simulator.calls import Call, Party
from gateway.simulator.world import World

SAMPLE_EXTENSION: Final = "8856"
SAMPLE_ID: Final = "a8343631-9f35-4a3a-83f0-9e81592339fb"
AMBIGUOUS_EXTENSION: Final = "8898"
ONGOING_EXTENSION: Final = "8899"
SILENT_EXTENSION: Final = "9999"
RESERVED: Final = frozenset(
    (SAMPLE_EXTENSION, AMBIGUOUS_EXTENSION, ONGOING_EXTENSION, SILENT_EXTENSION)
)
"""Extensions that the flow of calls never touches."""
GUIDE: Final = f"""\
extensions that always answer the same:
  {SAMPLE_EXTENSION}  the sample call of the manual: last finds {SAMPLE_ID}
  {AMBIGUOUS_EXTENSION}  two ongoing calls, for ever: ongoing is an error
  {ONGOING_EXTENSION}  one ongoing call, for ever
  {SILENT_EXTENSION}  never has a call
"""

_HOUR: Final = 3600.0


def place_landmarks(world: World) -> None:
    """Puts them into the world: the sample an hour ago, the ongoing ones two minutes ago."""
    now = world.now()
    world.put(
        Call(
            Party(SAMPLE_EXTENSION, "Jane Doe"),
            Party("+3615550156", "Earl Jones", "198.51.100.7"),
            id=SAMPLE_ID,
            native_id="TRS26140192",
            platform_call_id="71627389",
            meeting_id="71627389",
            start=now - _HOUR,
            end=now - _HOUR + 272.5,
            direction_id=2,
        )
    )
    for extension, ago in (
        (AMBIGUOUS_EXTENSION, 125.0),
        (AMBIGUOUS_EXTENSION, 120.0),
        (ONGOING_EXTENSION, 110.0),
    ):
        caller = Party(f"+3620555{int(ago):04}", "", "198.51.100.7")
        world.begin(Call(caller, Party(extension), start=now - ago, direction_id=1, stuck=True))
