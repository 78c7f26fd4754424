"""
Restock: what comes free goes to those that have waited longest, whoever orders in the meantime.
"""

from datetime import timedelta

from tests.floor import Floor


def waiting(floor: Floor, *quantities: int, whole: bool = False) -> list[int]:
    """Orders for SKU-1, a minute apart, that found no stock."""
    orders = []
    for quantity in quantities:
        floor.now += timedelta(minutes=1)
        orders.append(floor.order({"SKU-1": quantity}, backorder_policy="all-at-once" if whole else "as-available"))
        floor.receive(orders[-1])
    return orders


def released(floor: Floor, *orders: int) -> list[bool]:
    return [floor.parts(order).get(1, ("", ""))[0] == "released" for order in orders]


def test_serves_the_oldest_first(floor: Floor) -> None:
    orders = waiting(floor, 1, 1, 1)
    floor.stock("SKU-1", 2)
    floor.restock()
    assert released(floor, *orders) == [True, True, False]


def test_newcomers_do_not_overtake(floor: Floor) -> None:
    (old,) = waiting(floor, 2)
    floor.stock("SKU-1", 2)
    (new,) = waiting(floor, 1)
    assert (released(floor, new), floor.free()) == ([False], (2, 0))
    floor.restock()
    assert released(floor, old, new) == [True, False]


def test_keeps_what_there_is_for_a_large_old_demand(floor: Floor) -> None:
    large, small = waiting(floor, 5, 1)
    floor.stock("SKU-1", 3)
    floor.restock()
    assert released(floor, large, small) == [False, False]
    floor.stock("SKU-1", 3)
    floor.restock()
    assert released(floor, large, small) == [True, True]


def test_a_whole_order_that_lacks_something_else_stops_nobody(floor: Floor) -> None:
    whole = floor.order({"SKU-1": 1, "SKU-2": 1}, backorder_policy="all-at-once")
    floor.receive(whole)
    (later,) = waiting(floor, 1)
    floor.stock("SKU-1", 1)
    floor.restock()
    assert released(floor, later) == [True]
    assert floor.state(whole) == ("validated", "stock")


def test_a_newcomer_does_not_take_what_a_whole_order_can_have_at_last(floor: Floor) -> None:
    whole = floor.order({"SKU-1": 1, "SKU-2": 1}, backorder_policy="all-at-once")
    floor.receive(whole)
    floor.stock("SKU-1", 1)
    floor.stock("SKU-2", 1)
    (later,) = waiting(floor, 1)
    assert released(floor, later) == [False]
    floor.restock()
    assert floor.parts(whole) == {1: ("released", "pick-scans")}


def test_wakes_nobody_in_vain(floor: Floor) -> None:
    (order,) = waiting(floor, 5)
    floor.stock("SKU-1", 4)
    before = floor.journal(order)
    for _ in range(3):
        floor.restock()
    assert floor.journal(order) == before
    assert not floor.sent[-1][0].startswith("release") or floor.parts(order)[1][0] == "planned"


def test_shops_keep_their_stock_apart(floor: Floor) -> None:
    (order,) = waiting(floor, 1)
    floor.stock("SKU-1", 5, shop="other")
    floor.restock()
    assert released(floor, order) == [False]


def test_wakes_in_the_lanes_of_the_orders(floor: Floor) -> None:
    floor.stock("SKU-1", 0)
    express, standard = floor.order({"SKU-1": 1}, type="express"), floor.order({"SKU-1": 1})
    floor.receive(express, standard)
    floor.stock("SKU-1", 2)
    floor.sent.clear()
    floor.restock()
    assert ("release", [express * 1000 + 1], "express") in floor.sent
    assert ("release", [standard * 1000 + 1], "standard") in floor.sent


def test_the_clock_asks_for_stock_by_itself(floor: Floor) -> None:
    (order,) = waiting(floor, 1)
    floor.stock("SKU-1", 1)
    floor.pass_time(hours=7)
    assert released(floor, order) == [True]
