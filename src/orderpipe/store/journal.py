"""
What happened to every order, in order, by whom: append-only and free of personal data.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, Column, DateTime, Float, Index, Integer, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from orderpipe.store.metadata import Tx, as_json, metadata, text
from orderpipe.store.personal import personal

REPORTED = """what IN ('target.breached', 'order.canceled', 'order.rejected', 'order.reduced', 'fulfillment.canceled', \
'notice.undelivered')"""
"""What seldom happens and reports look for; a condition in these words is what finds its index."""

journal = Table(
    "journal",
    metadata,
    Column("order_id", BigInteger, primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("actor", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("fulfillment_id", BigInteger),
    Column("before", Text),
    Column("after", Text),
    Column("note", JSONB),
    Column("spent_seconds", Float),
    Column("target_seconds", Float),
    Column("task_id", Text),
    # summarized as the table grows: else each search reads whatever came since the last vacuum, a fifth of the table at worst
    Index("ix_journal_at", "at", postgresql_using="brin", postgresql_with={"autosummarize": "on"}),
    Index("ix_journal_reported", "what", "at", postgresql_where=text(REPORTED)),
    info=personal(harmless="actor what before after note task_id"),  # references and figures only, and sealed
)
"""Rows come in the order of time, so a BRIN index finds what happened since an instant at next to no cost."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened to an order; `note` holds references and figures, never personal data; times in seconds."""

    order_id: int
    what: str
    fulfillment_id: int | None = None
    before: str | None = None
    after: str | None = None
    note: Mapping[str, object] | None = None
    spent_seconds: float | None = None
    target_seconds: float | None = None


_INSERT = """INSERT INTO journal
        (order_id, seq, at, actor, what, fulfillment_id, before, after, note, spent_seconds, target_seconds, task_id)
    SELECT u.order_id, coalesce((SELECT max(j.seq) FROM journal j WHERE j.order_id = u.order_id), 0)
            + row_number() OVER (PARTITION BY u.order_id ORDER BY u.place),
        :entry_at, :entry_actor, u.what, u.fulfillment_id, u.before, u.after, CAST(u.note AS jsonb), u.spent, u.target, :entry_task
    FROM unnest(CAST(:entry_orders AS bigint[]), CAST(:entry_whats AS text[]), CAST(:entry_fulfillments AS bigint[]),
        CAST(:entry_befores AS text[]), CAST(:entry_afters AS text[]), CAST(:entry_notes AS text[]), CAST(:entry_spents AS float8[]),
        CAST(:entry_targets AS float8[]))
        WITH ORDINALITY AS u (order_id, what, fulfillment_id, before, after, note, spent, target, place)"""


@dataclass(frozen=True, slots=True)
class Addition:
    """Something to be written by the same statement as something else: an INSERT and its parameters."""

    insert: str
    parameters: Mapping[str, object]


def addition(entries: Sequence[Entry], *, now: datetime, actor: str, task_id: str | None = None) -> Addition:
    """What appends these entries; the caller holds the orders' locks, so each order's numbers follow without a gap."""
    return Addition(_INSERT, {
        "entry_at": now, "entry_actor": actor, "entry_task": task_id,
        "entry_orders": [entry.order_id for entry in entries], "entry_whats": [entry.what for entry in entries],
        "entry_fulfillments": [entry.fulfillment_id for entry in entries], "entry_befores": [entry.before for entry in entries],
        "entry_afters": [entry.after for entry in entries], "entry_notes": [as_json(entry.note) for entry in entries],
        "entry_spents": [entry.spent_seconds for entry in entries], "entry_targets": [entry.target_seconds for entry in entries],
    })


def write(tx: Tx, entries: Sequence[Entry], *, now: datetime, actor: str, task_id: str | None = None) -> None:
    """Append entries in a statement of their own."""
    if entries:
        append(tx, addition(entries, now=now, actor=actor, task_id=task_id))


def append(tx: Tx, added: Addition) -> None:
    """Write an addition in a statement of its own."""
    tx.execute(text(added.insert), added.parameters)
