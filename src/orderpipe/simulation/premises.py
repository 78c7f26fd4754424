"""
Opens the demo's two shops: their places, calendars and time targets in the books, their articles and first stock through the door.

Each run opens shops of its own, so that what an earlier run left behind takes nothing from this one.
"""

from collections.abc import Mapping, Sequence
from datetime import time
from typing import Any

from orderpipe.simulation.catalogue import SHOPS, ShopPlan
from orderpipe.simulation.door import Door
from orderpipe.simulation.forms import SampleOrder
from orderpipe.simulation.sample import stock_for
from orderpipe.simulation.scene import Keys
from orderpipe.store import letter_rules, policies, shops, stock
from orderpipe.store.database import connect
from orderpipe.store.letter_rules import LetterRules
from orderpipe.store.metadata import Tx, insert_rows
from orderpipe.store.shops import NewShop, Role

_MINUTES = {
    "received": 5, "validated": 5, "allocated": 5, "planned": 10, "released": 10, "picked": 10, "packed": 10, "shipped": 60,
    "performed": 60, "whole": 120,
}
_LETTERS = LetterRules(pause_seconds=2, quiet_from=time(), quiet_until=time(), wakes=())
"""A day here takes a minute, so nobody can be let sleep."""
_LANES = {"standard": "standard", "express": "express", "prepaid": "standard", "service": "standard", "bulk": "bulk"}


def open_shops(database_url: str) -> dict[str, Keys]:
    """Set up both shops; returns their API keys by the plan's code."""
    engine = connect(database_url, 1)
    try:
        with engine.begin() as tx:
            known = {shop.code for shop in shops.list_shops(tx)}
            return {plan.code: _open(tx, plan, _free_code(plan.code, known)) for plan in SHOPS.values()}
    finally:
        engine.dispose()


def stock_up(api: str, keys: Mapping[str, Keys], orders: Sequence[SampleOrder]) -> None:
    """Enter the articles and the first stock, enough for these orders. Raises Refused."""
    first_stock = stock_for(orders)
    for plan in SHOPS.values():
        door = Door(api, keys[plan.code].office)
        door.post_all("/v1/products", [_product(plan, sku) for sku in (article.sku for article in plan.articles)])
        receipts = [
            {"location": place, "sku": sku, "quantity": quantity, "cause": "opening stock"}
            for (shop, place, sku), quantity in first_stock.items() if shop == plan.code
        ]
        door.post_all("/v1/stock/receipts", receipts)
        door.close()


def _free_code(code: str, known: set[str]) -> str:
    """The plan's code for the first run, then with a number."""
    number = 2
    free = code
    while free in known:
        free, number = f"{code}-{number}", number + 1
    return free


def _open(tx: Tx, plan: ShopPlan, code: str) -> Keys:
    shop_id = shops.add_shop(tx, NewShop(
        code, plan.name, language=plan.language, time_zone=plan.time_zone, country=plan.country, currency=plan.currency,
        mail_from=f"orders@{plan.code}.example", office_email=f"office@{plan.code}.example",
    ))
    letter_rules.change(tx, shop_id, _LETTERS)
    insert_rows(tx, policies.calendar, [_always_open(shop_id, plan)])
    insert_rows(tx, policies.order_type, [
        {"shop_id": shop_id, "code": kind, "lane": lane, "prepaid": kind == "prepaid", "calendar": "always", "targets": _MINUTES}
        for kind, lane in _LANES.items()
    ])
    insert_rows(tx, stock.location, [
        {
            "shop_id": shop_id, "code": place.code, "name": place.name, "time_zone": plan.time_zone, "country": plan.country,
            "calendar": "always", "carrier": "Swift Parcel", "carrier_days": {"same_country": 1, "abroad": 4},
        }
        for place in plan.places
    ])
    return Keys(*(shops.create_key(tx, shop_id, role) for role in (Role.SHOP, Role.WAREHOUSE, Role.CARRIER, Role.OFFICE)))


def _always_open(shop_id: int, plan: ShopPlan) -> dict[str, Any]:
    hours = {str(weekday): [["00:00", "24:00"]] for weekday in range(7)}
    return {"shop_id": shop_id, "code": "always", "time_zone": plan.time_zone, "hours": hours, "country": "", "exceptions": {}}


def _product(plan: ShopPlan, sku: str) -> dict[str, Any]:
    article = plan.article(sku)
    codes: list[dict[str, Any]] = [{"gtin": article.gtin}] if article.gtin else []
    codes += [{"gtin": article.pack_gtin, "pack_quantity": article.pack}] if article.pack_gtin else []
    return {
        "sku": sku, "kind": article.kind, "description": article.description, "price": f"{article.price:.2f}", "lead_days": 3,
        "gtins": codes,
    }
