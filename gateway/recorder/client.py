"""Asks the recorder in the name of an admitted request, and of nothing less.

The recorder is asked for XML, by POST, so that secrets stay out of its access log; the answer
is dressed here. A token goes to the node that issued it. Knows no XML and no index.
"""

import logging
from collections.abc import Iterator, Mapping
from typing import Final, Protocol, final

from gateway.core.actions import Kind
from gateway.core.admission import Admitted
from gateway.core.errors import RecorderGarbled, RecorderUnreachable
from gateway.core.lanes import waits
from gateway.core.parameters import Pair, Parameters, ResponseType
from gateway.core.replies import Document, Reply, Stream
from gateway.core.requests import Upload
from gateway.core.secrets import Secret
from gateway.core.selection import NEXT_WITHIN
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
class Client:
    """The recorder's nodes behind one method. `nodes` are URLs; the first is asked by default.

    `login`: whose key and token are shown to the recorder, instead of the client's own.
    """

    def __init__(
        self, transport: Transport, nodes: tuple[str, ...], login: Login | None = None
    ) -> None:
        self._login = login
        self._transport = transport
        self._nodes = nodes

    def ask(self, admitted: Admitted) -> tuple[Reply, str]:
        """The recorder's reply, and the node that gave it. Raises `RecorderError`.

        A request that may be sent twice is, once, if the connection broke before an answer
        began: to the next node, or, where a token belongs to this one, on a new connection, since
        a recorder that was restarted has closed those that were kept. A change is never sent
        twice.
        """
        first, second = self._candidates(admitted)
        try:
            return self._ask(admitted, first)
        except RecorderUnreachable:
            kind = admitted.parameters.action.kind
            if not (admitted.parameters.action.retryable or kind is Kind.AUTHENTICATES):
                raise
        return self._ask(admitted, second)

    def _candidates(self, admitted: Admitted) -> tuple[str, str]:
        if admitted.node in self._nodes:
            return admitted.node, admitted.node
        return self._nodes[0], self._nodes[1 % len(self._nodes)]

    def _ask(self, admitted: Admitted, node: str) -> tuple[Reply, str]:
        response = self._transport.exchange(_question(admitted, node, self._login))
        return _reply(admitted, response, node), node


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
