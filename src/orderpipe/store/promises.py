"""
What was promised, revision by revision, with the arithmetic that led to it; the original is never updated.
"""

from sqlalchemy import BigInteger, Column, DateTime, ForeignKey, SmallInteger, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from orderpipe.store.metadata import metadata

promise = Table(
    "promise",
    metadata,
    Column("fulfillment_id", BigInteger, ForeignKey("fulfillment.id"), primary_key=True),
    Column("revision", SmallInteger, primary_key=True),
    Column("from_at", DateTime(timezone=True), nullable=False),
    Column("until_at", DateTime(timezone=True), nullable=False),
    Column("arithmetic", JSONB, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
)
