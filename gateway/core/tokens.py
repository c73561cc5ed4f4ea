"""What is remembered of a token. What teaches it to us is told in `learning`."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, final

TOKEN_LIFETIME: Final = timedelta(hours=1)  # source: the vendor's documentation


@final
@dataclass(frozen=True, slots=True)
class TokenRecord:
    """Whose token it is, which recorder node knows it, until when, and whether it is still good.

    `refused`: the recorder has said since that it does not know the token any longer.
    """

    application: str
    node: str
    expires_at: datetime
    refused: bool = False

    def proven(self, now: datetime) -> bool:
        """Whether the recorder vouched for the token, and its hour is not over."""
        return not self.refused and now < self.expires_at
