"""
When the clocks of each order are looked at again, and what is read then: the order as it stands, and what the journal says of it.

A look lies before any target of the order can be reached, so nothing has to be written when a unit moves, waits or goes on.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, Index, SmallInteger, Table, Text

from orderpipe.domain.histories import ITSELF, Happened, Held, History, Part, Standing
from orderpipe.flow import FulfillmentState, OrderState
from orderpipe.store.metadata import Tx, insert_rows, metadata, text
from orderpipe.store.personal import IMPERSONAL

watch = Table(
    "watch",
    metadata,
    Column("order_id", BigInteger, primary_key=True, autoincrement=False),
    Column("look_at", DateTime(timezone=True), nullable=False),
    Index("ix_watch_look_at", "look_at"),
    info=IMPERSONAL,
)
"""An order that has ended keeps its row until that look."""

clock_rules = Table(
    "clock_rules",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("fingerprint", Text, nullable=False),
    Column("after_id", BigInteger),
    CheckConstraint("id = 1", name="one"),
    info=IMPERSONAL,
)
"""By which calendars and targets clocks were read last. `after_id`: while all are read anew, up to which order that is done."""


def begin(tx: Tx, looks: Iterable[tuple[int, datetime]]) -> None:
    """Look at new orders at these instants (UTC) for the first time."""
    insert_rows(tx, watch, [{"order_id": order_id, "look_at": at} for order_id, at in looks], conflict="ON CONFLICT DO NOTHING")


def look_at(tx: Tx, looks: Mapping[int, datetime]) -> None:
    """Look at these orders at these instants (UTC), whatever was planned before."""
    insert_rows(
        tx, watch, [{"order_id": order_id, "look_at": looks[order_id]} for order_id in sorted(looks)],
        conflict="ON CONFLICT (order_id) DO UPDATE SET look_at = excluded.look_at",
    )


def look_soon(tx: Tx, order_ids: Collection[int], now: datetime) -> None:
    """Look at these orders at the next tick: something about them may be late earlier than was thought."""
    if not order_ids:
        return
    begin(tx, ((order_id, now) for order_id in sorted(order_ids)))
    tx.execute(
        text("""UPDATE watch w SET look_at = :now FROM (SELECT order_id FROM watch
            WHERE order_id = ANY(:ids) AND look_at > :now ORDER BY order_id FOR UPDATE) held WHERE w.order_id = held.order_id"""),
        {"ids": list(order_ids), "now": now},
    )


def alone(tx: Tx) -> bool:
    """Whether nobody else looks at the same time; then nobody will until this transaction ends."""
    return bool(tx.execute(text("SELECT pg_try_advisory_xact_lock(hashtext('orderpipe target.check'))")).scalar_one())


def due(tx: Tx, *, now: datetime, limit: int) -> list[int]:
    """Up to `limit` orders whose look has come, the longest due first."""
    rows = tx.execute(text("SELECT order_id FROM watch WHERE look_at <= :now ORDER BY look_at LIMIT :limit"), {"now": now, "limit": limit})
    return [row.order_id for row in rows]


def looked(tx: Tx, again: Mapping[int, datetime], ended: Collection[int], *, now: datetime) -> None:
    """Note when those that were due are looked at again, and forget those that have ended; a look that was moved meanwhile stays."""
    if again:
        # by the rows' places: a join by the key would read the table whole for a few thousand of them
        tx.execute(
            text("""WITH held AS MATERIALIZED (SELECT ctid AS place, order_id FROM watch
                    WHERE order_id = ANY(CAST(:ids AS bigint[])) AND look_at <= :now ORDER BY order_id FOR UPDATE)
                UPDATE watch w SET look_at = u.at FROM held
                JOIN unnest(CAST(:ids AS bigint[]), CAST(:ats AS timestamptz[])) AS u (id, at) ON u.id = held.order_id
                WHERE w.ctid = held.place"""),
            {"ids": list(again), "ats": list(again.values()), "now": now},
        )
    if ended:
        tx.execute(text("DELETE FROM watch WHERE order_id = ANY(:ids)"), {"ids": sorted(ended)})


def standing(tx: Tx, order_ids: Collection[int]) -> list[Standing]:
    """The orders as they stand, by id."""
    wanted = {"ids": list(order_ids)}
    parts: dict[int, list[Part]] = {}
    for row in tx.execute(text("""SELECT order_id, id, state, kind = 'appointment', stage_entered_at, location_id, not_before, due_at
            FROM fulfillment WHERE order_id = ANY(:ids) AND ended_at IS NULL ORDER BY id"""), wanted):
        parts.setdefault(row.order_id, []).append(Part(row.id, FulfillmentState(row.state), *row[3:]))
    orders = tx.execute(text("""SELECT id, shop_id, type, state, ended_at IS NOT NULL, stage_entered_at, received_at, due_at, complete_by
        FROM orders WHERE id = ANY(:ids) ORDER BY id"""), wanted)
    return [Standing(*(*row[:3], OrderState(row.state), *row[4:], tuple(parts.get(row.id, ())))) for row in orders]


def histories(tx: Tx, order_ids: Collection[int]) -> dict[int, History]:
    """What the journal says of these orders' time, by order id."""
    entries: dict[int, list[Happened]] = {order_id: [] for order_id in order_ids}
    holds: dict[int, list[Held]] = {order_id: [] for order_id in order_ids}
    for row in tx.execute(text(f"""SELECT order_id, at, coalesce(fulfillment_id, {ITSELF}), what, after,
            CASE WHEN what LIKE '%.waits' THEN note ->> 'for' END, spent_seconds FROM journal
            WHERE order_id = ANY(:ids) AND (after IS NOT NULL OR what LIKE '%.waits' OR what = 'payment.received')
            ORDER BY order_id, seq"""), {"ids": list(order_ids)}):
        entries[row.order_id].append(Happened(*row[1:]))
    for row in tx.execute(text(f"""SELECT order_id, coalesce(fulfillment_id, {ITSELF}) AS unit, kind, opened_at, closed_at FROM hold
            WHERE order_id = ANY(:ids) AND kind IN ('query', 'office') ORDER BY id"""), {"ids": list(order_ids)}):
        holds[row.order_id].append(Held(row.unit, row.kind, (row.opened_at, row.closed_at)))
    return {order_id: History(entries[order_id], holds[order_id]) for order_id in order_ids}


