"""
Customers' data: found, handed out, and erased from every table; and how long each shop keeps them.

The journal has references only and stays as it is, so its seals hold.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, Index, Integer, Table

from orderpipe.store.metadata import Tx, metadata, text
from orderpipe.store.orders import customer_key
from orderpipe.store.personal import IMPERSONAL, declared

erasure = Table(
    "erasure",
    metadata,
    Column("order_id", BigInteger, primary_key=True, autoincrement=False),
    Column("asked_at", DateTime(timezone=True), nullable=False),
    Column("erased_at", DateTime(timezone=True)),
    Index("ix_erasure_marked", "order_id", postgresql_where=text("erased_at IS NULL")),
    info=IMPERSONAL,
)
"""Orders whose customer is erased, or (`erased_at` NULL) will be when they have ended."""

retention = Table(
    "retention",
    metadata,
    Column("shop_id", BigInteger, primary_key=True, autoincrement=False),
    Column("personal_days", Integer),
    Column("letters_days", Integer),
    Column("personal_after", BigInteger, nullable=False, server_default="0"),
    Column("letters_after", BigInteger, nullable=False, server_default="0"),
    CheckConstraint("personal_days > 0 AND letters_days > 0", name="days"),
    info=IMPERSONAL,
)
"""How many days after an order's end its customer's data, and its letters, are kept; NULL: for good. Orders up to `…_after` are done."""


@dataclass(frozen=True, slots=True)
class Whose:
    """
    Whose data: those of these orders; of a customer as such, the shop, the keys it is remembered by, and in lower case what documents of
    theirs contain.
    """

    orders: tuple[int, ...]
    shop_id: int = 0
    keys: tuple[str, ...] = ()
    words: tuple[str, ...] = ()

    def parameters(self) -> dict[str, object]:
        """As the tables' conditions name them."""
        return {"orders": list(self.orders), "shop": self.shop_id, "keys": list(self.keys), "words": list(self.words)}


@dataclass(frozen=True, slots=True)
class Found:
    """What belongs to a customer: orders that have ended, live ones, contact keys, and the addresses that they gave."""

    ended: tuple[int, ...]
    live: tuple[int, ...]
    keys: tuple[str, ...]
    given: tuple[str, ...]


_NEEDED = "(o.ended_at IS NULL OR EXISTS (SELECT FROM case_file c WHERE c.order_id = o.id AND c.state <> 'closed'))"
"""An order that still needs its customer: it is under way, or a case about it is open."""

_DIGITS = "regexp_replace({}, '[^0-9]', '', 'g')"
_BY_EMAIL = f"{customer_key('o')} = lower(:email)"  # as the index has it
_BY_PHONE = _DIGITS.format("o.customer ->> 'phone'") + " = ANY(:digits)"


def find(tx: Tx, shop_id: int, *, email: str, digits: Collection[str]) -> Found:
    """What belongs to whoever gave this address or, where there is none (""), one of these numbers (digits only)."""
    wanted = {"shop": shop_id, "email": email, "digits": sorted(digits)}
    tx.execute(text("SET LOCAL statement_timeout = '10min'"))  # by a number, every order of the shop is looked at
    orders = tx.execute(text(
        f"""SELECT o.id, {_NEEDED} AS live, lower(o.customer ->> 'email') AS email, o.customer ->> 'phone' AS phone
            FROM orders o WHERE o.shop_id = :shop AND {_BY_EMAIL if email else _BY_PHONE} ORDER BY o.id"""
    ), wanted).all()
    customers = tx.execute(text(
        f"""SELECT contact_key FROM customer WHERE shop_id = :shop
            AND (contact_key = lower(:email) OR lower(email) = lower(:email) AND :email <> '' OR {_DIGITS.format('phone')} = ANY(:digits))
            ORDER BY id"""
    ), wanted).scalars().all()
    given = {one for row in orders for one in (row.email, row.phone) if one}
    return Found(
        tuple(row.id for row in orders if not row.live), tuple(row.id for row in orders if row.live), tuple(customers),
        tuple(sorted(given)),
    )


