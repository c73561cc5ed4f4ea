"""`callgate simulate`: the command line of the recorder simulator."""

import argparse
import sys
from typing import Final

from gateway.simulator.control import GUIDE as CONTROL_GUIDE
from gateway.simulator.faults import MEANINGS
from gateway.simulator.landmarks import GUIDE as LANDMARKS_GUIDE
from gateway.simulator.options import GROUPS, MODES, add_option
from gateway.simulator.server import serve
from gateway.simulator.settings import SEED_KEY, Access, Dialect, Settings, Traffic

DESCRIPTION: Final = """\
Runs a simulated call recorder: all nineteen actions of the recorder's HTTP API with real
state behind them, and a believable flow of calls that begin, are held, transferred and end.
It runs until SIGINT or SIGTERM. Exit status: 0 stopped, 1 cannot listen, 2 wrong option.
"""
FAULT_GUIDE: Final = """\
faults, KIND[:seconds=S,share=P,actions=NAME+NAME]; S from 0 to 3600 (default: 5),
P from 0 to 1 (default: 1), and without actions all of them:
""" + "".join(f"  {kind:<12} {meaning}\n" for kind, meaning in MEANINGS.items())


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options, the description and the guides to a parser."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.description = DESCRIPTION
    parser.epilog = f"{LANDMARKS_GUIDE}\n{FAULT_GUIDE}\n{CONTROL_GUIDE}"
    for title, options in GROUPS.items():
        group = parser.add_argument_group(title)
        for option in options:
            add_option(group, option)


def run(namespace: argparse.Namespace) -> int:
    """Runs the recorder until it is told to stop; returns the exit status."""
    try:
        settings = read_settings(namespace)
    except (ValueError, KeyError) as error:
        sys.stderr.write(f"callgate simulate: {error.args[0]}\n")
        return 2
    try:
        serve(settings)
    except OSError as error:
        sys.stderr.write(f"callgate simulate: cannot listen on {namespace.bind}: {error}\n")
        return 1
    return 0


def read_settings(namespace: argparse.Namespace) -> Settings:
    """The settings that the options mean.

    Raises:
        ValueError: a value is out of its range, or cannot be read.
        ZoneInfoNotFoundError: there is no such time zone.
    """
    host, _, port = namespace.bind.rpartition(":")
    if not (host and port.isascii() and port.isdigit()):
        raise ValueError(f"--bind: {namespace.bind!r} must be HOST:PORT")
    return Settings(
        host=host.strip("[]"),
        port=int(port),
        path=namespace.path,
        access=_access(namespace),
        dialect=Dialect(namespace.dialect),
        time_zone=namespace.time_zone,
        clock_offset=namespace.clock_offset,
        next_wait=namespace.next_wait,
        page_length=namespace.page_length,
        max_page_length=namespace.max_page_length,
        threads=namespace.threads,
        traffic=_traffic(namespace),
        faults=tuple(namespace.fault),
    )


def _access(namespace: argparse.Namespace) -> Access:
    keys = {}
    for given in namespace.key or [SEED_KEY]:
        key, _, mode = given.partition("=")
        if (mode or namespace.mode) not in MODES:
            raise ValueError(f"--key: the mode {mode!r} must be one of {', '.join(MODES)}")
        keys[key] = (mode or namespace.mode) == "token"
    return Access(
        keys,
        dict(_user(given) for given in namespace.user) or Access().users,
        namespace.token_lifetime,
        namespace.sliding,
        tuple(namespace.token) or Access().tokens,
    )


def _traffic(namespace: argparse.Namespace) -> Traffic:
    return Traffic(
        calls_per_minute=namespace.calls_per_minute,
        call_seconds=namespace.call_seconds,
        first_extension=namespace.first_extension,
        extensions=namespace.extensions,
        history_calls=namespace.history_calls,
        history_days=namespace.history_days,
        gap=namespace.gap,
        stuck_share=namespace.stuck_share,
        landmarks=not namespace.no_landmarks,
        seed=namespace.seed,
    )


def _user(given: str) -> tuple[str, str]:
    name, colon, password = given.partition(":")
    if not (name and colon):
        raise ValueError("--user: must be NAME:PASSWORD")
    return name, password
