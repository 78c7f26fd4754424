"""
What the tests of the broker door ask for.
"""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from tests.workers.house import House
from workers import mailbox_redis


@pytest.fixture
def house(engine: Engine, broker_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """Two shops before a door that does not linger where there is nothing."""
    monkeypatch.setattr(mailbox_redis, "PATIENCE", 0)
    house = House(engine, broker_url)
    yield house
    house.close()
