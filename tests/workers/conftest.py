"""
A shop floor for the tests that ask for one; whatever the test did, the rules of the books hold at its end.
"""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from tests.floor import Floor


@pytest.fixture
def floor(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Floor]:
    """The pipeline in this process, on a database of its own."""
    floor = Floor(engine, monkeypatch)
    yield floor
    floor.check()
