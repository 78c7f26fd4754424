"""
Reductions: wherever the order stands, pieces that are not packed can be taken back, and everything else goes on.
"""

from collections.abc import Callable

import pytest

from orderpipe.domain.handling import Phase
from orderpipe.domain.orders import Contact
from orderpipe.domain.reductions import Wish
from orderpipe.sideflows import reductions
from orderpipe.sideflows.reductions import Reduced
from orderpipe.stages import ship
from tests.floor import Floor, broken

SEVERAL = {"SKU-1": 3, "SKU-2": 2}
WAYS: dict[str, Callable[[Floor, int], object]] = {
    "received": lambda *_: None,
    "validated": lambda floor, order: floor.stage("validate", [order]),
    "allocated": lambda floor, order: [floor.stage(name, [order]) for name in ("validate", "allocate")],
    "promised": lambda floor, order: [floor.stage(name, [order]) for name in ("validate", "allocate", "promise")],
    "released": lambda floor, order: floor.receive(order),
    "picking": lambda floor, order: floor.receive(order).scan(order * 1000 + 1, Phase.PICK, {"SKU-1": 1}),
    "picked": lambda floor, order: floor.receive(order).deliver_until_picked(order * 1000 + 1),
    "packing": lambda floor, order: (
        floor.receive(order).deliver_until_picked(order * 1000 + 1).scan(order * 1000 + 1, Phase.PACK, {"SKU-1": 1})
    ),
}


def take_back(floor: Floor, *wishes: tuple[int, int, int], key: str = "C1") -> Reduced:
    """Take (order, line, pieces) back; what comes of it happens too."""
    with floor.engine.begin() as tx:
        done = reductions.reduce(tx, [Wish(key, *one) for one in wishes], reason="customer", by="shop", now=floor.now)
        floor.give(done.hints)
    floor.work()
    return done


def finish(floor: Floor, order: int) -> None:
    """Everybody does what is left to do."""
    floor.pass_time(minutes=10)
    for number, (state, _) in floor.parts(order).items():
        unit = order * 1000 + number
        if state == "released":
            floor.scan(unit, Phase.PICK)
        if state in ("released", "picked"):
            floor.scan(unit, Phase.PACK)
        if state != "canceled":
            floor.carrier(unit, "delivered")


@pytest.mark.parametrize("stands", WAYS)
def test_takes_pieces_back_and_lets_the_rest_arrive_wherever_the_order_stands(floor: Floor, stands: str) -> None:
    floor.stock("SKU-1", 5)
    floor.stock("SKU-2", 5)
    order = floor.order(SEVERAL)
    WAYS[stands](floor, order)
    assert take_back(floor, (order, 1, 1)).refused == {}
    floor.check()
    assert floor.told(order, "canceled") == [{"reason": "customer", "lines": [{"number": 1, "quantity": 1}], "by": "shop"}]
    assert floor.journal(order)[-1]["what"] == "order.reduced" or stands in ("picking", "picked", "packing")
    finish(floor, order)
    assert floor.state(order) == ("completed", None)
    assert (floor.free("SKU-1"), floor.free("SKU-2")) == ((3, 0), (3, 0))


@pytest.mark.parametrize("stands", WAYS)
def test_cancels_an_order_of_which_nothing_is_left(floor: Floor, stands: str) -> None:
    floor.stock("SKU-1", 5)
    floor.stock("SKU-2", 5)
    order = floor.order(SEVERAL)
    WAYS[stands](floor, order)
    done = take_back(floor, (order, 1, 3), (order, 2, 2))
    if stands == "packing":
        assert list(done.refused) == ["C1"]
        return
    assert floor.state(order) == ("canceled", None)
    assert set(floor.parts(order).values()) <= {("canceled", None)}
    assert (floor.free("SKU-1"), floor.free("SKU-2")) == ((5, 0), (5, 0))
    assert floor.letters(order).count("canceled") == 1


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
    before = floor.journal(order)
    refused = take_back(floor, (order, 1, 1)).refused
    assert "return" in refused["C1"]
    assert floor.journal(order) == before


def test_refuses_more_than_is_left_and_what_there_is_not(floor: Floor) -> None:
    order = floor.order({"SKU-1": 3})
    assert take_back(floor, (order, 1, 2)).refused == {}
    assert "left" in take_back(floor, (order, 1, 2), key="C2").refused["C2"]
    assert "left" in take_back(floor, (order, 7, 1), key="C3").refused["C3"]
    assert "no such order" in take_back(floor, (order + 1, 1, 1), key="C4").refused["C4"]


