"""
What stops an order: findings of the checks, the questions they lead to, and the holds that stay until somebody clears them.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, ForeignKey, Identity, Index, SmallInteger, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from orderpipe.flow import WaitingFor
from orderpipe.store.metadata import Tx, insert_rows, metadata, text
from orderpipe.store.personal import personal

finding = Table(
    "finding",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("order_id", BigInteger, ForeignKey("orders.id"), nullable=False),
    Column("rule", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("field", Text, nullable=False),
    Column("evidence", JSONB, nullable=False),
    Column("found_at", DateTime(timezone=True), nullable=False),
    Column("cleared_at", DateTime(timezone=True)),
    Column("cleared_how", Text),
    Column("cleared_by", Text),
    CheckConstraint("severity IN ('note', 'ask', 'review', 'reject')", name="severity"),
    Index("ix_finding_order_id", "order_id"),
    info=personal(evidence="'{}'", harmless="rule severity field cleared_how cleared_by"),
)

hold = Table(
    "hold",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("order_id", BigInteger, ForeignKey("orders.id"), nullable=False),
    Column("fulfillment_id", BigInteger),
    Column("kind", Text, nullable=False),
    Column("stops", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("opened_at", DateTime(timezone=True), nullable=False),
    Column("deadline", DateTime(timezone=True), nullable=False),
    Column("closed_at", DateTime(timezone=True)),
    Column("closed_how", Text),
    Column("closed_by", Text),
    Index(
        "uq_hold_open", "order_id", text("coalesce(fulfillment_id, 0)"), "kind", unique=True,
        postgresql_where=text("closed_at IS NULL"),
    ),
    Index("ix_hold_fulfillment_id", "fulfillment_id", postgresql_where=text("fulfillment_id IS NOT NULL")),
    info=personal(reason="''", harmless="kind stops owner closed_how closed_by"),
)

query = Table(
    "query",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("order_id", BigInteger, ForeignKey("orders.id"), nullable=False),
    Column("token", Text, nullable=False, unique=True),
    Column("doubts", JSONB, nullable=False),
    Column("state", Text, nullable=False),
    Column("opened_at", DateTime(timezone=True), nullable=False),
    Column("asked_at", DateTime(timezone=True)),
    Column("reminded_at", DateTime(timezone=True)),
    Column("escalated_at", DateTime(timezone=True)),
    Column("answered_at", DateTime(timezone=True)),
    Column("answered_by", Text),
    Column("answer", JSONB),
    Column("repeated_at", DateTime(timezone=True)),
    Column("next_at", DateTime(timezone=True)),
    Column("silence_at", DateTime(timezone=True)),
    Column("on_silence", Text),
    Column("round", SmallInteger, nullable=False, server_default="1"),
    Column("answered_how", Text),
    CheckConstraint("state IN ('open', 'answered', 'closed')", name="state"),
    Index("uq_query_open", "order_id", unique=True, postgresql_where=text("state = 'open'")),
    info=personal(doubts="'[]'", answer="NULL", token="'erased ' || id", harmless="state answered_by answered_how on_silence"),
)
"""
`next_at`: when the next rung of the ladder is due, NULL at once; `repeated_at`: the reminder by the other channel; `round` counts how
often the doubts grew and all were asked anew. `token`: the links of the release before; letters carry sealed links now.
"""


def open_holds(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    """Open holds; one of the same kind that is open already stays as it is."""
    insert_rows(tx, hold, rows, conflict="ON CONFLICT DO NOTHING")


def close_holds(tx: Tx, order_ids: Collection[int], kinds: Collection[WaitingFor], *, how: str, by: str, now: datetime) -> None:
    """Close the orders' open holds of these kinds, saying how and by whom."""
    tx.execute(
        text("""UPDATE hold SET closed_at = :now, closed_how = :how, closed_by = :by
            WHERE order_id = ANY(:ids) AND kind = ANY(:kinds) AND closed_at IS NULL"""),
        {"ids": list(order_ids), "kinds": list(kinds), "how": how, "by": by, "now": now},
    )


