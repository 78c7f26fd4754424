"""
What a tick of the clocks takes with a million live units in the books: when nothing is due, as usual, and when very much is late at once.

The units are made by the database out of constants: orders that are promised, each with a parcel in the warehouse or with the carrier, and
what the journal says of them. The ticks are the job's own code, on this process's connection to a durable server.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from statistics import median

from sqlalchemy import text

from benchmarks.ended import settle
from benchmarks.ground import Side, ground
from benchmarks.ledger import processor_seconds
from orderpipe.flow import MOST
from orderpipe.sideflows import clocks
from orderpipe.store import watches
from orderpipe.store.database import Database
from workers import targets
from workers.run import Run

UNITS = 1_000_000
ROUNDS = 7
A_TICK, TO_NEXT_LOOK = 15, 96 * 60
"""Seconds: a tick, and the shortest time between two looks at a parcel in the warehouse by the targets everybody begins with."""
LATE, VERY_MANY = 1_000, 20_000
AGAIN = 20
"""Times that a group is measured: the clock of processors is a coarse one."""

_ENDED = """WITH ended AS (UPDATE orders SET state = 'completed', next_at = NULL, ended_at = :now, waiting_for = NULL
        WHERE id IN (SELECT id FROM orders WHERE ended_at IS NULL ORDER BY id DESC LIMIT :most) RETURNING id)
    DELETE FROM watch WHERE order_id IN (SELECT id FROM ended) RETURNING order_id"""

_FILL = (
    """INSERT INTO orders (id, shop_id, reference, content_hash, type, lane, channel, language, customer, ship_to, payment_method, prepaid,
            currency, total, backorder_policy, state, waiting_for, next_at, received_at, stage_entered_at, complete_by)
        SELECT n, :shop, 'CLOCK-' || n, '\\x00', 'standard', 'standard', 'http', 'en',
            jsonb_build_object('name', 'Customer ' || n, 'email', 'c' || n || '@customers.example', 'phone', '+442079460123'),
            '{"line1": "1 High Street", "city": "London", "postal_code": "N1 1AA", "country": "GB"}', 'invoice', false, 'GBP', 20,
            'as-available', 'promised', 'fulfillments', CAST(:now AS timestamptz) + interval '1 day', :now, :now,
            CAST(:now AS timestamptz) + interval '10 days'
        FROM generate_series(1, :orders) AS g (n)""",
    """INSERT INTO fulfillment (id, order_id, shop_id, lane, kind, location_id, reserved, state, waiting_for, next_at, stage_entered_at,
            due_at)
        SELECT n * 1000 + 1, n, :shop, 'standard', 'parcel', (SELECT min(id) FROM location WHERE shop_id = :shop), true,
            (ARRAY['released', 'picked', 'packed', 'shipped'])[n % 4 + 1], CASE n % 4 WHEN 0 THEN 'pick-scans' WHEN 1 THEN 'pack-scans'
            WHEN 3 THEN 'carrier' END, CAST(:now AS timestamptz) + interval '12 hours', :now, CAST(:now AS timestamptz) + interval '4 hours'
        FROM generate_series(1, :orders) AS g (n)""",
    """INSERT INTO journal (order_id, seq, at, actor, what, fulfillment_id, before, after, spent_seconds)
        SELECT n, s.seq, CAST(:now AS timestamptz), 'runner', s.what, CASE WHEN s.seq > 4 THEN n * 1000 + 1 END, s.before, s.after, 1
        FROM generate_series(1, :orders) AS g (n) CROSS JOIN (VALUES (1, 'order.received', NULL, 'received'),
            (2, 'order.validated', 'received', 'validated'), (3, 'order.allocated', 'validated', 'allocated'),
            (4, 'order.promised', 'allocated', 'promised'), (5, 'fulfillment.released', 'planned', 'released'))
            AS s (seq, what, before, after)""",
    """INSERT INTO watch (order_id, look_at) SELECT n, CAST(:now AS timestamptz) + interval '96 minutes'
        FROM generate_series(1, :orders) AS g (n)""",
)


def measure(orders: int | None = None) -> dict[str, float]:
    """
    `clocks_1m_…_ms`: one tick with nothing due, as usual, with a thousand late, and with twenty thousand late at once.

    `clocks_order_ms`: processor time that the clocks add to an order which goes through at once.
    """
    units = orders or UNITS
    with ground() as here, here.side("clocks", lambda _: []) as side:
        begun = datetime.now(UTC)
        _fill(side, units // 2, begun)
        run = Run(side.engine, lambda: datetime.now(UTC))
        targets.check(run)
        usual, name = max(1, units // 2 * A_TICK // TO_NEXT_LOOK), f"clocks_{'1m' if units == UNITS else units}"
        figures = {
            f"{name}_quiet_ms": _median(run, lambda: None),
            f"{name}_usual_ms": _median(run, lambda: _come(side.engine, usual)),
            f"{name}_late_ms": _median(run, lambda: _late(side.engine, min(LATE, units // 20), "released")),
            f"{name}_very_many_ms": _ms(run, lambda: _late(side.engine, min(VERY_MANY, units // 5), "shipped")),
            "clocks_order_ms": _added(run),
        }
    print(f"clocks: {units:,} live units; a tick in ms: {figures}; usual is {usual:,} orders looked at", flush=True)
    return figures


def _fill(side: Side, orders: int, now: datetime) -> None:
    begun = time.perf_counter()
    with side.engine.begin() as tx:
        tx.execute(text("SET LOCAL statement_timeout = 0"))
        for statement in _FILL:
            tx.execute(text(statement), {"shop": side.shop_id, "orders": orders, "now": now})
    settle(side.engine.url.render_as_string(hide_password=False))
    print(f"  {orders:,} orders with a parcel each, after {time.perf_counter() - begun:.0f} s", flush=True)


def _come(engine: Database, orders: int) -> None:
    """So many looks come, at orders of which nothing is late."""
    with engine.begin() as tx:
        tx.execute(
            text("""UPDATE watch SET look_at = now() WHERE order_id IN (SELECT order_id FROM watch WHERE look_at > now()
                ORDER BY hashint8(order_id) LIMIT :orders)"""), {"orders": orders}
        )


def _late(engine: Database, orders: int, state: str) -> None:
    """So many parcels have stood too long where they stand, and their look comes."""
    with engine.begin() as tx:
        tx.execute(
            text("""WITH late AS (UPDATE fulfillment SET stage_entered_at = now() - interval '60 days' WHERE id IN (
                    SELECT id FROM fulfillment WHERE state = :state AND stage_entered_at > now() - interval '30 days' LIMIT :orders)
                RETURNING order_id)
                UPDATE watch SET look_at = now() WHERE order_id IN (SELECT order_id FROM late)"""), {"orders": orders, "state": state}
        )


def _added(run: Run) -> float:
    """Of the row at the door, and of the look that finds the order ended: the least of the rounds, in groups as at the door."""
    return round(min(_one_group(run) for _ in range(ROUNDS)) / MOST, 4)


def _one_group(run: Run) -> float:
    now = run.clock()
    with run.engine.begin() as tx:
        ended = tx.execute(text(_ENDED), {"most": MOST, "now": now}).scalars().all()
    busy = processor_seconds()
    for _ in range(AGAIN):
        with run.engine.begin() as tx:
            watches.begin(tx, ((order_id, now) for order_id in ended))
        with run.engine.begin() as tx:
            clocks.look(tx, now=now, limit=MOST)
    return (processor_seconds() - busy) * 1_000 / AGAIN


def _median(run: Run, prepare: Callable[[], None]) -> float:
    return round(median(_ms(run, prepare) for _ in range(ROUNDS)), 1)


def _ms(run: Run, prepare: Callable[[], None]) -> float:
    prepare()
    begun, busy = time.perf_counter(), processor_seconds()
    said = targets.check(run)
    spent, used = (time.perf_counter() - begun) * 1_000, (processor_seconds() - busy) * 1_000
    print(f"  {spent:8.1f} ms, {used:.0f} of processors: {said}", flush=True)
    return round(spent, 1)
