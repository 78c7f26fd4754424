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


def fulfillments_of(tx: Tx, order_ids: Collection[int]) -> dict[int, list[Standing]]:
    """All fulfillments of these orders, by order id."""
    found: dict[int, list[Standing]] = {order_id: [] for order_id in order_ids}
    rows = tx.execute(
        text("SELECT order_id, id, state, reserved FROM fulfillment WHERE order_id = ANY(:ids) ORDER BY id"), {"ids": sorted(found)}
    )
    for row in rows:
        found[row.order_id].append(Standing(*row[1:]))
    return found


def reserved_for(tx: Tx, fulfillment_ids: Collection[int]) -> list[Shift]:
    """The stock that is set aside for these fulfillments."""
    rows = tx.execute(
        text("""SELECT f.location_id, l.sku, l.quantity, f.id FROM fulfillment f JOIN fulfillment_line l ON l.fulfillment_id = f.id
            WHERE f.id = ANY(:ids) AND f.reserved AND l.quantity > 0 ORDER BY f.location_id, l.sku"""),
        {"ids": list(fulfillment_ids)},
    )
    return [Shift(*row) for row in rows]


def cancel_lines(tx: Tx, fulfillment_ids: Collection[int]) -> dict[int, list[dict[str, int]]]:
    """Note on their orders' lines that what these fulfillments hold is canceled. Returns number and quantity, by order id."""
    rows = tx.execute(
        text("""UPDATE order_line o SET canceled = o.canceled + u.quantity
            FROM (SELECT f.order_id, l.number, sum(l.quantity) AS quantity FROM fulfillment f
                JOIN fulfillment_line l ON l.fulfillment_id = f.id WHERE f.id = ANY(:ids) GROUP BY f.order_id, l.number) u
            WHERE o.order_id = u.order_id AND o.number = u.number AND u.quantity > 0 RETURNING o.order_id, o.number, u.quantity"""),
        {"ids": list(fulfillment_ids)},
    )
    found: dict[int, list[dict[str, int]]] = {}
    for row in rows:
        found.setdefault(row.order_id, []).append({"number": row.number, "quantity": int(row.quantity)})
    return found


def cancel_all_lines(tx: Tx, order_ids: Collection[int]) -> None:
    """Note on the lines of these orders that everything is canceled."""
    tx.execute(
        text("UPDATE order_line SET canceled = quantity WHERE order_id = ANY(:ids) AND quantity > canceled"), {"ids": sorted(order_ids)}
    )
