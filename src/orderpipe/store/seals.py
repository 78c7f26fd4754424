"""
The journal's seals as the database keeps them, and the spans of the journal that are old enough to be sealed.

The same seals stand in a file outside the database; `parts` is kept here alone, to find out where a span differs.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Column, DateTime, LargeBinary, Table

from orderpipe.domain.seals import FIELDS, Leaf, Seal, leaf_of
from orderpipe.store.metadata import Tx, insert_rows, metadata, text

seal = Table(
    "seal",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("begins_at", DateTime(timezone=True)),
    Column("until_at", DateTime(timezone=True), nullable=False),
    Column("entries", BigInteger, nullable=False),
    Column("root", LargeBinary, nullable=False),
    Column("previous", LargeBinary, nullable=False),
    Column("sealed_at", DateTime(timezone=True), nullable=False),
    Column("parts", LargeBinary, nullable=False),
)

SETTLED = timedelta(minutes=10)
"""How long before its transaction began an entry's `at` may lie: the request's own time, and clocks that do not agree."""

MOST = 200_000
"""Entries that one seal takes, unless even more share one instant: a few seconds' work."""

_AT_ONCE = 2000
_SEAL = "number, begins_at, until_at, entries, root, previous, sealed_at"


def lock(tx: Tx, *, sealing: bool) -> None:
    """Wait until nobody seals; while we seal nobody else does, nor reads table and file as one."""
    tx.execute(text("SET LOCAL lock_timeout = '30s'"))
    tx.execute(text(f"LOCK TABLE seal IN {'SHARE ROW EXCLUSIVE' if sealing else 'SHARE'} MODE"))


def last(tx: Tx) -> Seal | None:
    """The newest seal."""
    row = tx.execute(text(f"SELECT {_SEAL} FROM seal ORDER BY number DESC LIMIT 1")).one_or_none()
    return _seal(row) if row else None


def every(tx: Tx) -> list[Seal]:
    """All seals, the oldest first."""
    return [_seal(row) for row in tx.execute(text(f"SELECT {_SEAL} FROM seal ORDER BY number"))]


def parts_of(tx: Tx, number: int) -> bytes:
    """What was kept to find out where this seal's span differs; b"" for a seal that is not there."""
    return bytes(tx.execute(text("SELECT parts FROM seal WHERE number = :number"), {"number": number}).scalar() or b"")


def add(tx: Tx, new: Seal, parts: bytes) -> None:
    """Keep a seal."""
    values = {name: getattr(new, name) for name in _SEAL.split(", ")}
    insert_rows(tx, seal, [values | {"parts": parts}])


def leaves(tx: Tx, begins_at: datetime | None, until_at: datetime) -> Iterator[Leaf]:
    """The places and hashes of a span's entries, by order and number; streamed, so that memory stays flat."""
    tx.execute(text("SET LOCAL work_mem = '64MB'"))
    rows = tx.execute(
        text(f"SELECT {', '.join(FIELDS)} FROM journal WHERE {_span(begins_at)} ORDER BY order_id, seq"),
        _ends(begins_at, until_at), execution_options={"stream_results": True, "max_row_buffer": _AT_ONCE},
    )
    for some in rows.partitions(_AT_ONCE):
        yield from map(leaf_of, some)


def settled_until(tx: Tx, now: datetime) -> datetime:
    """
    The instant before which no entry can come any more: SETTLED before the oldest of our transactions now open began.

    Entries carry an instant from before their transaction's first statement, and a transaction may stay open for long.
    """
    return now - open_for(tx) - SETTLED


def open_for(tx: Tx) -> timedelta:
    """How long the oldest of our transactions now open, but this one, has been so."""
    length = tx.execute(text(
        """SELECT greatest(max(clock_timestamp() - xact_start), interval '0') FROM pg_stat_activity
            WHERE datname = current_database() AND application_name = 'orderpipe' AND pid <> pg_backend_pid()"""
    )).scalar_one()
    return length or timedelta()


def cut(tx: Tx, begins_at: datetime | None, until_at: datetime) -> datetime:
    """Where the span that begins there should end so that it holds at most MOST entries: `until_at` or earlier."""
    begin = begins_at
    while _count(tx, begins_at, until_at, MOST + 1) > MOST:
        if begin is None:
            begin = tx.execute(text("SELECT min(at) FROM journal")).scalar_one()
        middle = begin + (until_at - begin) / 2
        if middle - begin < timedelta(milliseconds=1):
            break
        until_at = middle
    return until_at


def count_since(tx: Tx, instant: datetime) -> int:
    """How many entries the journal has from this instant on."""
    return int(tx.execute(text("SELECT count(*) FROM journal WHERE at >= :instant"), {"instant": instant}).scalar_one())


def _count(tx: Tx, begins_at: datetime | None, until_at: datetime, most: int) -> int:
    rows = tx.execute(
        text(f"SELECT count(*) FROM (SELECT FROM journal WHERE {_span(begins_at)} LIMIT :most) AS entry"),
        _ends(begins_at, until_at) | {"most": most},
    )
    return int(rows.scalar_one())


def _span(begins_at: datetime | None) -> str:
    return "at < :until_at" if begins_at is None else "at >= :begins_at AND at < :until_at"


def _ends(begins_at: datetime | None, until_at: datetime) -> dict[str, Any]:
    return {"until_at": until_at} if begins_at is None else {"begins_at": begins_at, "until_at": until_at}


def _seal(row: Any) -> Seal:
    return Seal(row.number, row.begins_at, row.until_at, row.entries, bytes(row.root), bytes(row.previous), row.sealed_at)
