"""
Files that are imported: how far each one is, where each order came from, and what files beside it say.

How far a file is goes into the transaction that takes its orders down, so an import that was killed goes on where it stood.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, Column, DateTime, ForeignKey, Identity, Index, Integer, LargeBinary, Table, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB

from orderpipe.store.database import Database
from orderpipe.store.metadata import Tx, as_json, insert_rows, metadata, text
from orderpipe.store.personal import personal

import_file = Table(
    "import_file",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("shop_id", BigInteger, ForeignKey("shop.id"), nullable=False),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("name", Text, nullable=False),
    Column("position", BigInteger, nullable=False, server_default="0"),
    Column("line", BigInteger, nullable=False, server_default="0"),
    Column("carry", JSONB),
    Column("counts", JSONB, nullable=False, server_default="{}"),
    Column("rejects_size", BigInteger, nullable=False, server_default="0"),
    Column("started_at", DateTime(timezone=True), nullable=False),
    Column("finished_at", DateTime(timezone=True)),
    UniqueConstraint("shop_id", "fingerprint"),
    info=personal(
        "finished_at IS NOT NULL AND id IN (SELECT import_id FROM import_order WHERE order_id = ANY(:orders))", carry="NULL",
        harmless="fingerprint name counts",
    ),
)
"""
`fingerprint`: SHA-256 of the file's bytes and of everything that decides what is made of them. `position`: bytes dealt with, `line`
the last line of them; `carry`: what the lines before mean for the next ones.
"""

import_order = Table(
    "import_order",
    metadata,
    Column("order_id", BigInteger, ForeignKey("orders.id"), primary_key=True, autoincrement=False),
    Column("shop_id", BigInteger, nullable=False),
    Column("import_id", BigInteger, nullable=False),
    Column("line", BigInteger, nullable=False),
    Column("customer", Text, nullable=False),
    Column("placed_at", DateTime(timezone=True)),
    Index("ix_import_order_customer", "shop_id", "customer", "placed_at", "order_id"),
    info=personal(customer="''"),
)
"""Where an imported order came from: the line of the file, its key for the customer, and when it was placed there."""

import_beside = Table(
    "import_beside",
    metadata,
    Column("import_id", BigInteger, primary_key=True),
    Column("source", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("fields", JSONB, nullable=False),
    prefixes=["UNLOGGED"],
    info=personal(
        """import_id IN (SELECT f.id FROM import_file f JOIN import_order o ON o.import_id = f.id
            WHERE f.finished_at IS NOT NULL AND o.order_id = ANY(:orders))""",
        goes=True, key="", fields="", harmless="source",
    ),
)
"""The lines of the files beside the one imported, by the key that joins them; only while the import runs, for they hold personal data."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the import of a file is."""

    id: int
    position: int
    line: int
    carry: Mapping[str, Any] | None
    counts: Mapping[str, Any]
    rejects_size: int
    started_at: datetime
    finished_at: datetime | None


class ImportedElsewhere(Exception):
    """Another process imports the same file at this moment; let it go on, or stop it and start this command again."""


_PROGRESS = "id, position, line, carry, counts, rejects_size, started_at, finished_at"


def begin(tx: Tx, shop_id: int, fingerprint: bytes, name: str, now: datetime) -> Progress:
    """The progress of this file, from its beginning where it was never imported."""
    row = {"shop_id": shop_id, "fingerprint": fingerprint, "name": name, "started_at": now}
    insert_rows(tx, import_file, [row], conflict="ON CONFLICT (shop_id, fingerprint) DO NOTHING")
    found = tx.execute(
        text(f"SELECT {_PROGRESS} FROM import_file WHERE shop_id = :shop_id AND fingerprint = :fingerprint"),
        {"shop_id": shop_id, "fingerprint": fingerprint},
    ).one()
    return Progress(*found)


def standing(tx: Tx, import_id: int) -> Progress:
    """How far the import is by now."""
    return Progress(*tx.execute(text(f"SELECT {_PROGRESS} FROM import_file WHERE id = :id"), {"id": import_id}).one())


@contextmanager
def alone(database: Database, import_id: int) -> Iterator[None]:
    """While this lasts nobody else imports the file; ends with the process, however that ends. Raises ImportedElsewhere."""
    lock = {"key": f"import {import_id}"}
    with database.connect() as connection:
        connection.detach()  # the lock goes with the connection, which is closed afterwards and so is none of the pool's
        free = connection.execute(text("SELECT pg_try_advisory_lock(hashtextextended(:key, 0))"), lock).scalar_one()
        connection.commit()
        if not free:
            raise ImportedElsewhere(ImportedElsewhere.__doc__)
        yield


def start_over(tx: Tx, import_id: int) -> None:
    """Read the file from its beginning again; what of it is in the books stays as it is."""
    tx.execute(
        text("""UPDATE import_file SET position = 0, line = 0, carry = NULL, counts = '{}', rejects_size = 0, finished_at = NULL
            WHERE id = :id"""),
        {"id": import_id},
    )


def one_at_a_time(tx: Tx, shop_id: int) -> None:
    """Imports of one shop take turns, transaction by transaction, so that two of them cannot wait for each other."""
    tx.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('import', :shop_id))"), {"shop_id": shop_id})


def advance(tx: Tx, before: Progress, after: Progress) -> None:
    """Note how far the file is now. Raises ImportedElsewhere where somebody else has moved on from there."""
    done = tx.execute(
        text("""UPDATE import_file SET position = :position, line = :line, carry = CAST(:carry AS jsonb),
                counts = CAST(:counts AS jsonb), rejects_size = :rejects_size, finished_at = :finished_at
            WHERE id = :id AND position = :was AND finished_at IS NULL"""),
        {
            "id": after.id, "was": before.position, "position": after.position, "line": after.line, "carry": as_json(after.carry),
            "counts": as_json(after.counts), "rejects_size": after.rejects_size, "finished_at": after.finished_at,
        },
    )
    if done.rowcount != 1:
        raise ImportedElsewhere(ImportedElsewhere.__doc__)


