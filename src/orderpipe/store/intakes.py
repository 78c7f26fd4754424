"""
What was received, byte for byte, and what became of it: the evidence for every order and every refusal.
"""

from sqlalchemy import (
    BigInteger, CheckConstraint, Column, DateTime, ForeignKey, Identity, Index, Integer, LargeBinary, Table, Text,
    UniqueConstraint, text,
)
from sqlalchemy.dialects.postgresql import JSONB

from orderpipe.store.metadata import metadata

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
)
