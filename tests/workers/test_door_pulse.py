"""
The pulse of the broker door: it beats while orders can be taken and written down, and not while broker or database is away.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Never

import pytest
import redis
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from orderpipe.intake.groups import MOST, GroupWriter
from orderpipe.intake.outcomes import Outcome, Received, Refused
from tests.servers import RedisServer
from tests.workers.house import House
from workers import door as broker_door
from workers import health


@pytest.fixture(autouse=True)
def pulse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder for notes, and doors that beat whenever they may."""
    monkeypatch.setenv("ORDERPIPE_PULSE", str(tmp_path))
    monkeypatch.setattr(broker_door, "EVERY", 0.0)


def is_seen() -> bool:
    return health.trouble("door") is None


def test_beats_where_nothing_comes(house: House) -> None:
    assert not is_seen()
    house.door.round()
    assert is_seen()


def test_beats_while_it_writes_a_long_list(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def write(writer: GroupWriter, group: list[Received]) -> list[Outcome]:
        seen.append(is_seen())
        return written(writer, group)

    seen: list[bool] = []
    written = GroupWriter.write
    monkeypatch.setattr(GroupWriter, "write", write)
    house.corner.submit([{"reference": f"A{number}"} for number in range(MOST + 1)])
    house.door.round()
    assert seen == [False, True]


def test_is_silent_while_orders_cannot_be_written(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(_: GroupWriter, group: list[Received]) -> list[Outcome]:
        seen.append(is_seen())
        if len(seen) == 3:
            raise ConnectionError
        return [Refused(503, "unavailable", "")] * len(group)

    seen: list[bool] = []
    monkeypatch.setattr(broker_door, "PAUSE", 0.0)
    monkeypatch.setattr(GroupWriter, "write", away)
    house.corner.submit({"reference": "A"})
    with pytest.raises(ConnectionError):
        house.door.round()
    assert [*seen, is_seen()] == [False] * 4


def test_is_silent_while_the_database_is_away(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> Never:
        raise OperationalError("SELECT", {}, ConnectionError())

    monkeypatch.setattr(broker_door, "senders", away)
    with pytest.raises(OperationalError):
        house.door.round()
    assert not is_seen()


def test_is_silent_while_its_broker_is_away(engine: Engine, private_redis: Callable[[], RedisServer]) -> None:
    server = private_redis()
    house = House(engine, server.url())
    server.kill()
    with pytest.raises(redis.RedisError):
        house.door.round()
    assert not is_seen()
    server.start()
    house.door.round()
    assert is_seen()
    house.close()
