"""
`orderpipe delay`: what is late, choices entered for customers, and what silence means.
"""

import pytest

from orderpipe.domain.orders import number_of
from tests.cli.conftest import Terminal
from tests.floor import Floor
from tests.late import of, until, waiting


@pytest.fixture
def late(floor: Floor) -> int:
    """An order whose customer was told that it is late."""
    order_id = waiting(floor)
    until(floor, order_id, state="told")
    return order_id


def test_lists_what_is_late(orderpipe: Terminal, floor: Floor, late: int) -> None:
    (row,) = orderpipe("delay", "list", "--json").json
    assert (row["order"], row["state"], row["cause"]) == (number_of(late), "told", "stock")
    assert number_of(late) in orderpipe("delay", "list").out


def test_enters_what_a_customer_said_by_telephone(orderpipe: Terminal, floor: Floor, late: int) -> None:
    assert orderpipe("delay", "choose", number_of(late), "part").err == "Part cannot be chosen here now.\n"
    assert orderpipe("delay", "choose", number_of(late), "wait").exit_code == 0
    assert of(floor, late)["chosen_by"].startswith("office ")
    assert orderpipe("delay", "choose", number_of(late), "cancel").exit_code == 0
    assert floor.state(late)[0] == "canceled"
    assert orderpipe("delay", "choose", number_of(late), "wait").err == "Nothing of this order is late, so there is nothing to choose.\n"


def test_says_what_silence_means_by_shop_and_type(orderpipe: Terminal, floor: Floor) -> None:
    assert orderpipe("delay", "policy", "--shop", "demo", "--json").json == [{"shop": "demo", "type": None, "policy": "us-mail-order"}]
    assert orderpipe("delay", "policy", "office", "--shop", "demo", "--type", "express").exit_code == 0
    assert [one["policy"] for one in orderpipe("delay", "policy", "--shop", "demo", "--json").json] == ["us-mail-order", "office"]


def test_names_a_substitute(orderpipe: Terminal, floor: Floor) -> None:
    floor.order([("SKU-1", 1), ("SKU-2", 1)])
    assert orderpipe("delay", "substitute", "SKU-1", "SKU-2", "--shop", "demo").exit_code == 0
    assert floor.value("SELECT substitute_sku FROM product WHERE sku = 'SKU-1'") == "SKU-2"
    assert orderpipe("delay", "substitute", "SKU-1", "SKU-1", "--shop", "demo").exit_code == 1
    assert orderpipe("delay", "substitute", "SKU-1", "--shop", "demo").exit_code == 0
    assert floor.value("SELECT substitute_sku FROM product WHERE sku = 'SKU-1'") is None