def note_orders(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    """Note where new orders came from."""
    insert_rows(tx, import_order, rows, conflict="ON CONFLICT DO NOTHING")


def places_of(tx: Tx, order_ids: Collection[int]) -> dict[int, tuple[str, int]]:
    """The file and line that imported orders came from; others are left out."""
    rows = tx.execute(
        text("""SELECT o.order_id, f.name, o.line FROM import_order o JOIN import_file f ON f.id = o.import_id
            WHERE o.order_id = ANY(:ids)"""),
        {"ids": list(order_ids)},
    )
    return {row.order_id: (row.name, row.line) for row in rows}


def keep_beside(tx: Tx, import_id: int, source: str, rows: Sequence[tuple[str, int, Mapping[str, str]]]) -> None:
    """Keep lines of a file beside the one imported, as (key, place, fields)."""
    insert_rows(tx, import_beside, [
        {"import_id": import_id, "source": source, "key": key, "place": place, "fields": fields} for key, place, fields in rows
    ])


def beside(tx: Tx, import_id: int, source: str, keys: Collection[str]) -> dict[str, list[dict[str, str]]]:
    """The lines that a file beside has for these keys, in their order there; keys without any are left out."""
    rows = tx.execute(
        text("""SELECT key, fields FROM import_beside WHERE import_id = :id AND source = :source AND key = ANY(:keys)
            ORDER BY key, place"""),
        {"id": import_id, "source": source, "keys": list(keys)},
    )
    found: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        found.setdefault(row.key, []).append(row.fields)
    return found


def forget_beside(tx: Tx, import_id: int) -> None:
    """Forget what the files beside said."""
    tx.execute(text("DELETE FROM import_beside WHERE import_id = :id"), {"id": import_id})


@dataclass(frozen=True, slots=True)
class Sought:
    """So many pieces that a cancellation takes back: what was ordered, by whom, at what price, and no later than this."""

    place: int
    customer: str
    reference: str
    sku: str
    quantity: int
    unit_price: Decimal | None
    placed_at: datetime | None
    line: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """An order's line that a cancellation may mean, and how many pieces of it are not canceled yet."""

    place: int
    order_id: int
    number: int
    left: int


_EACH = 100
"""Lines looked at for each piece of a cancellation, the latest first."""

_CANDIDATES = text(f"""
    SELECT u.place, c.order_id, c.number, c.left
    FROM unnest(CAST(:places AS int[]), CAST(:customers AS text[]), CAST(:references AS text[]), CAST(:skus AS text[]),
        CAST(:quantities AS int[]), CAST(:prices AS numeric[]), CAST(:dates AS timestamptz[]), CAST(:lines AS bigint[]))
        AS u (place, customer, reference, sku, quantity, price, placed_at, line)
    CROSS JOIN LATERAL (
        (SELECT i.placed_at, l.order_id, l.number, l.quantity - l.canceled AS left
        FROM import_order i JOIN order_line l ON l.order_id = i.order_id
        WHERE i.shop_id = :shop_id AND i.customer <> '' AND i.customer = u.customer
            AND l.sku = u.sku AND l.quantity - l.canceled >= u.quantity AND (u.price IS NULL OR l.unit_price = u.price)
            AND (i.placed_at <= u.placed_at OR i.placed_at IS NULL OR u.placed_at IS NULL)
            AND (i.import_id <> :import_id OR i.line < u.line)
        ORDER BY i.placed_at DESC, i.order_id DESC LIMIT {_EACH})
        UNION
        SELECT i.placed_at, l.order_id, l.number, l.quantity - l.canceled
        FROM orders o JOIN order_line l ON l.order_id = o.id LEFT JOIN import_order i ON i.order_id = o.id
        WHERE u.reference <> '' AND o.shop_id = :shop_id AND o.reference = u.reference
            AND l.sku = u.sku AND l.quantity - l.canceled >= u.quantity AND (u.price IS NULL OR l.unit_price = u.price)
    ) c
    ORDER BY u.place, c.placed_at DESC, c.order_id DESC, c.number
""")


def candidates(tx: Tx, shop_id: int, import_id: int, sought: Sequence[Sought]) -> list[Candidate]:
    """Which lines each piece of a cancellation may mean, the latest order first; those of the same customer, article and price."""
    if not sought:
        return []
    rows = tx.execute(_CANDIDATES, {
        "shop_id": shop_id, "import_id": import_id, "places": [one.place for one in sought],
        "customers": [one.customer for one in sought], "references": [one.reference for one in sought],
        "skus": [one.sku for one in sought], "quantities": [one.quantity for one in sought],
        "prices": [one.unit_price for one in sought], "dates": [one.placed_at for one in sought], "lines": [one.line for one in sought],
    })
    return [Candidate(*row) for row in rows]


def canceled_by(tx: Tx, shop_id: int, source_ids: Collection[str]) -> dict[str, str]:
    """Those of these cancellations (by the id of their intake) that have been applied before, with the digest of what they said."""
    rows = tx.execute(
        text("""SELECT source_id, result->>'cancellation' AS content FROM intake
            WHERE shop_id = :shop_id AND channel = 'file' AND source_id = ANY(:ids)"""),
        {"shop_id": shop_id, "ids": list(source_ids)},
    )
    return {row.source_id: row.content or "" for row in rows}
