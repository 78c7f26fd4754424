"""
The clocks of cases: whatever is run twice, at once, or broken off, is told once.
"""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from orderpipe.domain.cases import Kind
from orderpipe.sideflows import case_clock, cases, feedback
from orderpipe.store.case_opening import Opening
from tests.floor import Floor


class Killed(Exception):
    """The process ended here."""


def late_cases(floor: Floor, count: int) -> list[int]:
    orders = [floor.delivered() for _ in range(count)]
    with floor.engine.begin() as tx:
        for order_id in orders:
            cases.open_case(tx, Opening(order_id, Kind.COMPLAINT, "Late.", f"test:{order_id}"), now=floor.now)
    floor.now += timedelta(days=60)
    return orders


def looked_and_died(floor: Floor) -> None:
    with floor.engine.begin() as tx:
        case_clock.look(tx, now=floor.now)
        raise Killed


def told(floor: Floor, orders: list[int], kind: str) -> int:
    return sum(floor.letters(order_id).count(kind) for order_id in orders)


def test_several_clocks_at_once_tell_once(floor: Floor) -> None:
    orders = late_cases(floor, 6)

    def look(_: int) -> None:
        with floor.engine.begin() as tx:
            case_clock.look(tx, now=floor.now)
            feedback.remind(tx, now=floor.now)

    with ThreadPoolExecutor(4) as at_once:
        list(at_once.map(look, range(8)))
    assert (told(floor, orders, "office-case-due"), told(floor, orders, "rating-reminder")) == (1, 0)
    assert floor.told(orders[0], "office-case-due")[0]["count"] == 6
    floor.check()


def test_what_was_broken_off_is_done_again_whole(floor: Floor) -> None:
    orders = late_cases(floor, 2)
    with pytest.raises(Killed):
        looked_and_died(floor)
    assert told(floor, orders, "office-case-due") == 0
    assert floor.look_at_cases() == 2
    assert told(floor, orders, "office-case-due") == 1


def test_the_same_form_sent_twice_at_once_opens_one_case(floor: Floor) -> None:
    order_id = floor.delivered()
    opening = Opening(order_id, Kind.CLAIM, "Broken.", "one-form")

    def send(_: int) -> int:
        with floor.engine.begin() as tx:
            return cases.open_case(tx, opening, now=floor.now).case_id

    with ThreadPoolExecutor(4) as at_once:
        assert len(set(at_once.map(send, range(8)))) == 1
    assert told(floor, [order_id], "case-received") == 1


def test_a_customer_without_an_address_is_noted_in_the_journal(floor: Floor) -> None:
    order_id = floor.delivered()
    with floor.engine.begin() as tx:
        tx.exec_driver_sql("""UPDATE orders SET customer = '{"name": "Ann Ok"}'""")
        cases.open_case(tx, Opening(order_id, Kind.CLAIM, "Broken.", "by telephone"), now=floor.now)
    assert "unreachable.case-received" in [entry["what"] for entry in floor.journal(order_id)]


def test_reminders_come_only_while_the_order_is_remembered(floor: Floor) -> None:
    order_id = floor.delivered()
    floor.now += timedelta(days=61)
    assert (floor.remind_raters(), told(floor, [order_id], "rating-reminder")) == (1, 0)
