"""
Customers as they last confirmed themselves: the memory that later orders are compared with.
"""

from sqlalchemy import BigInteger, Column, DateTime, ForeignKey, Identity, Table, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB

from orderpipe.store.metadata import metadata

customer = Table(
    "customer",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("shop_id", BigInteger, ForeignKey("shop.id"), nullable=False),
    Column("contact_key", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("email", Text, nullable=False, server_default=""),
    Column("phone", Text, nullable=False, server_default=""),
    Column("language", Text, nullable=False, server_default="en"),
    Column("address", JSONB),
    Column("confirmed_at", DateTime(timezone=True), nullable=False),
    UniqueConstraint("shop_id", "contact_key"),
)
