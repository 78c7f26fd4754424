"""
Everybody at the same fifty orders at once: batches, cancellations, scans, new stock, the clock and the carrier. No deadlock, no piece lost.
"""

import random
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from orderpipe.flow import STEPS, Unit, chain_from
from orderpipe.sideflows import cancellations, restock
from orderpipe.sideflows.cancellations import CancelRefused
from orderpipe.store.database import is_transient
from tests import builders
from tests.faults.crew import Crew
from tests.floor import Floor, receive_stock
from workers import run, sweep, targets
from workers.run import Run

SECONDS = 8


class Bustle:
    """Threads that all work on the same orders, each at its own job, for a while."""

    def __init__(self, engine: Engine, orders: list[int]) -> None:
        self.engine, self.orders = engine, orders
        self.until = time.monotonic() + SECONDS
        self.run = Run(engine, lambda: datetime.now(UTC))
        self.errors: list[BaseException] = []
        self.transient = 0

    def work(self, *jobs: Callable[[random.Random], object]) -> None:
        """All jobs at once, each again and again, until the time is over."""
        threads = [threading.Thread(target=self._again, args=(job, random.Random(place))) for place, job in enumerate(jobs)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()

    def _again(self, job: Callable[[random.Random], object], chance: random.Random) -> None:
        while time.monotonic() < self.until:
            try:
                job(chance)
            except CancelRefused:
                pass
            except Exception as error:
                if is_transient(error):
                    self.transient += 1
                else:
                    self.errors.append(error)
                    return

    def batch(self, chance: random.Random) -> None:
        """A message for some stage with some of the orders, in any order."""
        step = chance.choice(STEPS[1:])
        some = chance.sample(self.orders, 25)
        ids = some if step.unit == Unit.ORDER else [one * 1000 + nth for one in some for nth in (1, 2, 3)]
        run.run_stage(self.run, step.name, ids, chain_from(step.name)[1].name if len(chain_from(step.name)) > 1 else None)

    def cancel(self, chance: random.Random) -> None:
        time.sleep(0.2)
        with self.engine.begin() as tx:
            cancellations.cancel(tx, chance.choice(self.orders), reason="customer", by="customer", now=datetime.now(UTC))

    def deliver_goods(self, chance: random.Random) -> None:
        time.sleep(0.05)
        now = datetime.now(UTC)
        with self.engine.begin() as tx:
            receive_stock(tx, builders.location(tx), f"SKU-{chance.choice((1, 2, 3))}", 3, now=now)
        with self.engine.begin() as tx:
            restock.wake_waiting(tx, now)

    def tick(self, chance: random.Random) -> None:
        time.sleep(0.05)
        sweep.sweep(Run(self.engine, lambda: datetime.now(UTC) + timedelta(minutes=chance.choice((0, 1, 600)))))
        targets.check(Run(self.engine, lambda: datetime.now(UTC) + timedelta(days=30)))


def test_no_deadlock_and_no_piece_lost(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    floor.now = datetime.now(UTC)
    for sku in ("SKU-1", "SKU-2", "SKU-3"):
        floor.stock(sku, 20)
        floor.stock(sku, 5, at="north")
    policies: Any = ("as-available", "all-at-once")
    orders = [
        floor.order({"SKU-1": 1 + number % 3, "SKU-2": 1, "SKU-3": 1 + number % 2}, backorder_policy=policies[number % 5 == 0])
        for number in range(50)
    ]
    bustle = Bustle(floor.engine, orders)
    crew = Crew(floor.engine, short=7, lost=11)
    bustle.work(
        bustle.batch, bustle.batch, bustle.batch, bustle.cancel, bustle.deliver_goods, bustle.tick, lambda _: crew.work(),
    )
    assert not bustle.errors, bustle.errors
    assert floor.value("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()") == 0
    assert floor.value("SELECT count(*) FROM orders WHERE last_error IS NOT NULL") == 0
    floor.check()
    assert floor.value("SELECT count(*) FROM journal WHERE what IN ('order.canceled', 'fulfillment.delivered')") > 10


def test_batches_that_want_the_same_goods_never_sell_a_piece_twice(floor: Floor) -> None:
    """Eight batches of different orders reserve the same scarce articles at the same moment, each naming them in another order."""
    skus = [f"SKU-{number}" for number in range(12)]
    for sku in skus:
        floor.stock(sku, 25)
        floor.stock(sku, 10, at="north")
    chance = random.Random(1)
    batches = [[floor.order(dict.fromkeys(chance.sample(skus, 6), 1)) for _ in range(12)] for _ in range(8)]
    floor.stage("validate", [one for batch in batches for one in batch])
    together = threading.Barrier(len(batches))
    run_at_once = Run(floor.engine, lambda: datetime.now(UTC))

    def allocate(batch: list[int]) -> None:
        together.wait()
        run.run_stage(run_at_once, "allocate", batch, "promise")

    threads = [threading.Thread(target=allocate, args=(batch,)) for batch in batches]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert floor.value("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()") == 0
    assert floor.value("SELECT count(*) FROM orders WHERE state = 'allocated' AND last_error IS NULL") == 96
    assert floor.value("SELECT sum(on_hand - allocated) FROM stock") == 0
