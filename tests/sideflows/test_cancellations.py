"""
Cancellations: wherever the order stands, what is not packed is canceled and its stock is free again in the same transaction.
"""

from collections.abc import Callable

import pytest

from orderpipe.domain.handling import Phase
from orderpipe.domain.orders import Contact
from orderpipe.sideflows.cancellations import CancelRefused
from orderpipe.stages import ship
from tests.floor import Floor, broken

WAYS: dict[str, Callable[[Floor, int], object]] = {
    "received": lambda *_: None,
    "validated": lambda floor, order: floor.stage("validate", [order]),
    "allocated": lambda floor, order: (floor.stage("validate", [order]), floor.stage("allocate", [order])),
    "promised": lambda floor, order: [floor.stage(name, [order]) for name in ("validate", "allocate", "promise")],
    "released": lambda floor, order: floor.receive(order),
    "picking": lambda floor, order: floor.receive(order).scan(order * 1000 + 1, Phase.PICK, {"SKU-1": 1}),
    "picked": lambda floor, order: floor.receive(order).deliver_until_picked(order * 1000 + 1),
    "packing": lambda floor, order: (
        floor.receive(order).deliver_until_picked(order * 1000 + 1).scan(order * 1000 + 1, Phase.PACK, {"SKU-1": 1})
    ),
}


@pytest.mark.parametrize("stands", WAYS)
def test_gives_the_stock_back_wherever_the_order_stands(floor: Floor, stands: str) -> None:
    floor.stock("SKU-1", 5)
    order = floor.order({"SKU-1": 2})
    WAYS[stands](floor, order)
    canceled = floor.cancel(order)
    assert canceled.whole
    assert (floor.state(order), floor.free()) == (("canceled", None), (5, 0))
    assert set(floor.parts(order).values()) <= {("canceled", None)}
    assert floor.letters(order)[-1] == "canceled"
    assert floor.journal(order)[-1]["what"] == "order.canceled"


@pytest.mark.parametrize("stands", ["packed", "shipped", "delivered"])
def test_refuses_what_is_packed(floor: Floor, stands: str, monkeypatch: pytest.MonkeyPatch) -> None:
    floor.stock("SKU-1", 5)
    order = floor.order()
    unit = order * 1000 + 1
    with monkeypatch.context() as patched:
        if stands == "packed":
            patched.setattr(ship, "decide", broken)
        floor.receive(order).deliver_until_shipped(unit)
    if stands == "delivered":
        floor.carrier(unit, "delivered")
    assert floor.parts(order)[1][0] == stands
    before = floor.journal(order)
    with pytest.raises(CancelRefused):
        floor.cancel(order)
    assert floor.journal(order) == before


def test_refuses_what_has_ended_and_what_there_is_not(floor: Floor) -> None:
    order = floor.order([], kind="goods")
    floor.receive(order)
    for number in (order, order + 1):
        with pytest.raises(CancelRefused):
            floor.cancel(number)


def test_a_second_cancellation_changes_nothing(floor: Floor) -> None:
    order = floor.order()
    floor.cancel(order)
    with pytest.raises(CancelRefused, match="canceled already"):
        floor.cancel(order)
    assert floor.letters(order).count("canceled") == 1


def test_cancels_what_is_not_packed_and_lets_the_rest_go(floor: Floor) -> None:
    floor.stock("SKU-1", 1)
    floor.stock("SKU-2", 2, at="north")
    order = floor.order({"SKU-1": 1, "SKU-2": 5})
    floor.receive(order)
    assert len(floor.parts(order)) == 3
    shipped = next(row["id"] for row in floor.fulfillments(order) if row["location_id"] == 1)
    floor.deliver_until_shipped(shipped)
    canceled = floor.cancel(order)
    assert (canceled.whole, len(canceled.fulfillment_ids)) == (False, 2)
    assert (floor.free("SKU-1"), floor.free("SKU-2")) == ((0, 0), (2, 0))
    floor.carrier(shipped, "delivered")
    assert floor.state(order) == ("completed", None)


def test_cancels_the_rest_after_everything_else_has_ended(floor: Floor) -> None:
    floor.stock("SKU-1", 1)
    order = floor.order({"SKU-1": 2})
    floor.receive(order).deliver(order * 1000 + 1)
    assert floor.parts(order)[2] == ("planned", "stock")
    floor.cancel(order)
    assert floor.state(order) == ("completed", None)


def test_demand_that_waited_is_forgotten(floor: Floor) -> None:
    whole = floor.order({"SKU-1": 3}, backorder_policy="all-at-once")
    part, other = floor.order({"SKU-1": 3}), floor.order({"SKU-1": 1})
    floor.receive(whole, part, other)
    floor.cancel(whole)
    floor.cancel(part)
    floor.stock("SKU-1", 1)
    floor.restock()
    assert floor.parts(other) == {1: ("released", "pick-scans")}


def test_what_comes_free_goes_to_whoever_waits(floor: Floor) -> None:
    floor.stock("SKU-1", 2)
    first, second = floor.order({"SKU-1": 2}), floor.order({"SKU-1": 2})
    floor.receive(first, second)
    assert floor.parts(second) == {1: ("planned", "stock")}
    assert floor.cancel(first).stock_freed
    floor.restock()
    assert floor.parts(second) == {1: ("released", "pick-scans")}


def test_closes_questions_and_holds(floor: Floor) -> None:
    doubtful, unreachable = floor.order(payment_method=""), floor.order(customer=Contact("Ann Ok"))
    floor.receive(doubtful, unreachable)
    assert (floor.state(doubtful), floor.state(unreachable)) == (("received", "query"), ("received", "office"))
    for order in (doubtful, unreachable):
        floor.cancel(order)
        assert floor.state(order) == ("canceled", None)
    floor.pass_time(days=3)
    assert "question-reminder" not in floor.letters(doubtful)


def test_messages_on_their_way_find_nothing_to_do(floor: Floor) -> None:
    floor.stock()
    order = floor.order()
    floor.receive(order)
    floor.cancel(order)
    before = floor.journal(order)
    for name in ("validate", "allocate", "promise", "complete"):
        assert floor.stage(name, [order], "release" if name == "promise" else None) == []
    for name in ("release", "pick", "pack", "ship", "deliver"):
        floor.stage(name, [order * 1000 + 1])
    assert floor.journal(order) == before