def held(tx: Tx, whose: Whose) -> dict[str, list[dict[str, Any]]]:
    """Everything that is held, by table; tables without any are left out."""
    found: dict[str, list[dict[str, Any]]] = {}
    for table, said in declared(metadata).items():
        key = ", ".join(column.name for column in table.primary_key)
        rows = tx.execute(text(f"SELECT * FROM {table.name} WHERE {said.of} ORDER BY {key}"), whose.parameters())
        found[table.name] = [dict(row) for row in rows.mappings()]
    return {name: rows for name, rows in found.items() if rows}


def erase(tx: Tx, whose: Whose, now: datetime) -> None:
    """Erase it in every table, for good; letters that still wait stay unsent. The caller holds the orders' locks."""
    tx.execute(
        text("""UPDATE notification SET state = CASE WHEN next_at IS NULL THEN state ELSE 'dead' END, next_at = NULL,
                fell_back_at = CASE WHEN bounced_at IS NOT NULL THEN coalesce(fell_back_at, :now) END
            WHERE order_id = ANY(:orders) AND (next_at IS NOT NULL OR bounced_at IS NOT NULL)"""),
        {"now": now, "orders": list(whose.orders)},
    )
    for table, said in declared(metadata).items():
        if said.goes:
            tx.execute(text(f"DELETE FROM {table.name} WHERE {said.of}"), whose.parameters())
        elif said.erased:
            emptied = ", ".join(f"{column} = {left}" for column, left in said.erased.items())
            tx.execute(text(f"UPDATE {table.name} SET {emptied} WHERE {said.of}"), whose.parameters())
    tx.execute(
        text("""INSERT INTO erasure (order_id, asked_at, erased_at) SELECT o, :now, :now FROM unnest(CAST(:orders AS bigint[])) o
            ON CONFLICT (order_id) DO UPDATE SET erased_at = :now"""),
        {"orders": list(whose.orders), "now": now},
    )


def mark(tx: Tx, order_ids: Collection[int], now: datetime) -> None:
    """Have these erased when they have ended."""
    tx.execute(
        text("""INSERT INTO erasure (order_id, asked_at) SELECT o, :now FROM unnest(CAST(:orders AS bigint[])) o ON CONFLICT DO NOTHING"""),
        {"orders": sorted(order_ids), "now": now},
    )


def marked(tx: Tx, limit: int) -> list[Whose]:
    """Marked orders that need their customer no more and have no letter left to send, by shop."""
    rows = tx.execute(
        text(f"""SELECT o.shop_id, array_agg(o.id ORDER BY o.id) AS orders,
                array_agg(DISTINCT lower(o.customer ->> 'email')) AS emails, array_agg(DISTINCT o.customer ->> 'phone') AS phones
            FROM (SELECT e.order_id FROM erasure e JOIN orders o ON o.id = e.order_id WHERE e.erased_at IS NULL AND NOT {_NEEDED}
                    AND NOT EXISTS (SELECT FROM notification n WHERE n.order_id = o.id AND n.next_at IS NOT NULL)
                ORDER BY 1 LIMIT :limit) due JOIN orders o ON o.id = due.order_id GROUP BY o.shop_id"""),
        {"limit": limit},
    )
    return [
        Whose(tuple(row.orders), row.shop_id, keys := tuple(one for one in (*row.emails, *row.phones) if one), keys) for row in rows
    ]


@dataclass(frozen=True, slots=True)
class Kept:
    """How long a shop keeps what, in days after an order's end; None: for good."""

    shop_id: int
    personal_days: int | None
    letters_days: int | None


def keep_for(tx: Tx, kept: Kept) -> None:
    """Set how long a shop keeps what."""
    tx.execute(
        text("""INSERT INTO retention (shop_id, personal_days, letters_days) VALUES (:shop_id, :personal_days, :letters_days)
            ON CONFLICT (shop_id) DO UPDATE SET personal_days = excluded.personal_days, letters_days = excluded.letters_days"""),
        {name: getattr(kept, name) for name in Kept.__dataclass_fields__},
    )


