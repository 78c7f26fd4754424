"""
Orders as their shop sees them: lists page by page, and one order whole with everything that belongs to it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from orderpipe.store.metadata import Tx, text


@dataclass(frozen=True, slots=True)
class Listed:
    """An order in a list; instants UTC, money in `currency`."""

    id: int
    reference: str
    type: str
    channel: str
    state: str
    waiting_for: str | None
    currency: str
    total: Decimal | None
    received_at: datetime
    complete_by: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Head(Listed):
    """The head of one order; `seq` is the number of its last journal entry."""

    lane: str
    language: str
    customer: Mapping[str, str]
    ship_to: Mapping[str, str] | None
    payment_method: str
    prepaid: bool
    requested_on: date | None
    purchase_order: str | None
    note: str | None
    backorder_policy: str
    stage_entered_at: datetime
    due_at: datetime | None
    next_at: datetime | None
    last_error: str | None
    seq: int


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the order; `unit_price` None where none is known."""

    number: int
    sku: str
    kind: str
    description: str
    quantity: int
    canceled: int
    unit_price: Decimal | None


@dataclass(frozen=True, slots=True)
class Part:
    """A fulfillment with its lines (number, sku, quantity, picked, packed) and parcels, and its first and its current promise."""

    id: int
    kind: str
    state: str
    waiting_for: str | None
    next_at: datetime | None
    stage_entered_at: datetime
    due_at: datetime | None
    ended_at: datetime | None
    last_error: str | None
    location: str | None
    lines: Sequence[Mapping[str, Any]]
    parcels: Sequence[Mapping[str, Any]]
    promised_from: datetime | None
    promised_until: datetime | None
    first_until: datetime | None
    revision: int | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Question:
    """An open question about the order."""

    id: int
    doubts: Sequence[Mapping[str, Any]]
    opened_at: datetime
    asked_at: datetime | None
    reminded_at: datetime | None
    repeated_at: datetime | None
    escalated_at: datetime | None
    silence_at: datetime | None
    on_silence: str | None


@dataclass(frozen=True, slots=True)
class Happened:
    """An entry of the journal; times spent and allowed in seconds."""

    seq: int
    at: datetime
    actor: str
    what: str
    fulfillment_id: int | None
    before: str | None
    after: str | None
    note: Mapping[str, Any] | None
    spent_seconds: float | None
    target_seconds: float | None
    task_id: str | None


@dataclass(frozen=True, slots=True)
class Filter:
    """Which orders to list; None: whichever."""

    state: str | None = None
    waiting_for: str | None = None
    reference: str | None = None
    updated_since: datetime | None = None


_LISTED = ", ".join(f"o.{name}" for name in Listed.__dataclass_fields__)
_HEAD = ", ".join(f"o.{name}" for name in Head.__dataclass_fields__ if name != "seq")
_CONDITIONS = {
    "state": "o.state = :state",
    # what has ended waits for nothing: the index over the live ones finds the few among the many
    "waiting_for": """(o.next_at IS NOT NULL AND (o.waiting_for = :waiting_for OR EXISTS (SELECT FROM fulfillment f
        WHERE f.order_id = o.id AND f.waiting_for = :waiting_for AND f.ended_at IS NULL)))""",
    "reference": "o.reference = :reference",
    "updated_since": "o.id IN (SELECT j.order_id FROM journal j WHERE j.at >= :updated_since)",
}


def listed(tx: Tx, shop_id: int, wanted: Filter, *, before: int | None, limit: int) -> list[Listed]:
    """The shop's orders that fit, the newest first, from those whose id is lower than `before`."""
    given = {name: value for name in _CONDITIONS if (value := getattr(wanted, name)) is not None}
    conditions = ["o.shop_id = :shop_id", *(_CONDITIONS[name] for name in given)]
    if before is not None:
        conditions.append("o.id < :before")
    rows = tx.execute(
        text(f"SELECT {_LISTED} FROM orders o WHERE {' AND '.join(conditions)} ORDER BY o.id DESC LIMIT :limit"),
        {**given, "shop_id": shop_id, "before": before, "limit": limit},
    )
    return [Listed(*row) for row in rows]


