"""
Delays: the house is warned first; what is late is told once, with one date; and the ladder ends as the shop's policy says.
"""

from typing import Any

from orderpipe.domain.delay_terms import Choice
from orderpipe.sideflows import delay_choices
from orderpipe.store.delays import delay
from orderpipe.store.promises import promise
from tests import builders
from tests.floor import Floor, Row


def of(floor: Floor, order_id: int) -> Row:
    with floor.engine.begin() as tx:
        return builders.rows_of(tx, delay, order_id=order_id)[-1]


def promises(floor: Floor, fulfillment_id: int) -> list[Row]:
    with floor.engine.begin() as tx:
        return builders.rows_of(tx, promise, fulfillment_id=fulfillment_id)


def choose(floor: Floor, order_id: int, choice: Choice, by: str = "customer") -> Any:
    with floor.engine.begin() as tx:
        chosen = delay_choices.choose(tx, order_id, choice, by=by, now=floor.now)
        floor.give(chosen.hints)
    floor.work()
    return chosen


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


def until(floor: Floor, order_id: int, *, state: str, days: int = 60) -> None:
    """Time passes in looks of the clock until the order's delay stands so."""
    for _ in range(days * 12):
        floor.pass_time(hours=2).project()
        with floor.engine.begin() as tx:
            rows = builders.rows_of(tx, delay, order_id=order_id)
        if rows and rows[-1]["state"] == state:
            return
    raise AssertionError(rows)


def test_first_the_house_is_warned_and_then_the_customer_told(floor: Floor) -> None:
    order_id = promised(floor)
    first = promises(floor, order_id * 1000 + 1)[0]["until_at"]
    until(floor, order_id, state="at-risk")
    assert floor.now < first
    warned = floor.told(order_id, "office-at-risk")
    assert [one["turn"] for one in warned[0]["orders"]] == ["warehouse"]
    assert floor.told(order_id, "delayed") == []
    until(floor, order_id, state="told")
    assert len(floor.told(order_id, "office-at-risk")) == 1
    revisions = promises(floor, order_id * 1000 + 1)
    assert [one["revision"] for one in revisions] == [1, 2]
    assert revisions[0]["until_at"] == first < revisions[1]["until_at"]
    letter = floor.told(order_id, "delayed")
    assert len(letter) == 1
    assert letter[0]["silence"] == "consents"
    assert letter[0]["options"] == ["wait", "cancel"]
    floor.check()
