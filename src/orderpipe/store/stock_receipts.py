"""
Changes of what lies where by deliveries and counts, each with its movement; and what lies where, to look up.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from orderpipe.domain.receipts import Level, Posted, Spot
from orderpipe.store.metadata import Tx, insert_rows, text
from orderpipe.store.stock import stock_movement


def locations(tx: Tx, shop_id: int) -> dict[str, int]:
    """The shop's locations: their ids by code."""
    rows = tx.execute(text("SELECT code, id FROM location WHERE shop_id = :shop_id"), {"shop_id": shop_id})
    return {row.code: row.id for row in rows}


def lock_levels(tx: Tx, shop_id: int, spots: Collection[Spot]) -> dict[Spot, Level]:
    """
    Lock what lies at these (location code, SKU), new places with nothing there; unknown locations and articles are left out.

    The rows are locked in (location, SKU) order and after any order's lock, as by everybody.
    """
    spread = {"shop_id": shop_id, "codes": [code for code, _ in spots], "skus": [sku for _, sku in spots]}
    asked = "unnest(CAST(:codes AS text[]), CAST(:skus AS text[])) AS u (code, sku) JOIN location l ON l.code = u.code"
    tx.execute(
        text(f"""INSERT INTO stock (location_id, sku) SELECT DISTINCT l.id, u.sku FROM {asked}
                JOIN product p ON p.shop_id = l.shop_id AND p.sku = u.sku AND p.kind = 'goods'
            WHERE l.shop_id = :shop_id ORDER BY 1, 2 ON CONFLICT DO NOTHING"""),
        spread,
    )
    rows = tx.execute(
        text(f"""SELECT l.code, s.location_id, s.sku, s.on_hand, s.allocated FROM stock s JOIN location l ON l.id = s.location_id
            WHERE (s.location_id, s.sku) IN (SELECT l.id, u.sku FROM {asked} WHERE l.shop_id = :shop_id)
            ORDER BY s.location_id, s.sku FOR NO KEY UPDATE OF s"""),
        spread,
    )
    return {(row.code, row.sku): Level(*row[1:]) for row in rows}


def write(tx: Tx, posted: Sequence[Posted], *, by: str, now: datetime) -> None:
    """Bring the locked stock rows to the new levels, and write one movement for each change; `by` stands in its cause."""
    moved = [(one, one.level) for one in posted if one.change and one.level]
    if not moved:
        return
    latest = {(level.location_id, level.sku): level.on_hand for _, level in moved}
    tx.execute(
        text("""UPDATE stock s SET on_hand = u.on_hand
            FROM unnest(CAST(:locations AS bigint[]), CAST(:skus AS text[]), CAST(:on_hands AS int[])) AS u (location_id, sku, on_hand)
            WHERE s.location_id = u.location_id AND s.sku = u.sku"""),
        {
            "locations": [location for location, _ in latest], "skus": [sku for _, sku in latest],
            "on_hands": list(latest.values()),
        },
    )
    insert_rows(tx, stock_movement, [
        {
            "location_id": level.location_id, "sku": level.sku, "kind": one.posting.kind, "quantity": one.change,
            "cause": f"{one.posting.cause} ({by})", "at": now,
        }
        for one, level in moved
    ])


@dataclass(frozen=True, slots=True)
class Shelf:
    """What lies of a SKU at a location (its code), how much of it is promised to orders, and how much orders still wait for."""

    location: str
    sku: str
    description: str
    on_hand: int
    allocated: int
    waited_for: int


def shelves(
    tx: Tx, shop_id: int, *, skus: Collection[str] | None = None, after: Spot = ("", ""), limit: int = 500
) -> list[Shelf]:
    """What lies where in the shop, by SKU and location; of these SKUs only, and behind `after` (location code, SKU)."""
    rows = tx.execute(
        text("""SELECT l.code, s.sku, coalesce(p.description, ''), s.on_hand, s.allocated,
                coalesce((SELECT sum(b.quantity) FROM backorder b WHERE b.shop_id = l.shop_id AND b.sku = s.sku), 0)
            FROM stock s JOIN location l ON l.id = s.location_id LEFT JOIN product p ON p.shop_id = l.shop_id AND p.sku = s.sku
            WHERE l.shop_id = :shop_id AND (s.sku, l.code) > (:sku, :code) AND (:all OR s.sku = ANY(:skus))
            ORDER BY s.sku, l.code LIMIT :limit"""),
        {"shop_id": shop_id, "sku": after[1], "code": after[0], "all": skus is None, "skus": list(skus or ()), "limit": limit},
    )
    return [Shelf(*row) for row in rows]
