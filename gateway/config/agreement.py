"""What settings must be to one another. Looks only at values that could be read on their own."""

from gateway.config.faults import show
from gateway.config.reading import Sections
from gateway.config.report import Report
from gateway.config.tree import MemoryStore


def agree(sections: Sections, report: Report) -> None:
    """Report every disagreement between settings."""
    _ages(sections, report)
    _workers(sections, report)
    _requests(sections, report)
    _login(sections, report)
    _users(sections, report)
    for many, one in (("users", "user"), ("applications", "application")):
        _names(sections, report, many, one)
    _keys(sections, report)


def _ages(sections: Sections, report: Report) -> None:
    for where, index in sections["index"]:
        match index:
            case {"max_age": float(max_age), "poll_every": float(poll)} if max_age < poll:
                why = "the index would be too old to answer before it is refreshed"
                right = "write at least poll_every, better three times that"
                message = f"{max_age} s is less than poll_every ({poll} s): {why}; {right}"
                report.fault((*where, "max_age"), message)
        match index:
            case {"max_age": float(max_age), "max_age_of_no": float(of_no)} if of_no > max_age:
                message = f"{of_no} s is more than max_age ({max_age} s), which is for no, too"
                right = "write less, or leave it out"
                report.fault((*where, "max_age_of_no"), f"{message}; {right}")


def _workers(sections: Sections, report: Report) -> None:
    for _, server in sections["server"]:
        for where, index in sections["index"]:
            if index.get("store") == MemoryStore() and server.get("workers", 1) > 1:
                message = '"memory:" is not shared: each worker keeps an index of its own'
                right = 'write "sqlite:///FILE", or [server] workers = 1'
                report.warn((*where, "store"), f"{message}; {right}")


def _requests(sections: Sections, report: Report) -> None:
    """A lane without a place would refuse everybody."""
    workers = next((server.get("workers", 1) for _, server in sections["server"]), 1)
    for where, recorder in sections["recorder"]:
        most = recorder.get("most_requests")
        if isinstance(most, int) and most < 5 * workers:
            message = f"{most} are less than five for each of {workers} workers"
            report.fault((*where, "most_requests"), f"{message}; write at least {5 * workers}")


def _login(sections: Sections, report: Report) -> None:
    for where, recorder in sections["recorder"]:
        user_name = recorder.get("user_name", "unreadable")
        password = recorder.get("password", "unreadable")
        if (user_name is None) != (password is None):
            absent, present = "user_name", "password"
            if password is None:
                absent, present = present, absent
            right = "write both, or neither for a recorder that asks for keys alone"
            report.fault((*where, absent), f"is missing beside {present}; {right}")
        elif user_name is None and recorder.get("credentials") == "service":
            message = 'is missing, and credentials = "service" logs in with it'
            report.fault((*where, "user_name"), f"{message}; write user_name and password")


def _users(sections: Sections, report: Report) -> None:
    for _, recorder in sections["recorder"]:
        if sections["users"] and recorder.get("credentials") == "client":
            message = 'has no effect while [recorder] credentials is "client"'
            report.warn(("users",), f"{message}: the recorder checks its users itself")
        if not sections["users"] and recorder.get("credentials") == "service":
            message = "stands beside no [[users]]: nobody can ask for a token"
            report.warn(("recorder", "credentials"), f"{message}; write one for each login")


def _names(sections: Sections, report: Report, many: str, one: str) -> None:
    seen: set[str] = set()
    for where, values in sections[many]:
        name = values.get("name")
        if name in seen:
            message = f"{show(name)} is the name of another {one} already"
            report.fault((*where, "name"), f"{message}; give each its own")
        elif name is not None:
            seen.add(name)


def _keys(sections: Sections, report: Report) -> None:
    """A key in two applications would leave open which of them asks."""
    owners: dict[str, str] = {}
    for number, (where, values) in enumerate(sections["applications"], 1):
        name = show(values["name"]) if "name" in values else f"number {number}"
        digests: frozenset[str] = values.get("keys", frozenset())
        others = {owners[digest] for digest in digests if digest in owners}
        for other in sorted(others):
            message = f"{other} and {name} have a key in common"
            report.fault((*where, "keys"), f"{message}; give each application its own")
        owners |= {digest: name for digest in digests if digest not in owners}
