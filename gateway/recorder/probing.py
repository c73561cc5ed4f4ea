"""Finds out when a node that was ejected is back, without a client's request and its secrets."""

import logging
import threading
from collections.abc import Callable
from http import HTTPStatus
from typing import Final, Protocol, final

from gateway.core.errors import RecorderError
from gateway.recorder.nodes import Nodes, label
from gateway.recorder.transport import Question, Response

log = logging.getLogger(__name__)

# What says that nobody is behind the address. A 500 may be about the request, and is no such sign.
AWAY: Final = frozenset(
    {HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT}
)

Later = Callable[[float, Callable[[], None]], None]


class Exchanging(Protocol):
    """Whoever can send one question to a node."""

    def exchange(self, question: Question) -> Response:
        """The answer, when it begins; else raises `RecorderError`."""
        ...


def later(seconds: float, work: Callable[[], None]) -> None:
    """Do it then, unless the process ends before."""
    timer = threading.Timer(seconds, work)
    timer.daemon = True
    timer.start()


@final
class Prober:
    """Asks a node that is out a question without any parameter, whenever its time has come."""

    def __init__(self, transport: Exchanging, nodes: Nodes, later: Later = later) -> None:
        self._transport = transport
        self._nodes = nodes
        self._later = later
        self._out: set[str] = set()
        nodes.tell(self._plan)

    def probe(self, node: str) -> None:
        """Ask it now, if it is still out and nobody else asks."""
        if not self._nodes.probing(node):
            self._out.discard(node)  # somebody's request was answered meanwhile
            return
        fault: str | None = "The probe itself failed."
        try:
            fault = self._fault(node)
        finally:  # whatever happens, a node that is out has a next probe
            if fault is not None:
                self._nodes.probe_failed(node, fault)
        if fault is None:
            log.warning("the recorder's node %s is back", label(node))
            self._out.discard(node)
            self._nodes.succeeded(node)

    def _fault(self, node: str) -> str | None:
        try:
            response = self._transport.exchange(Question(node, ()))
        except RecorderError as error:
            return error.message
        response.close()
        return f"HTTP {response.status}" if response.status in AWAY else None

    def _plan(self, node: str, seconds: float) -> None:
        if node not in self._out:  # not at each probe that fails
            log.warning("the recorder's node %s is out, and probed in %.0f s", label(node), seconds)
        self._out.add(node)
        self._later(seconds, lambda: self.probe(node))
