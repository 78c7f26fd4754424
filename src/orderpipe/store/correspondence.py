"""
What a mail from outside may be about: the letters of ours that it names, and the customer's orders that it mentions.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from orderpipe.store.metadata import Tx, text


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter of ours, and the order it spoke of."""

    id: int
    order_id: int
    shop_id: int
    shop_name: str
    audience: str
    kind: str
    language: str
    recipient: str
    dedupe_key: str
    facts: Mapping[str, Any]
    customer: Mapping[str, str]


def letters(tx: Tx, notification_ids: Collection[int]) -> dict[int, Letter]:
    """The letters of these ids that spoke of an order, by id."""
    rows = tx.execute(
        text("""SELECT n.id, n.order_id, o.shop_id, s.name, n.audience, n.kind, n.language, n.recipient, n.dedupe_key, n.facts, o.customer
            FROM notification n JOIN orders o ON o.id = n.order_id JOIN shop s ON s.id = o.shop_id WHERE n.id = ANY(:ids)"""),
        {"ids": sorted(set(notification_ids))},
    )
    return {row.id: Letter(*row) for row in rows}


def orders_of(tx: Tx, order_ids: Collection[int], sender: str) -> list[int]:
    """Those of these orders whose customer writes from this address."""
    rows = tx.execute(
        text("SELECT id FROM orders WHERE id = ANY(:ids) AND lower(btrim(customer ->> 'email')) = lower(:sender) ORDER BY id"),
        {"ids": sorted(set(order_ids)), "sender": sender},
    )
    return [row.id for row in rows]
