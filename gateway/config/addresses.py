"""Readers of addresses: networks, where to listen, where the recorder and the index are.

What might carry a password (`user:secret@host`) or a key (`?apiKey=…`) is refused unread and
never repeated: addresses are printed, in logs and by `callgate check`.
"""

import re
from ipaddress import IPv6Address, ip_network
from pathlib import Path
from urllib.parse import urlsplit

from gateway.config.faults import WrongValueError, show
from gateway.config.tree import MemoryStore, RedisStore, SqliteStore, Store
from gateway.config.values import Origin, text
from gateway.core.applications import Network

_HIGHEST_PORT = 65535
_STORES = '"memory:", "sqlite:///FILE" or "redis://HOST:PORT/DB"'


def network(value: object, origin: Origin) -> Network:
    """`10.0.0.0/8`, or one host's address."""
    name = text(value, origin)
    try:
        return ip_network(name)
    except ValueError as error:
        try:
            meant = ip_network(name, strict=False)
        except ValueError:
            right = 'write "10.0.0.0/8", "192.168.1.20" or "2001:db8::/32"'
            raise WrongValueError(f"{show(name)} is no network; {right}") from error
    host = name.split("/")[0]
    right = f"write {show(str(meant))}, or {show(host)} for the one host"
    raise WrongValueError(f"{show(name)} is a host with the mask of a network; {right}")


def bind(value: object, origin: Origin) -> str:
    """`127.0.0.1:8080`, `[::1]:8080` or `unix:/run/callgate.sock`; port 0 is any free one."""
    address = text(value, origin)
    if address.startswith("unix:") and len(address) > len("unix:"):
        return f"unix:{origin.resolve(address.removeprefix('unix:'))}"
    found = re.fullmatch(r"(\[.+\]|[\w.-]+):(\d{1,5})", address, re.ASCII)
    if not found or int(found[2]) > _HIGHEST_PORT or not _is_host(found[1]):
        right = 'write "127.0.0.1:8080", "[::1]:8080" or "unix:/run/callgate.sock"'
        raise WrongValueError(f"{show(address)} is no address to listen on; {right}")
    return address


def _is_host(host: str) -> bool:
    """Names are left to the resolver; in brackets only an IPv6 address makes sense."""
    if not host.startswith("["):
        return True
    try:
        IPv6Address(host[1:-1])
    except ValueError:
        return False
    return True


def api_path(value: object, origin: Origin) -> str:
    """Where the API answers: begins with `/`, is not among the gateway's own `/-/…`."""
    path = text(value, origin)
    if not re.fullmatch(r"/[^\s?#%]*", path):
        right = 'write "/verba/api", without blanks, "?", "#" and "%"'
        raise WrongValueError(f"{show(path)} is no path; {right}")
    if path == "/-" or path.startswith("/-/"):
        right = 'write another, as "/verba/api"'
        raise WrongValueError(f'{show(path)} is among the gateway\'s own "/-/…"; {right}')
    return path


def node(value: object, origin: Origin) -> str:
    """A recorder node's URL: `http://recorder.example/verba/api`."""
    url = text(value, origin)
    right = 'write "https://HOST:PORT/verba/api"'
    if re.search(r"[@?#]", url):
        # Not repeated: what follows or precedes these is what must not be printed.
        message = 'holds "@", "?" or "#", and a URL with a password or a query would be printed'
        raise WrongValueError(f"one node's URL {message}; {right}")
    try:
        parts = urlsplit(url)
        usable = bool(parts.hostname) and parts.scheme in {"http", "https"} and parts.port != 0
    except ValueError:
        usable = False
    if not usable or re.search(r"[\s\\]", url):
        raise WrongValueError(f"{show(url)} is no URL of a recorder node; {right}")
    return url


def store(value: object, origin: Origin) -> Store:
    """Where the index is kept."""
    address = text(value, origin)
    if re.search(r"[@?#]", address):
        message = 'holds "@", "?" or "#", and an address with a password would be printed'
        raise WrongValueError(f"{message}; write {_STORES}")
    if address == "memory:":
        return MemoryStore()
    if found := re.fullmatch(r"sqlite:///(.*[^/])", address):
        return SqliteStore(origin.resolve(found[1]))
    found = re.fullmatch(r"redis://(\[.+\]|[\w.-]+):(\d{1,5})/(\d{1,4})", address, re.ASCII)
    if found and 0 < int(found[2]) <= _HIGHEST_PORT and _is_host(found[1]):
        return RedisStore(found[1].strip("[]"), int(found[2]), int(found[3]))
    raise WrongValueError(f"{show(address)} is no store; write {_STORES}")


def verification(value: object, origin: Origin) -> bool | Path:
    """How a certificate is judged: by the system's authorities, not at all, or by a file's."""
    if isinstance(value, bool):
        if not value:
            origin.warn("false: whoever stands in between can read every key and password")
        return value
    if not isinstance(value, str):
        right = 'write true, false or the file of the authority, as "ca.pem"'
        raise WrongValueError(f"{show(value)} is none of its values; {right}")
    path = origin.resolve(text(value, origin))
    try:
        there = path.exists()
    except OSError:  # a name of a thousand characters, a folder that we may not enter
        there = False
    if not there:
        right = "write true, false or a file of certificates that is there"
        raise WrongValueError(f"{show(value)} does not exist, sought as {path}; {right}")
    return path
