"""The control endpoint, `/simulator/...`: faults, calls and what arrived, in JSON.

For tests and demonstrations, from loopback only: it shows secrets and changes everything.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from ipaddress import ip_address
from typing import Any, Final, final

from gateway.simulator.access import Doorkeeper
from gateway.simulator.calls import Call, Party
from gateway.simulator.faults import Faults, make_fault
from gateway.simulator.journal import Journal
from gateway.simulator.request import Request
from gateway.simulator.response import Response, container_page
from gateway.simulator.world import World

PREFIX: Final = "/simulator/"
GUIDE: Final = """\
control endpoint (JSON, from loopback only):
  GET    /simulator/faults            the faults in force
  POST   /simulator/faults            replace them: [{"kind": "slow", "seconds": 2, "share": 0.5,
                                      "actions": ["GetCallID"]}]; DELETE ends them all
  GET    /simulator/calls             the ongoing calls
  POST   /simulator/calls             begin a call: {"caller": "8801", "called": "+36 1 555 0100"};
                                      also id, native_id, platform_call_id, meeting_id, caller_name,
                                      called_name, conference, manual, secondary, stuck, "ago" (it
                                      began so many seconds ago), "seconds" (it is over, and lasted
                                      so long)
  POST   /simulator/calls/ID/end      end a call; DELETE /simulator/calls/ID deletes it
  GET    /simulator/requests          counts by action, how many have no answer yet (open) or wait
                                      for a next call (waiting), and the last 1000 requests as they
                                      arrived; ?action=NAME for one action; DELETE forgets them
  DELETE /simulator/tokens            forget the issued tokens, as a restart of a recorder does
"""
TEXTS: Final = ("id", "native_id", "platform_call_id", "meeting_id")
FLAGS: Final = ("conference", "manual", "secondary", "stuck")
NAMES: Final = frozenset(
    (*TEXTS, *FLAGS, "caller", "called", "caller_name", "called_name", "ago", "seconds")
)


@final
class Control:
    """Answers what is asked below `/simulator/`."""

    def __init__(
        self, world: World, faults: Faults, journal: Journal, doorkeeper: Doorkeeper
    ) -> None:
        self._world = world
        self._faults = faults
        self._journal = journal
        self._doorkeeper = doorkeeper
        self._routes: dict[tuple[str, str], Callable[[Request], object]] = {
            ("GET", "faults"): self._show_faults,
            ("POST", "faults"): self._put_faults,
            ("DELETE", "faults"): self._end_faults,
            ("GET", "calls"): self._show_calls,
            ("POST", "calls"): self._begin,
            ("GET", "requests"): self._show_requests,
            ("DELETE", "requests"): self._forget,
            ("DELETE", "tokens"): self._revoke,
        }

    def answer(self, request: Request) -> Response:
        """The answer in JSON: 400 says what is wrong, 404 that there is nothing."""
        if not _from_loopback(request.peer):
            return container_page(403)
        name, _, rest = request.path.removeprefix(PREFIX).partition("/")
        act = self._one_call if rest else self._routes.get((request.method, name))
        try:
            found = act(request) if act else None
        except (ValueError, TypeError) as error:
            return _reply({"error": str(error)}, 400)
        return container_page(404) if found is None else _reply(found)

    def _show_faults(self, _: Request) -> object:
        return [{**asdict(fault), "actions": sorted(fault.actions)} for fault in self._faults.all]

    def _put_faults(self, request: Request) -> object:
        given = json.loads(request.body)
        items = given if isinstance(given, list) else [given]
        self._faults.put([make_fault(_object(item)) for item in items])
        return self._show_faults(request)

    def _end_faults(self, request: Request) -> object:
        self._faults.put(())
        return self._show_faults(request)

    def _show_calls(self, _: Request) -> object:
        return [asdict(call) for call in self._world.ongoing()]

    def _begin(self, request: Request) -> object:
        given = _object(json.loads(request.body))
        call = read_call(given, self._world.now())
        added = self._world.begin(call) if call.end is None else self._world.put(call)
        return asdict(added)

    def _one_call(self, request: Request) -> object:
        parts = request.path.removeprefix(PREFIX).split("/")
        match request.method, parts:
            case "POST", ["calls", identifier, "end"]:
                call = self._world.end(identifier)
            case "DELETE", ["calls", identifier]:
                call = self._world.delete(identifier)
            case _:
                call = None
        return asdict(call) if call else None

    def _show_requests(self, request: Request) -> object:
        return {
            "counts": self._journal.counts(),
            "open": self._journal.open,
            "waiting": self._world.waiting,
            "last": [
                {
                    "at": at,
                    "method": seen.method,
                    "path": seen.path,
                    "query": seen.query,
                    "form": seen.form,
                    "headers": dict(seen.headers),
                }
                for at, seen in self._journal.last(request.one("action"))
            ],
        }

    def _forget(self, request: Request) -> object:
        self._journal.forget()
        return self._show_requests(request)

    def _revoke(self, _: Request) -> object:
        self._doorkeeper.revoke()
        return {}


def read_call(given: Mapping[str, object], now: float) -> Call:
    """A call from a JSON object; see `GUIDE` for its members.

    Raises:
        ValueError: a member is not known, or a side or a number is missing.
    """
    unknown = given.keys() - NAMES
    if unknown or not ("caller" in given and "called" in given):
        wrong = f"unknown: {', '.join(sorted(unknown))}" if unknown else "caller, called: missing"
        raise ValueError(f"{wrong}; known: {', '.join(sorted(NAMES))}")
    start = now - float(str(given.get("ago", 0)))
    end = start + float(str(given["seconds"])) if "seconds" in given else None
    further: dict[str, Any] = {name: str(given[name]) for name in TEXTS if name in given}
    further |= {name: bool(given[name]) for name in FLAGS if name in given}
    caller, called = (
        Party(str(given[side]), str(given.get(f"{side}_name", ""))) for side in ("caller", "called")
    )
    return Call(caller, called, start=start, end=end, **further)


def _object(given: object) -> Mapping[str, object]:
    if not isinstance(given, dict):
        raise ValueError("a JSON object is wanted")  # noqa: TRY004 - one error for all that is wrong
    return given


def _reply(content: object, status: int = 200) -> Response:
    body = json.dumps(content, ensure_ascii=False, indent=1).encode()
    return Response(body + b"\n", "application/json", status)


def _from_loopback(peer: str) -> bool:
    try:
        return ip_address(peer).is_loopback
    except ValueError:
        return False
