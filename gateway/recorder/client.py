"""Asks the recorder in the name of an admitted request, and of nothing less.

The recorder is asked for XML, by POST, so that secrets stay out of its access log; the answer
is dressed here. A token goes to the node that issued it. Knows no XML and no index.
"""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Protocol, final

from gateway.core.actions import Kind
from gateway.core.admission import Admitted
from gateway.core.errors import RecorderGarbled, RecorderTimeout, RecorderUnreachable
from gateway.core.lanes import waits
from gateway.core.parameters import Pair, Parameters, ResponseType
from gateway.core.replies import Document, Reply, Stream
from gateway.core.requests import Upload
from gateway.core.secrets import Secret
from gateway.core.selection import NEXT_WITHIN
from gateway.recorder.budget import Budget
from gateway.recorder.nodes import Nodes, NodeState
from gateway.recorder.probing import AWAY
from gateway.recorder.transport import Question, Response, Transport

log = logging.getLogger(__name__)

_MEDIA: Final = frozenset({Kind.STREAMS, Kind.UPLOADS})
_MEDIA_STATUS: Final = frozenset({200, 206, 304, 416})
_KEPT: Final = (
    "Content-Type",
    "Content-Length",
    "Content-Disposition",
    "Content-Range",
    "Content-Encoding",
    "Accept-Ranges",
    "ETag",
    "Last-Modified",
)


_OF_THE_CLIENT: Final = frozenset({"apiKey", "token", "userName", "password"})


class Login(Protocol):
    """Who the gateway itself is to the recorder."""

    def pairs(self, node: str) -> tuple[Pair, ...]:
        """The parameters that show it to a node. Raises `RecorderError`."""
        ...


@final
@dataclass(frozen=True, slots=True)
class Standing:
    """How it stands with the nodes, and the requests that were sent once more, or not."""

    nodes: tuple[NodeState, ...]
    retries: int
    retries_refused: int


@final
class Client:
    """The recorder's nodes behind one method. The first that is not out is asked by default.

    `login`: whose key and token are shown to the recorder, instead of the client's own.
    """

    def __init__(
        self,
        transport: Transport,
        nodes: Nodes,
        budget: Budget | None = None,
        login: Login | None = None,
    ) -> None:
        self._login = login
        self._transport = transport
        self._nodes = nodes
        self._budget = budget or Budget()

    def ask(self, admitted: Admitted) -> tuple[Reply, str]:
        """The recorder's reply, and the node that gave it. Raises `RecorderError`.

        A request that may be sent twice is, once and within the budget, if the connection broke
        before an answer began: to the next node, or, where a token belongs to this one or there
        is no other, on a new connection, since a recorder that was restarted has closed those
        that were kept. A change is never sent twice. While its node is out, or all of them are,
        a request fails at once.
        """
        node = self._first(admitted)
        self._budget.spend()
        try:
            return self._ask(admitted, node)
        except RecorderUnreachable:
            action = admitted.parameters.action
            second = self._second(admitted, node)
            if second is None or not (action.retryable or action.kind is Kind.AUTHENTICATES):
                raise
            with self._budget.retry() as may:
                if not may:
                    raise
                return self._ask(admitted, second)

    def standing(self) -> Standing:
        """How it stands in this worker."""
        return Standing(self._nodes.states(), self._budget.retries, self._budget.refused)

    def _first(self, admitted: Admitted) -> str:
        if admitted.node is not None and admitted.node in self._nodes:
            # A token is a secret of its node's and means nothing to another.
            node = admitted.node if self._nodes.passes(admitted.node) else None
        else:
            node = self._nodes.choose()
        if node is None:
            raise RecorderUnreachable
        return node

    def _second(self, admitted: Admitted, first: str) -> str | None:
        other = None if admitted.node in self._nodes else self._nodes.choose(but=first)
        return other or (first if self._nodes.passes(first) else None)

    def _ask(self, admitted: Admitted, node: str) -> tuple[Reply, str]:
        try:
            response = self._transport.exchange(_question(admitted, node, self._login))
            reply = _reply(admitted, response, node)
        except RecorderAway as error:
            self._nodes.failed(node, str(error))
            raise
        except (RecorderUnreachable, RecorderTimeout) as error:
            # An upload breaks off as well when the client hangs up: that is no fault of the node's.
            if admitted.request.upload is None:
                self._nodes.failed(node, error.message)
            raise
        self._nodes.succeeded(node)
        return reply, node


