"""Telephone numbers and addresses as people and programs write them, brought to one form.

The rule, which the README repeats:

* blanks around it go, and so do a `tel:`, `sip:` or `sips:` in front and the `;parameters` behind;
* if what is left is a number (digits, `*`, `#`, perhaps a `+` in front) written with the visual
  separators of RFC 3966 (`-`, `.`, `(`, `)`) or blanks, these go too;
* anything else, such as `john.smith@example.com`, stays as it is, its host included.

Two numbers are the same when their forms are the same without regard to case.
"""

import re
from typing import Final

_SCHEME: Final = re.compile(r"(?:\s*(?:tel|sips?):)+", re.IGNORECASE)
_NUMBER: Final = re.compile(r"\+?[0-9*#]+")
_SEPARATORS: Final = str.maketrans("", "", "-.()")
_LOST_PLUS: Final = re.compile(r" (?=[0-9])")
# An international number has seven digits at the least, the country's code included (E.164).
_SHORTEST_INTERNATIONAL: Final = 7


def normal_number(text: str) -> str:
    """The one form of a number or address. Never fails; what is no number is only trimmed."""
    return _normal(_without_scheme(text))


def readings(text: str) -> tuple[str, ...]:
    """What a number in a form-encoded parameter may mean, the likeliest first; never empty.

    A `+` that was not escaped arrives as a blank. A blank directly before a digit is therefore
    read as the `+` that it was, if the number is long enough to be international, and as a
    blank after that; a short number, the other way about.
    """
    bare = _without_scheme(text)
    number = _normal(bare)
    if not (_LOST_PLUS.match(bare) and _NUMBER.fullmatch(number)):
        return (number,)
    both = (f"+{number}", number)
    return both if len(number) >= _SHORTEST_INTERNATIONAL else both[::-1]


def _without_scheme(text: str) -> str:
    scheme = _SCHEME.match(text)
    return text[scheme.end() :].partition(";")[0] if scheme else text


def _normal(text: str) -> str:
    number = "".join(text.translate(_SEPARATORS).split())
    return number if _NUMBER.fullmatch(number) else text.strip()
