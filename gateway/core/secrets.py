"""Secrets as a type that cannot be printed, logged, formatted, pickled or compared by accident.

Knows nothing of where secrets come from or what they open.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable, Iterator
from typing import Final, Never, final
from urllib.parse import quote, quote_plus

_MOST_LOGGED: Final = 2_000
# What stands behind a name like these is taken for a secret.
_NAMED: Final = re.compile(
    r"""((?:api_?key|token|pass(?:word|wd)?|pwd|secret|authorization|jsessionid)\w{0,20}
         ["']?\s{0,3}[=:]\s{0,3}["']?(?:Basic\s|Bearer\s)?)[^\s&"',;<>]+""",
    re.IGNORECASE | re.VERBOSE,
)
_NOT_ON_A_LINE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")


@final
class Secret:
    """A key, token or password.

    Every printable form is its fingerprint. The value leaves by `reveal` alone, so that one
    search for that word finds every place where a secret can escape.
    """

    __slots__ = ("_digest", "_value")

    def __init__(self, value: str) -> None:
        self._value = value
        self._digest = digest(value)

    def reveal(self) -> str:
        """The value itself, for the recorder alone."""
        return self._value

    @property
    def digest(self) -> str:
        """SHA-256 as 64 hexadecimal digits: what stores and configurations hold."""
        return self._digest

    @property
    def fingerprint(self) -> str:
        """Eight hexadecimal digits to recognise a secret by; they do not lead back to it."""
        # Of the digest, not a prefix of it: the digest itself is what a configuration holds.
        return digest(f"fingerprint:{self._digest}")[:8]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._digest, other._digest)

    def __hash__(self) -> int:
        return hash(self._digest)

    def __bool__(self) -> bool:
        return bool(self._value)

    def __repr__(self) -> str:
        return f"<secret {self.fingerprint}>"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)

    def __reduce__(self) -> Never:
        msg = "a secret cannot be pickled or copied to disk"
        raise TypeError(msg)


def masked(text: str, secrets: Iterable[Secret]) -> str:
    """A foreign text for a log: on one line, at most 2,000 characters, without secrets.

    Neither these, as they are or as a URL has them, nor whatever is named like one.
    """
    for secret in sorted(filter(None, secrets), key=lambda each: -len(each.reveal())):
        for form in _forms(secret.reveal()):
            text = text.replace(form, repr(secret))
    named = _NAMED.sub(r"\1<secret>", text[:_MOST_LOGGED])
    return _NOT_ON_A_LINE.sub(" ", named)[:_MOST_LOGGED]


def _forms(value: str) -> Iterator[str]:
    yield value
    yield quote(value, "", errors="surrogatepass")
    yield quote_plus(value, errors="surrogatepass")


def digest(value: str) -> str:
    """SHA-256 of the UTF-8 bytes, as lower-case hexadecimal. Lone surrogates count too."""
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()
