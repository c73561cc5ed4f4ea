"""The table of settings: every key that a configuration may hold, and everything known about it.

Reading, defaults, unknown keys, `callgate check` and the completeness of `config/gateway.toml` all
follow from it. A new setting is a row here, a field in `tree`, and its words in `gateway.toml`.
"""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, final

from gateway.config.addresses import api_path, bind, network, node, store, verification
from gateway.config.faults import WrongValueError, show
from gateway.config.sources import application_key, secret, sourced, user_password
from gateway.config.tree import Index, Recorder, Replies, Server, User
from gateway.config.values import (
    Origin,
    Reader,
    choice,
    duration,
    each,
    flag,
    nearest,
    rate,
    share,
    text,
    time_zone,
    whole,
)
from gateway.core.actions import ACTIONS
from gateway.core.applications import EVERY_ACTION, Application

_GIBIBYTE = 2**30


@final
@dataclass(frozen=True, slots=True)
class Section:
    """A table of the file, or an array of tables if `many`; `make` is what its values become."""

    name: str
    make: type
    many: bool = False
    required: bool = False

    @property
    def heading(self) -> str:
        """As it stands in the file: `[server]`, `[[users]]`."""
        return f"[[{self.name}]]" if self.many else f"[{self.name}]"


@final
@dataclass(frozen=True, slots=True)
class Setting:
    """One key. `default` is what one would write; without one an absent key means `None`."""

    section: str
    key: str
    meaning: str
    read: Reader[object]
    default: object = None
    required: bool = False


def _action(value: object, origin: Origin) -> str:
    name = text(value, origin)
    if name != EVERY_ACTION and name not in ACTIONS:
        right = nearest(name, ACTIONS) or 'write names as "GetCallID", or "*" for all'
        raise WrongValueError(f"{show(name)} is none of the nineteen actions; {right}")
    return name


def _actions(value: object, origin: Origin) -> frozenset[str]:
    return frozenset(
        each(_action, example='["GetCallID", "GetCallURL"]', at_least=1)(value, origin)
    )


def _method(value: object, origin: Origin) -> str:
    method = choice("POST", "GET")(value, origin)
    if method == "GET":
        origin.warn('GET writes keys, tokens and passwords into the recorder\'s log; prefer "POST"')
    return method


def _templates(value: object, origin: Origin) -> Path:
    folder = origin.resolve(text(value, origin))
    if faults := origin.judge(folder):
        raise WrongValueError(*faults)
    return folder


def _keys(value: object, origin: Origin) -> frozenset[str]:
    digests = each(application_key, example='["sha256:…"]', at_least=1, secret=True)(value, origin)
    if len(set(digests)) < len(digests):
        origin.warn("the same key stands here more than once; one is enough")
    return frozenset(digests)


SECTIONS: Final = {
    section.name: section
    for section in (
        Section("server", Server),
        Section("recorder", Recorder),
        Section("index", Index),
        Section("replies", Replies),
        Section("users", User, many=True),
        Section("applications", Application, many=True, required=True),
    )
}

_networks = each(network, example='["10.0.0.0/8"]')
_nodes = each(node, example='["https://HOST/verba/api"]', at_least=1)
_server = partial(Setting, "server")
_recorder = partial(Setting, "recorder")
_index = partial(Setting, "index")
_replies = partial(Setting, "replies")
_user = partial(Setting, "users")
_application = partial(Setting, "applications")

# fmt: off
SETTINGS: Final = (
    _server("bind", "where the gateway listens", bind, "127.0.0.1:8080"),
    _server("path", "where the API answers, as at the recorder", api_path, "/verba/api"),
    _server("workers", "processes that serve", whole(1, 1024), 2),
    _server("trusted_proxies", "networks whose X-Forwarded-For counts", _networks, ()),
    _server("operators", "networks that may see /-/…", _networks, ("127.0.0.0/8", "::1/128")),
    _server("max_body", "bytes of a request's body, PutMedia apart", whole(1, _GIBIBYTE), 65536),
    _recorder("nodes", "the recorder's URLs", _nodes, ("http://127.0.0.1:9090/verba/api",)),
    _recorder("credentials", "whose login asks", choice("client", "service"), "client"),
    _recorder("api_key", "the gateway's own API key", secret, required=True),
    _recorder("user_name", "the gateway's own login", sourced),
    _recorder("password", "the password of that login", secret),
    _recorder("method", "how the recorder is asked", _method, "POST"),
    _recorder("time_zone", "of the times in its answers", time_zone, "UTC"),
    _recorder("verify_tls", "how its certificate is judged", verification, default=True),
    _recorder("connect_timeout", "for a connection", duration, 2.0),
    _recorder("timeout", "for a whole answer, media apart", duration, 10.0),
    _recorder("most_requests", "at the recorder at once, media included", whole(5, 100_000), 120),
    _index("store", "where calls are remembered", store, "sqlite:///callgate.db"),
    _index("poll_every", "between two looks at the recorder", duration, 1.0),
    _index("max_age", "how old knowledge may be that answers", duration, 3.0),
    _index("max_age_of_no", "how old if the answer is no; absent: as max_age", duration),
    _index("stuck_after", "how long a call may be ongoing", duration, "12h"),
    _index("verify", "share of answers that the recorder is asked for", share, 0.0),
    _index("keep", "how long calls are remembered", duration, "30d"),
    _replies("error_codes", "dialect of errors", choice("documented", "numbered"), "documented"),
    _replies("http_status", "of an API error", choice("legacy", "standard"), "legacy"),
    _replies("templates", "a folder of stylesheets; absent: ours alone", _templates),
    _user("name", "the login", text, required=True),
    _user("password", "as a hash", user_password, required=True),
    _application("name", "for logs and figures", text, required=True),
    _application("keys", "by which it is known", _keys, required=True),
    _application("requires_authentication", "whether a token is needed", flag, default=True),
    _application("networks", "whence it may ask; none: from anywhere", _networks, ()),
    _application("actions", "which of the nineteen it may use", _actions, (EVERY_ACTION,)),
    _application("rate", "how much it may ask; absent: unlimited", rate),
    _application("stale_answers", "answers beyond max_age in need", flag, default=False),
    _application("may_push", "whether it may push calls", flag, default=False),
    _application("extended_status", "any order of statuses", flag, default=False),
    _application("resolve", "the index says which call is meant", flag, default=False),
)
# fmt: on


def settings_of(section: str) -> dict[str, Setting]:
    """The settings of one section by key, in the order of the table."""
    return {setting.key: setting for setting in SETTINGS if setting.section == section}
