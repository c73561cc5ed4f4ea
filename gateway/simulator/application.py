"""The recorder as a WSGI application: the journey of a request through it."""

import threading
from collections.abc import Iterable
from contextlib import ExitStack
from random import Random
from typing import TYPE_CHECKING, Any, Final, final
from zoneinfo import ZoneInfo

from gateway.simulator.access import Doorkeeper
from gateway.simulator.actions import act, dress
from gateway.simulator.answers import Answer
from gateway.simulator.call_page import CALL_PAGE, call_page
from gateway.simulator.case import Case
from gateway.simulator.clock import Clock, SystemClock
from gateway.simulator.control import PREFIX, Control
from gateway.simulator.faults import Fault, Faults, Kind
from gateway.simulator.journal import Journal
from gateway.simulator.landmarks import place_landmarks
from gateway.simulator.mangling import drip, spoil, trace_answer
from gateway.simulator.refusals import Refusal
from gateway.simulator.request import Request, read_request
from gateway.simulator.response import TRACE, Dropped, Response, container_page
from gateway.simulator.settings import Settings
from gateway.simulator.world import World

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse

METHODS: Final = ("GET", "POST")
GMT: Final = ZoneInfo("UTC")


@final
class Simulator:
    """A recorder with its world. Raises `Dropped` where the server is to drop the connection."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self.settings = settings
        self.world = World(clock, settings)
        self.faults = Faults(settings.faults, Random(settings.traffic.seed))
        self.journal = Journal()
        self.doorkeeper = Doorkeeper(settings.access)
        self._control = Control(self.world, self.faults, self.journal, self.doorkeeper)
        self._zone = ZoneInfo(settings.time_zone)
        self._threads = threading.BoundedSemaphore(settings.threads)
        if settings.traffic.landmarks:
            place_landmarks(self.world)

    def __call__(self, environ: dict[str, Any], start_response: "StartResponse") -> Iterable[bytes]:
        """WSGI (PEP 3333)."""
        response = self.respond(read_request(environ))
        start_response(response.status_line, response.head)
        return response.chunks

    def respond(self, request: Request) -> Response:
        """The response to any request.

        Raises:
            Dropped: a fault wants the connection to end without an answer.
        """
        if request.path.startswith(PREFIX):
            return self._control.answer(request)
        if request.path == CALL_PAGE:
            return call_page(self.world.find(request.one("ccdrId")), GMT)
        if request.path != self.settings.path:
            return container_page(404)
        if request.method not in METHODS:
            return container_page(405)
        since = self.world.sequence
        self.journal.arrived(request, self.world.now())
        with ExitStack() as leaving:
            leaving.callback(self.journal.answered)
            leaving.enter_context(self._threads)
            return self._serve(request, since)

    def _serve(self, request: Request, since: int) -> Response:
        faults = self.faults.meet(request.one("action"))
        early = self._fail(faults, request)
        response = spoil(early or self._answer(request, since), faults)
        if Kind.DRIP in faults:
            return drip(response, faults[Kind.DRIP].seconds, self.world.stopping)
        return response

    def _fail(self, faults: dict[Kind, Fault], request: Request) -> Response | None:
        if Kind.SLOW in faults:
            self.world.stopping.wait(faults[Kind.SLOW].seconds)
        if Kind.RESET in faults or Kind.CLOSE in faults:
            raise Dropped(reset=Kind.RESET in faults)
        if Kind.REFUSE in faults:
            return container_page(503)
        if Kind.ERROR in faults:
            return container_page(500, TRACE)
        return trace_answer(request.one("action")) if Kind.TRACE in faults else None

    def _answer(self, request: Request, since: int) -> Response:
        try:
            logged_in = self.doorkeeper.admit(request, self.world.now())
            zone = self._zone if logged_in else GMT
            case = Case(request, self.world, self.doorkeeper, self.settings, zone, since)
            answer = act(case)
        except Refusal as refusal:
            code = refusal.number(self.settings.dialect)
            answer = Answer(request.one("action"), code, refusal.message)
        return dress(answer, request.one("responseType"))


def create_app(settings: Settings | None = None, clock: Clock | None = None) -> Simulator:
    """A recorder without a server and without a flow of calls; its `world` takes calls."""
    return Simulator(settings or Settings(), clock or SystemClock())
