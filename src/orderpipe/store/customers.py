"""
Customers as they last confirmed themselves: the memory that later orders are compared with.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import BigInteger, Column, DateTime, ForeignKey, Identity, Table, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB

from orderpipe.store.metadata import Tx, insert_rows, metadata
from orderpipe.store.personal import OF_CUSTOMER, personal

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
    info=personal(OF_CUSTOMER, goes=True, contact_key="", name="", email="", phone="", address="", harmless="language"),
)

_CONFIRM = """ON CONFLICT (shop_id, contact_key) DO UPDATE
    SET name = excluded.name, email = excluded.email, phone = excluded.phone, language = excluded.language,
        address = coalesce(excluded.address, customer.address), confirmed_at = excluded.confirmed_at
    WHERE (customer.name, customer.email, customer.phone, customer.language, customer.address)
        IS DISTINCT FROM (excluded.name, excluded.email, excluded.phone, excluded.language, excluded.address)"""


def confirm(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    """Remember what customers gave with a valid order; of several rows with one (shop_id, contact_key) the last counts."""
    latest = {(row["shop_id"], row["contact_key"]): row for row in rows}
    # in key order, so that two batches cannot wait for each other
    insert_rows(tx, customer, [latest[key] for key in sorted(latest)], conflict=_CONFIRM)
