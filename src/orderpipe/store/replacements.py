"""
Replacement orders: which order stands in for which, because of which case.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Column, Index, Table

from orderpipe.store.metadata import Tx, insert_rows, metadata, text

replacement = Table(
    "replacement",
    metadata,
    Column("order_id", BigInteger, primary_key=True, autoincrement=False),
    Column("replaces", BigInteger, nullable=False),
    Column("case_id", BigInteger, nullable=False),
    Index("ix_replacement_replaces", "replaces"),
)


@dataclass(frozen=True, slots=True)
class Original:
    """What a replacement takes over from the order that it stands in for."""

    shop_id: int
    language: str
    customer: Mapping[str, str]
    ship_to: Mapping[str, str] | None
    payment_method: str
    currency: str
    lines: Mapping[int, tuple[str, int, str]]
    """SKU, pieces not canceled, and description, by the order's line."""

    @property
    def pieces(self) -> dict[int, int]:
        """The pieces not canceled, by line."""
        return {number: quantity for number, (_, quantity, _) in self.lines.items()}


def original(tx: Tx, order_id: int) -> Original:
    """What the order says."""
    row: Any = tx.execute(
        text("SELECT shop_id, language, customer, ship_to, payment_method, currency FROM orders WHERE id = :id"), {"id": order_id}
    ).one()
    lines = tx.execute(
        text("SELECT number, sku, quantity - canceled, description FROM order_line WHERE order_id = :id ORDER BY number"), {"id": order_id}
    )
    said = {name: getattr(row, name) for name in ("shop_id", "language", "customer", "ship_to", "payment_method", "currency")}
    return Original(**said, lines={line[0]: (line[1], line[2], line[3]) for line in lines})


def link(tx: Tx, order_id: int, *, replaces: int, case_id: int) -> None:
    """Remember that the order stands in for another."""
    row = {"order_id": order_id, "replaces": replaces, "case_id": case_id}
    insert_rows(tx, replacement, [row], conflict="ON CONFLICT DO NOTHING")


def links_of(tx: Tx, order_ids: Collection[int]) -> list[tuple[int, int, int]]:
    """(replacement, original, case) wherever one of these orders is either."""
    rows = tx.execute(
        text("SELECT order_id, replaces, case_id FROM replacement WHERE order_id = ANY(:ids) OR replaces = ANY(:ids) ORDER BY order_id"),
        {"ids": list(order_ids)},
    )
    return [(row.order_id, row.replaces, row.case_id) for row in rows]
