"""Logging: one line an event on standard error. Foreign loggers that print URLs are silenced."""

import logging
import traceback
from typing import Final

# What these say at the level DEBUG holds whole URLs and headers, secrets included.
TALKATIVE: Final = ("urllib3", "requests", "charset_normalizer")


def start_logging(level: int = logging.INFO) -> None:
    """Once for each process, before anything is logged."""
    logging.basicConfig(
        level=level, format="%(asctime)s %(levelname)-7s %(name)s: %(message)s", force=True
    )
    # Nobody prints its name, and under gevent each greenlet would get a thread object for it.
    logging.logThreads = False
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.ERROR)


def frames(error: BaseException) -> str:
    """Where an unexpected exception came from, without its text, which may hold a secret."""
    stack = traceback.extract_tb(error.__traceback__)
    lines = (f"{frame.filename}:{frame.lineno} {frame.name}" for frame in stack)
    return f"{type(error).__name__} at " + " > ".join(lines)
