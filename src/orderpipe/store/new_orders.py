"""
New orders going into the books: rows of a whole group written with one statement a table.

Orders go in sorted by shop and reference, so that two groups that share references cannot wait for each other.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from orderpipe.store import watches
from orderpipe.store.metadata import Tx, insert_rows, text
from orderpipe.store.orders import orders

Reference = tuple[int, str]
"""Shop id and the shop's own order number: unique for ever."""


@dataclass(frozen=True, slots=True)
class Stored:
    """An order that stands in the books."""

    id: int
    shop_id: int
    reference: str
    content_hash: bytes
    state: str
    lane: str
    type: str
    received_at: datetime


def insert(tx: Tx, rows: Sequence[Mapping[str, Any]], looks: Mapping[Reference, datetime]) -> dict[Reference, int]:
    """
    Write those orders whose reference is new, their clocks to be looked at for the first time at these instants (UTC).

    Returns their ids, and waits for a transaction that writes the same reference.
    """
    ordered = sorted(rows, key=lambda row: (row["shop_id"], row["reference"]))
    new = insert_rows(tx, orders, ordered, conflict="ON CONFLICT (shop_id, reference) DO NOTHING", returning="id, shop_id, reference")
    ids = {(row.shop_id, row.reference): row.id for row in new}
    watches.begin(tx, ((order_id, looks[reference]) for reference, order_id in ids.items()))
    return ids


def find(tx: Tx, references: Collection[Reference]) -> dict[Reference, Stored]:
    """The orders of these references; unknown ones are left out."""
    if not references:
        return {}
    rows = tx.execute(
        text("""SELECT o.id, o.shop_id, o.reference, o.content_hash, o.state, o.lane, o.type, o.received_at
            FROM unnest(CAST(:shop_ids AS bigint[]), CAST(:references AS text[])) AS u (shop_id, reference)
            JOIN orders o ON o.shop_id = u.shop_id AND o.reference = u.reference"""),
        {"shop_ids": [shop_id for shop_id, _ in references], "references": [reference for _, reference in references]},
    )
    return {(row.shop_id, row.reference): Stored(*row) for row in rows}


_LINES = text("""
    INSERT INTO order_line (order_id, number, sku, kind, description, quantity, unit_price)
    SELECT u.order_id, u.number, u.sku, coalesce(p.kind, 'goods'), coalesce(nullif(u.description, ''), p.description, ''), u.quantity,
        coalesce(u.unit_price, CASE WHEN o.currency = s.currency THEN p.price END)
    FROM unnest(CAST(:order_ids AS bigint[]), CAST(:numbers AS smallint[]), CAST(:skus AS text[]), CAST(:descriptions AS text[]),
        CAST(:quantities AS integer[]), CAST(:prices AS numeric[])) AS u (order_id, number, sku, description, quantity, unit_price)
    JOIN orders o ON o.id = u.order_id JOIN shop s ON s.id = o.shop_id
    LEFT JOIN product p ON p.shop_id = o.shop_id AND p.sku = u.sku
""")


def insert_lines(tx: Tx, lines: Sequence[tuple[int, int, str, str, int, Any]]) -> None:
    """
    Write lines as (order id, number, sku, description, quantity, unit price).

    What a line leaves open, the product says: whether it is goods or a service, the description, and the price of one, which
    holds in the shop's own currency only.
    """
    if not lines:
        return
    names = ("order_ids", "numbers", "skus", "descriptions", "quantities", "prices")
    tx.execute(_LINES, dict(zip(names, map(list, zip(*lines, strict=True)), strict=True)))