def is_held_because(tx: Tx, order_id: int, reason: str) -> bool:
    """Whether the order has an open hold for this reason."""
    held = tx.execute(
        text("SELECT FROM hold WHERE order_id = :id AND reason = :reason AND closed_at IS NULL LIMIT 1"), {"id": order_id, "reason": reason}
    )
    return held.one_or_none() is not None


def close_because(tx: Tx, order_id: int, reason: str, *, how: str, by: str, now: datetime) -> bool:
    """Close the order's open holds that were opened for this reason; whether there was one."""
    closed = tx.execute(
        text("""UPDATE hold SET closed_at = :now, closed_how = :how, closed_by = :by
            WHERE order_id = :id AND reason = :reason AND closed_at IS NULL RETURNING id"""),
        {"id": order_id, "reason": reason, "how": how, "by": by, "now": now},
    )
    return bool(closed.all())


def close_holds_of_parts(tx: Tx, fulfillment_ids: Collection[int], *, how: str, by: str, now: datetime) -> None:
    """Close whatever holds these fulfillments alone, saying how and by whom."""
    tx.execute(
        text("""UPDATE hold SET closed_at = :now, closed_how = :how, closed_by = :by
            WHERE fulfillment_id = ANY(:ids) AND closed_at IS NULL"""),
        {"ids": list(fulfillment_ids), "how": how, "by": by, "now": now},
    )


@dataclass(frozen=True, slots=True)
class Found:
    """What a check found in an order, with its evidence, and how it was cleared (`confirmed`, `answered`, `noted` …) and by whom."""

    rule: str
    severity: str
    field: str
    evidence: Mapping[str, Any]
    found_at: datetime
    cleared_at: datetime | None
    cleared_how: str | None
    cleared_by: str | None


def found_in(tx: Tx, order_id: int) -> list[Found]:
    """Everything that was found in an order, the oldest first."""
    columns = ", ".join(Found.__dataclass_fields__)
    return [Found(*row) for row in tx.execute(text(f"SELECT {columns} FROM finding WHERE order_id = :id ORDER BY id"), {"id": order_id})]


def write_findings(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep what the checks found."""
    insert_rows(tx, finding, rows)


def clear_findings(
    tx: Tx, order_ids: Collection[int], *, confirmed: Collection[tuple[str, str]] = (), how: str, by: str, now: datetime
) -> None:
    """Close the orders' open findings: those in `confirmed` (rule, field) as right, the others by `how`."""
    tx.execute(
        text("""UPDATE finding SET cleared_at = :now, cleared_by = :by,
                cleared_how = CASE WHEN (rule || ' ' || field) = ANY(:confirmed) THEN 'confirmed' ELSE :how END
            WHERE order_id = ANY(:ids) AND cleared_at IS NULL"""),
        {"ids": list(order_ids), "confirmed": [f"{rule} {field}" for rule, field in confirmed], "how": how, "by": by, "now": now},
    )


def confirm_findings(tx: Tx, order_id: int, *, by: str, now: datetime) -> None:
    """The office takes what it was asked about as right; what nobody may override, or is the customer's to say, will be found again."""
    tx.execute(
        text("""UPDATE finding SET cleared_at = :now, cleared_by = :by,
                cleared_how = CASE WHEN severity = 'review' AND coalesce(evidence ->> 'override', 'nobody') <> 'nobody'
                    THEN 'confirmed' ELSE 'again' END
            WHERE order_id = :id AND cleared_at IS NULL"""),
        {"id": order_id, "by": by, "now": now},
    )


def settled(tx: Tx, fulfillment_ids: Collection[int]) -> frozenset[int]:
    """Those of the lost or returned fulfillments about which the office has decided."""
    rows = tx.execute(
        text("""SELECT DISTINCT fulfillment_id FROM hold
            WHERE fulfillment_id = ANY(:ids) AND kind = 'office' AND closed_how = 'settled'"""),
        {"ids": list(fulfillment_ids)},
    )
    return frozenset(row.fulfillment_id for row in rows)
