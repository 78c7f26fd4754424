"""
Orders for goods, from arrival to thank-you letter: from one place and from several, with stock and without, under both policies.
"""

from datetime import timedelta

from orderpipe.domain.handling import Phase
from tests import builders
from tests.floor import Floor

MOVES = ["received", "validated", "allocated", "promised", "released", "picked", "packed", "shipped", "delivered", "completed"]


def test_an_order_goes_all_the_way(floor: Floor) -> None:
    floor.stock(on_hand=10)
    order = floor.order({"SKU-1": 3})
    floor.receive(order)
    assert (floor.state(order), floor.parts(order)) == (("promised", "fulfillments"), {1: ("released", "pick-scans")})
    assert floor.free() == (10, 3)
    floor.deliver(order * 1000 + 1)
    assert (floor.state(order), floor.free()) == (("completed", None), (7, 0))
    assert floor.letters(order) == ["acknowledgement", "delivery-date", "shipped", "thank-you"]


def test_the_journal_tells_every_move_with_its_time_and_target(floor: Floor) -> None:
    floor.stock()
    order = floor.order()
    floor.now += timedelta(seconds=90)
    floor.receive(order).deliver(order * 1000 + 1)
    moves = [row for row in floor.journal(order) if row["after"]]
    assert [row["after"] for row in moves] == MOVES
    assert [row["seq"] for row in floor.journal(order)] == list(range(1, len(floor.journal(order)) + 1))
    assert {row["task_id"] for row in moves[1:]} == {"task-1"}
    validated = moves[1]
    assert (validated["actor"], validated["spent_seconds"], validated["target_seconds"]) == ("stage:validate", 90, 3600)


def test_what_is_short_follows_when_it_comes(floor: Floor) -> None:
    floor.stock(on_hand=3)
    order = floor.order({"SKU-1": 5, "SKU-2": 1}, backorder_policy="as-available")
    floor.receive(order)
    assert floor.parts(order) == {1: ("released", "pick-scans"), 2: ("planned", "stock"), 3: ("planned", "stock")}
    floor.deliver(order * 1000 + 1)
    assert floor.state(order) == ("promised", "fulfillments")
    floor.stock("SKU-1", 2)
    floor.stock("SKU-2", 1)
    floor.restock().deliver(order * 1000 + 2, order * 1000 + 3)
    assert floor.state(order) == ("completed", None)
    assert floor.letters(order) == [
        "acknowledgement", "backorder", "delivery-date", "shipped", "part-delivered", "shipped", "part-delivered", "shipped", "thank-you",
    ]


def test_a_whole_order_waits_until_everything_is_there(floor: Floor) -> None:
    floor.stock("SKU-1", 9)
    order = floor.order({"SKU-1": 4, "SKU-2": 1}, backorder_policy="all-at-once")
    floor.receive(order)
    assert (floor.state(order), floor.parts(order), floor.free()) == (("validated", "stock"), {}, (9, 0))
    floor.restock()
    assert floor.state(order) == ("validated", "stock")
    floor.stock("SKU-2", 1)
    floor.restock()
    assert (floor.state(order), floor.parts(order)) == (("promised", "fulfillments"), {1: ("released", "pick-scans")})
    assert floor.letters(order).count("backorder") == 1


def test_each_place_sends_its_own_parcel(floor: Floor) -> None:
    floor.stock("SKU-1", 5)
    floor.stock("SKU-2", 5, at="north")
    order = floor.order({"SKU-1": 1, "SKU-2": 2})
    floor.receive(order)
    places = {row["location_id"] for row in floor.fulfillments(order)}
    assert (len(places), set(floor.parts(order).values())) == (2, {("released", "pick-scans")})
    floor.deliver(order * 1000 + 1, order * 1000 + 2)
    assert floor.state(order) == ("completed", None)


def test_one_place_is_preferred_to_two(floor: Floor) -> None:
    floor.stock("SKU-1", 5)
    for sku in ("SKU-1", "SKU-2"):
        floor.stock(sku, 5, at="north")
    order = floor.order({"SKU-1": 1, "SKU-2": 2})
    floor.receive(order)
    assert list(floor.parts(order)) == [1]


def test_what_was_waited_for_may_come_to_several_places(floor: Floor) -> None:
    floor.stock("SKU-1", 0)
    order = floor.order({"SKU-1": 5})
    floor.receive(order)
    floor.stock("SKU-1", 3)
    floor.restock()
    assert floor.parts(order) == {1: ("planned", "stock")}
    floor.stock("SKU-1", 2, at="north")
    floor.restock().pass_time(seconds=15)
    assert floor.parts(order) == {1: ("released", "pick-scans"), 2: ("released", "pick-scans")}
    floor.deliver(order * 1000 + 1, order * 1000 + 2)
    assert (floor.state(order), floor.free()) == (("completed", None), (0, 0))


def test_two_lines_of_one_article_are_kept_apart(floor: Floor) -> None:
    floor.stock("SKU-1", 4)
    order = floor.order([("SKU-1", 2), ("SKU-1", 3)])
    floor.receive(order)
    assert floor.state(order) == ("promised", "fulfillments")
    assert floor.free() == (4, 4)


def test_what_the_picker_does_not_find_follows_later(floor: Floor) -> None:
    floor.stock("SKU-1", 4)
    order = floor.order({"SKU-1": 4})
    floor.receive(order)
    floor.scan(order * 1000 + 1, Phase.PICK, {"SKU-1": 3}).scan(order * 1000 + 1, Phase.SHORT, {"SKU-1": 1})
    assert (floor.parts(order), floor.free()) == ({1: ("picked", "pack-scans"), 2: ("planned", None)}, (3, 3))
    floor.pass_time(seconds=15)
    assert floor.parts(order)[2] == ("planned", "stock")
    floor.scan(order * 1000 + 1, Phase.PACK).carrier(order * 1000 + 1, "delivered")
    floor.stock("SKU-1", 1)
    floor.restock().deliver(order * 1000 + 2)
    assert (floor.state(order), floor.free()) == (("completed", None), (0, 0))


