"""
Scans of the warehouse and words of performers, accepted or refused, and the figures they are measured against.
"""

from sqlalchemy import (
    BigInteger, Boolean, CheckConstraint, Column, DateTime, Identity, Integer, Table, Text, UniqueConstraint,
)

from orderpipe.store.metadata import metadata

scan = Table(
    "scan",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("fulfillment_id", BigInteger, nullable=False),
    Column("client_id", Text, nullable=False),
    Column("phase", Text, nullable=False),
    Column("barcode", Text, nullable=False),
    Column("sku", Text),
    Column("quantity", Integer, nullable=False),
    Column("accepted", Boolean, nullable=False),
    Column("code", Text),
    Column("reason", Text),
    Column("note", Text),
    Column("operator", Text, nullable=False),
    Column("station", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    CheckConstraint("phase IN ('pick', 'pack', 'short', 'performed')", name="phase"),
    UniqueConstraint("fulfillment_id", "client_id"),
)
"""Every scan, accepted or refused (`code`, and `reason` as the sentence given); a resend carries the same `client_id` and counts once."""
