"""The command `callgate`. Knows what its words mean, and leaves the doing to others."""

import argparse
import io
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Final

from gateway import demo
from gateway.commands import run_explain, run_import, run_stats
from gateway.config import Config
from gateway.config.check import check
from gateway.config.faults import ConfigurationFaults
from gateway.config.parsing import load
from gateway.minting import new_key, new_user, revoke_token
from gateway.rendering import faults_of
from gateway.shipped import shipped
from gateway.simulator import command as simulator

Run = Callable[[argparse.Namespace], int]

EXIT: Final = """\
exit status: 0 all is well; 1 something is wrong, and standard error says what; 2 the command
line is wrong.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; its exit status."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a call may hold what a terminal cannot show
            stream.reconfigure(errors="backslashreplace")
    given = list(sys.argv[1:] if arguments is None else arguments)
    end = given.index("--") if "--" in given else len(given)
    namespace = _parser().parse_args(given[:end])
    namespace.options = given[end + 1 :]
    status: int = namespace.run(namespace)
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="callgate",
        description="A gateway that makes a legacy call recorder fast, safe and calm.",
        epilog=EXIT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"callgate {version('callgate')}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    serve = _add_configured(commands, "serve", "run the gateway under gunicorn", _serve)
    serve.epilog = "Further options of gunicorn follow after --, such as: -- --workers 4"
    checking = _add_configured(
        commands, "check", "check a configuration, every fault at once", lambda *_: 0
    )
    checking.set_defaults(run=lambda given: check(given.config, sys.stdout, sys.stderr, faults_of))
    _add_index(commands)
    _add_doors(commands)
    simulate = commands.add_parser("simulate", help="run the recorder simulator alone")
    simulator.add_arguments(simulate)
    simulate.set_defaults(run=simulator.run)
    show = commands.add_parser("demo", help="run the simulator and the gateway on this machine")
    usual = demo.Addresses()
    for option, address in (("--bind", usual.gateway), ("--recorder", usual.recorder)):
        show.add_argument(
            option, metavar="HOST:PORT", default=address, help="(default: %(default)s)"
        )
    show.set_defaults(run=lambda given: demo.run(demo.Addresses(given.bind, given.recorder)))
    return parser


def _add_configured(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    help_: str,
    run: Callable[[argparse.Namespace, Config], int],
) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=help_, description=help_.capitalize() + ".")
    command.add_argument("config", metavar="CONFIG", type=Path, help="a TOML file")
    command.set_defaults(run=_configured(run))
    return command


def _add_index(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    explain = _add_configured(
        commands,
        "explain",
        "say what would happen to a request, and why",
        lambda given, config: run_explain(config, given.url, given.address),
    )
    explain.add_argument("url", metavar="URL", help="as a client sends it, or its query alone")
    explain.add_argument(
        "--from", dest="address", default="127.0.0.1", metavar="ADDRESS", help="who asks"
    )
    index = commands.add_parser("index", help="the call index")
    parts = index.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_configured(parts, "stats", "figures of the index", lambda _, config: run_stats(config))
    load = _add_configured(
        parts,
        "import",
        "load lists of calls, as SearchCalls gives them, into the index",
        lambda given, config: run_import(config, given.files),
    )
    load.add_argument("files", metavar="FILE", type=Path, nargs="+", help="XML of any size")


def _add_doors(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Keys, users and tokens."""
    for what, help_, new_help, run in (
        ("keys", "API keys of applications", "mint a key, and print it once", new_key),
        ("users", "users of the gateway's own tokens", "hash a password", new_user),
    ):
        group = commands.add_parser(what, help=help_)
        new = group.add_subparsers(title="commands", required=True, metavar="COMMAND").add_parser(
            "new", help=f"{new_help}, with the lines for the configuration"
        )
        new.add_argument("name", metavar="NAME", type=_name, help="what it is called")
        new.set_defaults(run=partial(_named, run))
    tokens = commands.add_parser("tokens", help="tokens of the gateway's own")
    parts = tokens.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_configured(
        parts,
        "revoke",
        "make a token worthless, which is read from standard input",
        lambda _, config: revoke_token(config),
    )


def _named(run: Callable[[str], int], namespace: argparse.Namespace) -> int:
    return run(namespace.name)


def _configured(run: Callable[[argparse.Namespace, Config], int]) -> Run:
    """A command that wants a configuration without faults."""

    def with_config(namespace: argparse.Namespace) -> int:
        try:
            config = load(namespace.config, faults_of)
        except ConfigurationFaults as faults:
            print(faults, file=sys.stderr)
            return 1
        return run(namespace, config)

    return with_config


def _serve(namespace: argparse.Namespace, config: Config) -> int:
    """Become gunicorn. The configuration is checked first, where faults can still be read."""
    for warning in config.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    os.environ["CALLGATE_CONFIG"] = str(namespace.config.absolute())
    settings = ["--config", str(shipped("gunicorn.conf.py"))]
    gunicorn = [sys.executable, "-m", "gunicorn", *settings, *namespace.options, "gateway.wsgi:app"]
    # A new program, not a call: gunicorn's gevent worker must patch before anything is imported.
    sys.stderr.flush()
    return os.execv(sys.executable, gunicorn)  # noqa: S606 - no shell is wanted


def _name(text: str) -> str:
    if not text.strip() or not text.isprintable():
        message = "a name must be one that can be read"
        raise argparse.ArgumentTypeError(message)
    return text
