"""Telephone numbers and addresses as people and programs write them, brought to one form.

The rule, which the README repeats:

* blanks around it go, and so do a `tel:`, `sip:` or `sips:` in front and the `;parameters` behind,
  unless they say which extension behind the number is meant (`;ext=`, `;isub=`);
* if what is left is a number (digits, `*`, `#`, perhaps a `+` in front) of at least seven digits,
  written with the visual separators of RFC 3966 (`-`, `.`, `(`, `)`) or blanks, these go too;
* anything else stays as it is: `john.smith@example.com` with its host, `10.1.12.3`, and a short
  `88-1`, which need not be `881`.

Two numbers are the same when their forms are the same without regard to case.
"""

import re
from typing import Final

_SCHEME: Final = re.compile(r"(?:\s*(?:tel|sips?):)+", re.IGNORECASE)
_ANOTHER: Final = re.compile(r";(?:ext|isub)=", re.IGNORECASE)
_NUMBER: Final = re.compile(r"\+?[0-9*#]+")
_SEPARATORS: Final = str.maketrans("", "", "-.()")
_IP_ADDRESS: Final = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}")
_LOST_PLUS: Final = re.compile(r" (?=[0-9])")
# An international number has seven digits at the least, the country's code included (E.164).
SHORTEST_INTERNATIONAL: Final = 7


def normal_number(text: str) -> str:
    """The one form of a number or address. Never fails; what is no number is only trimmed."""
    if text.isdigit() and text.isascii():  # most of millions
        return text
    return _normal(_without_scheme(text))


def readings(text: str) -> tuple[str, ...]:
    """What a number in a form-encoded parameter may mean, the likeliest first; never empty.

    A `+` that was not escaped arrives as a blank. A blank directly before a digit is therefore
    read as the `+` that it was, if the number is long enough to be international, and as a
    blank after that; a short number, the other way about. And a short number with separators may
    be meant without them.
    """
    bare = _without_scheme(text)
    form, compact = _normal(bare), _compact(bare)
    if not _NUMBER.fullmatch(compact) or _IP_ADDRESS.fullmatch(form):
        return (form,)
    plus = (f"+{compact}",) if _LOST_PLUS.match(bare) else ()
    if len(compact) >= SHORTEST_INTERNATIONAL:
        return (*plus, form)
    return tuple(dict.fromkeys((form, compact, *plus)))


def _without_scheme(text: str) -> str:
    scheme = _SCHEME.match(text)
    if scheme is None or _ANOTHER.search(text):
        return text
    return text[scheme.end() :].partition(";")[0]


def _normal(text: str) -> str:
    """Without separators, if it is a number that means the same without them."""
    compact, trimmed = _compact(text), text.strip()
    long = sum(map(str.isdigit, compact)) >= SHORTEST_INTERNATIONAL
    means_the_same = long and not _IP_ADDRESS.fullmatch(trimmed)
    return compact if means_the_same and _NUMBER.fullmatch(compact) else trimmed


def _compact(text: str) -> str:
    return "".join(text.translate(_SEPARATORS).split())
