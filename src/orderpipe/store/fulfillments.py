"""
Fulfillments: what can leave together from one place, and its lines.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import JSONB

from orderpipe.flow import FulfillmentState, WaitingFor
from orderpipe.store.metadata import Tx, insert_rows, metadata, one_of, text
from orderpipe.store.personal import OF_FULFILLMENT, personal

fulfillment = Table(
    "fulfillment",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("order_id", BigInteger, ForeignKey("orders.id"), nullable=False),
    Column("shop_id", BigInteger, nullable=False),
    Column("lane", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("location_id", BigInteger, ForeignKey("location.id")),
    Column("reserved", Boolean, nullable=False),
    Column("not_before", DateTime(timezone=True)),
    Column("ship_to", JSONB),
    Column("state", Text, nullable=False),
    Column("waiting_for", Text),
    Column("next_at", DateTime(timezone=True)),
    Column("attempts", SmallInteger, nullable=False, server_default="0"),
    Column("crashes", SmallInteger, nullable=False, server_default="0"),
    Column("stage_entered_at", DateTime(timezone=True), nullable=False),
    Column("due_at", DateTime(timezone=True)),
    Column("breached", SmallInteger, nullable=False, server_default="0"),
    Column("ended_at", DateTime(timezone=True)),
    Column("last_error", Text),
    CheckConstraint("kind IN ('parcel', 'appointment')", name="kind"),
    CheckConstraint(one_of("state", FulfillmentState), name="state"),
    CheckConstraint(one_of("waiting_for", WaitingFor), name="waiting_for"),
    CheckConstraint("(ended_at IS NULL) = (next_at IS NOT NULL)", name="live_has_next_at"),
    CheckConstraint("(ended_at IS NULL) = (state NOT IN ('delivered', 'canceled', 'returned', 'lost'))", name="ended_at"),
    CheckConstraint("state = 'planned' OR state = 'canceled' OR reserved OR kind = 'appointment'", name="reserved_when_released"),
    CheckConstraint("kind = 'appointment' OR location_id IS NOT NULL", name="parcel_has_location"),
    CheckConstraint("id / 1000 = order_id", name="id_tells_the_order"),
    Index("ix_fulfillment_order_id", "order_id"),
    Index("ix_fulfillment_next_at", "shop_id", "next_at", postgresql_where=text("next_at IS NOT NULL")),
    postgresql_with={"fillfactor": 50},
    info=personal(last_error="NULL", ship_to="NULL", harmless="lane kind state waiting_for"),
)
"""
The id is order_id × 1000 + its number within the order; shop and lane are the order's.

