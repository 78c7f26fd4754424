"""
What a cancellation looks at and undoes: the fulfillments of the order, the stock set aside for them, the lines.
"""

from collections.abc import Collection
from dataclasses import dataclass

from orderpipe.store.allocation import Shift
from orderpipe.store.metadata import Tx, text


@dataclass(frozen=True, slots=True)
class Standing:
    """A fulfillment of the order, and where it stands."""

    id: int
    state: str
    reserved: bool


def fulfillments_of(tx: Tx, order_id: int) -> list[Standing]:
    """All fulfillments of the order."""
    rows = tx.execute(text("SELECT id, state, reserved FROM fulfillment WHERE order_id = :id ORDER BY id"), {"id": order_id})
    return [Standing(*row) for row in rows]


def reserved_for(tx: Tx, fulfillment_ids: Collection[int]) -> list[Shift]:
    """The stock that is set aside for these fulfillments."""
    rows = tx.execute(
        text("""SELECT f.location_id, l.sku, l.quantity, f.id FROM fulfillment f JOIN fulfillment_line l ON l.fulfillment_id = f.id
            WHERE f.id = ANY(:ids) AND f.reserved AND l.quantity > 0 ORDER BY f.location_id, l.sku"""),
        {"ids": list(fulfillment_ids)},
    )
    return [Shift(*row) for row in rows]


def cancel_lines(tx: Tx, order_id: int, fulfillment_ids: Collection[int] | None) -> list[dict[str, int]]:
    """Note on the order's lines what is canceled: what these fulfillments hold, or (None) everything. Returns number and quantity."""
    if fulfillment_ids is None:
        rows = tx.execute(
            text("""UPDATE order_line SET canceled = quantity WHERE order_id = :id AND quantity > canceled
                RETURNING number, quantity - 0 AS quantity"""),
            {"id": order_id},
        )
    else:
        rows = tx.execute(
            text("""UPDATE order_line o SET canceled = o.canceled + u.quantity
                FROM (SELECT number, sum(quantity) AS quantity FROM fulfillment_line WHERE fulfillment_id = ANY(:ids) GROUP BY number) u
                WHERE o.order_id = :id AND o.number = u.number AND u.quantity > 0 RETURNING o.number, u.quantity"""),
            {"id": order_id, "ids": list(fulfillment_ids)},
        )
    return [{"number": row.number, "quantity": int(row.quantity)} for row in rows]


def cancel_all_lines(tx: Tx, order_ids: Collection[int]) -> None:
    """Note on the lines of these orders that everything is canceled."""
    tx.execute(
        text("UPDATE order_line SET canceled = quantity WHERE order_id = ANY(:ids) AND quantity > canceled"), {"ids": sorted(order_ids)}
    )
