"""
Orders per second from the door to the thank-you letter, through every stage, with durable commits and every letter rendered.

Compared with the same stages when every message carries one order, which is how a plain Celery chain is written.
"""

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import text

from benchmarks.bench_shop import open_shop, received
from benchmarks.facts import Facts
from orderpipe.intake.outcomes import Recorded
from orderpipe.intake.record import record
from orderpipe.local.processes import Place, Program, product
from orderpipe.local.stack import Stack
from orderpipe.settings import Settings, settings
from orderpipe.store.database import Database, connect

ORDERS = 10_000
SINGLES = 400
GROUP = 200
LONGEST = 600.0
"""Seconds after which a measurement is given up."""


class TooSlow(Exception):
    """The orders did not complete in time."""


def measure(orders: int | None = None) -> dict[str, float]:
    """`pipeline_per_s` in batches, and as a ratio to one order per message."""
    with running_stack() as engine:
        with engine.begin() as tx:
            shop_id = open_shop(tx)
        with Facts(engine, shop_id):
            _run(engine, shop_id, orders=500, group=GROUP, prefix="warm-up")
            batches = _run(engine, shop_id, orders=orders or ORDERS, group=GROUP, prefix="batch")
            singles = _run(engine, shop_id, orders=min(orders or SINGLES, SINGLES), group=1, prefix="single")
    print(f"pipeline: {batches:,.0f} orders/s in batches, {singles:,.0f} orders/s one by one", flush=True)
    return {"pipeline_per_s": round(batches), "pipeline_vs_one_by_one": round(batches / singles, 1)}


@contextmanager
def running_stack() -> Iterator[Database]:
    """Private servers and the workers, on free ports, with letters rendered into a sink; everything ends with the block."""
    with tempfile.TemporaryDirectory(prefix="orderpipe-bench-", ignore_cleanup_errors=True) as folder:
        chosen = Settings(smtp_url="null:", sms_url="null:")
        with Stack(Path(folder), settings=chosen, say=lambda line: print(line, flush=True), programs=_workers) as stack:
            stack.start()
            os.environ.update(stack.environment())
            settings.cache_clear()
            from orderpipe import broker

            broker.app.conf.update(broker_url=settings().broker_url)
            yield connect(settings().database_url)


def _workers(place: Place) -> list[Program]:
    return [program for program in product(place) if program.name not in ("api", "flower")]


def _run(engine: Database, shop_id: int, *, orders: int, group: int, prefix: str) -> float:
    from orderpipe import broker

    begun = time.perf_counter()
    for start in range(0, orders, group):
        with engine.begin() as tx:
            some = [received(shop_id, number, prefix) for number in range(start, min(start + group, orders))]
            outcomes = record(tx, some, datetime.now(UTC))
        ids = [one.order_id for one in outcomes if isinstance(one, Recorded)]
        broker.send_stage("validate", ids, "standard")
    print(f"  {prefix}: {orders} recorded after {time.perf_counter() - begun:.1f} s", flush=True)
    _wait(engine, prefix, orders, begun)
    spent = time.perf_counter() - begun
    print(f"  {prefix}: {orders} orders completed after {spent:.1f} s", flush=True)
    return orders / spent


def _wait(engine: Database, prefix: str, orders: int, begun: float) -> None:
    question = text("SELECT count(*) FROM orders WHERE next_at IS NOT NULL AND reference LIKE :prefix")
    while time.perf_counter() - begun < LONGEST:
        with engine.connect() as tx:
            live = tx.execute(question, {"prefix": f"{prefix}-%"}).scalar_one()
        if live == 0:
            return
        time.sleep(0.2)
    raise TooSlow(f"{live} of {orders} orders had not completed after {LONGEST:.0f} s.")
