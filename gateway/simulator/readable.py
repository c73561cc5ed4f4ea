"""The HTML and TEXT answers. Only GetMarkers' are documented (the recorder's API, §5).

The others are plausible, and nobody should rely on them.
"""

from html import escape

from gateway.simulator.answers import Answer, Element

Rows = list[list[str]]


def write_html(answer: Answer) -> bytes:
    """A bare page with one table."""
    rows = _rows(answer)
    body = "".join(f"<tr>{_cells(row, 'td' if n else 'th')}</tr>" for n, row in enumerate(rows))
    return f"<html><body><table>{body}</table></body></html>\n".encode()


def write_text(answer: Answer) -> bytes:
    """A heading and a line for each record, or the bare value."""
    rows = _rows(answer)
    if len(rows) == 2 and len(rows[0]) == 1:  # noqa: PLR2004 - a heading and one value
        return f"{rows[1][0]}\n".encode()
    heading = "Marker\n" if answer.action == "GetMarkers" and not answer.code else ""
    return (heading + "".join("\t".join(row) + "\n" for row in rows)).encode()


def _rows(answer: Answer) -> Rows:
    if answer.code:
        return [["Error"], [answer.message]]
    if answer.action == "GetMarkers":
        return [["Name", "Start (ms)", "End (ms)"], *map(_values, answer.inside)]
    records = answer.root.children if answer.root else answer.inside
    if records:
        return [[child.name for child in records[0].children], *map(_values, records)]
    if answer.beside:
        return [[child.name for child in answer.beside], [child.text for child in answer.beside]]
    return [["Result"], ["OK"]]


def _values(record: Element) -> list[str]:
    return [child.text for child in record.children]


def _cells(row: list[str], tag: str) -> str:
    return "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in row)
