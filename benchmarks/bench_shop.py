"""
The shop that every measurement runs with: fifty articles, one location with plenty of stock, calendars that never close.
"""

import json
from datetime import UTC, datetime

from sqlalchemy import text

from orderpipe.domain.rules import RuleSetting
from orderpipe.intake import json_order
from orderpipe.intake.outcomes import Received
from orderpipe.store import rule_settings
from orderpipe.store.metadata import Tx, insert_rows
from orderpipe.store.products import product
from orderpipe.store.shops import NewShop, add_shop
from orderpipe.store.stock import location, stock, stock_movement

ARTICLES = 50
PLENTY = 50_000_000


def open_shop(tx: Tx) -> int:
    """Set the shop up; returns its id."""
    shop_id = add_shop(tx, NewShop("bench", "Bench & Sons"))
    place = insert_rows(tx, location, [{"shop_id": shop_id, "code": "main", "name": "Main", "calendar": "always"}], returning="id")[0].id
    skus = [f"SKU-{number}" for number in range(ARTICLES)]
    insert_rows(tx, product, [{"shop_id": shop_id, "sku": sku, "description": f"Article {sku}", "price": 2} for sku in skus])
    insert_rows(tx, stock, [{"location_id": place, "sku": sku, "on_hand": PLENTY} for sku in skus])
    # its few customers order the same again within seconds; what the look for twins costs, `validation` measures
    rule_settings.write(tx, shop_id, rule_settings.EVERY_TYPE, "duplicate-order", RuleSetting(enabled=False))
    now = datetime.now(UTC)
    insert_rows(tx, stock_movement, [
        {"location_id": place, "sku": sku, "kind": "received", "quantity": PLENTY, "cause": "opening", "at": now} for sku in skus
    ])
    tx.execute(text("ANALYZE"))
    return shop_id


def order_json(number: int, prefix: str = "B", kind: str = "standard") -> bytes:
    """An ordinary order of two lines, as a shop sends it; `kind` is its type, such as `bulk`."""
    lines = [
        {"sku": f"SKU-{(number * 7 + place) % ARTICLES}", "quantity": place, "description": "As in the catalogue", "unit_price": "2.00"}
        for place in (1, 2)
    ]
    return json.dumps({
        "reference": f"{prefix}-{number}", "type": kind, "payment_method": "invoice", "currency": "GBP", "total": "6.00", "lines": lines,
        "customer": {"name": f"Customer {number % 5000}", "email": f"customer{number % 5000}@example.com"},
        "ship_to": {"line1": "1 High Street", "city": "London", "postal_code": "N1 1AA", "country": "GB"},
    }).encode()


def received(shop_id: int, number: int, prefix: str, kind: str = "standard") -> Received:
    """The same order, as it stands at the door."""
    raw = order_json(number, prefix, kind)
    return Received(shop_id, raw, json_order.parse(raw))