def test_a_cancellation_is_carried_out_whole_or_not_at_all(floor: Floor) -> None:
    floor.stock("SKU-1", 5)
    good, other = floor.order({"SKU-1": 2}), floor.order({"SKU-1": 2})
    floor.receive(good, other)
    with floor.engine.begin() as tx:
        wishes = [Wish("C1", good, 1, 1), Wish("C1", other, 1, 3), Wish("C2", other, 1, 1)]
        done = reductions.reduce(tx, wishes, reason="customer", by="shop", now=floor.now)
    assert list(done.refused) == ["C1"]
    assert floor.free("SKU-1") == (5, 3)
    assert (floor.letters(good).count("canceled"), floor.letters(other).count("canceled")) == (0, 1)


def test_takes_first_what_waits_for_stock(floor: Floor) -> None:
    floor.stock("SKU-1", 2)
    order = floor.order({"SKU-1": 5})
    floor.receive(order)
    assert floor.parts(order)[2] == ("planned", "stock")
    take_back(floor, (order, 1, 2))
    floor.check()
    assert floor.free("SKU-1") == (2, 2)
    floor.stock("SKU-1", 1)
    floor.restock()
    assert floor.parts(order)[2] == ("released", "pick-scans")


def test_what_is_canceled_before_the_promise_needs_none(floor: Floor) -> None:
    floor.stock("SKU-1", 2)
    order = floor.order({"SKU-1": 2, "SKU-2": 1})
    for name in ("validate", "allocate"):
        floor.stage(name, [order])
    take_back(floor, (order, 2, 1))
    floor.pass_time(minutes=10)
    assert floor.parts(order) == {1: ("released", "pick-scans"), 2: ("canceled", None)}


def test_gives_up_a_part_that_waits_for_stock(floor: Floor) -> None:
    floor.stock("SKU-1", 2)
    order = floor.order({"SKU-1": 3})
    floor.receive(order).deliver(order * 1000 + 1)
    take_back(floor, (order, 1, 1))
    assert floor.parts(order)[2] == ("canceled", None)
    assert floor.state(order) == ("completed", None)


def test_an_order_that_waits_as_a_whole_goes_on_with_what_there_is(floor: Floor) -> None:
    floor.stock("SKU-1", 2)
    order = floor.order({"SKU-1": 3}, backorder_policy="all-at-once")
    floor.receive(order)
    assert floor.state(order) == ("validated", "stock")
    take_back(floor, (order, 1, 1))
    assert floor.parts(order) == {1: ("released", "pick-scans")}


def test_what_comes_free_goes_to_whoever_waits(floor: Floor) -> None:
    floor.stock("SKU-1", 2)
    first, second = floor.order({"SKU-1": 2}), floor.order({"SKU-1": 1})
    floor.receive(first, second)
    assert take_back(floor, (first, 1, 1)).stock_freed
    floor.restock()
    assert floor.parts(second) == {1: ("released", "pick-scans")}


def test_pieces_that_were_picked_go_back_to_the_shelf_by_a_scan(floor: Floor) -> None:
    floor.stock("SKU-1", 3)
    order = floor.order({"SKU-1": 3})
    floor.receive(order).scan(order * 1000 + 1, Phase.PICK, {"SKU-1": 2})
    take_back(floor, (order, 1, 2))
    assert floor.parts(order) == {1: ("picked", "pack-scans")}
    assert floor.value("SELECT sum(quantity) FROM scan WHERE phase = 'pick'") == 1


def test_closes_questions_and_holds_of_an_order_that_is_used_up(floor: Floor) -> None:
    doubtful, unreachable = floor.order(payment_method=""), floor.order(customer=Contact("Ann Ok"))
    floor.receive(doubtful, unreachable)
    take_back(floor, (doubtful, 1, 2), (unreachable, 1, 2))
    assert (floor.state(doubtful), floor.state(unreachable)) == (("canceled", None), ("canceled", None))


def test_an_answer_counts_after_a_reduction(floor: Floor) -> None:
    order = floor.order({"SKU-1": 3}, total=40)
    floor.receive(order)
    assert floor.state(order) == ("received", "query")
    take_back(floor, (order, 1, 2))
    floor.answer(order, {"/lines/0/quantity": 1, "/total": "10.00"})
    floor.check()


def test_a_service_is_taken_back_too(floor: Floor) -> None:
    order = floor.order({"CALL": 2}, kind="service")
    floor.receive(order)
    take_back(floor, (order, 1, 1))
    floor.perform(order * 1000 + 1)
    assert floor.state(order) == ("completed", None)