@final
class RecorderAway(RecorderGarbled):
    """A reverse proxy, or a recorder that starts, says that nobody is there to answer."""


def _question(admitted: Admitted, node: str, login: Login | None) -> Question:
    request = admitted.request
    # Documents are read here, and so come as they can be read.
    streams = admitted.parameters.action.kind is Kind.STREAMS
    headers = dict(request.headers) if streams else {}
    pairs = tuple(_pairs(admitted.parameters))
    if login is None:
        headers |= {name: value.reveal() for name, value in request.credentials.items()}
    else:
        pairs = (*login.pairs(node), *(pair for pair in pairs if pair[0] not in _OF_THE_CLIENT))
    body = None
    if request.upload is not None:
        headers["Content-Type"] = request.upload.content_type
        headers["Connection"] = "close"  # a recorder may answer before it has read all
        body = _Outgoing(request.upload) if request.upload.length else _read(request.upload)
    return Question(
        node=node,
        pairs=pairs,
        headers=headers,
        allow=NEXT_WITHIN.total_seconds() if waits(admitted.parameters) else 0.0,
        body=body,
    )


def _pairs(parameters: Parameters) -> Iterator[Pair]:
    """What is sent: everything as it was normalised, but for the dress, which is put on here."""
    for name, value in parameters.pairs:
        if name != "responseType":
            yield name, value.reveal() if isinstance(value, Secret) else value
    if parameters.action.kind in _MEDIA:
        return
    yield "responseType", _dress(parameters)


def _dress(parameters: Parameters) -> str:
    native = parameters.action.native_json and parameters.response_type is ResponseType.JSON
    if native or parameters.response_type is ResponseType.AS_SENT:
        return parameters.get("responseType") or ResponseType.XML.value
    return ResponseType.XML.value


def _reply(admitted: Admitted, response: Response, node: str) -> Reply:
    content_type = response.headers.get("Content-Type", "")
    streams = admitted.parameters.action.kind is Kind.STREAMS
    # A page in place of media, such as one to log in with, is a document too.
    words = "xml" in content_type or "html" in content_type
    if streams and response.status in _MEDIA_STATUS and not words:
        return Stream(response.status, _kept(response.headers), response)
    if response.status != 200:  # noqa: PLR2004 - HTTP's OK
        response.close()
        log.warning("the recorder answered HTTP %s", response.status)
        if response.status in AWAY:
            raise RecorderAway(f"HTTP {response.status}")
        raise RecorderGarbled
    return Document(response.body(), content_type, node, response.cookies)


def _kept(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: headers[name] for name in _KEPT if name in headers}


def _read(upload: Upload) -> Iterator[bytes]:
    """The body. One that ends before its announced length breaks the connection off.

    Else the recorder would take the next request on it, with its secrets, for the missing rest.
    """
    size = 0
    while piece := upload.body.read(64 * 1024):
        size += len(piece)
        yield piece
    if upload.length is not None and size < upload.length:
        raise OSError


@final
class _Outgoing:
    """An upload whose length is known, so that it is sent with a `Content-Length`."""

    def __init__(self, upload: Upload) -> None:
        self._upload = upload
        self._sent = 0

    def __len__(self) -> int:
        return self._upload.length or 0

    def __iter__(self) -> Iterator[bytes]:
        return _read(self._upload)

    def read(self, size: int = -1) -> bytes:
        """Read on, as `http.client` does; short of the announced length is a broken upload."""
        piece = self._upload.body.read(size if size > 0 else 64 * 1024)
        self._sent += len(piece)
        if not piece and self._sent < len(self):
            raise OSError
        return piece
