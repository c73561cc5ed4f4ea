"""What the samples look like in each dress. `python -m tests.rendering.golden` rewrites the files.

A sample is a recorder's answer, `samples/ACTION.CASE.xml`; what is made of it is a golden file,
`golden/ACTION.CASE.TYPE`. Golden files are reviewed like code: read the difference.
"""

from collections.abc import Iterator
from pathlib import Path

from gateway.core.parameters import ResponseType
from gateway.core.replies import Document
from gateway.rendering import Renderer
from tests.fakes import FROM_RECORDER

SAMPLES = Path(__file__).with_name("samples")
GOLDEN = Path(__file__).with_name("golden")
DRESSES = (ResponseType.HTML, ResponseType.TEXT, ResponseType.JSON)


def sample(name: str) -> bytes:
    """A recorder's answer."""
    return (SAMPLES / f"{name}.xml").read_bytes()


def rendered(name: str, dress: ResponseType, renderer: Renderer) -> bytes:
    """A sample in a dress."""
    rendition = renderer.render(Document(sample(name), "text/xml", "node"), dress, FROM_RECORDER)
    if not isinstance(rendition.body, bytes):
        raise TypeError(name)
    return rendition.body


def golden(name: str, dress: ResponseType) -> Path:
    """The file that says what a sample looks like in a dress."""
    return GOLDEN / f"{name}.{dress.value.lower()}"


def names() -> Iterator[str]:
    """All samples."""
    return (path.stem for path in sorted(SAMPLES.glob("*.xml")))


def rewrite() -> None:
    """Writes all golden files anew, and removes those without a sample."""
    renderer = Renderer()
    GOLDEN.mkdir(exist_ok=True)
    for path in GOLDEN.iterdir():
        path.unlink()
    for name in names():
        for dress in DRESSES:
            golden(name, dress).write_bytes(rendered(name, dress, renderer))


if __name__ == "__main__":
    rewrite()
