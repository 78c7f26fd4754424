"""
Fulfillments: what can leave together from one place, its lines, parcels, scans and the carrier's words.
"""

from sqlalchemy import (
    BigInteger, Boolean, CheckConstraint, Column, DateTime, ForeignKey, Identity, Index, Integer, SmallInteger, Table, Text,
    UniqueConstraint, text,
)

from orderpipe.flow import FulfillmentState, WaitingFor
from orderpipe.store.metadata import metadata


def _one_of(column: str, values: type[FulfillmentState] | type[WaitingFor]) -> str:
    return f"{column} IN ({', '.join(repr(value.value) for value in values)})"


fulfillment = Table(
    "fulfillment",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("order_id", BigInteger, ForeignKey("orders.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("location_id", BigInteger, ForeignKey("location.id")),
    Column("reserved", Boolean, nullable=False),
    Column("not_before", DateTime(timezone=True)),
    Column("state", Text, nullable=False),
    Column("waiting_for", Text),
    Column("next_at", DateTime(timezone=True)),
    Column("attempts", SmallInteger, nullable=False, server_default="0"),
    Column("crashes", SmallInteger, nullable=False, server_default="0"),
    Column("stage_entered_at", DateTime(timezone=True), nullable=False),
    Column("due_at", DateTime(timezone=True)),
    Column("breached", SmallInteger, nullable=False, server_default="0"),
    Column("ended_at", DateTime(timezone=True)),
    Column("last_error", Text),
    CheckConstraint("kind IN ('parcel', 'appointment')", name="kind"),
    CheckConstraint(_one_of("state", FulfillmentState), name="state"),
    CheckConstraint(_one_of("waiting_for", WaitingFor), name="waiting_for"),
    CheckConstraint("(ended_at IS NULL) = (next_at IS NOT NULL)", name="live_has_next_at"),
    CheckConstraint("(ended_at IS NULL) = (state NOT IN ('delivered', 'canceled', 'returned', 'lost'))", name="ended_at"),
    CheckConstraint("state = 'planned' OR state = 'canceled' OR reserved OR kind = 'appointment'", name="reserved_when_released"),
    CheckConstraint("kind = 'appointment' OR location_id IS NOT NULL", name="parcel_has_location"),
    CheckConstraint("id / 1000 = order_id", name="id_tells_the_order"),
    Index("ix_fulfillment_order_id", "order_id"),
    Index("ix_fulfillment_next_at", "next_at", postgresql_where=text("next_at IS NOT NULL")),
    postgresql_with={"fillfactor": 50},
)
"""The id is order_id × 1000 + its number within the order. `reserved`: its stock is set aside. A parcel leaves a location; an appointment is a service."""

fulfillment_line = Table(
    "fulfillment_line",
    metadata,
    Column("fulfillment_id", BigInteger, ForeignKey("fulfillment.id"), primary_key=True),
    Column("number", SmallInteger, primary_key=True),
    Column("sku", Text, nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("picked", Integer, nullable=False, server_default="0"),
    Column("short", Integer, nullable=False, server_default="0"),
    Column("packed", Integer, nullable=False, server_default="0"),
    CheckConstraint("quantity >= 0", name="quantity"),
    CheckConstraint("0 <= packed AND packed <= picked AND picked + short <= quantity", name="packed_picked_quantity"),
    postgresql_with={"fillfactor": 60},
)
"""`number` is the order line's; `short` is what the picker did not find and a new fulfillment will bring."""

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
    Column("tracking_number", Text, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("place", Text),
    Column("received_at", DateTime(timezone=True), nullable=False),
    Column("merged", Boolean, nullable=False),
    UniqueConstraint("tracking_number", "event_id"),
)

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
    Column("reason", Text),
    Column("operator", Text, nullable=False),
    Column("station", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    CheckConstraint("phase IN ('pick', 'pack', 'short', 'performed')", name="phase"),
    UniqueConstraint("fulfillment_id", "client_id"),
)
"""Every scan, accepted or refused with the reason; a resend carries the same `client_id` and counts once."""
