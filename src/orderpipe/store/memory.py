"""
What later orders are compared with: how much of each article a shop's customers take, what it cost them, and how each one orders.

A job learns it from orders that passed validation, so that no batch waits for another's article; what must be known at once is read
from the orders themselves.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from itertools import takewhile

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, Double, Integer, Numeric, SmallInteger, Table, Text

from orderpipe.store.metadata import Tx, metadata, text
from orderpipe.store.orders import customer_key
from orderpipe.store.personal import IMPERSONAL, personal
from orderpipe.store.seals import open_for

ANY = ""
"""The SKU of what holds for all articles together."""

article_memory = Table(
    "article_memory",
    metadata,
    Column("shop_id", BigInteger, primary_key=True, autoincrement=False),
    Column("sku", Text, primary_key=True),
    Column("lines", BigInteger, nullable=False),
    Column("log_sum", Double, nullable=False),
    Column("log_squares", Double, nullable=False),
    Column("lowest_price", Numeric(14, 4)),
    Column("highest_price", Numeric(14, 4)),
    info=IMPERSONAL,
)
"""Sums of the natural logarithm of the pieces, and of its square; prices in the shop's own currency."""

customer_memory = Table(
    "customer_memory",
    metadata,
    Column("shop_id", BigInteger, primary_key=True, autoincrement=False),
    Column("customer", Text, primary_key=True),
    Column("sku", Text, primary_key=True),
    Column("lines", BigInteger, nullable=False),
    Column("fewest", Integer, nullable=False),
    Column("most", Integer, nullable=False),
    Column("log_sum", Double, nullable=False),
    Column("log_squares", Double, nullable=False),
    Column("price", Numeric(14, 4)),
    Column("currency", Text, nullable=False),
    Column("last_at", DateTime(timezone=True), nullable=False),
    info=personal("shop_id = :shop AND customer = ANY(:keys)", goes=True, customer="", harmless="sku currency"),
)
"""As article_memory, of one customer (an e-mail address or telephone number: personal data); the last price and its currency."""

memory_progress = Table(
    "memory_progress",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False, server_default="1"),
    Column("order_id", BigInteger, nullable=False),
    CheckConstraint("id = 1", name="one_row"),
    info=IMPERSONAL,
)
"""Orders up to this one have been looked at."""

memory_waiting = Table(
    "memory_waiting",
    metadata,
    Column("order_id", BigInteger, primary_key=True, autoincrement=False),
    info=IMPERSONAL,
)
"""Orders that were looked at while they were still in doubt."""

_UNLEARNED = frozenset({"rejected", "canceled"})

SETTLED = timedelta(minutes=1)
"""How old an order is before it is looked at, beyond the oldest transaction that is still open."""


def learn(tx: Tx, now: datetime, *, most: int = 2_000) -> int:
    """
    Learn from up to so many orders that came since the last time, and from those that were in doubt then; returns from how many.

    What is learned and how far it is are one transaction, so an order counts once however often this is started or killed.
    """
    tx.execute(text("INSERT INTO memory_progress (order_id) VALUES (0) ON CONFLICT DO NOTHING"))
    tx.execute(text("SELECT FROM memory_progress FOR UPDATE"))
    settled = _settled_orders(tx, most)
    new = _next_orders(tx, now - open_for(tx) - SETTLED, most)
    learn_from(tx, [*settled, *new])
    return len(settled) + len(new)


def learn_from(tx: Tx, order_ids: Collection[int]) -> None:
    """Count the lines of these orders, each for the first time."""
    tx.execute(_ARTICLES, {"ids": list(order_ids)})
    tx.execute(_CUSTOMERS, {"ids": list(order_ids)})


