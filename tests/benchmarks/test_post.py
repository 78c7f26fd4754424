"""
The measurement of the door: what it is compared with really commits every order alone, and the load counts what was taken down.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import pytest
import uvicorn
from fastapi import FastAPI
from sqlalchemy import text

from benchmarks import load, single_door
from benchmarks.bench_shop import open_shop, order_json
from orderpipe import site
from orderpipe.assembly import Assembly, assemble
from orderpipe.local.ports import free_port
from orderpipe.settings import Settings
from orderpipe.store.policies import ensure_defaults
from orderpipe.store.shops import Role, create_key

ORDERS = 200


class Installation:
    """A shop with a key, and the hints that its door gave, as (stage, how many units)."""

    def __init__(self, database_url: str) -> None:
        self.hints: list[tuple[str, int]] = []
        self.parts: Assembly = assemble(Settings(database_url=database_url), send_stage=self._hinted)
        with self.parts.engine.begin() as tx:
            ensure_defaults(tx)
            self.key = create_key(tx, open_shop(tx), Role.SHOP)

    def _hinted(self, step: str, ids: Sequence[int], _lane: str) -> None:
        self.hints.append((step, len(ids)))

    @contextmanager
    def door(self, create: Callable[[Assembly], FastAPI]) -> Iterator[int]:
        """The door of this app on a port of its own."""
        port = free_port()
        server = uvicorn.Server(uvicorn.Config(create(self.parts), port=port, log_level="warning"))
        thread = threading.Thread(target=server.run)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield port
        server.should_exit = True
        thread.join()

    def send(self, port: int, key: str = "") -> load.Load:
        """Many orders over many connections."""
        made = [load.request(key or self.key, order_json(number)) for number in range(ORDERS)]
        return asyncio.run(load.send(port, made, connections=16))

    def transactions(self) -> int:
        """How many transactions the orders were written in."""
        with self.parts.engine.begin() as tx:
            return int(tx.execute(text("SELECT count(DISTINCT xmin::text) FROM orders")).scalar_one())


@pytest.fixture
def installation(database_url: str) -> Iterator[Installation]:
    installation = Installation(database_url)
    yield installation
    installation.parts.engine.dispose()


def test_the_door_compared_with_commits_every_order_alone_and_hints_at_many_together(installation: Installation):
    with installation.door(single_door.create) as port:
        taken = installation.send(port)
    assert taken.statuses == {"201": ORDERS}
    assert installation.transactions() == ORDERS
    assert sum(count for _, count in installation.hints) == ORDERS
    assert len(installation.hints) < ORDERS / 2


def test_our_door_commits_many_orders_together_under_the_same_load(installation: Installation):
    with installation.door(site.create_site) as port:
        taken = installation.send(port)
    assert taken.statuses == {"201": ORDERS}
    assert taken.per_second > 0
    assert taken.p50_ms <= taken.p99_ms
    assert installation.transactions() < ORDERS / 2


def test_orders_that_are_not_taken_down_do_not_count(installation: Installation):
    with installation.door(site.create_site) as port:
        refused = installation.send(port, key="op_of-nobody")
    assert refused.statuses == {"401": ORDERS}
    assert refused.taken == 0
