"""
What lies where, what of it is promised to orders, and every movement with its cause.

A stock row is locked last and in (location, sku) order, so that two batches cannot wait for each other.
"""

from collections.abc import Collection

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB

from orderpipe.domain.promises import LocationTerms
from orderpipe.store.metadata import Tx, metadata, text
from orderpipe.store.personal import IMPERSONAL

location = Table(
    "location",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("shop_id", BigInteger, ForeignKey("shop.id"), nullable=False),
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("time_zone", Text, nullable=False, server_default="UTC"),
    Column("country", Text, nullable=False, server_default="GB"),
    Column("calendar", Text, nullable=False, server_default="standard"),
    Column("carrier", Text, nullable=False, server_default="orderpipe-parcel"),
    Column("carrier_days", JSONB, nullable=False, server_default='{"same_country": 2, "abroad": 5}'),
    UniqueConstraint("shop_id", "code"),
    info=IMPERSONAL,
)

stock = Table(
    "stock",
    metadata,
    Column("location_id", BigInteger, ForeignKey("location.id"), primary_key=True),
    Column("sku", Text, primary_key=True),
    Column("on_hand", Integer, nullable=False, server_default="0"),
    Column("allocated", Integer, nullable=False, server_default="0"),
    CheckConstraint("0 <= allocated AND allocated <= on_hand", name="allocated_within_on_hand"),
    postgresql_with={"fillfactor": 50},
    info=IMPERSONAL,
)

stock_movement = Table(
    "stock_movement",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("location_id", BigInteger, nullable=False),
    Column("sku", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("fulfillment_id", BigInteger),
    Column("cause", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    CheckConstraint("kind IN ('received', 'allocated', 'released', 'shipped', 'adjusted')", name="kind"),
    info=IMPERSONAL,
)

backorder = Table(
    "backorder",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("shop_id", BigInteger, nullable=False),
    Column("sku", Text, nullable=False),
    Column("location_id", BigInteger),
    Column("quantity", Integer, nullable=False),
    Column("order_id", BigInteger, nullable=False),
    Column("fulfillment_id", BigInteger),
    Column("since", DateTime(timezone=True), nullable=False),
    CheckConstraint("quantity > 0", name="quantity"),
    Index("ix_backorder_sku", "shop_id", "sku", "since"),
    Index("ix_backorder_order_id", "order_id"),
    info=IMPERSONAL,
)
"""Demand that found no stock, oldest first: of one fulfillment, or (fulfillment_id NULL) of an order that goes out only as a whole."""


def terms_of(tx: Tx, location_ids: Collection[int]) -> dict[int, LocationTerms]:
    """What each location promises by: its calendar, carrier and the carrier's days."""
    rows = tx.execute(
        text("SELECT id, code, time_zone, country, calendar, carrier, carrier_days FROM location WHERE id = ANY(:ids)"),
        {"ids": sorted(location_ids)},
    )
    return {row.id: LocationTerms.of(row._asdict()) for row in rows}
