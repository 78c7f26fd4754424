"""
Feedback: one row for each completed order, with what the customer said and when to ask once more.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, DateTime, Index, SmallInteger, Table, Text

from orderpipe.domain.case_terms import Terms
from orderpipe.domain.feedback import Feedback, Rating
from orderpipe.store import case_terms
from orderpipe.store.metadata import Tx, metadata, text

feedback = Table(
    "feedback",
    metadata,
    Column("order_id", BigInteger, primary_key=True, autoincrement=False),
    Column("shop_id", BigInteger, nullable=False),
    Column("asked_at", DateTime(timezone=True), nullable=False),
    Column("next_at", DateTime(timezone=True)),
    Column("score", SmallInteger),
    Column("comment", Text, nullable=False, server_default=""),
    Column("arrived", Boolean),
    Column("channel", Text),
    Column("first_at", DateTime(timezone=True)),
    Column("at", DateTime(timezone=True)),
    CheckConstraint("score BETWEEN 1 AND 5", name="score"),
    Index("ix_feedback_next_at", "next_at", postgresql_where=text("next_at IS NOT NULL")),
    postgresql_with={"fillfactor": 80},
)
"""`next_at`: when the customer is asked once more; `first_at`: when the first score came; `at`: the last word."""


def ask(tx: Tx, order_ids: Collection[int], now: datetime) -> None:
    """Remember that these orders' customers are asked now, and when they are asked once more."""
    terms = case_terms.terms(tx)
    days = {shop_id: one.remind_days for shop_id, one in terms.items()}
    tx.execute(
        text("""INSERT INTO feedback (order_id, shop_id, asked_at, next_at)
            SELECT o.id, o.shop_id, :now, CASE WHEN coalesce(d.days, :usual) > 0
                THEN CAST(:now AS timestamptz) + coalesce(d.days, :usual) * interval '1 day' END
            FROM orders o LEFT JOIN unnest(CAST(:shops AS bigint[]), CAST(:days AS int[])) AS d (shop_id, days) ON d.shop_id = o.shop_id
            WHERE o.id = ANY(:ids) ORDER BY o.id ON CONFLICT DO NOTHING"""),
        {"ids": sorted(order_ids), "now": now, "usual": Terms().remind_days, "shops": list(days), "days": list(days.values())},
    )


def of_order(tx: Tx, order_id: int) -> Feedback | None:
    """What is known of the order's customer's satisfaction; None where nobody was asked."""
    row = tx.execute(
        text("SELECT order_id, shop_id, score, comment, arrived, first_at FROM feedback WHERE order_id = :id"), {"id": order_id}
    ).one_or_none()
    return Feedback(*row) if row else None


def keep(tx: Tx, order_id: int, rating: Rating, *, channel: str, now: datetime) -> None:
    """Write down what the customer said; what was not said this time stays. The caller holds the order's lock."""
    tx.execute(
        text("""INSERT INTO feedback (order_id, shop_id, asked_at, score, comment, arrived, channel, first_at, at)
            SELECT id, shop_id, :now, :score, :comment, :arrived, :channel, CASE WHEN :scored THEN CAST(:now AS timestamptz) END, :now
            FROM orders WHERE id = :id
            ON CONFLICT (order_id) DO UPDATE SET score = coalesce(excluded.score, feedback.score),
                comment = CASE WHEN excluded.score IS NULL THEN feedback.comment ELSE excluded.comment END,
                arrived = coalesce(excluded.arrived, feedback.arrived), channel = excluded.channel, at = excluded.at,
                first_at = coalesce(feedback.first_at, excluded.first_at),
                next_at = CASE WHEN excluded.score IS NULL THEN feedback.next_at END"""),
        {
            "id": order_id, "now": now, "score": rating.score, "comment": rating.comment, "arrived": rating.arrived, "channel": channel,
            "scored": rating.score is not None,
        },
    )


@dataclass(frozen=True, slots=True)
class Silent:
    """A customer whose reminder is due; `still`: it is worth sending, for there is no rating and the order is remembered."""

    order_id: int
    completed_at: datetime
    still: bool


LATEST = timedelta(days=60)
"""Who was asked longer ago is not asked again: an old order is no longer remembered."""


def take_silent(tx: Tx, *, now: datetime, limit: int) -> Sequence[Silent]:
    """Up to so many customers who are to be asked once more, each handed out once."""
    rows = tx.execute(
        text("""WITH due AS MATERIALIZED (SELECT order_id FROM feedback WHERE next_at <= :now ORDER BY next_at LIMIT :limit
                FOR NO KEY UPDATE SKIP LOCKED)
            UPDATE feedback f SET next_at = NULL FROM due WHERE f.order_id = due.order_id
            RETURNING f.order_id, f.asked_at, f.score IS NULL AND f.asked_at > :oldest"""),
        {"now": now, "limit": limit, "oldest": now - LATEST},
    ).all()
    return sorted((Silent(*row) for row in rows), key=lambda one: one.order_id)
