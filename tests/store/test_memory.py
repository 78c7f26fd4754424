"""
What is learned from orders: once each, only when they are no longer in doubt, and without letting one odd order speak for all.
"""

import math
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from orderpipe.domain.orders import Contact, DraftLine
from orderpipe.domain.rules import RuleSetting
from orderpipe.domain.targets import EVERYBODY
from orderpipe.store import memory, rule_settings
from orderpipe.store.memory import article_memory, customer_memory
from tests.builders import rows_of
from tests.floor import Floor

ANN, BOB = Contact("Ann Ok", "Ann@customers.example"), Contact("Bob Ok", "", "+447400123456")


def learn(floor: Floor) -> int:
    floor.now += timedelta(minutes=2)
    with floor.engine.begin() as tx:
        return memory.learn(tx, floor.now)


def article(floor: Floor, sku: str = "SKU-1") -> dict[str, Any]:
    with floor.engine.begin() as tx:
        return rows_of(tx, article_memory, sku=sku)[0]


def customers(floor: Floor, sku: str = "SKU-1") -> dict[str, tuple[int, int, int]]:
    with floor.engine.begin() as tx:
        return {row["customer"]: (row["lines"], row["fewest"], row["most"]) for row in rows_of(tx, customer_memory, sku=sku)}


def test_counts_what_customers_take(floor: Floor) -> None:
    floor.receive(floor.order({"SKU-1": 5, "SKU-2": 1}, customer=ANN), floor.order({"SKU-1": 20}, customer=ANN))
    floor.receive(floor.order({"SKU-1": 2}, customer=BOB))
    assert learn(floor) == 3
    one, everything = article(floor), article(floor, memory.ANY)
    assert (one["lines"], one["lowest_price"], one["highest_price"], everything["lines"]) == (3, 10, 10, 4)
    assert one["log_sum"] == pytest.approx(math.log(5) + math.log(20) + math.log(2))
    assert customers(floor) == {"ann@customers.example": (2, 5, 20), "+447400123456": (1, 2, 2)}


def test_counts_each_order_once(floor: Floor) -> None:
    floor.receive(floor.order())
    assert (learn(floor), learn(floor), learn(floor)) == (1, 0, 0)
    floor.receive(floor.order())
    assert learn(floor) == 1
    assert article(floor)["lines"] == 2


def test_forgets_what_it_learned_in_a_transaction_that_failed(floor: Floor) -> None:
    floor.receive(floor.order())
    with floor.engine.connect() as tx:
        assert memory.learn(tx, floor.now + timedelta(minutes=2)) == 1
        tx.rollback()
    assert learn(floor) == 1


def test_waits_for_orders_that_are_in_doubt(floor: Floor) -> None:
    doubtful, rejected = floor.order(payment_method=""), floor.order(payment_method="")
    floor.receive(doubtful, rejected)
    assert learn(floor) == 0
    floor.answer(doubtful, {"/payment_method": "invoice"}).answer(rejected, cancel=True)
    assert learn(floor) == 1
    assert article(floor)["lines"] == 1


def test_looks_at_no_order_before_all_that_came_earlier_are_there(floor: Floor) -> None:
    floor.receive(floor.order())
    with floor.engine.begin() as tx:
        assert memory.learn(tx, floor.now + timedelta(seconds=59)) == 0
    assert learn(floor) == 1


def test_goes_on_where_it_stopped(floor: Floor) -> None:
    floor.receive(*(floor.order() for _ in range(5)))
    floor.now += timedelta(minutes=2)
    with floor.engine.begin() as tx:
        assert [memory.learn(tx, floor.now, most=2) for _ in range(4)] == [2, 2, 1, 0]
    assert article(floor)["lines"] == 5


def test_an_odd_quantity_that_is_right_is_usual_for_that_customer_alone(floor: Floor) -> None:
    for _ in range(3):
        floor.receive(floor.order({"SKU-1": 5}, customer=ANN))
    learn(floor)
    odd = floor.order({"SKU-1": 2_000}, customer=ANN)
    floor.receive(odd)
    assert floor.state(odd) == ("received", "query")
    floor.answer(odd, confirmed=frozenset({"quantity-unusual"}))
    learn(floor)
    assert customers(floor) == {"ann@customers.example": (4, 5, 2_000)}
    assert article(floor)["lines"] == 3
    again = floor.order({"SKU-1": 2_000}, customer=ANN)
    floor.receive(again)
    assert floor.state(again)[1] != "query"


def test_keeps_the_last_price_with_its_currency(floor: Floor) -> None:
    with floor.engine.begin() as tx:
        rule_settings.write(tx, EVERYBODY, "", "currency-unusual", RuleSetting(enabled=False))
    floor.receive(floor.order(customer=ANN))
    euros = (DraftLine("SKU-1", 1, unit_price=Decimal(11)),)
    floor.receive(floor.order(euros, customer=ANN, currency="EUR", total=None))
    learn(floor)
    with floor.engine.begin() as tx:
        row = rows_of(tx, customer_memory, sku="SKU-1")[0]
    assert (row["price"], row["currency"], article(floor)["highest_price"]) == (11, "EUR", 10)
