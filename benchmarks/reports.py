"""
How long each report takes over a year of a million orders, beside the same figure counted order by order.

The plain side reads each order's own rows by their keys and judges it in Python, as one would who has no statement for all; it does so for
a sample, and what it would take for the year follows from that.
"""

import shutil
import tempfile
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from statistics import median

from sqlalchemy import text

from benchmarks import Skipped
from benchmarks.bench_shop import open_shop
from benchmarks.growth import ENDED, ROOM
from benchmarks.stack import running_stack
from benchmarks.year import fill
from orderpipe.assembly import utc_now
from orderpipe.domain.reports import Period
from orderpipe.store.database import Database
from orderpipe.store.metadata import Tx
from orderpipe.store.reports.asked import Asked
from orderpipe.store.reports.catalogue import KINDS, WORKLOAD
from orderpipe.store.reports.workload import ahead

ROUNDS = 3
SAMPLE = 1_000

_ORDER = text("SELECT state FROM orders WHERE id = :id")
_PARTS = text("""SELECT p.until_at, coalesce(c.status_at, f.ended_at) AS delivered_at
    FROM fulfillment f JOIN promise p ON p.fulfillment_id = f.id AND p.revision = 1 LEFT JOIN parcel c ON c.fulfillment_id = f.id
    WHERE f.order_id = :id""")
_HAPPENED = text("SELECT what FROM journal WHERE order_id = :id")
_CASES = text("SELECT cause FROM case_file WHERE order_id = :id")


def measure(orders: int | None = None) -> dict[str, float]:
    """`report_NAME_s`: the median of three rounds; `report_loop_times`: a loop over the orders against the slowest. Raises Skipped."""
    count = orders or ENDED
    if shutil.disk_usage(tempfile.gettempdir()).free < count * ROOM:
        raise Skipped(f"{count:,} orders need {count * ROOM / 1e9:.0f} GB in {tempfile.gettempdir()}; TMPDIR may name another place.")
    with running_stack(lambda _: []) as engine:
        with engine.begin() as tx:
            shop_id = open_shop(tx)
        begun = time.perf_counter()
        fill(engine, shop_id, count)
        print(f"  {count:,} orders of a year after {time.perf_counter() - begun:.0f} s", flush=True)
        took = {name: _median(engine, name) for name in KINDS}
        loop = _loop(engine, min(SAMPLE, count)) * count
    for name, seconds in took.items():
        print(f"  {name:<14} {seconds:6.2f} s   a loop over the orders {loop:7.0f} s   {loop / seconds:5.0f} ×", flush=True)
    slowest = max(took.values())
    named = {f"report_{name.replace('-', '_')}_s": round(seconds, 2) for name, seconds in took.items()}
    return named | {"report_slowest_s": round(slowest, 2), "report_loop_times": round(loop / slowest, 1)}


def _median(engine: Database, name: str) -> float:
    now = utc_now()
    return median(_timed(engine, lambda tx: KINDS[name].make(tx, _asked(name, now))) for _ in range(ROUNDS))


def _asked(name: str, now: datetime) -> Asked:
    """The last year; the workload is that of the next week."""
    today = now.date()
    return Asked(ahead(today, 7) if name == WORKLOAD else Period(today - timedelta(days=364), today), now)


def _timed(engine: Database, work: Callable[[Tx], object]) -> float:
    begun = time.perf_counter()
    with engine.begin() as tx:
        work(tx)
    return time.perf_counter() - begun


def _loop(engine: Database, sample: int) -> float:
    """Seconds for one order's figures, its rows read by their keys."""
    with engine.connect() as tx:
        ids = tx.execute(text("SELECT id FROM orders ORDER BY random() LIMIT :sample"), {"sample": sample}).scalars().all()

    def each(tx: Tx) -> int:
        return sum(_judged(tx, order_id) for order_id in ids)

    return _timed(engine, each) / len(ids)


def _judged(tx: Tx, order_id: int) -> bool:
    """Whether the order is perfect."""
    state = tx.execute(_ORDER, {"id": order_id}).scalar_one()
    parts = tx.execute(_PARTS, {"id": order_id}).all()
    happened, causes = (set(tx.execute(statement, {"id": order_id}).scalars()) for statement in (_HAPPENED, _CASES))
    on_time = max(one.delivered_at for one in parts) <= max(one.until_at for one in parts)
    return state == "completed" and on_time and "order.canceled" not in happened and not {"damaged", "quality"} & causes
