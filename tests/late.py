"""
Orders that are late on a shop floor: made so, and looked at.
"""

from datetime import timedelta
from math import ceil
from typing import Any

from sqlalchemy import text

from orderpipe.store.delays import delay
from orderpipe.store.notifications import notification
from orderpipe.store.promises import promise
from tests import builders
from tests.floor import Floor, Row


def of(floor: Floor, order_id: int) -> Row:
    """The order's newest delay."""
    with floor.engine.begin() as tx:
        return builders.rows_of(tx, delay, order_id=order_id)[-1]


def promises(floor: Floor, fulfillment_id: int) -> list[Row]:
    """What was promised for a fulfillment, revision by revision."""
    with floor.engine.begin() as tx:
        return builders.rows_of(tx, promise, fulfillment_id=fulfillment_id)


def letters(floor: Floor, order_id: int) -> list[Row]:
    """Everything told about the order."""
    with floor.engine.begin() as tx:
        return builders.rows_of(tx, notification, order_id=order_id)


def set_lead(floor: Floor, days: int) -> None:
    """The shop hears how long its goods take by now."""
    with floor.engine.begin() as tx:
        tx.execute(text("UPDATE product SET lead_days = :days"), {"days": days})


def promised(floor: Floor, **draft: Any) -> int:
    """An order for what lies in stock, released to the warehouse, which does nothing."""
    floor.stock()
    order_id = floor.order(**draft)
    floor.receive(order_id)
    return order_id


def waiting(floor: Floor, lead_days: int = 5, **draft: Any) -> int:
    """An order for what is not there; the shop says in how many days it comes."""
    with floor.engine.begin() as tx:
        builders.product(tx, lead_days=lead_days, price=10)
    order_id = floor.order(**draft)
    floor.receive(order_id)
    return order_id


def letters_go_out(floor: Floor) -> None:
    """What is written is sent."""
    with floor.engine.begin() as tx:
        tx.execute(text("UPDATE notification SET state = 'sent', next_at = NULL, attempts = 1 WHERE state = 'pending'"))


def until(floor: Floor, order_id: int, *, state: str, days: int = 60) -> None:
    """Time passes in looks of the clock until the order's delay stands so."""
    end = floor.now + timedelta(days=days)
    while floor.now < end:
        floor.pass_time(hours=_hours_to_the_next_look(floor)).project()
        letters_go_out(floor)
        with floor.engine.begin() as tx:
            rows = builders.rows_of(tx, delay, order_id=order_id)
        if rows and rows[-1]["state"] == state:
            return
    raise AssertionError(rows)


def _hours_to_the_next_look(floor: Floor) -> int:
    """Two, or up to twelve while neither a promise nor a delay has anything to be looked at."""
    with floor.engine.begin() as tx:
        due = tx.execute(text(
            "SELECT least((SELECT min(look_at) FROM outlook), (SELECT min(next_at) FROM delay))"
        )).scalar_one() or floor.now
    return 2 * min(max(ceil((due - floor.now) / timedelta(hours=2)), 1), 6)
