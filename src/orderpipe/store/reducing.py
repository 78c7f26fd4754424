"""
What taking back a part of orders looks at and undoes: lines, fulfillments, picked pieces, and the demand that waits for stock.

The caller holds the orders' locks, and those of the stock rows before anything is written about waiting demand.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import uuid4

from orderpipe.domain.reductions import Cut, Ordered, PartLine, Wish
from orderpipe.flow import FulfillmentState, OrderState
from orderpipe.store.metadata import Tx, insert_rows, text
from orderpipe.store.scans import scan


def orders_of(tx: Tx, order_ids: Collection[int]) -> dict[int, Ordered]:
    """The orders, with what of each line is not canceled yet."""
    rows = tx.execute(
        text("""SELECT o.id, o.state, coalesce(array_agg(l.number) FILTER (WHERE l.number IS NOT NULL), '{}') AS numbers,
                coalesce(array_agg(l.quantity - l.canceled) FILTER (WHERE l.number IS NOT NULL), '{}') AS left
            FROM orders o LEFT JOIN order_line l ON l.order_id = o.id WHERE o.id = ANY(:ids) GROUP BY o.id"""),
        {"ids": list(order_ids)},
    )
    return {row.id: Ordered(row.id, OrderState(row.state), dict(zip(row.numbers, row.left, strict=True))) for row in rows}


def parts_of(tx: Tx, order_ids: Collection[int]) -> list[PartLine]:
    """The lines of the orders' fulfillments, canceled ones left out."""
    rows = tx.execute(
        text("""SELECT f.order_id, f.id, f.state, f.reserved, f.location_id, l.number, l.sku, l.quantity, l.picked, l.short, l.packed
            FROM fulfillment f JOIN fulfillment_line l ON l.fulfillment_id = f.id
            WHERE f.order_id = ANY(:ids) AND f.state <> 'canceled' ORDER BY f.id, l.number"""),
        {"ids": list(order_ids)},
    )
    return [PartLine(row.order_id, row.id, FulfillmentState(row.state), *row[3:]) for row in rows]


def cancel_pieces(tx: Tx, wishes: Sequence[Wish]) -> None:
    """Note on the orders' lines what is canceled."""
    tx.execute(
        text("""UPDATE order_line l SET canceled = l.canceled + u.quantity
            FROM (SELECT order_id, number, sum(quantity) AS quantity
                FROM unnest(CAST(:orders AS bigint[]), CAST(:numbers AS smallint[]), CAST(:quantities AS int[]))
                    AS w (order_id, number, quantity) GROUP BY order_id, number) u
            WHERE l.order_id = u.order_id AND l.number = u.number"""),
        {
            "orders": [one.order_id for one in wishes], "numbers": [one.number for one in wishes],
            "quantities": [one.quantity for one in wishes],
        },
    )


def cut(tx: Tx, cuts: Sequence[Cut], *, by: str, now: datetime) -> None:
    """Take pieces off fulfillments; those that were picked are scanned back to the shelf, so that scans and counters agree."""
    if not cuts:
        return
    tx.execute(
        text("""UPDATE fulfillment_line l SET quantity = l.quantity - u.quantity, picked = l.picked - u.put_back
            FROM unnest(CAST(:ids AS bigint[]), CAST(:numbers AS smallint[]), CAST(:quantities AS int[]), CAST(:backs AS int[]))
                AS u (id, number, quantity, put_back)
            WHERE l.fulfillment_id = u.id AND l.number = u.number"""),
        {
            "ids": [one.line.fulfillment_id for one in cuts], "numbers": [one.line.number for one in cuts],
            "quantities": [one.quantity for one in cuts], "backs": [one.put_back for one in cuts],
        },
    )
    insert_rows(tx, scan, [
        {
            "fulfillment_id": one.line.fulfillment_id, "client_id": f"put-back-{uuid4()}", "phase": "pick", "barcode": one.line.sku,
            "sku": one.line.sku, "quantity": -one.put_back, "accepted": True, "operator": by, "station": "office", "at": now,
            "note": "canceled: goes back to the shelf",
        }
        for one in cuts if one.put_back
    ])


def demand_again(tx: Tx, order_ids: Collection[int], fulfillment_ids: Collection[int]) -> None:
    """Write waiting demand anew from what is still wanted: of orders that wait as a whole, and of fulfillments; their turn is kept."""
    tx.execute(
        text("""WITH gone AS (DELETE FROM backorder WHERE fulfillment_id = ANY(:ids)
                RETURNING fulfillment_id, order_id, shop_id, location_id, since)
            INSERT INTO backorder (shop_id, sku, location_id, quantity, order_id, fulfillment_id, since)
            SELECT g.shop_id, l.sku, g.location_id, l.quantity, g.order_id, g.fulfillment_id, g.since
            FROM (SELECT DISTINCT * FROM gone) g JOIN fulfillment_line l ON l.fulfillment_id = g.fulfillment_id
            WHERE l.quantity > 0 ORDER BY g.fulfillment_id, l.number"""),
        {"ids": list(fulfillment_ids)},
    )
    tx.execute(
        text("""WITH gone AS (DELETE FROM backorder WHERE fulfillment_id IS NULL AND order_id = ANY(:ids)
                RETURNING order_id, shop_id, since)
            INSERT INTO backorder (shop_id, sku, quantity, order_id, since)
            SELECT g.shop_id, l.sku, l.quantity - l.canceled, g.order_id, g.since
            FROM (SELECT DISTINCT * FROM gone) g JOIN order_line l ON l.order_id = g.order_id
            WHERE l.kind = 'goods' AND l.quantity > l.canceled ORDER BY g.order_id, l.number"""),
        {"ids": list(order_ids)},
    )


def scanned_out(tx: Tx, fulfillment_ids: Collection[int]) -> dict[str, list[int]]:
    """Those of the fulfillments of which nothing is left to pick, by `released`, or to pack, by `picked`."""
    rows = tx.execute(
        text("""SELECT f.state, f.id FROM fulfillment f JOIN fulfillment_line l ON l.fulfillment_id = f.id
            WHERE f.id = ANY(:ids) AND f.kind = 'parcel' AND f.state IN ('released', 'picked') GROUP BY f.id
            HAVING CASE f.state WHEN 'released' THEN bool_and(l.picked + l.short >= l.quantity) ELSE bool_and(l.packed >= l.quantity) END
            ORDER BY f.id"""),
        {"ids": list(fulfillment_ids)},
    )
    found: dict[str, list[int]] = {}
    for row in rows:
        found.setdefault(row.state, []).append(row.id)
    return found
