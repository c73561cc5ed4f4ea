"""What an action is given: the request, who put it, and the world it is put to."""

from dataclasses import dataclass
from datetime import tzinfo
from typing import final

from gateway.simulator.access import Doorkeeper
from gateway.simulator.request import Request
from gateway.simulator.settings import Settings
from gateway.simulator.world import World


@final
@dataclass(frozen=True, slots=True)
class Case:
    """One admitted request. `since` numbers the last call that had begun when it arrived."""

    request: Request
    world: World
    doorkeeper: Doorkeeper
    settings: Settings
    zone: tzinfo
    since: int

    @property
    def action(self) -> str:
        """The name of the action."""
        return self.request.one("action")
