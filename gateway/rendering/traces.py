"""Error messages that no client shall see: traces, names of exception classes, SQL."""

import re
from typing import Final

INTERNAL_ERROR: Final = "The recorder reported an internal error."
LONGEST_SENTENCE: Final = 2_000  # characters; what is longer was not written for people

# Each pattern is bounded, as is the text: no message costs more than a few milliseconds.
_TRACE: Final = re.compile(
    r"""
    \bat[ ][\w.$<>/@-]{1,200}\([^()\n]{0,200}\)             # at com.x.Y(Z.java:12)
    | \b\w{1,80}\.(?:java|kt|scala|cs|cpp|py|jsp):(?:line[ ])?\d
    | \b[A-Z]\w{1,80}(?:Exception|Error)\b                  # the name of a class
    | \b(?:[a-z]\w{0,40}\.){2,8}[A-Z]\w                     # com.verba.api.Servlet
    | \bCaused[ ]by:
    | \bTraceback[ ]\(most[ ]recent[ ]call[ ]last\)
    | \bSELECT\b.{1,500}?\bFROM\b
    | \b(?i:select)\b.{1,200}?\b(?i:from)\b.{1,200}?\b(?i:where)\b
    | \bINSERT[ ]INTO\b | \bDELETE[ ]FROM\b | \bUPDATE[ ]\S{1,80}[ ]SET\b
    | \bORA-\d{4} | \bSQLSTATE\b | (?i:\bSQL[ ]syntax\b)
    """,
    re.DOTALL | re.VERBOSE,
)


def is_fit_for_clients(message: str) -> bool:
    """Whether the recorder's message is a sentence for people, and no trace."""
    return len(message) <= LONGEST_SENTENCE and not _TRACE.search(message)


def fit_for_clients(message: str, logged_as: str = "") -> str:
    """The recorder's message, or, if it is a trace, a sentence that says no more than that.

    `logged_as`: the id under which the log has the message; the sentence ends with it.
    """
    if is_fit_for_clients(message):
        return message
    return f"{INTERNAL_ERROR} Request: {logged_as}" if logged_as else INTERNAL_ERROR
