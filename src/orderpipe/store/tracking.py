"""
Parcels on their way, and what the carrier says of them: every word is kept, and merged forward only.
"""

from sqlalchemy import BigInteger, Boolean, Column, DateTime, Identity, Index, Table, Text, UniqueConstraint

from orderpipe.store.metadata import metadata

parcel = Table(
    "parcel",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("fulfillment_id", BigInteger, nullable=False),
    Column("sscc", Text, nullable=False, unique=True),
    Column("carrier", Text, nullable=False),
    Column("tracking_number", Text, nullable=False, unique=True),
    Column("status", Text, nullable=False),
    Column("shipped_at", DateTime(timezone=True), nullable=False),
    Column("status_at", DateTime(timezone=True), nullable=False),
    Index("ix_parcel_fulfillment_id", "fulfillment_id"),
    postgresql_with={"fillfactor": 70},
)

tracking_event = Table(
    "tracking_event",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("shop_id", BigInteger, nullable=False),
    Column("tracking_number", Text, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("place", Text),
    Column("received_at", DateTime(timezone=True), nullable=False),
    Column("merged", Boolean, nullable=False),
    UniqueConstraint("shop_id", "tracking_number", "event_id"),
)
"""`shop_id` is the shop whose carrier said it, so that nobody can speak about another shop's parcels, not even ahead of them."""
