"""Reply x response type -> Rendition. Everything is compiled and decided at construction.

Rendering is a pure function, safe to call from any thread. It takes microseconds for our own
answers and for most documents; what takes longer is given to `offload`.
"""

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Final, Literal, assert_never, final

from cachetools import LRUCache, cached
from lxml import etree

from gateway.core.errors import Code
from gateway.core.parameters import ResponseType
from gateway.core.replies import (
    STANDARD_STATUS,
    Answer,
    Document,
    Rendition,
    Reply,
    Source,
    Stream,
)
from gateway.rendering.answers import write_xml
from gateway.rendering.documents import Offload, in_place, read, reading_of, studied
from gateway.rendering.headers import (
    Header,
    of_made,
    of_sent,
    of_session,
    of_source,
    of_stream,
    of_waiting,
)
from gateway.rendering.stylesheet import Stylesheet, StylesheetFault, compile_all, strangers
from gateway.rendering.traces import fit_for_clients
from gateway.rendering.trees import gather_namesakes

# The bodies of our own answers that are kept, in bytes: some ten thousand of them.
MOST_KEPT: Final = 8_000_000

# Longer documents take more than a millisecond to dress.
LONG_TO_DRESS: Final = 8_192  # bytes

UNREADABLE: Final = Answer(
    "", Code.UNEXPECTED_ERROR, "The recorder's answer could not be read.", status=502
)

_AS_IT_IS: Final = frozenset({ResponseType.XML, ResponseType.AS_SENT})
_STYLESHEETS: Final = {
    ResponseType.HTML: "html.xsl",
    ResponseType.TEXT: "text.xsl",
    ResponseType.JSON: "json.xsl",
}


@final
class Renderer:
    """Dresses replies.

    `http_status`: `"legacy"` says 200 with a code in the body, as the recorder does; `"standard"`
    says what the code is in HTTP's terms. `overrides`: a directory of stylesheets that take the
    place of the shipped ones of the same name. `offload`: does what takes over a millisecond.

    Raises:
        StylesheetFault: a stylesheet has a fault; it names every file and line.
    """

    def __init__(
        self,
        http_status: Literal["legacy", "standard"] = "legacy",
        overrides: Path | None = None,
        offload: Offload = in_place,
    ) -> None:
        self._offload = offload
        self._standard = http_status == "standard"
        compiled = compile_all(_STYLESHEETS.values(), overrides)
        self._stylesheets = {kind: compiled[name] for kind, name in _STYLESHEETS.items()}
        self._headers = {kind: of_made(kind, self._styles(kind)) for kind in ResponseType}
        cache: LRUCache[object, bytes] = LRUCache(MOST_KEPT, getsizeof=len)
        self._dress: Callable[[Answer, ResponseType], bytes] = cached(cache, lock=Lock())(
            self._dress_anew
        )

    def render(self, reply: Reply, response_type: ResponseType, source: Source) -> Rendition:
        """The reply in the dress that was asked for. A `Stream` has only one, its own."""
        match reply:
            case Answer():
                return self._answered(reply, response_type, of_source(source))
            case Document():
                return self._documented(reply, response_type, source)
            case Stream():
                headers = (*of_stream(reply), *of_source(source))
                return Rendition(reply.status, headers, reply.chunks)
            case _:  # pragma: no cover - the type checker proves that nothing is left
                assert_never(reply)

    def transform(self, document: Document, response_type: ResponseType) -> bytes | Answer:
        """A recorder's document in HTML, TEXT or JSON, or the error that it is.

        This is all that can take long, and it touches nothing but its arguments.
        """
        reading = reading_of(document)
        if reading is None:
            return UNREADABLE
        outcome = reading.outcome
        if outcome.code != 0:
            if outcome.code is None and not outcome.message:
                return UNREADABLE
            code = Code.UNEXPECTED_ERROR if outcome.code is None else outcome.code
            return Answer(
                reading.action, code, fit_for_clients(outcome.message, document.logged_as)
            )
        if response_type is ResponseType.JSON:
            gather_namesakes(reading.root)
        try:
            return self._stylesheets[response_type].transform(reading.root)
        except etree.LxmlError:  # a site's own stylesheet gave up
            return UNREADABLE

    def _documented(
        self, document: Document, response_type: ResponseType, source: Source
    ) -> Rendition:
        if response_type in _AS_IT_IS or _is_native(document, response_type):
            code = read(studied(document, self._offload)).code if self._standard else 0
            headers = (*of_sent(document), *of_source(source))
            return Rendition(self._status(200, code or 0), headers, document.body)
        further = (*of_source(source), *of_session(document))
        made = self._transformed(document, response_type)
        if isinstance(made, Answer):
            return self._answered(made, response_type, further)
        return Rendition(200, (*self._headers[response_type], *further), made)

    def _transformed(self, document: Document, response_type: ResponseType) -> bytes | Answer:
        if len(document.body) <= LONG_TO_DRESS:
            return self.transform(document, response_type)
        work = partial(self.transform, response_type=response_type)
        made: bytes | Answer = self._offload(work, document)
        return made

    def _answered(
        self, answer: Answer, response_type: ResponseType, further: Iterable[Header]
    ) -> Rendition:
        headers = (*self._headers[response_type], *further, *of_waiting(answer))
        # What holds a token is not kept.
        dress = self._dress_anew if answer.token else self._dress
        body = write_xml(answer) if response_type in _AS_IT_IS else dress(answer, response_type)
        return Rendition(self._status(answer.status, answer.code), headers, body)

    def _dress_anew(self, answer: Answer, response_type: ResponseType) -> bytes:
        tree = etree.fromstring(write_xml(answer))
        try:
            return self._stylesheets[response_type].transform(tree)
        except etree.LxmlError:  # a site's own gave up; the shipped one never does
            return Stylesheet(_STYLESHEETS[response_type]).transform(tree)

    def _status(self, status: int, code: int) -> int:
        if status != 200 or not self._standard or not code:  # noqa: PLR2004 - HTTP's OK
            return status
        return STANDARD_STATUS.get(code, 400)

    def _styles(self, response_type: ResponseType) -> Iterable[str]:
        stylesheet = self._stylesheets.get(response_type)
        return stylesheet.styles if stylesheet else ()


def faults_of(overrides: Path) -> tuple[str, ...]:
    """What is wrong with the stylesheets of a folder: `FILE:LINE: what`; none if all is well."""
    faults: list[str] = []
    try:
        compile_all(_STYLESHEETS.values(), overrides)
    except StylesheetFault as fault:
        faults += str(fault).splitlines()
    return (*faults, *strangers(overrides, _STYLESHEETS.values()))


def _is_native(document: Document, response_type: ResponseType) -> bool:
    """Whether the recorder itself answered in JSON, as it can for GetVoiceQuality."""
    kind = document.content_type.partition(";")[0].strip().lower()
    return response_type is ResponseType.JSON and kind == "application/json"
