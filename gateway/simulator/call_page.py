"""The page that GetCallURL points at (the recorder's API, §4): the fields of one call."""

from datetime import tzinfo
from html import escape
from typing import Final

from gateway.simulator.calls import Call
from gateway.simulator.records import fields
from gateway.simulator.response import Response, container_page

CALL_PAGE: Final = "/verba/gwtCallDetail.do"


def call_page(call: Call | None, zone: tzinfo) -> Response:
    """A small page about the call; 404 if there is none."""
    if call is None:
        return container_page(404)
    rows = "".join(
        f"<tr><th>{name}</th><td>{escape(text)}</td></tr>"
        for name, text in fields(call, zone).items()
    )
    page = f'<!doctype html><html lang="en"><title>Call</title><table>{rows}</table></html>'
    return Response(page.encode(), "text/html;charset=UTF-8")
