"""
Validation with memory, through the whole pipeline: asked with evidence, answered, overridden by whoever may.
"""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from orderpipe.domain.orders import Contact, DraftLine, number_of
from orderpipe.domain.rules import RuleSetting, Severity
from orderpipe.domain.targets import EVERYBODY
from orderpipe.sideflows.queries import AnswerRefused
from orderpipe.store import memory, rule_settings
from orderpipe.store.holds import finding, query
from tests.builders import rows_of
from tests.floor import Floor

ANN = Contact("Ann Ok", "ann@customers.example", "+447400123456")


def rule(floor: Floor, name: str, **setting: Any) -> None:
    """Set a rule for everybody; it holds at once."""
    with floor.engine.begin() as tx:
        rule_settings.write(tx, EVERYBODY, rule_settings.EVERY_TYPE, name, RuleSetting(**setting))
    floor.now += timedelta(seconds=11)


def learned(floor: Floor) -> None:
    floor.now += timedelta(minutes=2)
    with floor.engine.begin() as tx:
        memory.learn(tx, floor.now)


def received(floor: Floor, *lines: Any, **draft: Any) -> int:
    order = floor.order(*lines, **({"customer": ANN} | draft))
    floor.receive(order)
    return order


def doubts(floor: Floor, order: int) -> list[dict[str, Any]]:
    with floor.engine.begin() as tx:
        return [doubt for row in rows_of(tx, query, order_id=order) for doubt in row["doubts"]]


def notes(floor: Floor, order: int) -> list[tuple[str, str]]:
    with floor.engine.begin() as tx:
        return [(row["rule"], row["cleared_how"]) for row in rows_of(tx, finding, order_id=order)]


def test_asks_about_an_odd_quantity_with_its_evidence_and_goes_on_with_the_usual_one(floor: Floor) -> None:
    floor.stock(on_hand=100)
    for quantity in (5, 20, 12):
        received(floor, {"SKU-1": quantity})
    learned(floor)
    odd = received(floor, (DraftLine("SKU-1", 2_000, "Kettle", Decimal(10)),), total=Decimal(20_000))
    doubt, = doubts(floor, odd)
    assert (doubt["have"], doubt["usual_from"], doubt["usual_to"], doubt["proposals"]) == (2_000, 5, 20, [20])
    floor.answer(odd, {"/lines/0/quantity": 20})
    assert (floor.state(odd), floor.row(odd)["total"]) == (("promised", "fulfillments"), 200)


def test_asks_whether_the_same_again_is_wanted_twice(floor: Floor) -> None:
    rule(floor, "duplicate-order")
    floor.stock()
    first = received(floor)
    floor.pass_time(minutes=3)
    again, other = received(floor), received(floor, {"SKU-2": 7}, customer=ANN)
    doubt, = doubts(floor, again)
    assert (doubt["rule"], doubt["have"], doubt["minutes"]) == ("duplicate-order", number_of(first), 3)
    assert doubts(floor, other) == []
    floor.answer(again, confirmed=frozenset({"duplicate-order"}))
    assert floor.state(again) == ("promised", "fulfillments")


def test_sees_the_twin_in_its_own_batch_but_not_a_canceled_one_or_one_of_yesterday(floor: Floor) -> None:
    rule(floor, "duplicate-order")
    one, twin, stranger = floor.order(customer=ANN), floor.order(customer=ANN), floor.order(customer=Contact("Bo", "bo@customers.example"))
    floor.receive(one, twin, stranger)
    assert [bool(doubts(floor, order)) for order in (one, twin, stranger)] == [False, True, False]
    floor.cancel(one)
    floor.answer(twin, cancel=True)
    assert doubts(floor, received(floor)) == []
    floor.pass_time(days=1, minutes=1)
    assert doubts(floor, received(floor)) == []


def test_asks_about_a_purchase_order_number_that_comes_again(floor: Floor) -> None:
    floor.stock(on_hand=100)
    first = received(floor, purchase_order="PO-7")
    floor.pass_time(days=40)
    again = received(floor, {"SKU-1": 3}, purchase_order="PO-7")
    other = received(floor, purchase_order="PO-7", customer=Contact("Bo", "bo@customers.example"))
    doubt, = doubts(floor, again)
    assert (doubt["rule"], doubt["order"]) == ("purchase-order-again", number_of(first))
    assert doubts(floor, other) == []


def test_takes_no_price_from_the_customer_but_the_proposed_one(floor: Floor) -> None:
    floor.stock()
    order = received(floor, (DraftLine("SKU-1", 2, "Kettle", Decimal(1)),), total=Decimal(2))
    assert [doubt["rule"] for doubt in doubts(floor, order)] == ["price-differs"]
    with pytest.raises(AnswerRefused):
        floor.answer(order, confirmed=frozenset({"price-differs"}))
    with pytest.raises(AnswerRefused):
        floor.answer(order, {"/lines/0/unit_price": "0.50"})
    floor.answer(order, {"/lines/0/unit_price": "10.00"})
    assert (floor.state(order), floor.row(order)["total"]) == (("promised", "fulfillments"), 20)


def test_leaves_what_is_given_away_to_the_office_which_may_let_it_pass(floor: Floor) -> None:
    floor.stock()
    order = received(floor, (DraftLine("SKU-1", 2, "Kettle", Decimal(0)),))
    assert floor.state(order) == ("received", "office")
    floor.office(order, "resume")
    assert floor.state(order) == ("promised", "fulfillments")


def test_what_the_office_lets_pass_leaves_the_customer_s_questions_open(floor: Floor) -> None:
    floor.stock()
    order = received(floor, (DraftLine("SKU-1", 2, "Kettle", Decimal(0)),), payment_method="")
    floor.office(order, "resume")
    assert [doubt["rule"] for doubt in doubts(floor, order)] == ["payment-method-missing"]
    floor.answer(order, {"/payment_method": "invoice"})
    assert floor.state(order) == ("promised", "fulfillments")


def test_the_office_cannot_let_pass_what_nobody_may_override(floor: Floor) -> None:
    order = received(floor, ship_to=None, customer=Contact("Ann Ok", "", "020 7946 0958"))
    assert floor.state(order) == ("received", "office")
    floor.office(order, "resume")
    assert floor.state(order) == ("received", "office")


def test_notes_a_new_address_and_lets_the_order_go_on(floor: Floor) -> None:
    floor.stock()
    received(floor)
    leeds = {"line1": "3 Mill Road", "city": "Leeds", "postal_code": "LS1 4AP", "country": "GB"}
    order = received(floor, {"SKU-1": 3}, ship_to=leeds)
    assert floor.state(order) == ("promised", "fulfillments")
    assert notes(floor, order) == [("address-new", "noted")]


def test_asks_for_another_day(floor: Floor) -> None:
    floor.stock()
    order = received(floor, requested_on=floor.now.date() - timedelta(days=2))
    doubt, = doubts(floor, order)
    assert (doubt["rule"], doubt["why"]) == ("requested-date-impossible", "past")
    floor.answer(order, {"/requested_on": None})
    assert (floor.state(order), floor.row(order)["requested_on"]) == (("promised", "fulfillments"), None)


def test_goes_by_what_the_shop_has_set(floor: Floor) -> None:
    rule(floor, "payment-method-missing", severity=Severity.REVIEW)
    assert floor.state(received(floor, payment_method="")) == ("received", "office")
    rule(floor, "payment-method-missing", enabled=False)
    assert floor.state(received(floor, payment_method=""))[0] != "received"
    rule(floor, "payment-method-missing", severity=Severity.REJECT)
    assert floor.state(received(floor, payment_method="")) == ("rejected", None)
