"""From a configuration file to a `Config`, or to every fault in it at once.

Looks at no file but those that `file:`, `verify_tls` and `templates` name, and contacts nobody.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from gateway.config.agreement import agree
from gateway.config.faults import ConfigurationFaults, Fault
from gateway.config.reading import Sections, read_sections
from gateway.config.report import Report
from gateway.config.settings import SECTIONS
from gateway.config.tree import Config
from gateway.config.values import Judge, Origin


def load(path: str | os.PathLike[str], judge: Judge = lambda _: ()) -> Config:
    """Read a configuration file, and the secrets that it names; `judge` reads its templates.

    Raises:
        ConfigurationFaults: with every fault, if it cannot be used.
    """
    file = Path(path)
    try:
        text = file.read_text("utf-8-sig")  # Windows editors begin with a byte-order mark
    except OSError as error:
        raise _whole(str(path), f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise _whole(str(path), "is no text in UTF-8; save it as UTF-8") from error
    config = parse(text, file.resolve().parent, os.environ, str(path), judge)
    return replace(config, path=file.resolve())


def parse(
    text: str,
    directory: Path,
    environment: Mapping[str, str],
    name: str,
    judge: Judge = lambda _: (),
) -> Config:
    """Make a configuration of a text.

    Args:
        text: the file's content.
        directory: what relative paths in it are relative to.
        environment: what `env:NAME` looks into.
        name: what faults call the file.
        judge: what is wrong with the stylesheets of a folder.

    Raises:
        ConfigurationFaults: with every fault, if it cannot be used.
    """
    report = Report(name, text)
    origin = Origin(directory, environment, report, judge=judge)
    sections = read_sections(_document(text, name), origin)
    agree(sections, report)
    if faults := report.faults():
        raise ConfigurationFaults(faults)
    return _assembled(sections, report.warnings())


def _document(text: str, name: str) -> dict[str, object]:
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise _whole(name, "is nested too deeply") from error
    except ValueError as error:  # TOMLDecodeError, and what int() says of too many digits
        message = str(error)
        found = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)$", message)
        line = int(found[1] or text.count("\n") + 1) if found else None
        reason = message[: found.start()] if found else message
        reason = reason.replace("Cannot overwrite a value", "this key is already given above")
        raise _whole(name, f"is not valid TOML: {reason}", line) from error


def _whole(name: str, message: str, line: int | None = None) -> ConfigurationFaults:
    return ConfigurationFaults((Fault(name, line, "", message),))


def _assembled(sections: Sections, warnings: tuple[Fault, ...]) -> Config:
    made: dict[str, Any] = {}
    for name, section in SECTIONS.items():
        entries = tuple(section.make(**values) for _, values in sections[name])
        made[name] = entries if section.many else entries[0]
    return Config(**made, warnings=warnings)
