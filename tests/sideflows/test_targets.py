"""
Time targets: each breach is reported once, in the journal of the order and to the office, many of one kind in one letter.

Alarms climb until somebody takes them; clocks stand while others have the turn, and follow calendars that change.
"""

from datetime import timedelta
from typing import Any

import pytest

from orderpipe.domain.targets import EVERYBODY
from orderpipe.sideflows import amendments, targets
from orderpipe.sideflows.amendments import Asked
from orderpipe.sideflows.targets import TakenAlready, UnknownAlarm
from orderpipe.store import alarms, configured, notifications
from orderpipe.store.notifications import notification
from tests.floor import OFFICE, Floor


def breaches(floor: Floor, order: int) -> list[str]:
    return [row["note"]["stage"] for row in floor.journal(order) if row["what"] == "target.breached"]


def warnings(floor: Floor, order: int) -> list[str]:
    return [row["note"]["stage"] for row in floor.journal(order) if row["what"] == "target.warned"]


def desk(floor: Floor, *rungs: tuple[str, float, list[str]], stages: tuple[str, ...] = ("received",)) -> None:
    ladder = [{"level": level, "after": after, "to": to} for level, after, to in rungs]
    with floor.engine.begin() as tx:
        configured.write_desks(tx, [
            {"shop_id": EVERYBODY, "code": "office", "calendar": "", "stages": list(stages), "escalation": ladder}
        ])
    floor.now += timedelta(seconds=11)  # what is configured holds within ten seconds


def close_on(floor: Floor, day: str) -> None:
    with floor.engine.begin() as tx:
        row = next(dict(one) for one in configured.calendars(tx) if one["code"] == "standard")
        configured.write_calendars(tx, [row | {"exceptions": {day: []}}])
    floor.now += timedelta(seconds=11)


def alarmed(floor: Floor) -> list[tuple[str, str, str]]:
    """(recipient, channel, kind) of the alarms told, in order."""
    rows: list[dict[str, Any]] = floor._rows(notification, audience="office")
    return [(row["recipient"], row["channel"], row["kind"]) for row in rows if row["kind"].startswith("office-target")]


def later(floor: Floor, **length: float) -> None:
    floor.now += timedelta(**length)
    floor.check_targets()


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


def test_its_owner_is_warned_once_at_four_fifths_of_a_target(floor: Floor) -> None:
    order = floor.order()
    later(floor, minutes=47)
    assert warnings(floor, order) == []
    later(floor, minutes=2)
    later(floor, minutes=5)
    assert (warnings(floor, order), breaches(floor, order)) == (["received"], [])
    assert alarmed(floor) == [(OFFICE, "email", "office-target-soon")]
    later(floor, minutes=10)
    assert [kind for _, _, kind in alarmed(floor)] == ["office-target-soon", "office-target-breached"]


def test_what_is_late_already_is_not_said_to_be_late_soon(floor: Floor) -> None:
    order = floor.order()
    later(floor, hours=2)
    assert (warnings(floor, order), breaches(floor, order)) == ([], ["received"])


def test_an_alarm_climbs_until_somebody_takes_it(floor: Floor) -> None:
    desk(floor, ("owner", 0, ["kim@shop.example"]), ("supervisor", 30, ["lee@shop.example", "json://chat.example/x"]),
         ("manager", 120, ["max@shop.example"]))
    order = floor.order()
    later(floor, minutes=61)
    later(floor, minutes=10)
    assert alarmed(floor) == [("kim@shop.example", "email", "office-target-breached")]
    later(floor, minutes=30)
    assert alarmed(floor)[1:] == [
        ("lee@shop.example", "email", "office-target-breached"), ("json://chat.example/x", "chat", "office-target-breached"),
    ]
    with floor.engine.begin() as tx:
        assert "json://…" in {one.recipient for one in notifications.of_order(tx, order)}, "the URL may hold a secret"
        alarm = alarms.not_taken(tx)[0]
        assert targets.acknowledge(tx, alarm.id, by="Kim", now=floor.now).acknowledged_by == "Kim"
        with pytest.raises(TakenAlready, match="Kim looks after"):
            targets.acknowledge(tx, alarm.id, by="Lee", now=floor.now)
        with pytest.raises(UnknownAlarm):
            targets.acknowledge(tx, alarm.id, by="Lee", now=floor.now, shop_id=999_999)
    later(floor, hours=5)
    assert len(alarmed(floor)) == 3
    assert alarmed(floor)[-1][0] != "max@shop.example"


