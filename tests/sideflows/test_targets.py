"""
Time targets: each breach is reported once, in the journal of the order and to the office, many of one kind in one letter.
"""

from datetime import timedelta

from tests.floor import Floor


def breaches(floor: Floor, order: int) -> list[str]:
    return [row["note"]["stage"] for row in floor.journal(order) if row["what"] == "target.breached"]


def test_a_missed_target_is_reported_once(floor: Floor) -> None:
    order = floor.order()
    floor.now += timedelta(minutes=59)
    assert floor.check_targets() == 0
    floor.now += timedelta(minutes=2)
    assert [floor.check_targets(), floor.check_targets()] == [1, 0]
    assert breaches(floor, order) == ["received"]
    entry = floor.journal(order)[-1]
    assert (entry["spent_seconds"], entry["target_seconds"]) == (61 * 60, 3600)


def test_each_stage_has_a_target_of_its_own(floor: Floor) -> None:
    floor.stock()
    order = floor.order()
    floor.now += timedelta(hours=2)
    floor.check_targets()
    floor.receive(order)
    floor.now += timedelta(hours=23)
    assert (floor.check_targets(), breaches(floor, order)) == (1, ["received", "released"])


def test_what_could_be_released_and_is_not_is_late(floor: Floor) -> None:
    floor.stock()
    order = floor.order()
    for name in ("validate", "allocate", "promise"):
        floor.stage(name, [order])
    floor.now += timedelta(hours=5)
    assert (floor.check_targets(), breaches(floor, order)) == (1, ["planned"])


def test_what_waits_for_its_stock_or_its_day_is_not_late(floor: Floor) -> None:
    without = floor.order({"SKU-2": 1})
    floor.stock()
    later = floor.order(requested_on=(floor.now + timedelta(days=20)).date())
    floor.receive(without, later)
    assert (floor.parts(without), floor.parts(later)) == ({1: ("planned", "stock")}, {1: ("planned", "date")})
    floor.now += timedelta(days=7)
    assert floor.check_targets() == 0
    floor.now = floor.fulfillments(later)[0]["not_before"] + timedelta(hours=20)
    floor.check_targets()
    assert "planned" in breaches(floor, later)


def test_the_whole_order_has_one_too(floor: Floor) -> None:
    order = floor.order()
    floor.now += timedelta(days=20)
    assert floor.check_targets() == 2
    assert sorted(breaches(floor, order)) == ["received", "whole"]
    floor.stock()
    floor.receive(order)
    floor.now += timedelta(days=1)
    floor.check_targets()
    assert sorted(breaches(floor, order)) == ["received", "released", "whole"]


def test_many_breaches_make_one_letter(floor: Floor) -> None:
    orders = [floor.order() for _ in range(30)]
    floor.now += timedelta(hours=2)
    assert floor.check_targets() == 30
    letters = [kind for order in orders for kind in floor.letters(order) if kind == "office-target-breached"]
    assert letters == ["office-target-breached"]


def test_what_has_ended_is_late_no_more(floor: Floor) -> None:
    order = floor.order()
    floor.cancel(order)
    floor.now += timedelta(days=30)
    assert floor.check_targets() == 0


def test_what_is_in_use_is_reported_at_the_next_look(floor: Floor) -> None:
    order = floor.order()
    floor.now += timedelta(hours=2)
    with floor.engine.begin() as busy:
        busy.exec_driver_sql(f"SELECT 1 FROM orders WHERE id = {order} FOR UPDATE")
        assert floor.check_targets() == 0
    assert floor.check_targets() == 1
