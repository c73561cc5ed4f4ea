"""Whether the recorder agrees with the index, form of question by form of question. Pure.

The index says what the recorder would say; now and then that is checked. A form on which the
recorder contradicts the index again and again is one on which the index had better be silent.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from types import MappingProxyType
from typing import Final, assert_never, final

from gateway.core.calls import same
from gateway.core.errors import Code
from gateway.core.numbers import SHORTEST_INTERNATIONAL
from gateway.core.parameters import Pair
from gateway.core.query import FORMS, ByNativeID, ByParty, ByPlatformCallID, Query, Status
from gateway.core.replies import Outcome
from gateway.core.verdicts import Ambiguous, Found, Spoken

STRIKES: Final = 3  # disagreements, without as many agreements as pay for them, and it is silent
FORGIVEN_AFTER: Final = 100  # agreements in a row
TRUSTED_AFTER: Final = 10  # agreements in a row, of a form that is silent


class Disagreement(Enum):
    """In which way the index was wrong."""

    ANOTHER_CALL = "another call"
    MISSED = "missed"  # the recorder finds a call, and the index none, or several
    INVENTED = "invented"  # the index finds a call, and the recorder none, or several


@final
@dataclass(frozen=True, slots=True)
class Tally:
    """What checks of one form have shown. `wrong` counts the disagreements of each kind."""

    checked: int = 0
    wrong: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    strikes: int = 0
    agreed: int = 0  # in a row
    silent: bool = False

    def after(self, disagreement: Disagreement | None) -> "Tally":
        """The tally after one more check."""
        if disagreement is None:
            return self._after_agreement()
        wrong = dict(self.wrong)
        wrong[disagreement.value] = wrong.get(disagreement.value, 0) + 1
        strikes = self.strikes + 1
        silent = self.silent or strikes >= STRIKES
        return Tally(self.checked + 1, MappingProxyType(wrong), strikes, 0, silent)

    def _after_agreement(self) -> "Tally":
        agreed = self.agreed + 1
        forgiven = agreed >= (TRUSTED_AFTER if self.silent else FORGIVEN_AFTER)
        return replace(
            self,
            checked=self.checked + 1,
            strikes=0 if forgiven else self.strikes,
            agreed=agreed,
            silent=self.silent and not forgiven,
        )


def silent_among(tallies: Mapping[str, Tally]) -> tuple[str, ...]:
    """The forms of question on which the recorder has contradicted the index too often."""
    return tuple(sorted(form for form, tally in tallies.items() if tally.silent))


def disagreement(verdict: Spoken, outcome: Outcome) -> Disagreement | None:
    """In which way an answer of the recorder's contradicts a verdict, if it does."""
    ours = same(verdict.call.id) if isinstance(verdict, Found) else ""
    theirs = same(outcome.call_id) if outcome.code == Code.SUCCESS else ""
    if ours == theirs:
        return None
    if ours and theirs:
        return Disagreement.ANOTHER_CALL
    return Disagreement.INVENTED if ours else Disagreement.MISSED


def says(outcome: Outcome, verdict: Spoken) -> bool:
    """Whether an answer of the recorder's says which call it is, or that there is none.

    In the documented dialect everything that goes wrong is a 2: if the index finds several, so
    may the recorder mean.
    """
    several = isinstance(verdict, Ambiguous) and outcome.code == Code.CANNOT_BE_FOUND
    return outcome.accepted or several


def question(query: Query) -> tuple[Pair, ...] | None:
    """The parameters that put a query to the recorder; `None` if that cannot be done.

    `next` depends on when it is put, forms that are not documented are ours alone, and of a
    number that can be read in two ways the recorder might take the other one. A long number may be
    recorded with separators, which the recorder itself does not look through.
    """
    kind: tuple[Pair, ...] = (("type", "manualRecord"),) if query.manual else ()
    match query.selector:
        case ByParty(numbers, statuses):
            status = ",".join(each.value for each in statuses)
            if status not in FORMS or Status.NEXT in statuses or len(numbers) > 1:
                return None
            if sum(map(str.isdigit, numbers[0])) >= SHORTEST_INTERNATIONAL:
                return None
            return ("extension", numbers[0]), ("status", status), *kind
        case ByPlatformCallID(value, spelt):
            return ("platformCallID", spelt or value), *kind
        case ByNativeID(value, spelt):
            return ("nativeID", spelt or value), *kind
        case _:  # pragma: no cover - the type checker proves that nothing is left
            assert_never(query.selector)