def waits(tx: Tx, units: Collection[tuple[int, int]]) -> dict[tuple[int, int], str]:
    """What these units, (order id, fulfillment id or 0), wait for; of an order that waits for its parts, what the oldest of them does."""
    rows = tx.execute(
        text(f"""SELECT t.id AS order_id, {ITSELF} AS unit, coalesce(CASE WHEN t.waiting_for = 'fulfillments' THEN (
                SELECT f.waiting_for FROM fulfillment f WHERE f.order_id = t.id AND f.next_at IS NOT NULL
                ORDER BY f.stage_entered_at, f.id LIMIT 1) END, t.waiting_for) AS waits_for
            FROM orders t WHERE t.id = ANY(:orders)
            UNION ALL SELECT order_id, id, waiting_for FROM fulfillment WHERE id = ANY(:parts)"""),
        {"orders": sorted({order_id for order_id, _ in units}), "parts": sorted({part for _, part in units if part != ITSELF})},
    )
    return {(row.order_id, row.unit): row.waits_for for row in rows if row.waits_for}


def free(tx: Tx, order_ids: Collection[int]) -> set[int]:
    """Lock those of the orders that nobody else works on now."""
    rows = tx.execute(
        text("SELECT id FROM orders WHERE id = ANY(:ids) ORDER BY id FOR NO KEY UPDATE SKIP LOCKED"), {"ids": sorted(set(order_ids))}
    )
    return {row.id for row in rows}


def write_due(tx: Tx, orders: Sequence[tuple[int, str, datetime]], parts: Sequence[tuple[int, datetime]]) -> None:
    """Write down when targets are due by now (UTC): of orders (id, `due_at` or `complete_by`, when), and of fulfillments."""
    for column in ("due_at", "complete_by"):
        _write("orders", column, [(order_id, at) for order_id, of, at in orders if of == column], tx)
    _write("fulfillment", "due_at", parts, tx)


def _write(table: str, column: str, rows: Sequence[tuple[int, datetime]], tx: Tx) -> None:
    if rows:
        tx.execute(
            text(f"""UPDATE {table} t SET {column} = u.at FROM unnest(CAST(:ids AS bigint[]), CAST(:ats AS timestamptz[])) AS u (id, at)
                WHERE t.id = u.id AND t.ended_at IS NULL"""),
            {"ids": [one for one, _ in rows], "ats": [at for _, at in rows]},
        )


def read_anew_after(tx: Tx, fingerprint: str) -> int | None:
    """
    After which order clocks are to be read anew, because calendars or targets are others than before; None where they are not.

    The first time there is nothing to compare with.
    """
    insert_rows(tx, clock_rules, [{"id": 1, "fingerprint": fingerprint}], conflict="ON CONFLICT DO NOTHING")
    row = tx.execute(
        text("""UPDATE clock_rules SET fingerprint = CAST(:new AS text),
            after_id = CASE WHEN fingerprint <> CAST(:new AS text) THEN 0 ELSE after_id END RETURNING after_id"""), {"new": fingerprint}
    ).one()
    return None if row.after_id is None else int(row.after_id)


def next_after(tx: Tx, order_id: int, *, limit: int) -> list[int]:
    """The orders that are looked at whose ids follow this one."""
    rows = tx.execute(
        text("SELECT order_id FROM watch WHERE order_id > :after ORDER BY order_id LIMIT :limit"), {"after": order_id, "limit": limit}
    )
    return [row.order_id for row in rows]


def adopt(tx: Tx, now: datetime) -> None:
    """Look soon at live orders that nobody looks at: a process of the release before took them down."""
    tx.execute(
        text("""INSERT INTO watch (order_id, look_at) SELECT id, CAST(:now AS timestamptz) FROM orders WHERE next_at IS NOT NULL ORDER BY id
            ON CONFLICT DO NOTHING"""),
        {"now": now},
    )


def note_read_anew(tx: Tx, up_to: int | None) -> None:
    """The clocks of orders up to this one have been read anew; None: all."""
    tx.execute(text("UPDATE clock_rules SET after_id = :up_to"), {"up_to": up_to})
