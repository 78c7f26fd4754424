"""
What was received, byte for byte, and what became of it: the evidence for every order and every refusal.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB

from orderpipe.store.metadata import Tx, as_json, insert_rows, metadata, text
from orderpipe.store.personal import personal

intake = Table(
    "intake",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("shop_id", BigInteger, ForeignKey("shop.id"), nullable=False),
    Column("channel", Text, nullable=False),
    Column("source_id", Text, nullable=False),
    Column("sender", Text, nullable=False, server_default=""),
    Column("parser", Text, nullable=False),
    Column("raw", LargeBinary, nullable=False),
    Column("state", Text, nullable=False),
    Column("received_at", DateTime(timezone=True), nullable=False),
    Column("next_at", DateTime(timezone=True)),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("crashes", Integer, nullable=False, server_default="0"),
    Column("last_error", Text),
    Column("order_id", BigInteger),
    Column("result", JSONB),
    UniqueConstraint("shop_id", "channel", "source_id"),
    CheckConstraint("state IN ('pending', 'recorded', 'refused')", name="state"),
    CheckConstraint("(state = 'pending') = (next_at IS NOT NULL)", name="pending_has_next_at"),
    Index("ix_intake_next_at", "next_at", postgresql_where=text("next_at IS NOT NULL")),
    # by the order they became, at no cost to each: rows and orders come in the same order
    Index("ix_intake_order_id", "order_id", postgresql_using="brin", postgresql_with={"autosummarize": "on"}),
    Index("ix_intake_refused", "shop_id", "id", postgresql_where=text("state = 'refused'")),
    info=personal(
        """order_id = ANY(:orders) OR shop_id = :shop AND state = 'refused' AND EXISTS (
            SELECT FROM unnest(CAST(:words AS text[])) w WHERE position(w IN lower(encode(raw, 'escape'))) > 0)""",
        raw="''", sender="''", last_error="NULL",
        result="nullif(jsonb_strip_nulls(jsonb_build_object('cancellation', result -> 'cancellation')), '{}')",
        harmless="channel source_id parser state",
    ),
)
"""`source_id` is the sender's own id of the message where there is one, else the SHA-256 of its bytes."""

idempotency = Table(
    "idempotency",
    metadata,
    Column("shop_id", BigInteger, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("request_hash", LargeBinary, nullable=False),
    Column("status", Integer, nullable=False),
    Column("answer", JSONB, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    info=personal(
        "shop_id = :shop AND EXISTS (SELECT FROM unnest(CAST(:words AS text[])) w WHERE position(w IN lower(answer::text)) > 0)",
        goes=True, answer="", harmless="key request_hash",
    ),
)


@dataclass(frozen=True, slots=True)
class Intake:
    """Something received, without its bytes, and what became of it; instants UTC."""

    id: int
    shop_id: int
    channel: str
    source_id: str
    sender: str
    parser: str
    state: str
    received_at: datetime
    next_at: datetime | None
    attempts: int
    last_error: str | None
    order_id: int | None
    result: Mapping[str, Any] | None


_COLUMNS = ", ".join(Intake.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class Pending:
    """Bytes that wait to be received."""

    id: int
    shop_id: int
    channel: str
    source_id: str
    sender: str
    parser: str
    raw: bytes
    received_at: datetime


def keep(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep what was received and what became of it; a message that is kept already stays as it is."""
    ordered = sorted(rows, key=lambda row: (row["shop_id"], row["channel"], row["source_id"]))
    insert_rows(tx, intake, ordered, conflict="ON CONFLICT (shop_id, channel, source_id) DO NOTHING")


def keep_pending(tx: Tx, row: Mapping[str, Any]) -> int:
    """Keep bytes to be received later; returns the intake's id, that of the earlier one where the same came before."""
    where = {name: row[name] for name in ("shop_id", "channel", "source_id")}
    new = insert_rows(tx, intake, [row], conflict="ON CONFLICT (shop_id, channel, source_id) DO NOTHING", returning="id")
    if new:
        return int(new[0].id)
    same = "SELECT id FROM intake WHERE shop_id = :shop_id AND channel = :channel AND source_id = :source_id"
    return int(tx.execute(text(same), where).scalar_one())


def claim_pending(tx: Tx, intake_ids: Collection[int]) -> list[Pending]:
    """Lock those of these intakes that still wait, in id order; the others fall out."""
    rows = tx.execute(
        text("""SELECT id, shop_id, channel, source_id, sender, parser, raw, received_at FROM intake
            WHERE id = ANY(:ids) AND state = 'pending' ORDER BY id FOR UPDATE"""),
        {"ids": sorted(set(intake_ids))},
    )
    return [Pending(**row) for row in rows.mappings()]


def settle(tx: Tx, results: Sequence[tuple[int, str, int | None, Mapping[str, Any] | None]]) -> None:
    """Write down what became of pending intakes, as (id, state, order id, problem)."""
    if not results:
        return
    tx.execute(
        text("""UPDATE intake SET state = u.state, order_id = u.order_id, result = CAST(u.result AS jsonb), next_at = NULL
            FROM unnest(CAST(:ids AS bigint[]), CAST(:states AS text[]), CAST(:orders AS bigint[]), CAST(:results AS text[]))
                AS u (id, state, order_id, result)
            WHERE intake.id = u.id"""),
        {
            "ids": [one[0] for one in results], "states": [one[1] for one in results], "orders": [one[2] for one in results],
            "results": [as_json(one[3]) for one in results],
        },
    )


def note_error(tx: Tx, intake_id: int, error: str, not_before: datetime) -> None:
    """Keep the last error of a pending intake, which is not looked at again before this instant (UTC)."""
    tx.execute(
        text("UPDATE intake SET last_error = :error, next_at = greatest(next_at, :at) WHERE id = :id AND state = 'pending'"),
        {"id": intake_id, "error": error[:2000], "at": not_before},
    )


@dataclass(frozen=True, slots=True)
class Filter:
    """Which intakes are wanted: of one state, of one door, of one message whose parts are numbered `id/0` to `id/{MOST_PARTS}`."""

    state: str | None = None
    channel: str | None = None
    task: str | None = None


MOST_PARTS = 1_000
"""Orders that one message may carry at most."""


def listed(tx: Tx, shop_id: int, which: Filter, *, before: int | None, limit: int) -> list[Intake]:
    """A shop's intakes, the newest first; `before` is an id."""
    wanted = {
        "state = :state": which.state, "channel = :channel": which.channel, "id < :before": before,
        # named one by one, so that the index finds them
        "source_id = ANY(:parts)": [f"{which.task}/{part}" for part in range(MOST_PARTS + 1)] if which.task else None,
    }
    conditions = "".join(f" AND {condition}" for condition, value in wanted.items() if value is not None)
    given = dict(zip(("state", "channel", "before", "parts"), wanted.values(), strict=True))
    rows = tx.execute(
        text(f"SELECT {_COLUMNS} FROM intake WHERE shop_id = :shop_id{conditions} ORDER BY id DESC LIMIT :limit"),
        {"shop_id": shop_id, "limit": limit, **{name: value for name, value in given.items() if value is not None}},
    )
    return [Intake(*row) for row in rows]


def read(tx: Tx, shop_id: int, intake_id: int) -> Intake | None:
    """A shop's intake."""
    row = tx.execute(
        text(f"SELECT {_COLUMNS} FROM intake WHERE id = :id AND shop_id = :shop_id"), {"id": intake_id, "shop_id": shop_id}
    ).one_or_none()
    return Intake(*row) if row else None
