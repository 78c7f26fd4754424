"""
A database with very many ended orders: a thousand went through every stage for real, and everything about them is copied again and again.

Each copy keeps what it was copied from, row for row, with numbers, references and instants of its own: the oldest copy first.
"""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from sqlalchemy import Connection, DateTime, NullPool, Table, create_engine, text

from orderpipe.store.customers import customer
from orderpipe.store.feedback import feedback
from orderpipe.store.fulfillments import fulfillment, fulfillment_line
from orderpipe.store.intakes import intake
from orderpipe.store.journal import journal
from orderpipe.store.notifications import notification
from orderpipe.store.orders import order_line, orders
from orderpipe.store.outlooks import outlook
from orderpipe.store.promises import promise
from orderpipe.store.scans import scan
from orderpipe.store.stock import stock_movement
from orderpipe.store.tracking import parcel, tracking_event

CHUNK = 50
"""Copies that one statement writes."""
APART = "9 hours"
"""Between one copy's instants and the next one's, so that a thousand copies make a year."""

ID, _ORDER, _FULFILLMENT = "id + c * (SELECT max(id) FROM {0})", "{0} + c * :orders", "{0} + c * :orders * 1000"
OF_ORDER, _OF_FULFILLMENT = {"order_id": _ORDER.format("order_id")}, {"fulfillment_id": _FULFILLMENT.format("fulfillment_id")}
MARKED = "{0} || '-' || c"
_KEY = """kind || ':' || CAST(split_part(dedupe_key, ':', 2) AS bigint) + c * :orders * CASE kind WHEN 'shipped' THEN 1000 ELSE 1 END"""
"""A letter's key ends with the number of the order, or of the fulfillment that was shipped."""

Copied = Mapping[Table, Mapping[str, str]]
COPIED: Copied = {
    journal: OF_ORDER | _OF_FULFILLMENT,
    notification: {"id": ID} | OF_ORDER | {"dedupe_key": _KEY},
    orders: {"id": _ORDER, "reference": MARKED},
    order_line: OF_ORDER,
    intake: {"id": ID, "source_id": "encode(sha256(convert_to(source_id || c, 'UTF8')), 'hex')"} | OF_ORDER,
    fulfillment: {"id": _FULFILLMENT} | OF_ORDER,
    fulfillment_line: _OF_FULFILLMENT,
    promise: _OF_FULFILLMENT,
    scan: {"id": ID} | _OF_FULFILLMENT,
    parcel: {"id": ID, "tracking_number": MARKED} | _OF_FULFILLMENT,
    tracking_event: {"id": ID, "tracking_number": MARKED, "event_id": MARKED},
    stock_movement: {"id": ID} | _OF_FULFILLMENT,
    customer: {"id": ID, "contact_key": MARKED},
    feedback: OF_ORDER,
    outlook: _OF_FULFILLMENT,
}
"""Every table that an order leaves rows in, and what a copy's columns are made of where they are not simply the same."""

_STOCK = """UPDATE stock s SET on_hand = m.on_hand FROM (SELECT location_id, sku, sum(quantity) AS on_hand FROM stock_movement
    WHERE kind IN ('received', 'adjusted', 'shipped') GROUP BY location_id, sku) m WHERE (s.location_id, s.sku) = (m.location_id, m.sku)"""
_SECONDARY = """SELECT i.indexrelid::regclass::text AS name, pg_get_indexdef(i.indexrelid) AS definition, c.conname AS constraint,
        pg_get_constraintdef(c.oid) AS terms
    FROM pg_index i LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid AND c.conrelid = i.indrelid
    WHERE i.indrelid = CAST(:table AS regclass) AND NOT i.indisprimary"""


def multiply(url: str, copies: int, copied: Copied = COPIED) -> None:
    """Copy everything about the ended orders that are there so many times, and settle; `copied` where they left more than ordinary rows."""
    with _connection(url) as tx:
        orders_there = int(tx.execute(text("SELECT max(id) FROM orders")).scalar_one())
        tx.execute(text("CREATE SCHEMA seed"))
        for table in copied:
            only = "WHERE fulfillment_id IS NOT NULL" if table is stock_movement else ""
            tx.execute(text(f"CREATE UNLOGGED TABLE seed.{table.name} AS SELECT * FROM {table.name} {only}"))
    with ThreadPoolExecutor(2) as threads:  # the journal is about as much as everything else together
        list(threads.map(lambda one: _copy(url, *one, orders=orders_there, copies=copies), copied.items()))
    with _connection(url) as tx:
        tx.execute(text("DROP SCHEMA seed CASCADE"))
        tx.execute(text(_STOCK))
    settle(url)


def settle(url: str) -> None:
    """VACUUM, ANALYZE and a checkpoint, so that nothing of what came before is left to do."""
    with _connection(url) as tx:
        tx.execute(text("VACUUM (ANALYZE)"))
        tx.execute(text("CHECKPOINT"))


def _copy(url: str, table: Table, changed: Mapping[str, str], *, orders: int, copies: int) -> None:
    with _connection(url) as tx, _left_alone(tx, table):
        statement = text(_copies_of(table, changed))
        for first in range(1, copies + 1, CHUNK):
            last = min(first + CHUNK - 1, copies)
            tx.execute(statement, {"first": first, "last": last, "copies": copies, "orders": orders})
        if "id" in table.c and table.c.id.identity is not None:
            tx.execute(text(f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), (SELECT max(id) FROM {table.name}))"))


def _copies_of(table: Table, changed: Mapping[str, str]) -> str:
    seed, names = f"seed.{table.name}", [column.name for column in table.columns]
    values = [
        changed[name].format(seed if changed[name] is ID else name) if name in changed
        else f"{name} - (:copies + 1 - c) * interval '{APART}'" if isinstance(table.c[name].type, DateTime)
        else name
        for name in names
    ]
    # OFFSET 0 keeps the copies in their order, so that rows lie as they would have come
    copies = f"generate_series(CAST(:first AS bigint), :last) AS g (c), LATERAL (SELECT * FROM {seed} WHERE c IS NOT NULL OFFSET 0) AS s"
    return f"INSERT INTO {table.name} ({', '.join(names)}) SELECT {', '.join(values)} FROM {copies}"


@contextmanager
def _left_alone(tx: Connection, table: Table) -> Iterator[None]:
    """Without autovacuum, and without its secondary indexes, which are made anew at the end in a fraction of the time."""
    found = tx.execute(text(_SECONDARY), {"table": table.name}).all()
    tx.execute(text(f"ALTER TABLE {table.name} SET (autovacuum_enabled = off)"))
    for one in found:
        tx.execute(text(f"ALTER TABLE {table.name} DROP CONSTRAINT {one.constraint}" if one.constraint else f"DROP INDEX {one.name}"))
    yield
    for one in found:
        again = f"ALTER TABLE {table.name} ADD CONSTRAINT {one.constraint} {one.terms}"
        tx.execute(text(again if one.constraint else one.definition))
    tx.execute(text(f"ALTER TABLE {table.name} RESET (autovacuum_enabled)"))


@contextmanager
def _connection(url: str) -> Iterator[Connection]:
    """For loading: as long as it takes, and without the foreign keys' own look-ups, as every copy brings its own rows along."""
    engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as tx:
        for chosen in (
            "statement_timeout = 0", "synchronous_commit = off", "maintenance_work_mem = '512MB'", "session_replication_role = replica",
        ):
            tx.execute(text(f"SET {chosen}"))
        yield tx
