"""
What customers order on an ordinary day: goods and services, in English and Chinese, in a hurry or not, and now and then not quite clear.
"""

import random
from collections.abc import Callable
from typing import Any

from orderpipe.simulation.catalogue import LANTERN, SHANHE, ShopPlan
from orderpipe.simulation.forms import FILE, OFFICE, WEB, SampleOrder, fill_in
from orderpipe.simulation.people import person

_OWN_FILE = 400
"""In a sample larger than this, whatever exceeds it comes in files."""


def ordinary_orders(count: int, chance: random.Random) -> list[SampleOrder]:
    """So many orders; `chance` alone decides which."""
    in_files = max(count - _OWN_FILE, 0) / count if count else 0.0
    return [_one(number, chance, in_files) for number in range(1, count + 1)]


def _one(number: int, chance: random.Random, in_files: float) -> SampleOrder:
    shop = SHANHE if chance.random() < 0.35 else LANTERN
    kind = chance.choices(list(_KINDS), weights=[weight for weight, _ in _KINDS.values()])[0]
    if chance.random() < in_files:
        kind = "by file"
    return _KINDS[kind][1](shop, f"{shop.code[0].upper()}-{number:05}", number, chance)


def _goods(shop: ShopPlan, chance: random.Random) -> dict[str, int]:
    wanted = chance.sample(shop.usual, k=chance.choices((1, 2, 3), weights=(6, 3, 1))[0])
    return {sku: chance.choices((1, 2, 3, 6), weights=(6, 3, 1, 1))[0] for sku in wanted}


def _service_of(shop: ShopPlan, chance: random.Random) -> dict[str, int]:
    return {chance.choice([one.sku for one in shop.articles if one.kind == "service"]): 1}


def _web(shop: ShopPlan, reference: str, number: int, chance: random.Random) -> SampleOrder:
    return _order(shop, reference, number, _goods(shop, chance))


def _express(shop: ShopPlan, reference: str, number: int, chance: random.Random) -> SampleOrder:
    return _order(shop, reference, number, _goods(shop, chance), type="express", payment_method="card")


def _prepaid(shop: ShopPlan, reference: str, number: int, chance: random.Random) -> SampleOrder:
    return _order(shop, reference, number, _goods(shop, chance), type="prepaid", payment_method="transfer")


def _service(shop: ShopPlan, reference: str, number: int, chance: random.Random) -> SampleOrder:
    return _order(shop, reference, number, _service_of(shop, chance), type="service")


def _goods_and_service(shop: ShopPlan, reference: str, number: int, chance: random.Random) -> SampleOrder:
    return _order(shop, reference, number, {**_goods(shop, chance), **_service_of(shop, chance)})


def _by_telephone(shop: ShopPlan, reference: str, number: int, chance: random.Random) -> SampleOrder:
    return _order(shop, reference, number, _goods(shop, chance), by=OFFICE)


def _by_file(shop: ShopPlan, reference: str, number: int, chance: random.Random) -> SampleOrder:
    return _order(shop, reference, number, _goods(shop, chance), by=FILE, type="bulk")


def _without_email(shop: ShopPlan, reference: str, number: int, chance: random.Random) -> SampleOrder:
    return _order(shop, reference, number, _goods(shop, chance)).with_sent({"/customer/email": None})


def _doubtful(shop: ShopPlan, reference: str, number: int, chance: random.Random) -> SampleOrder:
    doubts: list[dict[str, object]] = [
        {"/customer/name": None}, {"/payment_method": None}, {"/ship_to/line1": None}, {"/total": "1.00"}, {"/lines/0/quantity": 0},
        {"/lines/0/sku": "THE-USUAL"},
    ]
    return _order(shop, reference, number, _goods(shop, chance)).with_sent(chance.choice(doubts))


def _order(shop: ShopPlan, reference: str, number: int, pieces: dict[str, int], *, by: str = WEB, **more: Any) -> SampleOrder:
    return fill_in(shop, reference, person(shop.language, number), pieces, by=by, **more)


_Kind = Callable[[ShopPlan, str, int, random.Random], SampleOrder]
_KINDS: dict[str, tuple[int, _Kind]] = {
    "web": (46, _web), "express": (12, _express), "prepaid": (8, _prepaid), "service": (6, _service), "by telephone": (8, _by_telephone),
    "goods and service": (5, _goods_and_service), "by file": (6, _by_file), "without e-mail": (5, _without_email),
    "doubtful": (4, _doubtful),
}