def test_an_alarm_that_nobody_takes_ends_with_the_last_of_its_ladder(floor: Floor) -> None:
    desk(floor, ("owner", 0, []), ("manager", 30, ["max@shop.example"]))
    floor.order()
    for _ in range(6):
        later(floor, minutes=40)
    assert [to for to, _, kind in alarmed(floor) if kind == "office-target-breached"] == [OFFICE, "max@shop.example"]


def test_what_has_gone_on_by_itself_wakes_nobody_any_more(floor: Floor) -> None:
    desk(floor, ("owner", 0, ["kim@shop.example"]), ("manager", 30, ["max@shop.example"]))
    floor.stock()
    order = floor.order()
    later(floor, minutes=61)
    floor.receive(order)
    later(floor, minutes=40)
    assert [to for to, _, _ in alarmed(floor)] == ["kim@shop.example"]


def test_an_alarm_that_everybody_has_heard_of_is_over_when_nothing_stands_there_any_more(floor: Floor) -> None:
    floor.stock()
    order = floor.order()
    later(floor, minutes=50)
    later(floor, minutes=11)
    assert len(alarmed(floor)) == 2
    later(floor, days=1, minutes=1)
    assert floor.value("SELECT count(*) FROM alarm WHERE closed_at IS NULL AND stage = 'received'") == 2
    floor.receive(order)
    later(floor, days=1, minutes=1)
    assert floor.value("SELECT count(*) FROM alarm WHERE closed_at IS NULL AND stage = 'received'") == 0
    assert [stage for stage in breaches(floor, order) if stage == "received"] == ["received"]


def test_rungs_climb_in_working_time(floor: Floor) -> None:
    desk(floor, ("owner", 0, ["kim@shop.example"]), ("manager", 120, ["max@shop.example"]), stages=("received", "whole"))
    floor.now = floor.now.replace(hour=15)
    floor.order()
    later(floor, minutes=61)
    later(floor, hours=12)
    assert len(alarmed(floor)) == 1
    later(floor, hours=6)
    assert [to for to, _, _ in alarmed(floor)] == ["kim@shop.example", "max@shop.example"]


def test_a_mass_event_is_one_alarm_though_it_is_found_bit_by_bit(floor: Floor) -> None:
    first = [floor.order() for _ in range(5)]
    floor.now += timedelta(minutes=3)
    second = [floor.order() for _ in range(7)]
    later(floor, minutes=58)
    later(floor, minutes=3)
    assert [kind for _, _, kind in alarmed(floor) if kind == "office-target-breached"] == ["office-target-breached"]
    with floor.engine.begin() as tx:
        (alarm,) = [one for one in alarms.not_taken(tx) if one.kind == "breached"]
        assert (alarm.count, alarm.open) == (12, 12)
    assert all(breaches(floor, order) == ["received"] for order in first + second)


def test_what_happens_after_an_alarm_was_taken_is_another(floor: Floor) -> None:
    floor.order()
    floor.now += timedelta(minutes=3)
    floor.order()
    later(floor, minutes=58)
    with floor.engine.begin() as tx:
        for one in alarms.not_taken(tx):
            targets.acknowledge(tx, one.id, by="Kim", now=floor.now)
    later(floor, minutes=3)
    assert [kind for _, _, kind in alarmed(floor) if kind == "office-target-breached"] == ["office-target-breached"] * 2


def test_a_clock_stands_while_the_payment_is_waited_for_and_an_edit_restarts_nothing(floor: Floor) -> None:
    floor.stock()
    order = floor.order(type="prepaid", total=20)
    floor.receive(order)
    assert floor.parts(order) == {1: ("planned", "payment")}
    later(floor, days=30)
    assert breaches(floor, order) == []
    floor.pay(order, "20.00")
    assert floor.parts(order)[1][0] == "released"
    later(floor, hours=26)
    assert breaches(floor, order) == ["released"]


def test_a_parcel_with_the_carrier_is_the_carrier_s_and_the_order_s_clock_stands(floor: Floor) -> None:
    floor.stock()
    order = floor.order()
    floor.receive(order)
    floor.deliver_until_shipped(floor.fulfillments(order)[0]["id"])
    later(floor, days=30)
    assert breaches(floor, order) == ["shipped"]


