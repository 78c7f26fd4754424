"""
The demo's sample: the same for the same seed, and every order of it one that the door takes.
"""

import json

import pytest

from orderpipe.intake.json_order import parse
from orderpipe.simulation.catalogue import SHOPS
from orderpipe.simulation.forms import value_at
from orderpipe.simulation.sample import sample, stock_for
from orderpipe.simulation.script import LEAST, script_for


def test_is_the_same_for_the_same_seed() -> None:
    assert sample(200) == sample(200)
    assert sample(200) != sample(200, seed=2)


@pytest.mark.parametrize("size", [LEAST, 60, 300])
def test_has_as_many_orders_as_asked_for_with_every_exception_among_them(size: int) -> None:
    orders = sample(size)
    assert len({(order.shop, order.reference) for order in orders}) == size
    assert sorted(order.script for order in orders if order.script) == sorted(one.name for one in script_for(size) if one.end)


def test_has_at_least_the_orders_that_the_script_needs() -> None:
    assert len(sample(1)) == LEAST <= 32


def test_leaves_nine_of_ten_orders_to_be_completed() -> None:
    for size in (LEAST, 39, 40, 300):
        others = [one for one in script_for(size) if one.end not in ("", "completed")]
        assert len(others) <= size / 10


def test_is_taken_by_the_door() -> None:
    for order in sample(300):
        draft = parse(json.dumps(order.sent).encode())
        assert draft.reference == order.reference


def test_asks_for_articles_that_the_shop_has() -> None:
    for order in sample(300):
        for line in order.meant["lines"]:
            assert SHOPS[order.shop].article(line["sku"])


def test_has_everything_a_shop_can_be_sent() -> None:
    orders = sample(300)
    assert {order.by for order in orders} == {"web", "office", "file"}
    assert {value_at(order.sent, "/type") for order in orders} == {None, "express", "prepaid", "service", "bulk"}
    assert {order.sent["language"] for order in orders} == {"en", "zh-CN"}
    assert any("email" not in order.sent["customer"] and not order.script for order in orders)


def test_has_enough_stock_for_everything_but_what_the_script_wants_to_run_out() -> None:
    orders = sample(300)
    stock = stock_for(orders)
    assert stock["lantern", "LONDON", "CLOCK-BRASS"] == 1
    for order in orders:
        if not order.script:
            for line in order.meant["lines"]:
                places = SHOPS[order.shop].article(line["sku"]).places
                assert all(stock[order.shop, place, line["sku"]] > line["quantity"] for place in places)


def test_sends_large_samples_in_files_mostly() -> None:
    assert sum(order.by == "file" for order in sample(3000)) > 2000


def test_changes_only_what_arrives_of_a_doubtful_order() -> None:
    order = next(order for order in sample(LEAST) if order.script == "wrong-article")
    assert value_at(order.sent, "/lines/0/sku") == "MUG-BLEU"
    assert value_at(order.meant, "/lines/0/sku") == "MUG-BLUE"
    assert value_at(order.meant, "/lines/7/sku") is None
