"""The status page: what an operator asks at a glance. Plain HTML, and no script."""

from base64 import b64encode
from collections.abc import Iterable
from hashlib import sha256
from html import escape
from typing import Final

from gateway.operations.figures import Figures
from gateway.operations.health import Health
from gateway.recorder.nodes import NodeState

_STYLE: Final = """
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
body { margin: 1rem auto; max-width: 60rem; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; margin-bottom: 1.5rem; }
th, td { text-align: left; padding: .25rem .5rem; border-bottom: 1px solid GrayText; }
div { overflow-x: auto; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; }
.bad { font-weight: bold; }
"""
POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}'"
)
_MOST_LISTED: Final = 50  # stuck calls


def page(figures: Figures, health: Health) -> bytes:
    """The whole page, of one moment."""
    verdict = "ready" if health.ready else "not ready"
    age = "never fed" if figures.age is None else f"{figures.age.total_seconds():.1f} s"
    rows = (
        ("Age", age),
        ("Reaches back as far as the recorder", "yes" if figures.complete else "no"),
        ("Calls, about", f"{figures.calls:,}"),
        ("Ongoing", f"{figures.ongoing:,}"),
        ("End inferred, record awaited", f"{figures.provisional:,}"),
        ("Listed as ongoing, recorded as ended", f"{figures.contradicted:,}"),
        ("Recorder's clock ahead", f"{figures.recorder_ahead.total_seconds():.2f} s"),
        ("Requests that wait in this worker", f"{figures.here.parked:,}"),
    )
    body = (
        f'<h1>Callgate</h1><p class="{"good" if health.ready else "bad"}">'
        f"{verdict}: {escape(health.reason)}</p>"
        f"<h2>The index</h2>{_table(('Figure', 'Value'), rows)}"
        f"<h2>The recorder, as this worker sees it</h2>{_nodes(figures.here.recorder.nodes)}"
        f"<h2>Stuck calls</h2>{_stuck(figures)}<h2>Checks against the recorder</h2>"
        f"{_checks(figures)}<h2>Requests of this worker at the recorder</h2>"
        f"{_lanes(figures)}<p>{figures.now:%Y-%m-%d %H:%M:%S} UTC</p>"
    )
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Callgate: {verdict}</title><style>{_STYLE}</style></head>"
        f"<body><main>{body}</main></body></html>\n"
    ).encode()


def _nodes(nodes: Iterable[NodeState]) -> str:
    rows = (
        (
            node.label,
            node.breaker.value,
            "" if node.reason is None else f"{node.reason} ({node.failed_ago or 0:.0f} s ago)",
            "" if node.probe_in is None else f"in {node.probe_in:.0f} s",
        )
        for node in nodes
    )
    return _table(("Node", "Breaker", "Last failure", "Next probe"), rows)


def _stuck(figures: Figures) -> str:
    if not figures.stuck:
        return "<p>None.</p>"
    rows = (
        (call.id, call.caller, call.called, f"{call.started_at:%Y-%m-%d %H:%M:%S} UTC")
        for call in sorted(figures.stuck, key=lambda call: call.started_at)[:_MOST_LISTED]
    )
    table = _table(("Call", "Caller", "Called", "Began"), rows)
    more = len(figures.stuck) - _MOST_LISTED
    return table + (f"<p>And {more:,} more.</p>" if more > 0 else "")


def _checks(figures: Figures) -> str:
    if not figures.tallies:
        return "<p>None: [index] verify is 0, or nothing was checked yet.</p>"
    rows = (
        (
            form,
            f"{tally.checked:,}",
            ", ".join(f"{kind}: {count:,}" for kind, count in tally.wrong.items()) or "none",
            "silent" if tally.silent else "speaks",
        )
        for form, tally in sorted(figures.tallies.items())
    )
    return _table(("Form of question", "Checked", "Contradicted", "The index"), rows)


def _lanes(figures: Figures) -> str:
    rows = (
        (lane, f"{each.used:,} of {each.size:,}", f"{each.refused:,}")
        for lane, each in figures.here.lanes.items()
    )
    return _table(("Kind", "At the moment", "Refused since the start"), rows)


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    head = "".join(f'<th scope="col">{escape(each)}</th>' for each in heads)
    lines = (
        f'<tr><th scope="row">{escape(first)}</th>'
        + "".join(f"<td>{escape(each)}</td>" for each in rest)
        + "</tr>"
        for first, *rest in rows
    )
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table>"
    return f'<div tabindex="0">{table}</div>'
