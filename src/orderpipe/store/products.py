"""
Products and services a shop sells, and the bar codes that stand for them.
"""

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, ForeignKey, ForeignKeyConstraint, Index, Integer, Numeric, Table, Text

from orderpipe.store.metadata import metadata

product = Table(
    "product",
    metadata,
    Column("shop_id", BigInteger, ForeignKey("shop.id"), primary_key=True),
    Column("sku", Text, primary_key=True),
    Column("kind", Text, nullable=False, server_default="goods"),
    Column("description", Text, nullable=False),
    Column("price", Numeric(14, 4)),
    Column("lead_days", Integer, nullable=False, server_default="0"),
    Column("discontinued", Boolean, nullable=False, server_default="false"),
    CheckConstraint("kind IN ('goods', 'service')", name="kind"),
)

product_gtin = Table(
    "product_gtin",
    metadata,
    Column("shop_id", BigInteger, primary_key=True),
    Column("gtin", Text, primary_key=True),
    Column("sku", Text, nullable=False),
    Column("pack_quantity", Integer, nullable=False, server_default="1"),
    ForeignKeyConstraint(["shop_id", "sku"], ["product.shop_id", "product.sku"]),
    CheckConstraint("pack_quantity > 0", name="pack_quantity"),
    Index("ix_product_gtin_sku", "shop_id", "sku"),
)
