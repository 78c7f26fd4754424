"""
What happened to every order, in order, by whom: append-only and free of personal data.
"""

from sqlalchemy import BigInteger, Column, DateTime, Float, Integer, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from orderpipe.store.metadata import metadata

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
)
