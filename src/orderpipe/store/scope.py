"""
Whose orders are these: outsiders act for one shop, and only its orders are locked and changed for them.
"""

from collections.abc import Collection

from orderpipe.store.metadata import Tx, text
from orderpipe.store.units import lock_orders


def lock_orders_of(tx: Tx, shop_id: int, order_ids: Collection[int]) -> dict[int, str]:
    """Lock those of the orders that are the shop's own, in id order; returns their lanes by order id. A lock wait over 2 s raises."""
    rows = tx.execute(
        text("SELECT id, lane FROM orders WHERE id = ANY(:ids) AND shop_id = :shop_id"), {"ids": sorted(order_ids), "shop_id": shop_id}
    )
    lanes = {row.id: row.lane for row in rows.all()}  # neither ever changes, so they may be read before the lock
    lock_orders(tx, lanes)
    return lanes


def owns(tx: Tx, shop_id: int, order_id: int) -> bool:
    """Whether the shop has this order."""
    row = tx.execute(text("SELECT FROM orders WHERE id = :id AND shop_id = :shop_id"), {"id": order_id, "shop_id": shop_id})
    return row.one_or_none() is not None