# one who once took a thousand and meant it is no reason to let everybody
_ARTICLES = text("""
    INSERT INTO article_memory AS m (shop_id, sku, lines, log_sum, log_squares, lowest_price, highest_price)
    SELECT o.shop_id, coalesce(l.sku, ''), count(*), sum(ln(l.quantity::float8)), sum(ln(l.quantity::float8) ^ 2),
        min(l.unit_price) FILTER (WHERE o.currency = s.currency AND l.unit_price > 0),
        max(l.unit_price) FILTER (WHERE o.currency = s.currency AND l.unit_price > 0)
    FROM orders o JOIN shop s ON s.id = o.shop_id JOIN order_line l ON l.order_id = o.id
    WHERE o.id = ANY(:ids) AND l.quantity > 0 AND l.sku <> '' AND NOT EXISTS (SELECT FROM finding f
        WHERE f.order_id = o.id AND f.rule = 'quantity-unusual' AND f.cleared_how = 'confirmed' AND f.evidence ->> 'sku' = l.sku)
    GROUP BY GROUPING SETS ((o.shop_id, l.sku), (o.shop_id)) ORDER BY 1, 2
    ON CONFLICT (shop_id, sku) DO UPDATE SET lines = m.lines + excluded.lines, log_sum = m.log_sum + excluded.log_sum,
        log_squares = m.log_squares + excluded.log_squares, lowest_price = least(m.lowest_price, excluded.lowest_price),
        highest_price = greatest(m.highest_price, excluded.highest_price)
""")
_CUSTOMERS = text(f"""
    INSERT INTO customer_memory AS m (shop_id, customer, sku, lines, fewest, most, log_sum, log_squares, price, currency, last_at)
    SELECT o.shop_id, {customer_key("o")}, coalesce(l.sku, ''), count(*), min(l.quantity), max(l.quantity),
        sum(ln(l.quantity::float8)), sum(ln(l.quantity::float8) ^ 2),
        (array_agg(l.unit_price ORDER BY o.id DESC, l.number DESC) FILTER (WHERE l.unit_price > 0))[1],
        (array_agg(o.currency ORDER BY o.id DESC))[1], max(o.received_at)
    FROM orders o JOIN order_line l ON l.order_id = o.id
    WHERE o.id = ANY(:ids) AND l.quantity > 0 AND l.sku <> '' AND {customer_key("o")} <> ''
    GROUP BY GROUPING SETS ((1, 2, l.sku), (1, 2)) ORDER BY 1, 2, 3
    ON CONFLICT (shop_id, customer, sku) DO UPDATE SET lines = m.lines + excluded.lines, fewest = least(m.fewest, excluded.fewest),
        most = greatest(m.most, excluded.most), log_sum = m.log_sum + excluded.log_sum,
        log_squares = m.log_squares + excluded.log_squares, last_at = excluded.last_at, currency = excluded.currency,
        price = CASE WHEN excluded.price IS NULL AND excluded.currency = m.currency THEN m.price ELSE excluded.price END
""")


def _settled_orders(tx: Tx, most: int) -> list[int]:
    """The orders in doubt that no longer are; those that were validated."""
    rows = tx.execute(
        text("""DELETE FROM memory_waiting w USING (
                SELECT w.order_id, o.state FROM memory_waiting w JOIN orders o ON o.id = w.order_id
                WHERE o.state <> 'received' ORDER BY w.order_id LIMIT :most
            ) s WHERE w.order_id = s.order_id RETURNING s.order_id, s.state"""),
        {"most": most},
    )
    return sorted(row.order_id for row in rows if row.state not in _UNLEARNED)


def _next_orders(tx: Tx, until: datetime, most: int) -> list[int]:
    """The next orders, up to the first that is too new; those that were validated. Those in doubt wait."""
    rows = tx.execute(
        text("""SELECT o.id, o.state, o.received_at FROM orders o
            WHERE o.id > (SELECT p.order_id FROM memory_progress p) ORDER BY o.id LIMIT :most"""),
        {"most": most},
    )
    looked_at = list(takewhile(lambda row: row.received_at < until, rows))
    if not looked_at:
        return []
    tx.execute(text("UPDATE memory_progress SET order_id = :id"), {"id": looked_at[-1].id})
    tx.execute(
        text("INSERT INTO memory_waiting SELECT * FROM unnest(CAST(:ids AS bigint[])) ON CONFLICT DO NOTHING"),
        {"ids": [row.id for row in looked_at if row.state == "received"]},
    )
    return [row.id for row in looked_at if row.state not in {"received", *_UNLEARNED}]


