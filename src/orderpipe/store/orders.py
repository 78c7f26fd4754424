"""
Orders, their lines and payments. The order row is the lock of everything that belongs to the order.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Numeric,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB

from orderpipe.flow import OrderState, WaitingFor
from orderpipe.store.metadata import metadata, one_of, text
from orderpipe.store.personal import personal


def customer_key(alias: str) -> str:
    """SQL for what an order's customer is known again by within a shop, as Contact.key: the e-mail address, else the telephone number."""
    return f"coalesce(nullif(lower({alias}.customer ->> 'email'), ''), {alias}.customer ->> 'phone', '')"


orders = Table(
    "orders",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("shop_id", BigInteger, ForeignKey("shop.id"), nullable=False),
    Column("reference", Text, nullable=False),
    Column("content_hash", LargeBinary, nullable=False),
    Column("type", Text, nullable=False),
    Column("lane", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("customer", JSONB, nullable=False),
    Column("ship_to", JSONB),
    Column("payment_method", Text, nullable=False),
    Column("prepaid", Boolean, nullable=False),
    Column("currency", Text, nullable=False),
    Column("total", Numeric(14, 2)),
    Column("requested_on", Date),
    Column("note", Text),
    Column("backorder_policy", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("waiting_for", Text),
    Column("next_at", DateTime(timezone=True)),
    Column("attempts", SmallInteger, nullable=False, server_default="0"),
    Column("crashes", SmallInteger, nullable=False, server_default="0"),
    Column("received_at", DateTime(timezone=True), nullable=False),
    Column("stage_entered_at", DateTime(timezone=True), nullable=False),
    Column("due_at", DateTime(timezone=True)),
    Column("complete_by", DateTime(timezone=True)),
    Column("breached", SmallInteger, nullable=False, server_default="0"),
    Column("ended_at", DateTime(timezone=True)),
    Column("last_error", Text),
    Column("purchase_order", Text),
    UniqueConstraint("shop_id", "reference"),
    CheckConstraint(one_of("state", OrderState), name="state"),
    CheckConstraint(one_of("waiting_for", WaitingFor), name="waiting_for"),
    CheckConstraint("(ended_at IS NULL) = (next_at IS NOT NULL)", name="live_has_next_at"),
    CheckConstraint("(ended_at IS NULL) = (state NOT IN ('completed', 'canceled', 'rejected'))", name="ended_at"),
    CheckConstraint("lane IN ('express', 'standard', 'bulk')", name="lane"),
    CheckConstraint("backorder_policy IN ('as-available', 'all-at-once')", name="backorder_policy"),
    Index("ix_orders_next_at", "shop_id", "next_at", postgresql_where=text("next_at IS NOT NULL")),
    Index("ix_orders_customer", "shop_id", text(customer_key("orders").replace("orders.", "")), "id"),
    Index("ix_orders_purchase_order", "shop_id", "purchase_order", postgresql_where=text("purchase_order IS NOT NULL")),
    *(Index(None, name, postgresql_using="brin", postgresql_with={"autosummarize": "on"}) for name in ("received_at", "ended_at")),
    postgresql_with={"fillfactor": 60},
    info=personal(
        "id = ANY(:orders)", customer="'{}'", ship_to="NULL", note="NULL", last_error="NULL", purchase_order="NULL",
        harmless="reference content_hash type lane channel language payment_method currency backorder_policy state waiting_for",
    ),
)
"""`breached` is the release before's. `next_at` is the only indexed live column, for a customer's details change with an answer only, and
a BRIN index leaves updates heap-only."""

order_line = Table(
    "order_line",
    metadata,
    Column("order_id", BigInteger, ForeignKey("orders.id"), primary_key=True),
    Column("number", SmallInteger, primary_key=True),
    Column("sku", Text, nullable=False),
    Column("kind", Text, nullable=False, server_default="goods"),
    Column("description", Text, nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("canceled", Integer, nullable=False, server_default="0"),
    Column("unit_price", Numeric(14, 4)),
    CheckConstraint("kind IN ('goods', 'service')", name="kind"),
    CheckConstraint("0 <= canceled AND canceled <= greatest(quantity, 0)", name="canceled_within_quantity"),
    postgresql_with={"fillfactor": 90},
    # what the catalogue says may stay; what a customer had engraved may not
    info=personal(description="""coalesce((SELECT p.description FROM product p JOIN orders o ON o.shop_id = p.shop_id
        WHERE o.id = order_line.order_id AND p.sku = order_line.sku), '')""", harmless="sku kind"),
)

payment = Table(
    "payment",
    metadata,
    Column("order_id", BigInteger, ForeignKey("orders.id"), primary_key=True),
    Column("reference", Text, primary_key=True),
    Column("amount", Numeric(14, 2), nullable=False),
    Column("currency", Text, nullable=False),
    Column("method", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("recorded_by", Text, nullable=False),
    CheckConstraint("amount <> 0", name="amount"),
    info=personal(harmless="reference currency method recorded_by"),  # the books have to be kept
)
