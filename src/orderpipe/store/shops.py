"""
Shops, and the keys with which shops, warehouses, carriers and the office come in over HTTP.
"""

from sqlalchemy import BigInteger, Column, DateTime, ForeignKey, Identity, Index, LargeBinary, Table, Text, func

from orderpipe.store.metadata import metadata

shop = Table(
    "shop",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("code", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("language", Text, nullable=False, server_default="en"),
    Column("time_zone", Text, nullable=False, server_default="UTC"),
    Column("country", Text, nullable=False, server_default="GB"),
    Column("currency", Text, nullable=False, server_default="GBP"),
    Column("mail_from", Text, nullable=False, server_default=""),
    Column("office_email", Text, nullable=False, server_default=""),
    Column("backorder_policy", Text, nullable=False, server_default="as-available"),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)

api_key = Table(
    "api_key",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("shop_id", BigInteger, ForeignKey("shop.id"), nullable=False),
    Column("role", Text, nullable=False),
    Column("hash", LargeBinary, nullable=False, unique=True),
    Column("hint", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("revoked_at", DateTime(timezone=True)),
    Index("ix_api_key_shop_id", "shop_id"),
)
