"""
Rows for tests, straight into the tables: shops, products, stock, orders and fulfillments in whatever state a test begins with.

Each function has defaults for everything; further columns are given by name. What is built holds the database's constraints.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from sqlalchemy import Table, text

from orderpipe.domain.orders import fulfillment_id
from orderpipe.flow import FULFILLMENT_ENDS, ORDER_ENDS
from orderpipe.store.fulfillments import fulfillment as fulfillment_table
from orderpipe.store.fulfillments import fulfillment_line
from orderpipe.store.metadata import Tx, insert_rows
from orderpipe.store.orders import order_line, orders
from orderpipe.store.products import product as product_table
from orderpipe.store.products import product_gtin
from orderpipe.store.shops import shop as shop_table
from orderpipe.store.stock import location as location_table
from orderpipe.store.stock import stock as stock_table
from orderpipe.store.tracking import parcel as parcel_table

NOW = datetime(2026, 11, 3, 12, tzinfo=UTC)
"""The instant at which everything is built, unless a test says otherwise."""

GTINS = {"SKU-1": "09506000134352", "SKU-2": "09506000134369"}
"""Valid GTINs (of GS1's range for examples) that `product` gives to these SKUs."""

Lines = Mapping[str, int] | Sequence[tuple[str, int]]
_numbers = count(1)


def shop(tx: Tx, code: str = "demo", **columns: Any) -> int:
    """The shop of this code, made where it is not there yet."""
    insert_rows(tx, shop_table, [{"code": code, "name": code.title()} | columns], conflict="ON CONFLICT (code) DO NOTHING")
    return _number(tx, "SELECT id FROM shop WHERE code = :code", code=code)


def location(tx: Tx, shop_id: int | None = None, code: str = "main", **columns: Any) -> int:
    """The shop's location of this code, made where it is not there yet."""
    shop_id = shop_id or shop(tx)
    row = {"shop_id": shop_id, "code": code, "name": code.title()} | columns
    insert_rows(tx, location_table, [row], conflict="ON CONFLICT (shop_id, code) DO NOTHING")
    return _number(tx, "SELECT id FROM location WHERE shop_id = :shop_id AND code = :code", shop_id=shop_id, code=code)


def product(
    tx: Tx, sku: str = "SKU-1", shop_id: int | None = None, *, gtins: Mapping[str, int] | None = None, **columns: Any
) -> str:
    """A product with its GTINs and their pack quantities; one that is there already stays as it is. Returns the SKU."""
    shop_id = shop_id or shop(tx)
    row = {"shop_id": shop_id, "sku": sku, "description": f"Product {sku}"} | columns
    insert_rows(tx, product_table, [row], conflict="ON CONFLICT DO NOTHING")
    codes = gtins if gtins is not None else {GTINS[sku]: 1} if sku in GTINS else {}
    rows = [{"shop_id": shop_id, "gtin": gtin, "sku": sku, "pack_quantity": pack} for gtin, pack in codes.items()]
    insert_rows(tx, product_gtin, rows, conflict="ON CONFLICT DO NOTHING")
    return sku


def stock(
    tx: Tx, sku: str = "SKU-1", on_hand: int = 10, allocated: int = 0, *, location_id: int | None = None, shop_id: int | None = None
) -> None:
    """Set what lies at a location (the shop's main one) and how much of it is promised to orders; makes the product too."""
    product(tx, sku, shop_id)
    row = {"location_id": location_id or location(tx, shop_id), "sku": sku, "on_hand": on_hand, "allocated": allocated}
    replaced = "ON CONFLICT (location_id, sku) DO UPDATE SET on_hand = excluded.on_hand, allocated = excluded.allocated"
    insert_rows(tx, stock_table, [row], conflict=replaced)


def order(
    tx: Tx, lines: Lines = (("SKU-1", 2),), *, shop_id: int | None = None, state: str = "promised", now: datetime = NOW, **columns: Any
) -> int:
    """An order with these lines (SKU, quantity) at 10.00 each, its products made too. Returns its id."""
    pairs = _pairs(lines)
    kind = columns.pop("kind", "goods")
    shop_id = shop_id or shop(tx)
    row = _order_row(state, now) | {"shop_id": shop_id, "total": Decimal(10) * sum(quantity for _, quantity in pairs)} | columns
    order_id = int(insert_rows(tx, orders, [row], returning="id")[0].id)
    for sku, _ in pairs:
        product(tx, sku, shop_id, kind=kind)
    insert_rows(tx, order_line, [
        {"order_id": order_id, "number": number, "sku": sku, "kind": kind, "description": f"Product {sku}", "quantity": quantity,
         "unit_price": Decimal(10)}
        for number, (sku, quantity) in enumerate(pairs, 1)
    ])
    return order_id


def fulfillment(
    tx: Tx, order_id: int | None = None, lines: Sequence[Mapping[str, Any]] | None = None, *, state: str = "released",
    now: datetime = NOW, **columns: Any,
) -> int:
    """
    A fulfillment of an order (a new one by default) with all its lines, or with these, e.g. {"sku": "SKU-1", "quantity": 2, "picked": 1}.

    A parcel leaves the shop's main location; `kind="appointment"` is a service. No stock is set aside for it. Returns its id.
    """
    order_id = order_id or order(tx)
    shop_id, lane = tx.execute(text("SELECT shop_id, lane FROM orders WHERE id = :id"), {"id": order_id}).one()
    nth = _number(tx, "SELECT count(*) + 1 AS id FROM fulfillment WHERE order_id = :id", id=order_id)
    owner = {"id": fulfillment_id(order_id, nth), "order_id": order_id, "shop_id": shop_id, "lane": lane}
    row = _fulfillment_row(state, now) | owner | columns
    row.setdefault("location_id", location(tx, shop_id) if row["kind"] == "parcel" else None)
    insert_rows(tx, fulfillment_table, [row])
    insert_rows(tx, fulfillment_line, [_line_row(row["id"], line) for line in lines or _lines_of(tx, order_id)])
    return int(row["id"])


def parcel(
    tx: Tx, fulfillment: int, tracking_number: str | None = None, status: str = "shipped", *, now: datetime = NOW, **columns: Any
) -> str:
    """A parcel of a fulfillment. Returns its tracking number."""
    serial = next(_numbers)
    row = {
        "fulfillment_id": fulfillment, "sscc": f"{serial:018}", "carrier": "orderpipe-parcel",
        "tracking_number": tracking_number or f"OP{serial:010}", "status": status, "shipped_at": now, "status_at": now,
    }
    insert_rows(tx, parcel_table, [row | columns])
    return str((row | columns)["tracking_number"])


def _order_row(state: str, now: datetime) -> dict[str, Any]:
    ended = state in ORDER_ENDS
    return {
        "reference": f"REF-{next(_numbers)}", "content_hash": b"", "type": "standard", "lane": "standard", "channel": "http",
        "language": "en", "customer": {"name": "Ann Ok", "email": "ann@customers.example", "phone": "", "company": ""},
        "ship_to": {"line1": "1 High Street", "city": "London", "postal_code": "N1 1AA", "country": "GB"},
        "payment_method": "invoice", "prepaid": False, "currency": "GBP", "backorder_policy": "as-available", "state": state,
        "next_at": None if ended else now + timedelta(hours=1), "ended_at": now if ended else None,
        "received_at": now, "stage_entered_at": now,
    }


def _fulfillment_row(state: str, now: datetime) -> dict[str, Any]:
    ended = state in FULFILLMENT_ENDS
    return {
        "kind": "parcel", "reserved": state != "planned", "state": state, "stage_entered_at": now,
        "next_at": None if ended else now + timedelta(hours=1), "ended_at": now if ended else None,
    }


def _line_row(fulfillment: int, line: Mapping[str, Any]) -> dict[str, Any]:
    return {"fulfillment_id": fulfillment, "number": 1, "picked": 0, "short": 0, "packed": 0} | dict(line)


def _lines_of(tx: Tx, order_id: int) -> list[dict[str, Any]]:
    rows = tx.execute(text("SELECT number, sku, quantity FROM order_line WHERE order_id = :id ORDER BY number"), {"id": order_id})
    return [dict(row) for row in rows.mappings()]


def _pairs(lines: Lines) -> list[tuple[str, int]]:
    return list(lines.items()) if isinstance(lines, Mapping) else list(lines)


def _number(tx: Tx, statement: str, **values: Any) -> int:
    return int(tx.execute(text(statement), values).scalar_one())


def rows_of(tx: Tx, table: Table, **where: Any) -> list[dict[str, Any]]:
    """A table's rows that hold these values, as dictionaries in the order of the key."""
    condition = " AND ".join(f"{name} = :{name}" for name in where) or "true"
    key = ", ".join(column.name for column in table.primary_key)
    return [dict(row) for row in tx.execute(text(f"SELECT * FROM {table.name} WHERE {condition} ORDER BY {key}"), where).mappings()]
