from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from gateway.core.parameters import ResponseType
from gateway.rendering import Renderer
from gateway.rendering.documents import LONG_TO_READ, read, reading_of, studied
from tests.fakes import FROM_RECORDER
from tests.rendering.golden import sample
from tests.rendering.replies import bytes_of, document

SHORT = document(sample("GetCallID.success"))
RECORD = "<verbacdr><ccdr_id>x</ccdr_id></verbacdr>"
LIST = document(f"<verbacdrlist>{RECORD * (LONG_TO_READ // len(RECORD) + 1)}</verbacdrlist>")
MADE = (ResponseType.HTML, ResponseType.TEXT, ResponseType.JSON)


class Elsewhere:
    """Does work at once, and counts it."""

    def __init__(self) -> None:
        self.works = 0

    def __call__(self, work: Callable[[Any], Any], argument: Any) -> Any:
        """What the work makes of the argument."""
        self.works += 1
        return work(argument)


@pytest.mark.parametrize("dress", MADE)
def test_a_long_document_is_read_and_dressed_elsewhere(dress: ResponseType) -> None:
    elsewhere = Elsewhere()
    renderer = Renderer(offload=elsewhere)
    rendition = renderer.render(studied(LIST, elsewhere), dress, FROM_RECORDER)
    assert elsewhere.works == 2
    assert bytes_of(rendition) == bytes_of(Renderer().render(LIST, dress, FROM_RECORDER))


@pytest.mark.parametrize("dress", ResponseType)
def test_a_short_document_is_read_and_dressed_where_it_is(dress: ResponseType) -> None:
    elsewhere = Elsewhere()
    renderer = Renderer("standard", offload=elsewhere)
    renderer.render(studied(SHORT, elsewhere), dress, FROM_RECORDER)
    assert elsewhere.works == 0


def test_a_long_document_that_goes_out_as_it_is_is_read_for_its_code_elsewhere() -> None:
    elsewhere = Elsewhere()
    rendition = Renderer("standard", offload=elsewhere).render(
        LIST, ResponseType.XML, FROM_RECORDER
    )
    assert (elsewhere.works, rendition.body) == (1, LIST.body)


@pytest.mark.parametrize("dress", MADE)
def test_what_has_been_read_is_not_read_again(dress: ResponseType) -> None:
    known = replace(studied(SHORT), body=b"something else")
    assert studied(known) is known
    assert read(known) == read(SHORT)
    rendition = Renderer().render(known, dress, FROM_RECORDER)
    assert rendition == Renderer().render(SHORT, dress, FROM_RECORDER)


def test_what_could_not_be_read_is_not_read_again() -> None:
    known = replace(studied(document("<VerbaApi>")), body=SHORT.body)
    assert reading_of(known) is None
    assert Renderer().render(known, ResponseType.TEXT, FROM_RECORDER).status == 502