def test_when_nothing_is_found_all_of_it_follows(floor: Floor) -> None:
    floor.stock("SKU-1", 2)
    order = floor.order({"SKU-1": 2})
    floor.receive(order)
    floor.scan(order * 1000 + 1, Phase.SHORT, {"SKU-1": 2})
    assert (floor.state(order), floor.free()) == (("promised", "fulfillments"), (0, 0))
    assert floor.parts(order) == {1: ("canceled", None), 2: ("planned", None)}
    floor.stock("SKU-1", 2, at="north")
    floor.pass_time(seconds=15)
    floor.deliver(order * 1000 + 2)
    assert floor.state(order) == ("completed", None)


def test_short_picks_of_several_orders_are_told_to_each(floor: Floor) -> None:
    """The number of an order may look like that of another one's fulfillment; both customers are written to."""
    floor.stock("SKU-1", 1)
    first = floor.order({"SKU-1": 1})
    floor.receive(first)
    with floor.engine.begin() as tx:
        tx.exec_driver_sql(f"ALTER TABLE orders ALTER COLUMN id RESTART WITH {first * 1000 + 1}")
    second = floor.order({"SKU-1": 9})
    assert second == first * 1000 + 1
    floor.receive(second).scan(first * 1000 + 1, Phase.SHORT, {"SKU-1": 1})
    assert ("backorder" in floor.letters(first), "backorder" in floor.letters(second)) == (True, True)


def test_a_short_pick_goes_before_whoever_ordered_later(floor: Floor) -> None:
    floor.stock("SKU-1", 1)
    early = floor.order({"SKU-1": 1})
    floor.receive(early)
    floor.now += timedelta(minutes=5)
    late = floor.order({"SKU-1": 1})
    floor.receive(late).scan(early * 1000 + 1, Phase.SHORT, {"SKU-1": 1}).pass_time(seconds=15)
    floor.stock("SKU-1", 1)
    floor.restock()
    assert (floor.parts(early)[2], floor.parts(late)[1]) == (("released", "pick-scans"), ("planned", "stock"))


def test_goods_are_not_released_before_their_day(floor: Floor) -> None:
    floor.stock()
    order = floor.order(requested_on=(floor.now + timedelta(days=20)).date())
    floor.receive(order)
    assert floor.parts(order) == {1: ("planned", "date")}
    due = floor.fulfillments(order)[0]["next_at"]
    assert floor.now < due == floor.fulfillments(order)[0]["not_before"]
    floor.now = due
    floor.pass_time(seconds=1)
    assert floor.parts(order) == {1: ("released", "pick-scans")}


def test_a_prepaid_order_is_released_when_it_is_paid(floor: Floor) -> None:
    floor.stock()
    order = floor.order({"SKU-1": 2}, type="prepaid")
    floor.receive(order)
    assert floor.parts(order) == {1: ("planned", "payment")}
    floor.pay(order, "19.99")
    assert floor.parts(order) == {1: ("planned", "payment")}
    floor.pay(order, "0.01")
    assert floor.parts(order) == {1: ("released", "pick-scans")}
    assert floor.letters(order).count("payment-needed") == 1


def test_goods_and_services_of_one_order_go_their_own_ways(floor: Floor) -> None:
    floor.stock("SKU-1", 1)
    with floor.engine.begin() as tx:
        builders.product(tx, "FITTING", kind="service", price=10)
    order = floor.order({"SKU-1": 1, "FITTING": 1})
    floor.receive(order)
    assert floor.parts(order) == {1: ("released", "pick-scans"), 2: ("released", "performance")}
    floor.perform(order * 1000 + 2)
    assert floor.parts(order)[2] == ("delivered", None)
    floor.deliver(order * 1000 + 1)
    assert floor.state(order) == ("completed", None)


def test_a_service_needs_no_stock_and_no_place(floor: Floor) -> None:
    order = floor.order({"FITTING": 1}, kind="service", type="service", ship_to=None)
    floor.receive(order)
    floor.pass_time(days=1, minutes=1)
    assert floor.parts(order) == {1: ("released", "performance")}
    floor.perform(order * 1000 + 1)
    assert floor.state(order) == ("completed", None)


def test_facts_that_come_before_the_stage_asks_count(floor: Floor) -> None:
    """The picker is quicker than the message: everything is scanned while release is still on its way to the worker."""
    floor.stock()
    order = floor.order({"SKU-1": 2})
    floor.receive(order)
    unit = order * 1000 + 1
    floor.scan(unit, Phase.PICK, {"SKU-1": 1})
    with floor.engine.begin() as tx:
        tx.exec_driver_sql("UPDATE fulfillment SET waiting_for = NULL")
    floor.scan(unit, Phase.PICK, {"SKU-1": 1})
    assert floor.parts(order) == {1: ("released", None)}
    floor.chain("release", [unit])
    floor.chain("pick", [unit])
    assert floor.parts(order) == {1: ("picked", "pack-scans")}


def test_the_way_on_is_found_when_every_message_is_lost(floor: Floor) -> None:
    floor.stock()
    order = floor.order()
    for _ in range(8):
        floor.now += timedelta(seconds=61)
        floor.pass_time(seconds=0)
        floor.forget_hints()
    assert floor.parts(order) == {1: ("released", "pick-scans")}