def kept_by(tx: Tx) -> list[Kept]:
    """The shops that do not keep everything for good."""
    columns = ", ".join(Kept.__dataclass_fields__)
    return [Kept(*row) for row in tx.execute(text(f"SELECT {columns} FROM retention ORDER BY shop_id"))]


_LEFT = {
    "personal": "NOT EXISTS (SELECT FROM erasure e WHERE e.order_id = o.id AND e.erased_at IS NOT NULL)",
    "letters": "EXISTS (SELECT FROM notification n WHERE n.order_id = o.id AND n.next_at IS NULL AND n.recipient <> '')",
}


def outdated(tx: Tx, what: str, shop_id: int, before: datetime, limit: int) -> list[int]:
    """Orders of the shop that ended before this instant and of which `personal` data or `letters` are still there, the oldest first."""
    rows = tx.execute(
        text(f"""SELECT o.id FROM orders o WHERE o.shop_id = :shop AND o.ended_at < :before AND NOT {_NEEDED} AND {_LEFT[what]}
            AND o.id > (SELECT {what}_after FROM retention WHERE shop_id = :shop) ORDER BY o.id LIMIT :limit"""),
        {"shop": shop_id, "before": before, "limit": limit},
    )
    return [row.id for row in rows]


def note_done(tx: Tx, what: str, shop_id: int, before: datetime) -> None:
    """Note up to which order everything is done, so that the next look begins behind it."""
    tx.execute(
        text(f"""UPDATE retention r SET {what}_after = coalesce((SELECT min(o.id) - 1 FROM orders o WHERE o.shop_id = r.shop_id
                AND o.id > r.{what}_after AND ({_NEEDED} OR o.ended_at >= :before)),
                (SELECT max(o.id) FROM orders o WHERE o.shop_id = r.shop_id), r.{what}_after)
            WHERE r.shop_id = :shop"""),
        {"shop": shop_id, "before": before},
    )


def forget_letters(tx: Tx, order_ids: Sequence[int]) -> None:
    """Erase what was written about these orders and to whom; that it was, and when, stays."""
    said = declared(metadata)[metadata.tables["notification"]]
    emptied = ", ".join(f"{column} = {left}" for column, left in said.erased.items())
    tx.execute(
        text(f"UPDATE notification SET {emptied} WHERE order_id = ANY(:orders) AND next_at IS NULL"), {"orders": list(order_ids)}
    )


def forget_strangers(tx: Tx, shop_id: int, before: datetime, limit: int) -> int:
    """Erase what became no order: up to `limit` refused documents from before then, and customers not heard of since; how many."""
    said = declared(metadata)[metadata.tables["intake"]]
    emptied = ", ".join(f"{column} = {left}" for column, left in said.erased.items())
    statements = (
        f"""UPDATE intake SET {emptied} WHERE id IN (SELECT id FROM intake WHERE shop_id = :shop AND state = 'refused'
            AND received_at < :before AND raw <> '' ORDER BY id LIMIT :limit)""",
        "DELETE FROM customer WHERE id IN (SELECT id FROM customer WHERE shop_id = :shop AND confirmed_at < :before LIMIT :limit)",
        """DELETE FROM customer_memory WHERE (shop_id, customer, sku) IN (
            SELECT shop_id, customer, sku FROM customer_memory WHERE shop_id = :shop AND last_at < :before LIMIT :limit)""",
        """DELETE FROM address_flag WHERE (shop_id, channel, address) IN (
            SELECT shop_id, channel, address FROM address_flag WHERE shop_id = :shop AND since < :before LIMIT :limit)""",
    )
    return sum(tx.execute(text(one), {"shop": shop_id, "before": before, "limit": limit}).rowcount for one in statements)


