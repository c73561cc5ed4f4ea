import pytest

from gateway.core.parameters import ResponseType
from gateway.rendering import Renderer
from gateway.rendering.traces import INTERNAL_ERROR, fit_for_clients
from tests.fakes import FROM_RECORDER
from tests.rendering.golden import DRESSES, sample
from tests.rendering.replies import bytes_of, document


@pytest.mark.parametrize(
    "message",
    [
        "Failed.\n\tat com.verba.api.ApiServlet.doGet(ApiServlet.java:163)",
        "at java.base/java.lang.Thread.run(Unknown Source)",
        "java.lang.NullPointerException",
        "NullPointerException: null",
        "Unexpected: org.hibernate.exception.GenericJDBCException: could not execute",
        "Caused by: something",
        "OutOfMemoryError",
        "at Verba.Api.GetCall(String id) in C:\\src\\Api.cs:line 12",
        "Traceback (most recent call last):",
        "SELECT ccdr_id FROM verba_cdr",
        "select x\nfrom calls\nwhere id = 1",
        "INSERT INTO calls VALUES (1)",
        "ORA-00942: table or view does not exist",
        "You have an error in your SQL syntax near 'x'",
        "x" * 2_001,
    ],
)
def test_a_trace_is_not_handed_on(message: str) -> None:
    assert fit_for_clients(message) == INTERNAL_ERROR


@pytest.mark.parametrize(
    "message",
    [
        "",
        "Unable to retrieve the call identifier, because the call cannot be found.",
        "Unexpected error.",
        "Please select a call from the list.",
        "Invalid parameter: start (at 10:00). Use YYYY-MM-DD.",
        "Error: the recorder is starting, try again at noon (local time).",
        "Delete from the archive is not allowed.",
        "Zeile 1\nZeile 2",
    ],
)
def test_a_sentence_is_handed_on(message: str) -> None:
    assert fit_for_clients(message) == message


def test_where_the_log_has_it_the_sentence_ends_with_the_id() -> None:
    assert fit_for_clients("ORA-00942", "7f3a") == f"{INTERNAL_ERROR} Request: 7f3a"
    assert fit_for_clients("No such call.", "7f3a") == "No such call."


@pytest.mark.parametrize(
    "message", ["select from " * 150, "SELECT " * 280, "a." * 990, "at " * 600, "at a(" * 400]
)
def test_no_message_takes_long(message: str) -> None:
    for _ in range(20):
        fit_for_clients(message)


@pytest.mark.parametrize("dress", DRESSES)
def test_a_trace_keeps_its_code_in_every_dress(dress: ResponseType) -> None:
    reply = document(sample("GetCallID.trace"))
    body = bytes_of(Renderer().render(reply, dress, FROM_RECORDER)).decode()
    assert INTERNAL_ERROR in body
    assert "-1" in body
    assert "java" not in body
