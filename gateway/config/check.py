"""What `callgate check` says of a configuration. Contacts nobody."""

import os
from typing import TextIO

from gateway.config.description import describe
from gateway.config.faults import ConfigurationFaults
from gateway.config.parsing import load
from gateway.config.values import Judge


def check(
    path: str | os.PathLike[str], out: TextIO, err: TextIO, judge: Judge = lambda _: ()
) -> int:
    """Print every fault to `err` and return 1; or the effective configuration to `out`, and 0.

    Warnings go to `err`, so that `out` is TOML.
    """
    try:
        config = load(path, judge)
    except ConfigurationFaults as faults:
        print(faults, file=err)
        return 1
    for warning in config.warnings:
        print(f"warning: {warning}", file=err)
    print(describe(config), end="", file=out)
    return 0
