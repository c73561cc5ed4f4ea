"""What all tests share: those that want a program which is no Python package.

A fresh clone has Python and nothing else, so elsewhere than in CI they are left out, visibly,
where the program is missing. In CI nothing is ever left out.
"""

import os
import shutil

import hypothesis
import pytest

# A busy machine may stop for longer than Hypothesis allows for an example.
hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.load_profile("patient")

# Debian keeps servers where an ordinary user's path does not lead.
PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"
LEFT_OUT = pytest.StashKey[dict[str, int]]()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect what wants a missing program, and keep count."""
    left_out: dict[str, int] = {}
    kept: list[pytest.Item] = []
    for item in items:
        missing = [
            program
            for marker in item.iter_markers("needs")
            for program in marker.args
            if shutil.which(program, path=PATH) is None
        ]
        if not missing or os.environ.get("CI"):
            kept.append(item)
        for program in missing:
            left_out[program] = left_out.get(program, 0) + 1
    config.stash[LEFT_OUT] = {} if os.environ.get("CI") else left_out
    items[:] = kept


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say what was left out."""
    for program, count in sorted(config.stash.get(LEFT_OUT, {}).items()):
        terminalreporter.write_line(
            f"LEFT OUT: {count} tests want {program}, which is not installed here", yellow=True
        )
