"""
A shop with all rules as they come: ordinary customers are asked nothing, who orders twice is, and what is late goes on by a reply.
"""

from datetime import timedelta
from decimal import Decimal

import pytest

from orderpipe.domain.orders import Contact, DraftLine, number_of
from orderpipe.domain.promises import PAID_LATE
from orderpipe.domain.rules import RuleSetting
from orderpipe.domain.targets import EVERYBODY
from orderpipe.store import rule_settings
from tests import builders
from tests.floor import Floor
from tests.late import letters_go_out, of, promises, until
from tests.mailed import ANN, mail, named, receive


@pytest.fixture
def shop(floor: Floor) -> Floor:
    """The floor of other tests is lenient with its one customer; this one is not."""
    with floor.engine.begin() as tx:
        rule_settings.write(tx, EVERYBODY, rule_settings.EVERY_TYPE, "duplicate-order", RuleSetting())
    return floor


def customer(name: str) -> Contact:
    return Contact(f"{name.title()} Ok", f"{name}@customers.example")


def test_ordinary_customers_are_asked_nothing(shop: Floor) -> None:
    shop.stock(on_hand=50)
    orders = [shop.order({"SKU-1": 2}, customer=customer(name)) for name in ("bob", "cleo", "dave", "eve")]
    shop.receive(*orders)
    shop.pass_time(minutes=70)
    orders.append(shop.order({"SKU-1": 2}, customer=customer("bob")))
    shop.receive(orders[-1])
    assert {shop.state(one) for one in orders} == {("promised", "fulfillments")}
    for order in orders:
        shop.deliver(order * 1000 + 1)
    assert {shop.state(one)[0] for one in orders} == {"completed"}
    assert not [kind for one in orders for kind in shop.letters(one) if kind.startswith(("question", "office-"))]


def test_who_orders_twice_has_both_in_one_by_a_reply(shop: Floor) -> None:
    shop.stock(on_hand=50)
    first = shop.order([DraftLine("SKU-1", 2, unit_price=Decimal(10))], total=Decimal(20))
    shop.receive(first)
    shop.pass_time(minutes=4)
    again = shop.order([DraftLine("SKU-1", 3, unit_price=Decimal(10))], total=Decimal(30))
    shop.receive(again)
    shop.pass_time(seconds=20)
    letters_go_out(shop)
    (asked,) = shop.told(again, "question")
    assert [(one["rule"], one["order"]) for one in asked["doubts"]] == [("duplicate-order", number_of(first))]
    receive(shop, mail("Hello,\nplease add it to that order.\nThank you", answers=named(shop, again, "question")))
    assert (shop.state(again)[0], shop.row(first)["total"], shop.free()) == ("canceled", 50, (50, 5))
    shop.deliver(first * 1000 + 1)
    assert (shop.state(first)[0], shop.free()) == ("completed", (45, 0))
    assert shop.told(again, "canceled")[0]["of"] == number_of(first)


def test_a_prepaid_order_that_is_late_twice_over_comes_in_the_end(shop: Floor) -> None:
    with shop.engine.begin() as tx:
        builders.product(tx, "SKU-1", lead_days=5, price=10)
    order = shop.order([DraftLine("SKU-1", 5, unit_price=Decimal(10))], type="prepaid", total=Decimal(50))
    shop.receive(order)
    part = order * 1000 + 1
    shop.stock(on_hand=3)
    until(shop, order, state="told")
    told = of(shop, order)["revised_until"]
    receive(shop, mail("2, thanks", answers=named(shop, order, "delayed")))
    assert shop.parts(order) == {1: ("planned", "stock"), 2: ("planned", "payment")}
    (amended,) = [one for one in shop.journal(order) if one["what"] == "order.amended"]
    assert (amended["actor"], amended["note"]["how"]) == ("customer", "email")
    shop.now = told - timedelta(hours=1)
    shop.pay(order, "50.00")
    assert [one["reason"] for one in promises(shop, part + 1)][-1] == PAID_LATE
    assert promises(shop, part + 1)[-1]["until_at"] > told
    shop.stock(on_hand=2)
    shop.restock().deliver(part, part + 1)
    assert shop.state(order)[0] == "completed"
    kinds = shop.letters(order)
    assert [kinds.count(one) for one in ("delayed", "amended", "payment-received", "thank-you")] == [1, 1, 1, 1]
    assert shop.pass_time(days=1).project().parts(order) == {1: ("delivered", None), 2: ("delivered", None)}


def test_what_makes_good_within_the_hour_is_no_duplicate(shop: Floor) -> None:
    order = shop.delivered({"SKU-1": 2}, customer=Contact("Ann Ok", ANN))
    shop.now += timedelta(minutes=5)
    for_nothing = [DraftLine("SKU-1", 2, unit_price=Decimal(0))]
    replacement = shop.order(for_nothing, customer=Contact("Ann Ok", ANN), channel="case", total=Decimal(0))
    shop.receive(replacement)
    assert shop.state(order)[0] == "completed"
    assert shop.state(replacement) == ("promised", "fulfillments")
