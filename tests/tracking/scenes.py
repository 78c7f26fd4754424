"""
Orders as customers look at them, in each of the states in which the page is another: the path of each order's page.
"""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from orderpipe.domain.links import page_link
from orderpipe.domain.orders import Contact, DraftLine, OrderDraft
from orderpipe.intake.outcomes import Received, Recorded
from orderpipe.intake.record import record
from orderpipe.sideflows import amendments
from orderpipe.sideflows.amendments import Asked
from orderpipe.store import link_keys
from tests import builders
from tests.floor import Floor

ENGLISH: dict[str, Any] = {
    "lines": (DraftLine("MUG-BLUE", 2, "Mug, blue, 300 ml", Decimal("12.50")), DraftLine("POT", 1, "Tea pot, cast iron", Decimal(48))),
    "total": Decimal(73), "customer": Contact("Ann Okafor", "ann@customers.example"), "language": "en",
    "ship_to": {"line1": "1 High Street", "line2": "Flat 4", "city": "London", "postal_code": "N1 1AA", "country": "GB"},
}
CHINESE: dict[str, Any] = {
    "lines": (DraftLine("MUG-BLUE", 2, "蓝色马克杯 300 毫升", Decimal("12.50")), DraftLine("POT", 1, "铸铁茶壶", Decimal(48))),
    "total": Decimal(73), "customer": Contact("李伟", "liwei@customers.example"), "language": "zh-CN",
    "ship_to": {"name": "李伟", "line1": "中山路 1 号", "city": "上海", "region": "上海", "postal_code": "200001", "country": "CN"},
}
_numbers = count(1001)
PARIS = {"line1": "12 rue de Rivoli", "city": "Paris", "postal_code": "75004", "country": "FR"}
SPOKEN = {"en": ENGLISH, "zh": CHINESE}


def path_of(floor: Floor, order_id: int) -> str:
    """The page of the order, as letters give it."""
    with floor.engine.begin() as tx:
        return page_link(link_keys.signer(tx, floor.now), "", order_id, floor.now)


def placed(floor: Floor, language: str = "en", *, pots: int = 5, **draft: Any) -> int:
    """An order of two mugs and a tea pot that everything has happened to that can happen at once."""
    with floor.engine.begin() as tx:
        name, zone = {"en": ("Tea & Sons", "Europe/London"), "zh": ("清风茶庄", "Asia/Shanghai")}[language]
        shop_id = builders.shop(tx, "tea", name=name, time_zone=zone, mail_from="orders@tea.example")
        builders.location(tx, shop_id, carrier="Parcel Post")
        builders.product(tx, "MUG-BLUE", shop_id, price=Decimal("12.50"))
        builders.product(tx, "POT", shop_id, price=48, lead_days=6)
    if not floor.value("SELECT count(*) FROM stock WHERE sku = 'MUG-BLUE'"):
        floor.stock("MUG-BLUE", 10, shop="tea")
        if pots:
            floor.stock("POT", pots, shop="tea")
    with floor.engine.begin() as tx:
        made = OrderDraft(f"WEB-{next(_numbers)}", **{"payment_method": "invoice", "currency": "GBP"} | SPOKEN[language] | draft)
        taken_down = record(tx, [Received(shop_id, made.reference.encode(), made)], floor.now)[0]
    assert isinstance(taken_down, Recorded), taken_down
    floor.receive(taken_down.order_id)
    return taken_down.order_id


def asked(floor: Floor, language: str = "en") -> int:
    """We wait for an answer."""
    return placed(floor, language, total=Decimal(80), payment_method="")


def confirmed(floor: Floor, language: str = "en") -> int:
    """It has its date."""
    return placed(floor, language)


def revised(floor: Floor, language: str = "en") -> int:
    """It comes in two parts, and the customer has made it later."""
    order_id = placed(floor, language, pots=0)
    floor.now += timedelta(hours=20)
    with floor.engine.begin() as tx:
        change = Asked({"/ship_to": PARIS}, "revised")
        floor.give(amendments.amend(tx, order_id, change, by="customer", now=floor.now).hints)
    floor.work()
    return order_id


def shipped(floor: Floor, language: str = "en") -> int:
    """It is on its way."""
    order_id = placed(floor, language)
    floor.now += timedelta(hours=3)
    floor.deliver_until_shipped(order_id * 1000 + 1)
    floor.now += timedelta(hours=15)
    floor.carrier(order_id * 1000 + 1, "in_transit", "out_for_delivery")
    return order_id


def partly(floor: Floor, language: str = "en") -> int:
    """One part is on its way, the other is still to come."""
    order_id = placed(floor, language, pots=0)
    floor.deliver_until_shipped(order_id * 1000 + 1)
    return order_id


def delivered(floor: Floor, language: str = "en") -> int:
    """All is there."""
    order_id = shipped(floor, language)
    floor.now += timedelta(hours=2)
    floor.carrier(order_id * 1000 + 1, "delivered")
    return order_id


def canceled(floor: Floor, language: str = "en") -> int:
    """The customer did not want it any more."""
    order_id = placed(floor, language)
    floor.now += timedelta(minutes=30)
    floor.cancel(order_id)
    return order_id


def unpaid(floor: Floor, language: str = "en") -> int:
    """It is to be paid before it goes on."""
    return placed(floor, language, type="prepaid")


SCENES: dict[str, Callable[[Floor, str], int]] = {
    one.__name__: one for one in (asked, confirmed, revised, shipped, partly, delivered, canceled, unpaid)
}


