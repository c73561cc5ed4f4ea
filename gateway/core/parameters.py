"""Parameters: from the pairs of a query string and a form to what a request says.

`parse` never refuses. What is wrong is noted among the faults, and `admit` says no to it.
Knows nothing of keys, applications or calls.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from functools import lru_cache
from itertools import chain, islice
from types import MappingProxyType
from typing import Final, final

from gateway.core.actions import BY_PARTY, CALL_ID_SPELLINGS, Action, action_called
from gateway.core.calls import same
from gateway.core.numbers import readings
from gateway.core.secrets import Secret

Pair = tuple[str, str]

MOST_PARAMETERS: Final = 250  # the longest documented request has about thirty

# Compared without regard to case.
_IDS: Final = frozenset({*CALL_ID_SPELLINGS, "platformCallID", "nativeID", "meetingID"})
# By their lower case: a secret under a misspelt name is a secret still.
_SECRETS: Final = frozenset({"apikey", "token", "password"})
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_CONTROL_BUT_LINES: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_NOT_UTF8: Final = re.compile(r"[\ud800-\udfff]")


class ResponseType(Enum):
    """How the answer is dressed. `AS_SENT`: an unknown name, which the recorder shall judge."""

    XML = "XML"
    HTML = "HTML"
    TEXT = "TEXT"
    JSON = "JSON"
    AS_SENT = ""


@final
@dataclass(frozen=True, slots=True)
class Parameters:
    """What a request says, in one form. `pairs` keep their order; secrets in them are `Secret`.

    `extension` holds the possible readings of that parameter, the likeliest first; in `pairs`
    stands the likeliest. `faults` are sentences for the client, the first one first.
    """

    pairs: tuple[tuple[str, str | Secret], ...]
    action: Action
    response_type: ResponseType
    api_key: Secret | None
    token: Secret | None
    extension: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()

    def naming(self, call_id: str) -> "Parameters":
        """The same, with the call's id in the place of the extension and the status."""
        kept = tuple(pair for pair in self.pairs if pair[0] not in BY_PARTY)
        return replace(self, pairs=(*kept, ("callID", call_id)), extension=())

    def about_the_call(self, action: Action) -> "Parameters":
        """Another action of the same client's, about the call that is meant here."""
        kept = [p for p in self.pairs if p[0] in {"apiKey", "token", *self.action.selectors}]
        return replace(self, action=action, pairs=(("action", action.name), *kept))

    def get(self, name: str) -> str | None:
        """The first value of that name, spelt exactly; never a secret."""
        for key, value in self.pairs:
            if key == name and isinstance(value, str):
                return value
        return None


def parse(pairs: Iterable[Pair]) -> Parameters:
    """Read what was sent, the query string's pairs before the form's. Never fails.

    Documented names are recognised in any case. Values of reserved parameters are trimmed,
    `status` and `extension` brought to their one form, repetitions of one value dropped.
    Everything else stays whole, in its order: unknown names, repeated names, empty values, bytes
    that are no UTF-8 (as surrogate escapes).
    """
    sent = tuple(islice(pairs, MOST_PARAMETERS + 1))
    action = action_called(_action_name(sent))
    spelling = _spellings(action)
    named = tuple((spelling.get(name.lower(), name), value) for name, value in sent)
    reserved = frozenset(action.reserved)
    decisive = tuple((name, value) for name, value in named if name in reserved)
    values = {name: _tidy(name, value) for name, value in reversed(decisive)}
    return Parameters(
        pairs=tuple(_kept(named, values)),
        action=action,
        response_type=_response_type(values.get("responseType", "")),
        api_key=_secret(values.get("apiKey")),
        token=_secret(values.get("token")),
        extension=next((readings(value) for name, value in decisive if name == "extension"), ()),
        faults=tuple(chain(_faults_of_form(named, action), _contradictions(decisive))),
    )


def _action_name(pairs: tuple[Pair, ...]) -> str:
    return next((value.strip() for name, value in pairs if name.lower() == "action"), "")


@lru_cache(maxsize=256)
def _spellings(action: Action) -> Mapping[str, str]:
    """The API's spelling of each name that is recognised in any case, by its lower case."""
    return MappingProxyType({name.lower(): name for name in action.folded})


def _tidy(name: str, value: str) -> str:
    match name:
        case "userName" | "password":
            return value  # a blank may be part of it
        case "status":
            return ",".join(part.strip() for part in value.lower().split(","))
        case "extension":
            return readings(value)[0]
        case "responseType":
            return value.strip().upper()
        case _:
            return value.strip()


def _kept(named: Iterable[Pair], values: Mapping[str, str]) -> Iterator[tuple[str, str | Secret]]:
    """The pairs in their order; a reserved name once, where it first stood."""
    seen: set[str] = set()
    for name, sent in named:
        if name in seen:
            continue
        if name in values:
            seen.add(name)
        value = values.get(name, sent)
        yield name, Secret(value) if name.lower() in _SECRETS else value


def _response_type(value: str) -> ResponseType:
    if not value:
        return ResponseType.XML
    return ResponseType.__members__.get(value, ResponseType.AS_SENT)


def _secret(value: str | None) -> Secret | None:
    return Secret(value) if value else None


def _faults_of_form(named: tuple[Pair, ...], action: Action) -> Iterator[str]:
    if len(named) > MOST_PARAMETERS:
        yield f"There are more than {MOST_PARAMETERS} parameters, the most that a request may have."
    for name, value in named:
        # Data that a client attaches may have lines; what decides anything may not.
        data = action.takes_any and name not in action.reserved
        if _CONTROL.search(name) or (_CONTROL_BUT_LINES if data else _CONTROL).search(value):
            yield f"{_said(name, action)} holds a control character. Send it without."
        if name in action.reserved and _NOT_UTF8.search(value):
            yield f"{_said(name, action)} is not UTF-8. Encode it as UTF-8, then percent-encode it."


def _said(name: str, action: Action) -> str:
    """A parameter in a sentence. An unknown name is not repeated: it may be a misplaced secret."""
    known = name in action.reserved or name in action.own
    return f"The parameter {name}" if known else "A parameter that is not documented"


def _contradictions(decisive: Iterable[Pair]) -> Iterator[str]:
    """A reserved parameter given twice with different values, whichever of its spellings."""
    said: dict[str, tuple[str, str]] = {}
    for name, value in decisive:
        meaning = "callID" if name in CALL_ID_SPELLINGS else name
        tidy = _tidy(name, value)
        before, first = said.setdefault(meaning, (name, tidy))
        if tidy == first or (name in _IDS and same(tidy) == same(first)):
            continue
        if before == name:
            yield f"The parameter {name} is given twice, with different values. Give it once."
        else:
            yield f"{before} and {name} name two different calls. Give one of them."