`reserved`: its stock is set aside. A parcel leaves a location; an appointment is a service. `ship_to` is where it goes when the
order's address was changed after it was packed.
"""

fulfillment_line = Table(
    "fulfillment_line",
    metadata,
    Column("fulfillment_id", BigInteger, ForeignKey("fulfillment.id"), primary_key=True),
    Column("number", SmallInteger, primary_key=True),
    Column("sku", Text, nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("picked", Integer, nullable=False, server_default="0"),
    Column("short", Integer, nullable=False, server_default="0"),
    Column("packed", Integer, nullable=False, server_default="0"),
    CheckConstraint("quantity >= 0", name="quantity"),
    CheckConstraint("0 <= packed AND packed <= picked AND picked + short <= quantity", name="packed_picked_quantity"),
    postgresql_with={"fillfactor": 60},
    info=personal(OF_FULFILLMENT, harmless="sku"),
)
"""`number` is the order line's; `short` is what the picker did not find and a new fulfillment will bring."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a fulfillment and how far its handling is; `number` is the order line's."""

    fulfillment_id: int
    number: int
    sku: str
    quantity: int
    picked: int
    short: int
    packed: int


def plan(tx: Tx, fulfillments: Sequence[Mapping[str, Any]], lines: Sequence[Mapping[str, Any]]) -> None:
    """Write new fulfillments with their lines."""
    insert_rows(tx, fulfillment, fulfillments)
    insert_rows(tx, fulfillment_line, lines)


def lines_of(tx: Tx, fulfillment_ids: Collection[int]) -> dict[int, list[Line]]:
    """The lines of each fulfillment, by number."""
    rows = tx.execute(
        text("""SELECT fulfillment_id, number, sku, quantity, picked, short, packed FROM fulfillment_line
            WHERE fulfillment_id = ANY(:ids) ORDER BY fulfillment_id, number"""),
        {"ids": list(fulfillment_ids)},
    )
    lines: dict[int, list[Line]] = {fulfillment: [] for fulfillment in fulfillment_ids}
    for row in rows.all():
        lines[row.fulfillment_id].append(Line(*row))
    return lines


def delivered_in_part(tx: Tx, order_ids: Collection[int]) -> dict[int, list[dict[str, int]]]:
    """What was delivered (line number, quantity) of those of the orders of which less was delivered than ordered."""
    rows = tx.execute(
        text("""SELECT l.order_id, l.number, l.quantity, coalesce(sum(d.quantity), 0)::int AS delivered
            FROM order_line l LEFT JOIN (fulfillment_line d JOIN fulfillment f ON f.id = d.fulfillment_id AND f.state = 'delivered')
                ON f.order_id = l.order_id AND d.number = l.number
            WHERE l.order_id = ANY(:ids) GROUP BY l.order_id, l.number, l.quantity ORDER BY l.order_id, l.number"""),
        {"ids": list(order_ids)},
    ).all()
    parts: dict[int, list[dict[str, int]]] = {row.order_id: [] for row in rows if row.delivered < row.quantity}
    for row in rows:
        if row.order_id in parts and row.delivered:
            parts[row.order_id].append({"number": row.number, "quantity": row.delivered})
    return parts


def without_live(tx: Tx, order_ids: Collection[int]) -> list[int]:
    """Those of the orders that have no fulfillment still on its way."""
    rows = tx.execute(
        text("""SELECT o.id FROM unnest(CAST(:ids AS bigint[])) AS o (id)
            WHERE NOT EXISTS (SELECT FROM fulfillment f WHERE f.order_id = o.id AND f.ended_at IS NULL) ORDER BY o.id"""),
        {"ids": list(order_ids)},
    )
    return [row.id for row in rows.all()]


def numbers_used(tx: Tx, order_ids: Collection[int]) -> dict[int, int]:
    """The highest fulfillment number of each order, 0 for none."""
    rows = tx.execute(
        text("SELECT order_id, max(id) % 1000 AS number FROM fulfillment WHERE order_id = ANY(:ids) GROUP BY order_id"),
        {"ids": list(order_ids)},
    )
    used = {row.order_id: int(row.number) for row in rows}
    return {order_id: used.get(order_id, 0) for order_id in order_ids}


def start_not_before(tx: Tx, dates: Sequence[tuple[int, datetime | None, datetime | None]]) -> None:
    """Fulfillments (id, begin, overdue) promised for later are not released before they may begin (None: at once); instants UTC."""
    if dates:
        tx.execute(
            text("""UPDATE fulfillment f SET not_before = u.at, due_at = u.due_at
                FROM unnest(CAST(:ids AS bigint[]), CAST(:dates AS timestamptz[]), CAST(:dues AS timestamptz[])) AS u (id, at, due_at)
                WHERE f.id = u.id"""),
            {"ids": [one for one, _, _ in dates], "dates": [at for _, at, _ in dates], "dues": [due for _, _, due in dates]},
        )


@dataclass(frozen=True, slots=True)
class ToRelease:
    """A planned fulfillment, and what may stop its release."""

    id: int
    order_id: int
    shop_id: int
    appointment: bool
    reserved: bool
    not_before: datetime | None
    prepaid: bool
    unpaid: Decimal
    promised: bool


def to_release(tx: Tx, fulfillment_ids: Collection[int]) -> list[ToRelease]:
    """The fulfillments with what their orders have still to pay: the total, or without one the lines' sum; 0 for all but prepaid orders."""
    rows = tx.execute(
        text("""SELECT f.id, f.order_id, o.shop_id, f.kind = 'appointment' AS appointment, f.reserved, f.not_before, o.prepaid,
                CASE WHEN o.prepaid THEN
                    coalesce(o.total, (SELECT sum(round(l.unit_price * l.quantity, 2)) FROM order_line l WHERE l.order_id = o.id), 0)
                    - coalesce((SELECT sum(p.amount) FROM payment p WHERE p.order_id = o.id), 0) ELSE 0 END AS unpaid,
                o.state = 'promised' AS promised
            FROM fulfillment f JOIN orders o ON o.id = f.order_id WHERE f.id = ANY(:ids) ORDER BY f.id"""),
        {"ids": list(fulfillment_ids)},
    )
    return [ToRelease(*row) for row in rows.all()]


def note_reserved(tx: Tx, places: Mapping[int, int]) -> None:
    """The stock of these waiting fulfillments has been set aside, at these locations."""
    if places:
        tx.execute(
            text("""UPDATE fulfillment f SET reserved = true, location_id = u.location_id
                FROM unnest(CAST(:ids AS bigint[]), CAST(:locations AS bigint[])) AS u (id, location_id) WHERE f.id = u.id"""),
            {"ids": list(places), "locations": list(places.values())},
        )


def take_off_short(tx: Tx, fulfillment_ids: Collection[int]) -> None:
    """What the picker did not find no longer belongs to these fulfillments."""
    tx.execute(
        text("UPDATE fulfillment_line SET quantity = quantity - short, short = 0 WHERE fulfillment_id = ANY(:ids) AND short > 0"),
        {"ids": list(fulfillment_ids)},
    )


@dataclass(frozen=True, slots=True)
class Place:
    """Where a fulfillment is handled, and for whom."""

    id: int
    order_id: int
    shop_id: int
    lane: str
    location_id: int
    carrier: str
    received_at: datetime
    until_at: datetime | None


def places_of(tx: Tx, fulfillment_ids: Collection[int]) -> dict[int, Place]:
    """The location, carrier and promised end of each parcel."""
    rows = tx.execute(
        text("""SELECT f.id, f.order_id, f.shop_id, f.lane, f.location_id, l.carrier, o.received_at,
                (SELECT p.until_at FROM promise p WHERE p.fulfillment_id = f.id ORDER BY p.revision DESC LIMIT 1)
            FROM fulfillment f JOIN orders o ON o.id = f.order_id JOIN location l ON l.id = f.location_id
            WHERE f.id = ANY(:ids)"""),
        {"ids": list(fulfillment_ids)},
    )
    return {row.id: Place(*row) for row in rows.all()}


def states_of(tx: Tx, order_ids: Collection[int]) -> dict[int, list[tuple[int, FulfillmentState]]]:
    """The (id, state) of every fulfillment of each order."""
    rows = tx.execute(
        text("SELECT order_id, id, state FROM fulfillment WHERE order_id = ANY(:ids) ORDER BY id"), {"ids": list(order_ids)}
    )
    states: dict[int, list[tuple[int, FulfillmentState]]] = {order_id: [] for order_id in order_ids}
    for row in rows:
        states[row.order_id].append((row.id, FulfillmentState(row.state)))
    return states
