"""Which call is meant: the documented forms of GetCallID, and nothing else.

`understand` answers `None` for everything that the index must not touch. What is not understood
is passed on, never guessed: the recorder's refusal is the one that clients know.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from typing import Final, assert_never, final

from gateway.core.actions import BY_PARTY, CALL_ID_SPELLINGS, COMMON
from gateway.core.admission import Admitted
from gateway.core.calls import Snapshot, same
from gateway.core.parameters import Parameters, ResponseType


class Status(Enum):
    """What `status` asks for. Source: the recorder's documentation of GetCallID."""

    ONGOING = "ongoing"
    NEXT = "next"
    LAST = "last"


# The five documented forms, each evaluated from left to right.
FORMS: Final = {
    "ongoing": (Status.ONGOING,),
    "next": (Status.NEXT,),
    "last": (Status.LAST,),
    "ongoing,next": (Status.ONGOING, Status.NEXT),
    "last,ongoing": (Status.LAST, Status.ONGOING),
}


@final
@dataclass(frozen=True, slots=True)
class ByParty:
    """By a participant's number. `numbers` are its possible readings, the likeliest first."""

    numbers: tuple[str, ...]
    statuses: tuple[Status, ...]


@final
@dataclass(frozen=True, slots=True)
class ByPlatformCallID:
    """By the Platform Call ID field, which several records can share; `spelt` as it was asked."""

    value: str
    spelt: str = field(default="", compare=False)


@final
@dataclass(frozen=True, slots=True)
class ByNativeID:
    """By the Technical Call Identifier field, unique to a record; `spelt` as it was asked."""

    value: str
    spelt: str = field(default="", compare=False)


_CALL_IDS: Final = frozenset(CALL_ID_SPELLINGS)

Selector = ByParty | ByPlatformCallID | ByNativeID


@final
@dataclass(frozen=True, slots=True)
class Query:
    """One question to the index, and when it was put (the gateway's clock).

    `manual`: among controlled, that is user-started, recordings only. `present`: the ids of the
    calls that the index knew when the question was put; `None`: it was not looked at yet.
    """

    selector: Selector
    asked_at: datetime
    manual: bool = False
    present: frozenset[str] | None = None

    def after_looking(self, snapshot: Snapshot) -> "Query":
        """The same question after the first look at the index.

        A call that was there then is not the next one, whatever the clocks of the recorder and
        the gateway say.
        """
        if self.present is not None:
            return self
        return replace(self, present=frozenset(call.id for call in snapshot.calls))


def form_of(query: Query) -> str:
    """The form of a question, in which all that matters but for whom it is about is the same."""
    manual = " manualRecord" if query.manual else ""
    match query.selector:
        case ByParty(_, statuses):
            return ",".join(status.value for status in statuses) + manual
        case ByPlatformCallID():
            return f"platformCallID{manual}"
        case ByNativeID():
            return f"nativeID{manual}"
        case _:  # pragma: no cover - the type checker proves that nothing is left
            assert_never(query.selector)


def understand(admitted: Admitted) -> Query | None:
    """The query that an admitted request puts to the index; `None`: it is not for the index.

    An unproven token is not for the index: nothing is answered to it that the recorder might
    have kept back.
    """
    parameters = admitted.parameters
    if not (parameters.action.from_index and admitted.proven):
        return None
    if parameters.response_type is ResponseType.AS_SENT:
        return None
    names = {name for name, _ in parameters.pairs if name not in COMMON}
    kind = parameters.get("type")
    statuses = _statuses(parameters, extended=admitted.application.extended_status)
    selector = _selector(parameters, frozenset(names - {"type"}), statuses)
    if selector is None or kind not in (None, "manualRecord"):
        return None
    return Query(selector, admitted.received_at, manual=kind is not None)


def meant(admitted: Admitted) -> Query | str | None:
    """Which call a request means, whatever its action: its id, or a query that finds it.

    `None`: it cannot be told from the request, or not from it alone.
    """
    parameters = admitted.parameters
    given = frozenset(name for name, _ in parameters.pairs if name not in COMMON)
    if len(given) == 1 and given <= _CALL_IDS:
        return parameters.get(next(iter(given)))
    statuses = _statuses(parameters, extended=admitted.application.extended_status)
    selector = _selector(parameters, given, statuses)
    return Query(selector, admitted.received_at) if selector else None


def resolvable(admitted: Admitted) -> Query | None:
    """The query that finds the call which a request means by extension and status alone.

    `None`: the application does not want that, the action takes no call's id, or something else
    says which call is meant. What is asked of an unproven token, the recorder answers alone.
    """
    parameters, action = admitted.parameters, admitted.parameters.action
    wanted = admitted.application.resolve and admitted.proven and "callID" in action.selectors
    given = frozenset(name for name, _ in parameters.pairs if name in action.selectors)
    if not wanted or given != frozenset(BY_PARTY):
        return None
    statuses = _statuses(parameters, extended=admitted.application.extended_status)
    selector = _selector(parameters, given, statuses)
    return Query(selector, admitted.received_at) if selector else None


def _statuses(parameters: Parameters, *, extended: bool) -> tuple[Status, ...] | None:
    """One of the five forms; for an application that has opted in, any that are tried in order.

    Nobody else can ask for `ongoing,last`: the current call, else the last one.
    """
    asked = parameters.get("status") or ""
    words = asked.split(",")
    if not extended or len(set(words)) < len(words):
        return FORMS.get(asked)
    known = {status.value: status for status in Status}
    return tuple(known[word] for word in words) if known.keys() >= set(words) else None


def _selector(
    parameters: Parameters, names: frozenset[str], statuses: tuple[Status, ...] | None
) -> Selector | None:
    """Exactly one documented way to say which call; anything beside it is not understood."""
    if names == {"extension", "status"}:
        numbers = tuple(same(number) for number in parameters.extension)
        return ByParty(numbers, statuses) if statuses and all(numbers) else None
    if names == {"platformCallID"}:
        spelt = parameters.get("platformCallID") or ""
        return ByPlatformCallID(same(spelt), spelt) if same(spelt) else None
    if names == {"nativeID"}:
        spelt = parameters.get("nativeID") or ""
        return ByNativeID(same(spelt), spelt) if same(spelt) else None
    return None
