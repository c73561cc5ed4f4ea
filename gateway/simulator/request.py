"""A request as the servlet sees it: names, values and files. Refuses nothing but excess."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import IO, Any, Final, final
from urllib.parse import parse_qsl

from werkzeug.formparser import parse_form_data

Pairs = tuple[tuple[str, str], ...]

FORM: Final = "application/x-www-form-urlencoded"
MULTIPART: Final = "multipart/form-data"
MOST_FORM: Final = 2 * 1024 * 1024
"""Bytes of a urlencoded body that Tomcat reads; what is beyond is not looked at."""
MOST_FIELDS: Final = 10_000


@final
@dataclass(frozen=True, slots=True)
class Request:
    """One request. Names are case-sensitive; the query stands before the form.

    `files` are the uploaded ones, their bytes only.
    """

    method: str
    path: str
    query: Pairs
    form: Pairs
    headers: Mapping[str, str]
    peer: str
    host: str
    body: bytes = b""
    files: tuple[bytes, ...] = ()

    def one(self, *names: str) -> str:
        """The first value under the first of these names that is given, or nothing."""
        for name in names:
            for given, value in self.pairs:
                if given == name:
                    return value
        return ""

    def every(self, name: str) -> list[str]:
        """All values of a repeatable parameter."""
        return [value for given, value in self.pairs if given == name and value]

    @property
    def pairs(self) -> Pairs:
        """The parameters as a servlet merges them (the recorder's API, §1)."""
        return self.query + self.form


def read_request(environ: dict[str, Any]) -> Request:
    """The request in a WSGI environment. Blanks that nobody escaped are taken as they are."""
    kind = environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
    body = b""
    form: Pairs = ()
    files: tuple[bytes, ...] = ()
    if kind == MULTIPART:
        form, files = _multipart(environ)
    else:
        body = _read(environ["wsgi.input"], environ.get("CONTENT_LENGTH", ""))
        form = parse_pairs(body.decode(errors="replace")) if kind == FORM else ()
    return Request(
        method=environ["REQUEST_METHOD"],
        path=environ.get("PATH_INFO", ""),
        query=parse_pairs(
            environ.get("QUERY_STRING", "").encode("latin-1").decode(errors="replace")
        ),
        form=form,
        headers=dict(_headers(environ)),
        peer=environ.get("REMOTE_ADDR", ""),
        host=environ.get("HTTP_HOST", environ.get("SERVER_NAME", "")),
        body=body,
        files=files,
    )


def parse_pairs(text: str) -> Pairs:
    """The pairs of a query or of a urlencoded body; beyond ten thousand nothing is read."""
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        return ()
    return tuple(pairs)


def _multipart(environ: dict[str, Any]) -> tuple[Pairs, tuple[bytes, ...]]:
    _, form, files = parse_form_data(environ)
    contents = []
    for _, file in files.items(multi=True):  # noqa: PERF102 - values() knows no multi
        contents.append(file.read())
        file.close()
    return tuple(form.items(multi=True)), tuple(contents)


def _read(stream: IO[bytes], length: str) -> bytes:
    return (
        stream.read(min(int(length), MOST_FORM)) if length.isascii() and length.isdigit() else b""
    )


def _headers(environ: dict[str, Any]) -> Iterable[tuple[str, str]]:
    for name, value in environ.items():
        if name.startswith("HTTP_"):
            yield name[5:].replace("_", "-").title(), value
        elif name in ("CONTENT_TYPE", "CONTENT_LENGTH") and value:
            yield name.replace("_", "-").title(), value