def head(tx: Tx, shop_id: int, order_id: int) -> Head | None:
    """The head of a shop's order."""
    row = tx.execute(
        text(f"""SELECT {_HEAD}, coalesce((SELECT max(j.seq) FROM journal j WHERE j.order_id = o.id), 0) AS seq
            FROM orders o WHERE o.id = :id AND o.shop_id = :shop_id"""),
        {"id": order_id, "shop_id": shop_id},
    ).one_or_none()
    return Head(*row) if row else None


def last_seq(tx: Tx, shop_id: int, order_id: int) -> int | None:
    """The number of the last journal entry of a shop's order; None for another's."""
    seq = tx.execute(
        text("SELECT max(j.seq) FROM journal j JOIN orders o ON o.id = j.order_id WHERE o.id = :id AND o.shop_id = :shop_id"),
        {"id": order_id, "shop_id": shop_id},
    ).scalar()
    return None if seq is None else int(seq)


def lines(tx: Tx, order_id: int) -> list[Line]:
    """The order's lines as they stand."""
    columns = ", ".join(Line.__dataclass_fields__)
    rows = tx.execute(text(f"SELECT {columns} FROM order_line WHERE order_id = :id ORDER BY number"), {"id": order_id})
    return [Line(*row) for row in rows]


_PARTS = text("""
    SELECT f.id, f.kind, f.state, f.waiting_for, f.next_at, f.stage_entered_at, f.due_at, f.ended_at, f.last_error, l.code,
        coalesce((SELECT jsonb_agg(jsonb_build_object('number', n.number, 'sku', n.sku, 'quantity', n.quantity,
            'picked', n.picked, 'packed', n.packed) ORDER BY n.number)
            FROM fulfillment_line n WHERE n.fulfillment_id = f.id), '[]') AS lines,
        coalesce((SELECT jsonb_agg(jsonb_build_object('tracking_number', p.tracking_number, 'sscc', p.sscc, 'carrier', p.carrier,
            'status', p.status, 'shipped_at', p.shipped_at, 'status_at', p.status_at) ORDER BY p.id)
            FROM parcel p WHERE p.fulfillment_id = f.id), '[]') AS parcels,
        now.from_at, now.until_at, first.until_at, now.revision, now.reason
    FROM fulfillment f LEFT JOIN location l ON l.id = f.location_id
    LEFT JOIN LATERAL (SELECT * FROM promise p WHERE p.fulfillment_id = f.id ORDER BY p.revision DESC LIMIT 1) now ON true
    LEFT JOIN LATERAL (SELECT * FROM promise p WHERE p.fulfillment_id = f.id ORDER BY p.revision LIMIT 1) first ON true
    WHERE f.order_id = :id ORDER BY f.id
""")


def parts(tx: Tx, order_id: int) -> list[Part]:
    """The order's fulfillments with all that belongs to them."""
    return [Part(*row) for row in tx.execute(_PARTS, {"id": order_id})]


def open_questions(tx: Tx, order_id: int) -> list[Question]:
    """What the customer is asked about the order."""
    columns = ", ".join(Question.__dataclass_fields__)
    rows = tx.execute(text(f"SELECT {columns} FROM query WHERE order_id = :id AND state = 'open' ORDER BY id"), {"id": order_id})
    return [Question(*row) for row in rows]


def timeline(tx: Tx, order_id: int, *, after: int, limit: int) -> list[Happened]:
    """What happened to the order, in order, after the entry of this number."""
    columns = ", ".join(Happened.__dataclass_fields__)
    rows = tx.execute(
        text(f"SELECT {columns} FROM journal WHERE order_id = :id AND seq > :after ORDER BY seq LIMIT :limit"),
        {"id": order_id, "after": after, "limit": limit},
    )
    return [Happened(*row) for row in rows]


def shop_of_question(tx: Tx, query_id: int) -> int | None:
    """The shop whose customer is asked."""
    shop_id = tx.execute(
        text("SELECT o.shop_id FROM query q JOIN orders o ON o.id = q.order_id WHERE q.id = :id"), {"id": query_id}
    ).scalar()
    return None if shop_id is None else int(shop_id)