def test_a_holiday_added_later_moves_the_clocks_that_run(floor: Floor) -> None:
    floor.now = floor.now.replace(hour=16, minute=30)
    order = floor.order()
    floor.check_targets()
    before = floor.row(order)["due_at"]
    close_on(floor, f"{floor.now + timedelta(days=1):%Y-%m-%d}")
    floor.check_targets()
    assert floor.row(order)["due_at"] == before + timedelta(days=1)
    later(floor, days=1)
    assert breaches(floor, order) == []
    later(floor, days=1)
    assert breaches(floor, order) == ["received"]


def test_a_target_made_shorter_is_missed_at_the_next_look(floor: Floor) -> None:
    order = floor.order()
    later(floor, minutes=30)
    with floor.engine.begin() as tx:
        row = next(dict(one) for one in configured.order_types(tx) if one["code"] == "standard")
        configured.write_order_types(tx, [row | {"targets": row["targets"] | {"received": 20}}])
    later(floor, seconds=11)
    assert breaches(floor, order) == ["received"]


def test_a_parcel_is_worked_by_its_location_s_calendar(floor: Floor) -> None:
    floor.stock()
    with floor.engine.begin() as tx:
        place = configured.locations(tx)[0]
        configured.write_locations(tx, [dict(place) | {"calendar": "always"}])
    floor.now = floor.now.replace(hour=16) + timedelta(seconds=11)
    order = floor.order()
    floor.receive(order)
    assert floor.fulfillments(order)[0]["due_at"] == floor.now + timedelta(hours=4)
    later(floor, hours=5)
    assert breaches(floor, order) == ["released"]


def test_a_look_reads_only_what_can_be_late(floor: Floor) -> None:
    order = floor.order()
    look = "SELECT look_at FROM watch WHERE order_id = :id"
    first = floor.value(look, id=order)
    assert first == floor.now + timedelta(minutes=48)
    floor.stock()
    floor.receive(order)
    assert floor.value(look, id=order) == first, "no step onward writes it"
    later(floor, minutes=49)
    assert floor.value(look, id=order) > floor.now + timedelta(minutes=60)
    floor.cancel(order)
    later(floor, days=9)
    assert floor.value("SELECT count(*) FROM watch WHERE order_id = :id", id=order) == 0


@pytest.mark.parametrize("changes", [
    {"/lines/0/quantity": 3}, {"/customer/name": "Ann Other"},
    {"/ship_to": {"line1": "2 Low Street", "city": "Leeds", "postal_code": "LS1 1AA", "country": "GB"}},
])
def test_no_edit_restarts_a_clock(floor: Floor, changes: dict[str, Any]) -> None:
    floor.stock()
    order = floor.order()
    for name in ("validate", "allocate", "promise"):
        floor.stage(name, [order])
    before = (floor.fulfillments(order)[0]["due_at"], floor.row(order)["complete_by"])
    floor.now += timedelta(hours=3)
    with floor.engine.begin() as tx:
        amendments.amend(tx, order, Asked(changes, "A1"), by="customer", now=floor.now)
    assert (floor.fulfillments(order)[0]["due_at"], floor.row(order)["complete_by"]) == before
    later(floor, hours=1, minutes=1)
    assert breaches(floor, order) == ["planned"]


def test_what_is_put_off_by_the_customer_keeps_the_time_it_has_taken(floor: Floor) -> None:
    floor.stock()
    order = floor.order()
    for name in ("validate", "allocate", "promise"):
        floor.stage(name, [order])
    floor.now += timedelta(hours=3)  # of the four that its target gives it
    put_off = Asked({"/requested_on": f"{floor.now + timedelta(days=20):%Y-%m-%d}"}, "A1")
    with floor.engine.begin() as tx:
        floor.give(amendments.amend(tx, order, put_off, by="customer", now=floor.now).hints)
    part = floor.fulfillments(order)[0]
    assert part["due_at"] == part["not_before"] + timedelta(hours=10), "an hour after the day's work begins at nine"
    floor.pass_time(minutes=1)
    assert floor.parts(order) == {1: ("planned", "date")}
    floor.now = part["due_at"] - timedelta(minutes=2)
    assert (floor.check_targets(), breaches(floor, order)) == (0, [])
    later(floor, minutes=3)
    assert breaches(floor, order) == ["planned"]
