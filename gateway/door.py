"""Reading a WSGI environment into a `Request`: what HTTP says, and what is refused at the door.

Knows WSGI and HTTP; knows nothing of keys, calls or replies.
"""

import itertools
import os
import re
import secrets
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import IO, TYPE_CHECKING, Any, Final, final
from urllib.parse import parse_qsl

from werkzeug.exceptions import ClientDisconnected
from werkzeug.http import parse_options_header
from werkzeug.wsgi import get_content_length, get_input_stream

from gateway.core.actions import Kind
from gateway.core.applications import Address, Network
from gateway.core.errors import Code, Refusal
from gateway.core.origin import client_address, is_inside
from gateway.core.parameters import MOST_PARAMETERS, Pair, parse
from gateway.core.requests import Request, Upload
from gateway.core.secrets import Secret

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

METHODS: Final = ("GET", "HEAD", "POST", "OPTIONS")
_HOST: Final = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~%!$&'()*+;=-]+)(?::[0-9]{0,5})?")
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_ESCAPED_BLANKS: Final = re.compile(r"(?i)((?:^|&)extension=)(?:%20)+")
_FORM: Final = frozenset({"", "application/x-www-form-urlencoded"})
# The recorder's; every other cookie is none of its business. Source of the value: RFC 6265, 4.1.1.
_SESSION_COOKIE: Final = re.compile(
    r"(?:^|;)\s*(JSESSIONID=[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*)\s*(?:;|$)"
)
_WITHOUT_BODY: Final = frozenset({"GET", "HEAD"})
_DECISIVE: Final = (
    "QUERY_STRING",
    "REMOTE_ADDR",
    "HTTP_X_FORWARDED_FOR",
    "HTTP_HOST",
    "SERVER_PROTOCOL",
)
_PASSED_ON: Final = ("Range", "If-Range", "Accept-Encoding")


@final
class RequestIds:
    """Ids that no other request has: random for each process, and counted in it.

    Asking the system for randomness for each request would cost a tenth of its time.
    """

    def __init__(self) -> None:
        self._renew()
        os.register_at_fork(after_in_child=self._renew)

    def _renew(self) -> None:
        self._prefix = secrets.token_hex(11)
        self._count = itertools.count()

    def new(self) -> str:
        """32 hexadecimal digits."""
        return f"{self._prefix}{next(self._count):010x}"


@final
@dataclass(frozen=True, slots=True)
class Door:
    """What the door must know: whom it trusts for forwarded addresses, and how much it takes in.

    `max_body` in bytes; media that are uploaded are not bounded by it.
    """

    trusted_proxies: tuple[Network, ...]
    max_body: int
    ids: RequestIds = field(default_factory=RequestIds)
    has_hung_up: Callable[[Any], bool] = lambda _: False

    def request_id(self, environ: "WSGIEnvironment") -> str:
        """A trusted proxy's own id for the request if it has a sound one, else a new one."""
        given: str = environ.get("HTTP_X_REQUEST_ID", "")
        if given and _REQUEST_ID.fullmatch(given):
            peer = peer_of(environ)
            if is_inside(peer, self.trusted_proxies):
                return given
        return self.ids.new()

    def is_from(self, environ: "WSGIEnvironment", networks: tuple[Network, ...]) -> bool:
        """Whether the peer that connected is in these networks, and whoever it speaks for.

        A header never lets anybody in; but a proxy beside us must not let everybody in.
        """
        peer = peer_of(environ)
        said = environ.get("HTTP_X_FORWARDED_FOR", "")
        behind = (client_address(each, "", ()) for each in said.split(",") if each.strip())
        return all(is_inside(address, networks) for address in (peer, *behind))

    def likeness(self, environ: "WSGIEnvironment") -> tuple[Hashable, ...] | None:
        """Two requests with the same one are the same in all that decides an index's answer.

        `None`: a request that brings a body is like no other.
        """
        if environ["REQUEST_METHOD"] not in _WITHOUT_BODY:
            return None
        return tuple(map(environ.get, _DECISIVE))

    def request(self, environ: "WSGIEnvironment", id_: str, now: datetime) -> Request:
        """Read it. Raises `Refusal` for what HTTP forbids and for a body that cannot be read."""
        check(environ)
        query = query_pairs(environ)
        upload: Upload | None = None
        form: tuple[Pair, ...] = ()
        if environ["REQUEST_METHOD"] == "POST":
            if parse(query).action.kind is Kind.UPLOADS and _is_multipart(environ):
                upload = _upload(environ)
            else:
                form = self._form(environ)
        return Request(
            id=id_,
            pairs=(*query, *form),
            address=client_address(
                environ.get("REMOTE_ADDR", ""),
                environ.get("HTTP_X_FORWARDED_FOR", ""),
                self.trusted_proxies,
            ),
            received_at=now,
            credentials=_credentials(environ),
            headers=_passed_on(environ),
            upload=upload,
            hung_up=self._hung_up(environ),
        )

    def _hung_up(self, environ: "WSGIEnvironment") -> Callable[[], bool]:
        """Gunicorn hands the socket on; under another server nobody is seen to hang up."""
        connection = environ.get("gunicorn.socket")
        return _stays if connection is None else partial(self.has_hung_up, connection)

    def _form(self, environ: "WSGIEnvironment") -> tuple[Pair, ...]:
        """The pairs of a form. Raises `Refusal` if there are too many bytes, or no form in them."""
        body = read_body(environ, self.max_body)
        content_type, _ = parse_options_header(environ.get("CONTENT_TYPE", ""))
        if body and content_type.lower() not in _FORM:
            message = "A body must be application/x-www-form-urlencoded, or sent with PutMedia."
            status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
            raise Refusal(Code.INVALID_PARAMETERS, message, status=status)
        return _pairs(body.decode("utf-8", "surrogateescape"))


