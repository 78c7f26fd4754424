"""
What customers and the office are to be told: a row first, rendered and sent when leased, kept as it was sent.
"""

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, Identity, Index, Integer, LargeBinary, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from orderpipe.store.metadata import metadata

notification = Table(
    "notification",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("order_id", BigInteger),
    Column("audience", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("facts", JSONB, nullable=False),
    Column("dedupe_key", Text, nullable=False, unique=True),
    Column("state", Text, nullable=False, server_default="pending"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_at", DateTime(timezone=True)),
    Column("last_error", Text),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("sent_at", DateTime(timezone=True)),
    Column("provider_id", Text),
    Column("sent", LargeBinary),
    CheckConstraint("audience IN ('customer', 'office')", name="audience"),
    CheckConstraint("channel IN ('email', 'sms')", name="channel"),
    CheckConstraint("state IN ('pending', 'sending', 'sent', 'dead')", name="state"),
    CheckConstraint("(state IN ('pending', 'sending')) = (next_at IS NOT NULL)", name="pending_has_next_at"),
    Index("ix_notification_next_at", "channel", "next_at", postgresql_where=text("next_at IS NOT NULL")),
    Index("ix_notification_order_id", "order_id"),
    postgresql_with={"fillfactor": 70},
)
