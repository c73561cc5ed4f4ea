"""The recorder's lists of calls, page by page, whatever it makes of the parameters for paging.

A recorder may give shorter pages than it was asked for, and does not say how long a list is; it
may even give the first page again and again. Knows SearchCalls, and nothing of the index.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final, Protocol, final
from zoneinfo import ZoneInfo

from gateway.core.errors import RecorderError, RecorderGarbled
from gateway.core.parameters import Pair
from gateway.feed.account import Page
from gateway.feed.records import began_at, id_of, local_time

PAGE_LENGTH: Final = 1000  # rows asked for at once
# Two neighbouring pages share so many rows, in case the list moves while it is read.
PAGE_OVERLAP: Final = 10
BEGINNING: Final = datetime(1970, 1, 2, tzinfo=UTC)  # of every recorder's time
_NO_WAY: Final = "The recorder repeats the first page of a list, and the rest cannot be read."
_SHORT: Final = 10  # rows: no recorder cuts its pages off as short as this


class Search(Protocol):
    """Whoever can be asked for a page of calls."""

    def search(self, parameters: tuple[Pair, ...]) -> Page:
        """One page of SearchCalls. Raises `RecorderError`."""
        ...


@final
@dataclass(slots=True)
class Lists:
    """Lists of calls that began between two times on the recorder's wall clock.

    `hold` is called before each request. Mutable: it learns how long the recorder's pages are.
    """

    account: Search
    zone: ZoneInfo
    hold: Callable[[], None] = field(default=lambda: None)
    _longest: int = 0

    def pages(self, status: str, start: str, end: str) -> Iterator[Page]:
        """The pages in the order of the calls' begins, without rows that the page before had.

        The last page is known by being shorter than another was, or empty. Raises
        `RecorderError`, also if the recorder gives no way to read the whole list.
        """
        first, before = 0, frozenset[str]()
        while True:
            page = self._ask(status, start, end, first, PAGE_LENGTH)
            yield replace(page, rows=tuple(r for r in page.rows if id_of(r) not in before))
            length = len(page.rows)
            if length < self._longest or not length:
                return
            self._longest = length
            ids = frozenset(map(id_of, page.rows))
            if ids <= before:  # the recorder does not heed `pagefirst`
                if self._knows_no_pages(status, start, end):
                    return
                later = self._last_begin(page)
                if length < _SHORT and later == start:
                    return
                start, first = _further(start, later), 0
            else:
                first += length - min(PAGE_OVERLAP, length // 10)
            before = ids

    def has_any_before(self, end: datetime) -> bool:
        """Whether there is a recorded call that began before then; one request."""
        start, last = (local_time(each, self.zone) for each in (BEGINNING, end))
        page = self._ask("recorded", start, last, 0, 1)
        # Looked at, because a recorder that does not heed `end` gives its newest calls.
        begins = (began_at(row, self.zone) for row in page.rows)
        return any(began is None or began <= end for began in begins)

    def _knows_no_pages(self, status: str, start: str, end: str) -> bool:
        """Whether it gives more than one row when it is asked for one: then it gave them all."""
        return len(self._ask(status, start, end, 0, 1).rows) > 1

    def _ask(self, status: str, start: str, end: str, first: int, length: int) -> Page:
        self.hold()
        parameters = (
            ("status", status),
            ("start", start),
            ("end", end),
            ("orderby", "start_time"),
            ("order", "asc"),
            ("pagefirst", str(first)),
            ("pagelen", str(length)),
        )
        try:
            return self.account.search(parameters)
        except RecorderError:
            self._longest = 0  # the next answer may be another node's, or a changed recorder's
            raise

    def _last_begin(self, page: Page) -> str:
        """When the last call of a page began; a page that is not in order has no last one."""
        begins = [began for row in page.rows if (began := began_at(row, self.zone))]
        if not begins or begins != sorted(begins):
            raise RecorderGarbled(_NO_WAY)
        return local_time(begins[-1], self.zone)


def _further(start: str, later: str) -> str:
    if later <= start:
        raise RecorderGarbled(_NO_WAY)
    return later
