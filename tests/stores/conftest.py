from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stores.kinds import KINDS, Store


@pytest.fixture(params=KINDS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store, of each kind in turn."""
    made = KINDS[request.param](tmp_path)
    yield made
    made.close()
