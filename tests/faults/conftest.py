"""
One plant for all fault tests of a process: starting one takes longer than most of the tests. One that a test left broken is replaced.
"""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import FOLDER
from tests.faults.harness import Plant


class Plants:
    """Gives the plant that stands, or builds one."""

    def __init__(self) -> None:
        self.standing: Plant | None = None

    def give(self) -> Plant:
        """A plant that is at work as it should be."""
        if self.standing is None:
            self.standing = Plant(Path(tempfile.mkdtemp(prefix="plant-", dir=os.environ[FOLDER])))
            self.standing.stock()
            self.standing.open()
        return self.standing

    def tear_down(self) -> None:
        """Away with it."""
        if self.standing is not None:
            self.standing.close()
            self.standing = None


@pytest.fixture(scope="session")
def plants() -> Iterator[Plants]:
    """Keeps the plant between tests."""
    plants = Plants()
    yield plants
    plants.tear_down()


@pytest.fixture
def plant(plants: Plants) -> Iterator[Plant]:
    """A plant at work; what the test started or exchanged is put right again, and it must be well in the end."""
    plant = plants.give()
    try:
        yield plant
        plant.restore()
        plant.verdict()
    except BaseException:
        plants.tear_down()
        raise


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Servers that are broken and processes that start anew take their time on a busy machine."""
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.timeout(400))
