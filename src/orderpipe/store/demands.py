"""
What orders want from stock, and the fulfillments planned for it.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from orderpipe.domain.stock import Piece
from orderpipe.store.metadata import Tx, text


@dataclass(frozen=True, slots=True)
class Wanted:
    """What one order wants: goods from stock, services by line number, and when what is short could be there by SKU (days)."""

    order_id: int
    shop_id: int
    type: str
    lane: str
    whole: bool
    received_at: datetime
    waiting_since: datetime | None
    goods: tuple[Piece, ...]
    services: tuple[Piece, ...]
    lead_days: dict[str, int]


def wanted_by(tx: Tx, order_ids: Collection[int]) -> list[Wanted]:
    """What these orders want, canceled pieces left out."""
    rows = tx.execute(
        text("""SELECT o.id, o.shop_id, o.type, o.lane, o.backorder_policy = 'all-at-once' AS whole, o.received_at,
                (SELECT min(b.since) FROM backorder b WHERE b.order_id = o.id AND b.fulfillment_id IS NULL) AS since,
                l.number, l.sku, l.kind, l.quantity - l.canceled AS quantity, coalesce(p.lead_days, 0) AS lead_days
            FROM orders o JOIN order_line l ON l.order_id = o.id
            LEFT JOIN product p ON p.shop_id = o.shop_id AND p.sku = l.sku
            WHERE o.id = ANY(:ids) AND l.quantity > l.canceled ORDER BY o.id, l.number"""),
        {"ids": list(order_ids)},
    )
    wanted: dict[int, Wanted] = {}
    goods: dict[int, list[Piece]] = {}
    services: dict[int, list[Piece]] = {}
    for row in rows.all():
        kind = goods if row.kind == "goods" else services
        kind.setdefault(row.id, []).append(Piece(row.number, row.sku, row.quantity))
        one = wanted.setdefault(row.id, Wanted(row.id, row.shop_id, row.type, row.lane, row.whole, row.received_at, row.since, (), (), {}))
        one.lead_days[row.sku] = row.lead_days
    return [
        Wanted(
            one.order_id, one.shop_id, one.type, one.lane, one.whole, one.received_at, one.waiting_since,
            tuple(goods.get(one.order_id, ())), tuple(services.get(one.order_id, ())), one.lead_days,
        )
        for one in wanted.values()
    ]


def first_locations(tx: Tx, shop_ids: Collection[int]) -> dict[int, int]:
    """The location of each shop that waits for stock when no other is known: the first by code."""
    rows = tx.execute(
        text("SELECT DISTINCT ON (shop_id) shop_id, id FROM location WHERE shop_id = ANY(:ids) ORDER BY shop_id, code"),
        {"ids": sorted(set(shop_ids))},
    )
    return {row.shop_id: row.id for row in rows.all()}
