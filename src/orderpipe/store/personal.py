"""
What is personal: every table says beside itself which of its columns tell of a customer, how such rows are found, and what is left of them.

From this alone data are handed out and erased, so a table that says it right needs nothing else; a test asks it of every table.
"""

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import MetaData, Table

OF_ORDER = "order_id = ANY(:orders)"
OF_FULFILLMENT = "fulfillment_id IN (SELECT id FROM fulfillment WHERE order_id = ANY(:orders))"
OF_CUSTOMER = "shop_id = :shop AND contact_key = ANY(:keys)"
"""Which rows are a customer's: those of their orders, of these orders' fulfillments, or of the customer as such."""

_KEY = "personal"


@dataclass(frozen=True, slots=True)
class Personal:
    """
    The personal columns of a table, each with the SQL that takes its place; `harmless` are the other columns of text, JSON or bytes.

    `of` finds the rows by `:orders` (ids), `:shop`, `:keys` (contact keys) and `:words` (what a document of theirs contains, in
    lower case). Where `goes` the whole row goes.
    """

    of: str
    erased: dict[str, str] = field(default_factory=dict)
    harmless: frozenset[str] = frozenset()
    goes: bool = False


def personal(of: str = OF_ORDER, *, harmless: str = "", goes: bool = False, **erased: str) -> dict[str, Any]:
    """The `info` of a table that tells of customers, as described at Personal; `harmless` names columns, between spaces."""
    return {_KEY: Personal(of, erased, frozenset(harmless.split()), goes)}


IMPERSONAL: dict[str, Any] = {_KEY: None}
"""The `info` of a table that knows nothing of customers whatever its columns: settings, goods, machinery."""


def declared(metadata: MetaData) -> dict[Table, Personal]:
    """The tables that tell of customers, each with what is personal in it."""
    return {table: said for table in metadata.sorted_tables if (said := table.info.get(_KEY)) is not None}


def is_declared(table: Table) -> bool:
    """Whether the table says anything at all."""
    return _KEY in table.info
