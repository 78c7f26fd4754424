"""
The job that learns what is usual: it goes on until there is nothing new.
"""

import pytest

from orderpipe.store import memory
from tests.floor import Floor
from workers import schedule, tasks


def test_learns_all_there_is_in_one_tick(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory.learn, "__kwdefaults__", {"most": 2})
    floor.receive(*(floor.order() for _ in range(5)))
    floor.pass_time(minutes=2)
    assert tasks._learn(floor.run) == 5
    assert tasks._learn(floor.run) == 0
    assert floor.value("SELECT lines FROM article_memory WHERE sku = 'SKU-1'") == 5


def test_is_asked_for_every_minute() -> None:
    assert schedule.JOBS["memory.learn"]["schedule"] == 60
