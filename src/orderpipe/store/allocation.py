"""
Stock set aside for orders, given back, and sent out, with a movement for each; and the demand that waits for stock.

Whoever touches stock or waiting demand first locks the stock rows in (location, SKU) order, after the orders' locks.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from orderpipe.domain.stock import Demand, Free, Piece
from orderpipe.store.metadata import Tx, insert_rows, text
from orderpipe.store.stock import backorder, stock_movement


@dataclass(frozen=True, slots=True)
class Shift:
    """So many pieces of a SKU at a location, set aside for or moved by a fulfillment."""

    location_id: int
    sku: str
    quantity: int
    fulfillment_id: int


def lock_free(tx: Tx, wanted: Collection[tuple[int, str]]) -> Free:
    """
    Lock the stock of these (shop id, SKU) at all their locations and tell what is free there.

    What the whole orders that wait for any of it want besides is locked and told too: only so is it seen whether their turn has come.
    """
    rows = tx.execute(
        text(f"""{_FREE}
            WHERE (l.shop_id, s.sku) IN (SELECT * FROM unnest(CAST(:shops AS bigint[]), CAST(:skus AS text[]))
                UNION SELECT c.shop_id, c.sku FROM backorder c WHERE c.fulfillment_id IS NULL AND c.order_id IN (
                    SELECT w.order_id FROM backorder w WHERE w.fulfillment_id IS NULL
                    AND (w.shop_id, w.sku) IN (SELECT * FROM unnest(CAST(:shops AS bigint[]), CAST(:skus AS text[])))))
            ORDER BY s.location_id, s.sku FOR NO KEY UPDATE OF s"""),
        {"shops": [shop for shop, _ in wanted], "skus": [sku for _, sku in wanted]},
    )
    return {(row.shop_id, row.location_id, row.sku): row.free for row in rows.all()}


_FREE = """SELECT l.shop_id, s.location_id, s.sku, s.on_hand - s.allocated AS free FROM stock s JOIN location l ON l.id = s.location_id"""


def peek_free(tx: Tx, wanted: Collection[tuple[int, str]]) -> Free:
    """What is free of these (shop id, SKU) at this moment; nothing is locked, so it may be gone the next."""
    rows = tx.execute(
        text(f"{_FREE} WHERE (l.shop_id, s.sku) IN (SELECT * FROM unnest(CAST(:shops AS bigint[]), CAST(:skus AS text[])))"),
        {"shops": [shop for shop, _ in wanted], "skus": [sku for _, sku in wanted]},
    )
    return {(row.shop_id, row.location_id, row.sku): row.free for row in rows.all()}


def lock_rows(tx: Tx, shifts: Collection[Shift]) -> None:
    """Lock exactly these stock rows, in (location, SKU) order."""
    keys = sorted({(shift.location_id, shift.sku) for shift in shifts})
    tx.execute(
        text("""SELECT 1 FROM stock WHERE (location_id, sku) IN
            (SELECT * FROM unnest(CAST(:locations AS bigint[]), CAST(:skus AS text[])))
            ORDER BY location_id, sku FOR NO KEY UPDATE"""),
        {"locations": [location for location, _ in keys], "skus": [sku for _, sku in keys]},
    )


def waiting_demand(tx: Tx, wanted: Collection[tuple[int, str]]) -> list[Demand]:
    """
    The demand that waits for any of these (shop id, SKU): read it after `lock_free`.

    The key is a fulfillment's id, or the negative id of an order that goes out only as a whole (then with all its articles).
    """
    rows = tx.execute(
        text("""SELECT b.shop_id, b.order_id, b.fulfillment_id, min(b.since) AS since,
                array_agg(b.sku ORDER BY b.id) AS skus, array_agg(b.quantity ORDER BY b.id) AS quantities
            FROM backorder b
            WHERE (b.shop_id, b.sku) IN (SELECT * FROM unnest(CAST(:shops AS bigint[]), CAST(:skus AS text[])))
                OR (b.fulfillment_id IS NULL AND b.order_id IN (SELECT w.order_id FROM backorder w
                    WHERE (w.shop_id, w.sku) IN (SELECT * FROM unnest(CAST(:shops AS bigint[]), CAST(:skus AS text[])))))
            GROUP BY b.shop_id, b.order_id, b.fulfillment_id"""),
        {"shops": [shop for shop, _ in wanted], "skus": [sku for _, sku in wanted]},
    )
    return [
        Demand(
            row.fulfillment_id or -row.order_id, row.shop_id,
            tuple(Piece(place, sku, quantity) for place, (sku, quantity) in enumerate(zip(row.skus, row.quantities, strict=True))),
            whole=row.fulfillment_id is None, since=row.since,
        )
        for row in rows.all()
    ]


def reserve(tx: Tx, shifts: Sequence[Shift], now: datetime) -> None:
    """Set stock aside; the rows are locked and were found free. The database refuses to promise more than there is."""
    _change(tx, shifts, "allocated", allocated=1, now=now, cause="order")


def give_back(tx: Tx, shifts: Sequence[Shift], *, cause: str, now: datetime) -> None:
    """Return stock that was set aside."""
    lock_rows(tx, shifts)
    _change(tx, shifts, "released", allocated=-1, now=now, cause=cause)


def send_out(tx: Tx, shifts: Sequence[Shift], now: datetime) -> None:
    """Stock that was set aside leaves the house."""
    lock_rows(tx, shifts)
    _change(tx, shifts, "shipped", allocated=-1, on_hand=-1, now=now, cause="shipped")


def write_off(tx: Tx, shifts: Sequence[Shift], now: datetime) -> None:
    """Stock that was set aside is not there: it is given back and taken out of the books."""
    give_back(tx, shifts, cause="short pick", now=now)
    _change(tx, shifts, "adjusted", on_hand=-1, now=now, cause="short pick")


def _change(
    tx: Tx, shifts: Sequence[Shift], kind: str, *, now: datetime, cause: str, allocated: int = 0, on_hand: int = 0
) -> None:
    if not shifts:
        return
    sums: dict[tuple[int, str], int] = {}
    for shift in shifts:
        sums[shift.location_id, shift.sku] = sums.get((shift.location_id, shift.sku), 0) + shift.quantity
    tx.execute(
        text("""UPDATE stock s SET allocated = s.allocated + :allocated * u.quantity, on_hand = s.on_hand + :on_hand * u.quantity
            FROM unnest(CAST(:locations AS bigint[]), CAST(:skus AS text[]), CAST(:quantities AS int[])) AS u (location_id, sku, quantity)
            WHERE s.location_id = u.location_id AND s.sku = u.sku"""),
        {
            "allocated": allocated, "on_hand": on_hand, "locations": [location for location, _ in sums],
            "skus": [sku for _, sku in sums], "quantities": list(sums.values()),
        },
    )
    insert_rows(tx, stock_movement, [
        {
            "location_id": shift.location_id, "sku": shift.sku, "kind": kind, "fulfillment_id": shift.fulfillment_id,
            "quantity": -shift.quantity if on_hand < 0 else shift.quantity, "cause": cause, "at": now,
        }
        for shift in shifts
    ])


def wait_for_stock(tx: Tx, rows: Sequence[Mapping[str, object]]) -> None:
    """Remember demand that found no stock."""
    insert_rows(tx, backorder, rows)


def served(tx: Tx, keys: Collection[int]) -> None:
    """Forget waiting demand (keys as in `waiting_demand`) that has been served or given up."""
    if not keys:
        return
    tx.execute(
        text("""DELETE FROM backorder WHERE fulfillment_id = ANY(:fulfillments)
            OR (fulfillment_id IS NULL AND order_id = ANY(:orders))"""),
        {"fulfillments": [key for key in keys if key > 0], "orders": [-key for key in keys if key < 0]},
    )


def wanted_and_there(tx: Tx) -> list[tuple[int, str]]:
    """The (shop id, SKU) that somebody waits for and of which some is free."""
    rows = tx.execute(text("""SELECT DISTINCT b.shop_id, b.sku FROM backorder b JOIN location l ON l.shop_id = b.shop_id
        JOIN stock s ON s.location_id = l.id AND s.sku = b.sku WHERE s.on_hand > s.allocated ORDER BY 1, 2"""))
    return [(row.shop_id, row.sku) for row in rows.all()]
