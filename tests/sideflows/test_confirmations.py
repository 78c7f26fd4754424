"""
Whoever has a confirmed order is told; where that fails, the office hears of it, once.
"""

from datetime import timedelta

import pytest
from sqlalchemy import text

from orderpipe.domain.orders import number_of
from orderpipe.domain.quiet_hours import NIGHT
from orderpipe.sideflows import confirmations
from tests.floor import OFFICE, Floor

QUARTER = timedelta(minutes=15)


def look(floor: Floor) -> int:
    with floor.engine.begin() as tx:
        return confirmations.report_untold(tx, office=OFFICE, now=floor.now)


def confirmed(floor: Floor, count: int = 1) -> list[int]:
    """Orders with their delivery date, whose letters still wait."""
    floor.stock(on_hand=2 * count)
    orders = [floor.order() for _ in range(count)]
    floor.receive(*orders)
    assert {floor.state(one)[0] for one in orders} == {"promised"}
    return orders


def become(floor: Floor, state: str, order_id: int, error: str | None = None) -> None:
    """The letter with the delivery date stands so by now."""
    with floor.engine.begin() as tx:
        tx.execute(text(
            "UPDATE notification SET state = :state, last_error = :error, next_at = CASE WHEN :state = 'pending' THEN next_at END"
            " WHERE kind = 'delivery-date' AND order_id = :id"
        ), {"state": state, "id": order_id, "error": error})


def told(floor: Floor) -> list[dict[str, object]]:
    with floor.engine.begin() as tx:
        return list(tx.execute(text("SELECT facts FROM notification WHERE kind = 'office-unconfirmed' ORDER BY id")).scalars())


def test_nobody_is_alarmed_while_the_letter_may_be_on_its_way(floor: Floor) -> None:
    confirmed(floor)
    floor.now += QUARTER - timedelta(seconds=1)
    assert look(floor) == 0


@pytest.mark.parametrize("state", ["sent", "withdrawn"])
def test_nobody_is_alarmed_when_it_went_out_or_was_taken_back(floor: Floor, state: str) -> None:
    (order,) = confirmed(floor)
    become(floor, state, order)
    floor.now += QUARTER
    assert look(floor) == 0


def test_the_office_hears_of_each_order_once_in_one_letter_a_shop(floor: Floor) -> None:
    late, dead, fine = confirmed(floor, 3)
    become(floor, "dead", dead)
    become(floor, "sent", fine)
    floor.now += QUARTER
    assert look(floor) == 2
    (letter,) = told(floor)
    assert letter["orders"] == [{"number": number_of(late), "reason": "pending"}, {"number": number_of(dead), "reason": "dead"}]
    for _ in range(3):
        assert look(floor) == 0
        floor.now += timedelta(minutes=5)
    assert len(told(floor)) == 1


def test_it_hears_of_whom_no_letter_reaches(floor: Floor) -> None:
    unreachable, _ = confirmed(floor, 2)
    with floor.engine.begin() as tx:
        tx.execute(text("DELETE FROM notification WHERE kind = 'delivery-date'"))
        tx.execute(text(
            "INSERT INTO journal (order_id, seq, at, actor, what)"
            " SELECT :id, max(seq) + 1, :now, 'test', 'unreachable.delivery-date' FROM journal WHERE order_id = :id"
        ), {"id": unreachable, "now": floor.now})
    floor.now += QUARTER
    assert look(floor) == 2
    assert [one["reason"] for one in told(floor)[0]["orders"]] == ["unreachable", "missing"]  # type: ignore[attr-defined]


def test_a_message_that_waits_for_the_morning_and_one_sent_elsewhere_are_in_order(floor: Floor) -> None:
    by_night, elsewhere = confirmed(floor, 2)
    become(floor, "pending", by_night, NIGHT)
    become(floor, "dead", elsewhere)
    with floor.engine.begin() as tx:
        tx.execute(text(
            "INSERT INTO notification (order_id, audience, channel, recipient, kind, language, facts, dedupe_key, state, created_at)"
            " VALUES (:id, 'customer', 'email', 'b@x.example', 'delivery-date', 'en', '{}', 'd again 1', 'sent', :now)"
        ), {"id": elsewhere, "now": floor.now})
    floor.now += QUARTER
    assert look(floor) == 0


def test_a_canceled_order_needs_no_date(floor: Floor) -> None:
    (order,) = confirmed(floor)
    floor.cancel(order)
    floor.now += QUARTER
    assert look(floor) == 0


def test_a_look_that_was_undone_is_made_again(floor: Floor) -> None:
    confirmed(floor)
    floor.now += QUARTER
    with floor.engine.connect() as tx:
        assert confirmations.report_untold(tx, office=OFFICE, now=floor.now) == 1
        tx.rollback()
    assert look(floor) == 1
