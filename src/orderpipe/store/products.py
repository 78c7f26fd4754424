"""
Products and services a shop sells, and the bar codes that stand for them.
"""

from collections.abc import Collection, Sequence

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Numeric,
    Table,
    Text,
)

from orderpipe.domain.products import Product
from orderpipe.store.metadata import Tx, insert_rows, metadata, text

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
    Column("substitute_sku", Text),
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


def lock_catalogue(tx: Tx, shop_id: int) -> None:
    """Let one request at a time change the shop's products; orders go on meanwhile."""
    tx.execute(text("SELECT FROM shop WHERE id = :id FOR NO KEY UPDATE"), {"id": shop_id})


def owners_of(tx: Tx, shop_id: int, gtins: Collection[str]) -> dict[str, str]:
    """The SKU that each of these GTINs (14 digits) stands for in the shop; unknown ones are left out."""
    written = forms_of(gtins)
    rows = tx.execute(
        text("SELECT gtin, sku FROM product_gtin WHERE shop_id = :shop_id AND gtin = ANY(:gtins)"),
        {"shop_id": shop_id, "gtins": sorted(written)},
    )
    return {row.gtin.zfill(14): row.sku for row in rows}


def forms_of(gtins: Collection[str]) -> set[str]:
    """The ways in which these GTINs (14 digits) may be written: with or without leading zeros, as GTIN-13, -12 and -8."""
    return {gtin[cut:] for gtin in gtins for cut in (0, 1, 2, 6) if not gtin[:cut].strip("0")}


_RENEW = """ON CONFLICT (shop_id, sku) DO UPDATE SET kind = excluded.kind, description = excluded.description, price = excluded.price,
    lead_days = excluded.lead_days, discontinued = excluded.discontinued, substitute_sku = excluded.substitute_sku"""


def write(tx: Tx, shop_id: int, products: Sequence[Product]) -> None:
    """List or renew products, each with exactly the GTINs given; of several with one SKU the last counts. See `lock_catalogue`."""
    latest = {one.sku: one for one in products}
    insert_rows(tx, product, [
        {
            "shop_id": shop_id, "sku": one.sku, "kind": one.kind, "description": one.description, "price": one.price,
            "lead_days": one.lead_days, "discontinued": one.discontinued, "substitute_sku": one.substitute_sku,
        }
        for one in latest.values()
    ], conflict=_RENEW)
    tx.execute(
        text("DELETE FROM product_gtin WHERE shop_id = :shop_id AND sku = ANY(:skus)"), {"shop_id": shop_id, "skus": list(latest)}
    )
    insert_rows(tx, product_gtin, [
        {"shop_id": shop_id, "gtin": gtin, "sku": one.sku, "pack_quantity": pieces}
        for one in latest.values() for gtin, pieces in one.gtins.items()
    ])


def catalogue(
    tx: Tx, shop_id: int, *, skus: Collection[str] | None = None, after: str = "", limit: int = 500
) -> list[Product]:
    """The shop's products by SKU: these only, or all, behind the SKU `after`."""
    rows = tx.execute(
        text("""SELECT p.sku, p.description, p.kind, p.price, p.lead_days, p.discontinued,
                coalesce((SELECT jsonb_object_agg(g.gtin, g.pack_quantity) FROM product_gtin g
                    WHERE g.shop_id = p.shop_id AND g.sku = p.sku), '{}'), p.substitute_sku
            FROM product p WHERE p.shop_id = :shop_id AND p.sku > :after AND (:all OR p.sku = ANY(:skus))
            ORDER BY p.sku LIMIT :limit"""),
        {"shop_id": shop_id, "after": after, "all": skus is None, "skus": list(skus or ()), "limit": limit},
    )
    return [Product(*row) for row in rows]
