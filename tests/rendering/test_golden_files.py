import pytest

from gateway.core.actions import ACTIONS, Action, Kind
from gateway.core.parameters import ResponseType
from gateway.rendering import Renderer
from tests.rendering.golden import DRESSES, GOLDEN, golden, names, rendered

NAMES = tuple(names())


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return Renderer()


@pytest.mark.parametrize("dress", DRESSES, ids=lambda dress: dress.value)
@pytest.mark.parametrize("name", NAMES)
def test_a_sample_looks_as_its_golden_file(
    name: str, dress: ResponseType, renderer: Renderer
) -> None:
    assert rendered(name, dress, renderer) == golden(name, dress).read_bytes()


def test_every_golden_file_has_a_sample() -> None:
    wanted = {golden(name, dress) for name in NAMES for dress in DRESSES}
    assert set(GOLDEN.iterdir()) == wanted


@pytest.mark.parametrize("action", ACTIONS.values(), ids=lambda action: action.name)
def test_every_action_has_a_sample_of_an_error_and_unless_it_streams_of_a_success(
    action: Action,
) -> None:
    name, kind = action.name, action.kind
    assert f"{name}.error" in NAMES
    assert (f"{name}.success" in NAMES) is (kind is not Kind.STREAMS)


def test_golden_files_are_plain_text_with_line_feeds() -> None:
    for path in GOLDEN.iterdir():
        body = path.read_bytes()
        assert b"\r" not in body
        assert not body or body.endswith(b"\n")
        body.decode()
