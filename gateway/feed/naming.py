"""Asks the recorder which call a request means, where the index cannot tell.

A call that is about to be deleted must be known, so that it can be taken out of the index before
whoever deleted it is told so. Asks with the gateway's own login, as the feed does.
"""

import logging
from threading import Lock
from typing import Final, Protocol, final

from gateway.core.errors import RecorderError
from gateway.core.parameters import Pair
from gateway.feed.account import Page
from gateway.feed.records import id_of

log = logging.getLogger(__name__)

ASKED: Final = "GetCallInformation"  # the action that takes every selector DeleteCall takes


class Lookup(Protocol):
    """The recorder's records, as the gateway's own login may read them."""

    def records(self, action: str, parameters: tuple[Pair, ...]) -> Page:
        """The records that an action answers with. Raises `RecorderError`."""
        ...


@final
class Names:
    """One worker's. Shared by all threads: they take turns, since few requests delete."""

    def __init__(self, recorder: Lookup) -> None:
        self._recorder = recorder
        self._lock = Lock()

    def __call__(self, selectors: tuple[Pair, ...]) -> str | None:
        """The id of the one call that is meant; `None` if there is none, or if nobody can say."""
        try:
            with self._lock:
                rows = self._recorder.records(ASKED, selectors).rows
        except RecorderError as error:
            log.info("the recorder does not say which call is to be deleted: %s", error)
            return None
        return id_of(rows[0]) if len(rows) == 1 else None
