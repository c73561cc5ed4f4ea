"""`callgate explain`: what would happen to a request, step by step, and why. Asks nobody.

The steps are the journey's own, in their order; where the journey would ask the recorder or wait,
it says so. Secrets are shown as their fingerprints.
"""

from collections.abc import Iterator
from typing import Final, assert_never
from urllib.parse import urlsplit

from gateway.core.admission import Admitted, admit
from gateway.core.calls import Call
from gateway.core.errors import Refusal
from gateway.core.origin import client_address
from gateway.core.parameters import Parameters, parse
from gateway.core.query import (
    ByNativeID,
    ByParty,
    ByPlatformCallID,
    Query,
    form_of,
    understand,
)
from gateway.core.replies import Origin
from gateway.core.requests import Request
from gateway.core.secrets import Secret
from gateway.core.selection import is_stuck
from gateway.core.tokens import TokenRecord
from gateway.core.verdicts import Ambiguous, Found, NotFound, NotYet, Unknown, Unsure, Verdict
from gateway.door import query_pairs
from gateway.index import Sight
from gateway.pipeline import Gateway
from gateway.rendering.headers import cache_status

Line = tuple[str, str]

_MOMENT: Final = "%Y-%m-%d %H:%M:%S.%f"


def explain(gateway: Gateway, url: str, address: str) -> Iterator[Line]:
    """What each step makes of a URL, or of a query string alone, that comes from an address."""
    query_string = urlsplit(url).query if "?" in url else url
    pairs = query_pairs({"QUERY_STRING": query_string.encode().decode("latin-1")})
    parameters = parse(pairs)
    yield from _parsed(parameters)
    request = Request("explain", pairs, client_address(address, "", ()), gateway.index.clock())
    try:
        admitted = admit(parameters, request, gateway.applications, gateway.tokens.recall)
    except Refusal as refusal:
        yield "refused", f"{int(refusal.code)}: {refusal.message}"
        return
    yield from _admitted(admitted, gateway)
    query = understand(admitted)
    if query is None:
        yield from _resolved(admitted, gateway)
        yield "source", f"the recorder: {_why_not(admitted)}"
        return
    yield from _looked_up(query, gateway.index.look(query), gateway)


def _parsed(parameters: Parameters) -> Iterator[Line]:
    documented = {*parameters.action.folded, *parameters.action.own}
    for name, value in parameters.pairs:
        # What is not documented may be a misspelt secret.
        shown = str(value) if name in documented else "(not documented, and not shown)"
        yield "parameter", f"{name} = {shown}"
    if len(parameters.extension) > 1:
        yield "readings", " or else ".join(parameters.extension)
    yield "dress", parameters.response_type.value or "left to the recorder"


def plain(text: str) -> str:
    """What a terminal may be shown."""
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)


def _admitted(admitted: Admitted, gateway: Gateway) -> Iterator[Line]:
    yield "application", admitted.application.name
    token = admitted.parameters.token
    if not admitted.application.requires_authentication:
        yield "token", "none is needed"
    elif token is not None:
        record = gateway.tokens.recall(token, admitted.application.name)
        yield "token", _proof(token, record, admitted)


def _proof(token: Secret, record: TokenRecord | None, admitted: Admitted) -> str:
    if record is None:
        return f"{token} was not seen before"
    proven = "proven until" if admitted.proven else "to be proven anew since"
    return f"{token}, {proven} {record.expires_at:%Y-%m-%d %H:%M:%S} UTC"


def _resolved(admitted: Admitted, gateway: Gateway) -> Iterator[Line]:
    resolved = gateway.index.resolved(admitted)
    if resolved is not admitted:
        yield "resolved", f"callID = {resolved.parameters.get('callID')}, which the index puts in"


def _why_not(admitted: Admitted) -> str:
    if not admitted.parameters.action.from_index:
        return "the index answers GetCallID alone"
    if not admitted.proven:
        return "the token is not proven"
    return "this is none of the documented forms of GetCallID, or has a parameter beside them"


def _looked_up(query: Query, sight: Sight, gateway: Gateway) -> Iterator[Line]:
    yield "query", f"{form_of(query)} of {_asked(query)}"
    snapshot = sight.snapshot
    if snapshot is not None and snapshot.as_of is not None:
        reach = "as far back as the recorder" if snapshot.complete else "not as far as the recorder"
        yield "index", f"{sight.age.total_seconds():.3f} s old, reaches {reach}"
        yield "clocks", f"the recorder's is {snapshot.recorder_ahead.total_seconds():+.3f} s ahead"
        at_recorder = sight.seen_at + snapshot.recorder_ahead
        for call in snapshot.calls:
            stuck = is_stuck(call, at_recorder, gateway.index.terms.stuck_after)
            yield "call", _described(call) + (", set aside as stuck" if stuck else "")
    yield "verdict", _said(sight.verdict)
    yield "source", _source(sight, gateway)


def _asked(query: Query) -> str:
    match query.selector:
        case ByParty(numbers, _):
            return " or else ".join(numbers)
        case ByPlatformCallID(value, _) | ByNativeID(value, _):
            return value
        case _:  # pragma: no cover - the type checker proves that nothing is left
            assert_never(query.selector)


def _described(call: Call) -> str:
    ended = f"ended {call.ended_at:{_MOMENT}}" if call.ended_at else "ongoing"
    unsure = ", as is inferred" if call.provisional else ""
    parties = f"{call.caller} to {call.called}"
    return f"{call.id}, {parties}, began {call.started_at:{_MOMENT}}, {ended}{unsure}"


def _said(verdict: Verdict) -> str:
    match verdict:
        case Found(call, rule):
            return f"found {call.id}, by {rule}"
        case NotFound():
            return "there is no such call"
        case Ambiguous(candidates, rule):
            return f"{candidates} calls match by {rule}, which is an error"
        case Unknown(reason):
            return f"none: {reason}"
        case NotYet(until):
            return f"none yet: waits until {until:%H:%M:%S} UTC"
        case Unsure(until):
            return f"no, but that is old: waits for a newer snapshot, until {until:%H:%M:%S} UTC"
        case _:  # pragma: no cover - the type checker proves that nothing is left
            assert_never(verdict)


def _source(sight: Sight, gateway: Gateway) -> str:
    if isinstance(sight.verdict, Unknown):
        header = cache_status(sight.source(Origin.MISS))
        return f"the recorder ({header})"
    if isinstance(sight.verdict, NotYet | Unsure):
        return (
            f"the index, within {gateway.index.terms.max_age.total_seconds():g} s of when it knows"
        )
    return f"the index ({cache_status(sight.source(Origin.HIT))})"
