"""Who calls whom: made-up names, and numbers in all the ways in which telephones write them."""

from random import Random
from typing import Final, final

from gateway.simulator.calls import Party
from gateway.simulator.landmarks import RESERVED
from gateway.simulator.settings import Traffic

FIRST: Final = ("John", "Jane", "Zoë", "Jürgen", "Ágnes", "Siobhán", "Li", "Noor", "Ivan", "Мария")
LAST: Final = ("Smith", "O'Brien", "Müller", "Nagy", "Jones & Sons", "Wang", "Petrov", "García")
FORMS: Final = (
    "+361555{:04}",
    "+361555{:04}",
    "00361555{:04}",
    "0615550{:03}",
    "+36 1 555-{:04}",
    "(06-1) 555 {:04}",
    "anonymous",
)
"""Numbers kept free for fiction."""


@final
class People:
    """The extensions that are free, and the outside world. Not safe for threads."""

    def __init__(self, traffic: Traffic, random: Random) -> None:
        first = traffic.first_extension
        every = [str(number) for number in range(first, first + traffic.extensions)]
        self._random = random
        self._names = {number: self._name() for number in every}
        self._free = [number for number in every if number not in RESERVED]

    def take(self) -> Party | None:
        """An extension that is free, and now is not."""
        if not self._free:
            return None
        place = self._random.randrange(len(self._free))
        self._free[place], self._free[-1] = self._free[-1], self._free[place]
        number = self._free.pop()
        return Party(number, self._names[number], f"192.0.2.{int(number) % 250 + 1}")

    def give_back(self, party: Party) -> None:
        """Frees the extension of a party; outsiders are always free."""
        if party.number in self._names:
            self._free.append(party.number)

    def outsider(self) -> Party:
        """Somebody outside; not everybody's name is known."""
        number = self._random.choice(FORMS).format(self._random.randrange(10_000))
        name = self._name() if self._random.random() < 0.7 else ""  # noqa: PLR2004 - a taste
        return Party(number, name, "198.51.100.7")

    def _name(self) -> str:
        return f"{self._random.choice(FIRST)} {self._random.choice(LAST)}"
