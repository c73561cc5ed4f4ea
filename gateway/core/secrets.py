"""Secrets as a type that cannot be printed, logged, formatted, pickled or compared by accident.

Knows nothing of where secrets come from or what they open.
"""

import hashlib
import hmac
from typing import Never, final


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


def digest(value: str) -> str:
    """SHA-256 of the UTF-8 bytes, as lower-case hexadecimal. Lone surrogates count too."""
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()
