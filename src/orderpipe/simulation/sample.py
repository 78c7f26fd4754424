"""
The demo's orders: the same for the same number and seed, ordinary ones of every kind with the exceptions of the script among them.
"""

import random
from collections import Counter
from collections.abc import Iterable

from orderpipe.simulation.catalogue import SHOPS
from orderpipe.simulation.forms import SampleOrder
from orderpipe.simulation.ordinary import ordinary_orders
from orderpipe.simulation.script import LEAST
from orderpipe.simulation.scripted_orders import scripted_orders

SEED = 1


def sample(size: int, *, seed: int = SEED) -> list[SampleOrder]:
    """The orders in the order in which they are sent; at least as many as the script needs."""
    chance = random.Random(seed)
    scripted = scripted_orders(max(size, LEAST))
    orders = ordinary_orders(max(size - len(scripted), 0), chance)
    for one in scripted:  # early, for most of them take longer than ordinary ones
        orders.insert(chance.randint(0, len(orders) // 2), one)
    return orders


def stock_for(orders: Iterable[SampleOrder]) -> dict[tuple[str, str, str], int]:
    """Pieces to begin with, by (shop, location, SKU): enough that only those run out which the script wants to run out."""
    wanted: Counter[tuple[str, str]] = Counter()
    for order in orders:
        for line in order.meant["lines"]:
            wanted[order.shop, line["sku"]] += line["quantity"]
    stock: dict[tuple[str, str, str], int] = {}
    for plan in SHOPS.values():
        for article in plan.articles:
            for place in article.places:
                plenty = wanted[plan.code, article.sku] + 50
                stock[plan.code, place, article.sku] = plenty if article.first_stock is None else article.first_stock
    return stock
