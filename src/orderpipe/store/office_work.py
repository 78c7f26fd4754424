"""
What waits for the office, since when and why, and the parcels that never arrived.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from orderpipe.store.metadata import Tx, text


@dataclass(frozen=True, slots=True)
class Waiting:
    """Orders and fulfillments that wait for the office, and by order the reason and since when."""

    orders: tuple[int, ...]
    fulfillments: tuple[int, ...]
    reasons: dict[int, tuple[str, datetime]]


@dataclass(frozen=True, slots=True)
class Failed:
    """A parcel that was lost or came back, about which nothing has been decided."""

    id: int
    state: str
    shop_id: int
    lane: str
    location_id: int
    received_at: datetime


def waiting(tx: Tx, order_ids: Collection[int]) -> Waiting:
    """What of these orders waits for the office."""
    given = {"ids": list(order_ids)}
    orders = tx.execute(text("SELECT id FROM orders WHERE id = ANY(:ids) AND waiting_for = 'office' ORDER BY id"), given)
    parts = tx.execute(text("SELECT id FROM fulfillment WHERE order_id = ANY(:ids) AND waiting_for = 'office' ORDER BY id"), given)
    held = tx.execute(
        text("""SELECT DISTINCT ON (order_id) order_id, reason, opened_at FROM hold
            WHERE order_id = ANY(:ids) AND kind = 'office' AND closed_at IS NULL ORDER BY order_id, opened_at"""),
        given,
    )
    return Waiting(
        tuple(row.id for row in orders), tuple(row.id for row in parts),
        {row.order_id: (row.reason, row.opened_at) for row in held},
    )


def failed_of(tx: Tx, order_id: int) -> list[Failed]:
    """The order's lost and returned parcels that are not settled."""
    rows = tx.execute(
        text("""SELECT f.id, f.state, f.shop_id, f.lane, f.location_id, o.received_at
            FROM fulfillment f JOIN orders o ON o.id = f.order_id
            WHERE f.order_id = :id AND f.state IN ('lost', 'returned') AND NOT EXISTS (SELECT FROM hold h
                WHERE h.fulfillment_id = f.id AND h.kind = 'office' AND h.closed_how = 'settled') ORDER BY f.id"""),
        {"id": order_id},
    )
    return [Failed(*row) for row in rows]
