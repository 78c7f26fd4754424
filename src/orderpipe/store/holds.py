"""
What stops an order: findings of the checks, the questions they lead to, and the holds that stay until somebody clears them.
"""

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, ForeignKey, Identity, Index, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from orderpipe.store.metadata import metadata

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
    CheckConstraint("severity IN ('ask', 'review', 'reject')", name="severity"),
    Index("ix_finding_order_id", "order_id"),
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
    CheckConstraint("state IN ('open', 'answered', 'closed')", name="state"),
    Index("uq_query_open", "order_id", unique=True, postgresql_where=text("state = 'open'")),
)
