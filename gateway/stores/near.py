"""What the recorder said of late where the index could not speak; kept in one worker.

Clients that poll while the index is silent would otherwise each cost the recorder a request. What
it said is as good as a snapshot of that moment, and ages like one. Knows nothing of why the index
was silent.
"""

from collections.abc import Hashable
from dataclasses import replace
from datetime import datetime
from threading import Lock
from typing import Final, final

from cachetools import LRUCache

from gateway.core.query import ByParty, Query, Status
from gateway.core.replies import Document

MOST_KEPT: Final = 4_000_000  # bytes of documents


@final
class NearAnswers:
    """Documents by application and question. What one application was told, no other is."""

    def __init__(self) -> None:
        self._kept: LRUCache[Hashable, tuple[datetime, Document]] = LRUCache(
            MOST_KEPT, getsizeof=lambda kept: len(kept[1].body)
        )
        self._lock = Lock()

    def keep(self, application: str, query: Query, document: Document, asked_at: datetime) -> None:
        """Remember what was said to a question that does not depend on when it is put."""
        selector = query.selector
        waits = isinstance(selector, ByParty) and Status.NEXT in selector.statuses
        if waits or len(document.body) > MOST_KEPT:
            return
        # Cookies are the one client's that asked.
        with self._lock:
            self._kept[_key(application, query)] = asked_at, replace(document, cookies=())

    def recall(self, application: str, query: Query) -> tuple[datetime, Document] | None:
        """When the recorder was asked that last, and what it said."""
        with self._lock:
            return self._kept.get(_key(application, query))

    def clear(self) -> None:
        """Forget everything: something was changed at the recorder."""
        with self._lock:
            self._kept.clear()


def _key(application: str, query: Query) -> Hashable:
    return application, query.selector, query.manual