def peer_of(environ: "WSGIEnvironment") -> Address | None:
    """The address of whoever connected, whatever he says of others; `None` for a UNIX socket."""
    return client_address(environ.get("REMOTE_ADDR", ""), "", ())


def _stays() -> bool:
    return False


def query_pairs(environ: "WSGIEnvironment") -> tuple[Pair, ...]:
    """The pairs of the query string, whatever bytes it is made of."""
    query: str = environ.get("QUERY_STRING", "")
    # WSGI hands bytes on as Latin-1; what is no UTF-8 goes to the recorder as it came.
    return _pairs(query.encode("latin-1").decode("utf-8", "surrogateescape"))


def _pairs(text: str) -> tuple[Pair, ...]:
    # No more fields than are needed to see that there are too many.
    fields = "&".join(text.split("&", MOST_PARAMETERS + 1)[: MOST_PARAMETERS + 1])
    # Decoded, a blank before a number may have been a `+`; one that was escaped was none.
    fields = _ESCAPED_BLANKS.sub(r"\1", fields)
    return tuple(parse_qsl(fields, keep_blank_values=True, errors="surrogateescape"))


def _at_most(size: int, stream: IO[bytes]) -> bytes:
    body = b""
    try:
        while len(body) < size and (piece := stream.read(size - len(body))):
            body += piece
    except (OSError, ClientDisconnected) as error:  # bad chunks, or a client that hung up
        message = "The body broke off, or its chunks are malformed."
        status = HTTPStatus.BAD_REQUEST
        raise Refusal(Code.INVALID_PARAMETERS, message, status=status) from error
    return body


def read_body(environ: "WSGIEnvironment", most: int) -> bytes:
    """The whole body. Raises `Refusal` if it has more than `most` bytes, or cannot be read."""
    announced = get_content_length(environ)
    body = b"" if announced == 0 else _at_most(most + 1, get_input_stream(environ))
    if len(body) > most:
        message = f"The body is larger than {most} bytes, the most that is taken."
        status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        raise Refusal(Code.INVALID_PARAMETERS, message, status=status)
    return body


def check(environ: "WSGIEnvironment") -> None:
    """Raise `Refusal` for a method that nobody here knows, and for a Host that is none."""
    if environ["REQUEST_METHOD"] not in METHODS:
        message = f"The method must be one of {', '.join(METHODS)}."
        status = HTTPStatus.METHOD_NOT_ALLOWED
        raise Refusal(Code.INVALID_PARAMETERS, message, status=status)
    host = environ.get("HTTP_HOST")
    needs_host = environ.get("SERVER_PROTOCOL") != "HTTP/1.0"  # RFC 9112, 3.2
    if not (_HOST.fullmatch(host) if host is not None else not needs_host):
        message = "The Host header is missing or malformed."
        raise Refusal(Code.INVALID_PARAMETERS, message, status=HTTPStatus.BAD_REQUEST)


def _credentials(environ: "WSGIEnvironment") -> Mapping[str, Secret]:
    """The client's own headers that speak for him to the recorder."""
    found = {}
    if authorization := environ.get("HTTP_AUTHORIZATION"):
        found["Authorization"] = Secret(authorization)
    # Not werkzeug's parser: other applications' cookies may hold bytes that it stumbles over.
    if session := _SESSION_COOKIE.search(environ.get("HTTP_COOKIE", "")):
        found["Cookie"] = Secret(session[1])
    return found


def _is_multipart(environ: "WSGIEnvironment") -> bool:
    """A form among media would reach the recorder unread, and might name another action."""
    content_type, _ = parse_options_header(environ.get("CONTENT_TYPE", ""))
    return content_type.lower() == "multipart/form-data"


def _passed_on(environ: "WSGIEnvironment") -> Mapping[str, str]:
    keys = ((name, "HTTP_" + name.upper().replace("-", "_")) for name in _PASSED_ON)
    return {name: environ[key] for name, key in keys if key in environ}


def _upload(environ: "WSGIEnvironment") -> Upload:
    return Upload(
        body=get_input_stream(environ),
        content_type=environ.get("CONTENT_TYPE", ""),
        length=get_content_length(environ),
    )
