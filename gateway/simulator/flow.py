"""A believable flow of calls: they begin, are held, transferred, conferenced, and end.

Played, not lived: whoever calls `play` says until when, so a week of history takes a moment.
Hold, transfer and conference end one record and open the next under the same platform id (the
recorder's API, §7). Knows no clock and no thread.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from heapq import heappop, heappush
from itertools import count
from random import Random
from typing import Final, final

from gateway.simulator.calls import Call
from gateway.simulator.people import People
from gateway.simulator.settings import Traffic
from gateway.simulator.world import World

A_DAY: Final = 86_400.0
INTERNAL: Final = 0.15
MANUAL: Final = 0.05
DUPLICATED: Final = 0.05
"""The shares of calls between two extensions, of controlled ones, and of those recorded twice."""
TURNS: Final = ("end", "hold", "transfer", "conference")
ODDS: Final = (80, 10, 7, 3)
"""What happens to a call next, and how often in a hundred."""
HOLD: Final = (2.0, 20.0)
"""Seconds on hold, between two records."""
WARM_UP: Final = 3.0
"""With a history, the flow begins so many call lengths ago: nobody switches a recorder on."""
SHORTEST: Final = 0.2
"""The shortest call lasts this part of the mean."""


@final
@dataclass(frozen=True, slots=True)
class Leg:
    """The records of one conversation that are open now: one, or two if recorded twice."""

    call: Call
    identifiers: tuple[str, ...]


@final
class Flow:
    """Plays the calls of a world. Not safe for threads: one thread plays."""

    def __init__(self, world: World, traffic: Traffic) -> None:
        self._world = world
        self._traffic = traffic
        self._random = Random(traffic.seed)
        self._people = People(traffic, self._random)
        self._plan: list[tuple[float, int, Callable[[float], None]]] = []
        self._count = count()
        now = world.now()
        past = traffic.history_days * A_DAY
        live = now
        if past and traffic.history_calls:
            live -= min(past, WARM_UP * traffic.call_seconds)
            self._arrivals(now - past, live, traffic.history_calls / past)
        self._arrivals(live, float("inf"), traffic.calls_per_minute / 60)
        self.play(now)

    def play(self, until: float) -> None:
        """Does everything that is due until then, each thing at its own time."""
        while self._plan and self._plan[0][0] <= until:
            at, _, event = heappop(self._plan)
            event(at)

    def due(self) -> float:
        """When the next thing happens, by the recorder's clock; infinite if nothing does."""
        return self._plan[0][0] if self._plan else float("inf")

    def _schedule(self, at: float, event: Callable[[float], None]) -> None:
        heappush(self._plan, (at, next(self._count), event))

    def _arrivals(self, at: float, until: float, rate: float) -> None:
        """Plans the next call at so many per second, which plans the one after."""
        if rate <= 0:
            return
        arrival = at + self._random.expovariate(rate)
        if arrival < until:
            self._schedule(arrival, lambda now: self._arrive(now, until, rate))

    def _arrive(self, at: float, until: float, rate: float) -> None:
        self._arrivals(at, until, rate)
        inside = self._people.take()
        if inside is None:
            return
        internal = self._people.take() if self._random.random() < INTERNAL else None
        other = internal or self._people.outsider()
        inward = self._random.random() < 0.5  # noqa: PLR2004 - as many in as out
        caller, called = (other, inside) if inward else (inside, other)
        direction = 0 if internal else 1 if inward else 2
        manual = self._random.random() < MANUAL
        self._open(Call(caller, called, direction_id=direction, manual=manual), at)

    def _open(self, call: Call, at: float) -> None:
        stuck = self._random.random() < self._traffic.stuck_share
        first = self._world.begin(replace(call, start=at, stuck=stuck))
        identifiers: tuple[str, ...] = (first.id,)
        if self._random.random() < DUPLICATED:
            twin = replace(first, id="", native_id="", secondary=True, stuck=False)
            identifiers = (first.id, self._world.begin(twin).id)
        kept = replace(first, id="", native_id="")
        mean = self._traffic.call_seconds
        length = mean * SHORTEST + self._random.expovariate(1 / (mean * (1 - SHORTEST)))
        self._schedule(at + length, lambda now: self._turn(Leg(kept, identifiers), now))

    def _turn(self, leg: Leg, at: float) -> None:
        for identifier in leg.identifiers:
            self._world.end(identifier, at)
        match self._random.choices(TURNS, ODDS)[0]:
            case "hold":
                back = at + self._random.uniform(*HOLD)
                self._schedule(back, lambda now: self._open(leg.call, now))
            case "transfer":
                self._transfer(leg.call, at)
            case "conference":
                self._open(replace(leg.call, conference=True), at)
            case _:
                self._people.give_back(leg.call.caller)
                self._people.give_back(leg.call.called)

    def _transfer(self, call: Call, at: float) -> None:
        """The called party hands over to another extension, if one is free."""
        other = self._people.take()
        if other is None:
            self._open(call, at)
            return
        inward = call.direction_id in (0, 1)
        self._people.give_back(call.called if inward else call.caller)
        self._open(replace(call, called=other) if inward else replace(call, caller=other), at)
