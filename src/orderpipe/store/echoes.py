"""
Echoes: earlier orders of the same customer that are much like a new one, or bear the same purchase-order number.

Read from the orders themselves, for a duplicate comes within seconds.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from orderpipe.domain.orders import number_of
from orderpipe.domain.rules import Earlier, Twin
from orderpipe.store.metadata import Tx, text
from orderpipe.store.orders import customer_key

_AT_MOST = 5
"""Earlier orders that are looked at, the latest first."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What of an order was heard before."""

    twins: tuple[Twin, ...] = ()
    same_purchase_order: Earlier | None = None


SILENCE = Heard()


def heard(
    tx: Tx, order_ids: Collection[int], *, within: timedelta, with_purchase_orders: Collection[int]
) -> dict[int, Heard]:
    """
    The echoes of these orders; those without any are left out. A twin came `within` that time before; `with_purchase_orders` are those of
    the orders that bear such a number.
    """
    twins = _twins(tx, order_ids, within) if within else {}
    earlier = _same_purchase_order(tx, with_purchase_orders) if with_purchase_orders else {}
    return {one: Heard(twins.get(one, ()), earlier.get(one)) for one in twins.keys() | earlier.keys()}


_BEFORE = text(f"""
    SELECT o.id, e.id AS earlier, extract(epoch FROM coalesce(i.placed_at, o.received_at) - e.ordered_at) / 60 AS minutes
    FROM orders o LEFT JOIN import_order i ON i.order_id = o.id
    CROSS JOIN LATERAL (
        SELECT b.id, coalesce(bi.placed_at, b.received_at) AS ordered_at
        FROM (SELECT * FROM orders b WHERE b.shop_id = o.shop_id AND {customer_key("b")} = {customer_key("o")} AND b.id < o.id
            ORDER BY b.id DESC LIMIT {_AT_MOST}) b
        LEFT JOIN import_order bi ON bi.order_id = b.id
        WHERE b.state NOT IN ('canceled', 'rejected')
    ) e
    WHERE o.id = ANY(:ids) AND {customer_key("o")} <> ''
        AND coalesce(i.placed_at, o.received_at) - e.ordered_at BETWEEN interval '0' AND CAST(:longest AS interval)
""")


def _twins(tx: Tx, order_ids: Collection[int], within: timedelta) -> dict[int, tuple[Twin, ...]]:
    pairs = tx.execute(_BEFORE, {"ids": list(order_ids), "longest": within}).all()
    if not pairs:
        return {}
    baskets = _baskets(tx, {one for pair in pairs for one in (pair.id, pair.earlier)})
    found: dict[int, tuple[Twin, ...]] = {}
    for pair in pairs:
        likeness = _likeness(baskets.get(pair.id, {}), baskets.get(pair.earlier, {}))
        if likeness:
            found[pair.id] = (*found.get(pair.id, ()), Twin(number_of(pair.earlier), float(pair.minutes), likeness))
    return found


def _baskets(tx: Tx, order_ids: Collection[int]) -> dict[int, dict[str, int]]:
    rows = tx.execute(
        text("SELECT order_id, sku, sum(quantity)::int AS pieces FROM order_line WHERE order_id = ANY(:ids) GROUP BY order_id, sku"),
        {"ids": list(order_ids)},
    )
    baskets: dict[int, dict[str, int]] = {}
    for row in rows:
        baskets.setdefault(row.order_id, {})[row.sku] = row.pieces
    return baskets


def _likeness(one: Mapping[str, int], other: Mapping[str, int]) -> float:
    """The share of all articles of both that both have; one of which they want 20 and 30 counts for two thirds."""
    alike = sum(min(one[sku], other[sku]) / max(one[sku], other[sku]) for sku in one.keys() & other.keys() if min(one[sku], other[sku]) > 0)
    return alike / len(one.keys() | other.keys()) if one or other else 0.0


_PURCHASES = text(f"""
    SELECT DISTINCT ON (o.id) o.id, e.id AS earlier, e.received_at, s.time_zone
    FROM orders o JOIN shop s ON s.id = o.shop_id
    JOIN orders e ON e.shop_id = o.shop_id AND e.purchase_order = o.purchase_order AND {customer_key("e")} = {customer_key("o")}
    WHERE o.id = ANY(:ids) AND e.id < o.id AND e.state NOT IN ('canceled', 'rejected') ORDER BY o.id, e.id DESC
""")


def _same_purchase_order(tx: Tx, order_ids: Collection[int]) -> dict[int, Earlier]:
    rows: Any = tx.execute(_PURCHASES, {"ids": list(order_ids)})
    return {
        row.id: Earlier(number_of(row.earlier), row.received_at.astimezone(ZoneInfo(row.time_zone)).date()) for row in rows
    }
