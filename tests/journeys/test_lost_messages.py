"""
Every message is lost, also the one after each fact, and every chain is cut: the clock alone takes the order on, within a minute each time.
"""

from collections.abc import Callable

from orderpipe.domain.handling import Phase
from tests.floor import Floor


def within_a_minute(floor: Floor, what: Callable[[], bool], *, stages: int = 1) -> None:
    """The clock ticks every five seconds, until it is so; a minute for every stage on the way."""
    begun = floor.now
    while not what():
        assert (floor.now - begun).total_seconds() <= 65 * stages, "Time is over."
        floor.pass_time(seconds=5)


def test_an_order_goes_all_the_way_by_the_clock_alone(floor: Floor) -> None:
    floor.losing = True
    floor.stock()
    order = floor.order({"SKU-1": 2}, type="prepaid", payment_method="")
    unit = order * 1000 + 1

    def stands(state: str, waits_for: str | None) -> Callable[[], bool]:
        return lambda: floor.state(order) == (state, waits_for)

    def part(state: str, waits_for: str | None) -> Callable[[], bool]:
        return lambda: floor.parts(order).get(1) == (state, waits_for)

    within_a_minute(floor, stands("received", "query"))
    within_a_minute(floor, lambda: "question" in floor.letters(order))
    floor.answer(order, {"/payment_method": "card"})
    for state in ("validated", "allocated"):
        within_a_minute(floor, stands(state, None))
    within_a_minute(floor, stands("promised", "fulfillments"))
    within_a_minute(floor, part("planned", "payment"))
    floor.pay(order, "20.00")
    within_a_minute(floor, part("released", "pick-scans"))
    floor.scan(unit, Phase.PICK)
    within_a_minute(floor, part("picked", None))
    within_a_minute(floor, part("picked", "pack-scans"))
    floor.scan(unit, Phase.PACK)
    within_a_minute(floor, part("packed", None))
    within_a_minute(floor, part("shipped", "carrier"))
    floor.carrier(unit, "delivered")
    within_a_minute(floor, part("delivered", None))
    within_a_minute(floor, stands("completed", None))


def test_stock_that_came_and_decisions_of_the_office_need_no_message(floor: Floor) -> None:
    floor.losing = True
    part = floor.order({"SKU-1": 1})
    within_a_minute(floor, lambda: floor.parts(part).get(1) == ("planned", "stock"), stages=4)
    whole = floor.order({"SKU-1": 1}, backorder_policy="all-at-once")
    within_a_minute(floor, lambda: floor.state(whole) == ("validated", "stock"), stages=2)
    floor.stock("SKU-1", 2)
    floor.restock()
    within_a_minute(floor, lambda: floor.parts(part)[1][0] == "released" and floor.state(whole)[0] == "allocated")
    for state in (Phase.PICK, Phase.PACK):
        within_a_minute(floor, lambda state=state: floor.parts(part)[1][1] == f"{state}-scans", stages=2)  # type: ignore[misc]
        floor.scan(part * 1000 + 1, state)
    within_a_minute(floor, lambda: floor.parts(part)[1] == ("shipped", "carrier"), stages=3)
    floor.carrier(part * 1000 + 1, "lost")
    within_a_minute(floor, lambda: floor.state(part) == ("promised", "office"), stages=2)
    floor.office(part, "resend")
    within_a_minute(floor, lambda: floor.parts(part).get(2) == ("planned", "stock"))


def test_a_service_is_done_on_a_word_whose_message_is_lost(floor: Floor) -> None:
    floor.losing = True
    order = floor.order({"FITTING": 1}, kind="service")
    within_a_minute(floor, lambda: floor.state(order)[0] == "promised", stages=3)
    within_a_minute(floor, lambda: floor.parts(order) == {1: ("released", "performance")})
    floor.perform(order * 1000 + 1)
    within_a_minute(floor, lambda: floor.parts(order) == {1: ("delivered", None)})
    within_a_minute(floor, lambda: floor.state(order)[0] == "completed")
