"""
The clock's hand-out: what is due, in fair turns, ever more seldom and in ever smaller company, and nothing to a long queue.
"""

import threading
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import text

from orderpipe.flow import Unit
from orderpipe.intake.outcomes import Received
from orderpipe.intake.receive import keep_pending
from orderpipe.intake.refusals import Malformed
from orderpipe.store import clock
from orderpipe.store.clock import Due
from tests import builders
from tests.floor import Floor
from workers import sweep

PAUSE = timedelta(seconds=30)


def handed(floor: Floor, seconds: float) -> list[tuple[str, int, str]]:
    """What the sweep sends so many seconds later: stage, how many units, lane; nobody works on it."""
    floor.now += timedelta(seconds=seconds)
    sweep.sweep(floor.run)
    sent = [(step, len(ids), lane) for step, ids, lane in floor.hints]
    floor.forget_hints()
    return sent


def test_hands_out_what_is_due_and_only_that(floor: Floor) -> None:
    floor.order()
    floor.order(type="express")
    assert handed(floor, 29) == []
    assert sorted(handed(floor, 2)) == [("validate", 1, "express"), ("validate", 1, "standard")]


def test_hands_out_ever_more_seldom(floor: Floor) -> None:
    floor.order()
    pauses, last = [], floor.now
    for _ in range(600):
        if handed(floor, 15):
            pauses.append((floor.now - last).total_seconds())
            last = floor.now
    assert pauses[:9] == [30, 30, 60, 120, 240, 480, 960, 1920, 3840]


def test_comes_back_in_smaller_company(floor: Floor) -> None:
    for _ in range(201):
        floor.order()
    sizes = []
    for pause in (31, 31, 61, 121, 241, 481):
        sizes.append([number for _, number, _ in handed(floor, pause)])
    assert sizes[0] == sizes[1] == [200, 1]
    assert (sizes[2], sizes[3][:2], max(sizes[5])) == ([50, 50, 50, 50, 1], [12, 12], 1)


def test_says_of_a_unit_that_never_comes_through_alone_that_it_was_tried(floor: Floor) -> None:
    order = floor.order()
    handed(floor, 31)
    assert floor.tried == []
    with floor.engine.begin() as tx:
        tx.execute(text("UPDATE orders SET attempts = 5, next_at = :now"), {"now": floor.now})
    handed(floor, 1)
    assert floor.tried == [order]


def test_gives_nothing_to_a_long_queue(floor: Floor) -> None:
    floor.order()
    floor.order(type="express")
    floor.queue_lengths["flow.standard"] = 50
    assert handed(floor, 31) == [("validate", 1, "express")]
    floor.queue_lengths["flow.standard"] = 49
    assert handed(floor, 5) == [("validate", 1, "standard")]


def test_keeps_everything_while_the_broker_does_not_answer(floor: Floor) -> None:
    order = floor.order()
    floor.queue_lengths = {f"flow.{lane}": None for lane in ("express", "standard", "bulk")}
    assert handed(floor, 31) == []
    assert floor.row(order)["attempts"] == 0


def test_is_fair_between_shops(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "MOST", 10)
    for _ in range(40):
        floor.order(shop="large")
    floor.now += timedelta(seconds=5)
    small = [floor.order(shop="small") for _ in range(3)]
    floor.now += timedelta(seconds=60)
    with floor.engine.begin() as tx:
        taken = clock.take_due(tx, Unit.ORDER, now=floor.now, lanes=["standard"], limit=10, pause=PAUSE)
    assert len(taken) == 10
    assert {one.id for one in taken} >= set(small)


def test_is_safe_twice_at_once(floor: Floor) -> None:
    orders = {floor.order() for _ in range(300)}
    floor.now += timedelta(seconds=31)
    found: list[Due] = []

    def take() -> None:
        for _ in range(10):
            with floor.engine.begin() as tx:
                found.extend(clock.take_due(tx, Unit.ORDER, now=floor.now, lanes=["standard"], limit=50, pause=PAUSE))

    threads = [threading.Thread(target=take) for _ in range(3)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert Counter(one.id for one in found) == Counter(orders)


def test_leaves_to_the_next_tick_what_somebody_holds(floor: Floor) -> None:
    order = floor.order()
    floor.now += timedelta(seconds=31)
    with floor.engine.begin() as busy:
        busy.exec_driver_sql(f"SELECT 1 FROM orders WHERE id = {order} FOR UPDATE")
        assert handed(floor, 0) == []
    assert handed(floor, 5) == [("validate", 1, "standard")]


def test_hands_an_appointment_to_its_performer_not_to_the_picker(floor: Floor) -> None:
    order = floor.order({"FITTING": 1}, kind="service")
    floor.receive(order)
    assert ("deliver", 1, "standard") in handed(floor, 86_500)


def test_a_step_forward_makes_the_next_pauses_short_again(floor: Floor) -> None:
    floor.stock()
    order = floor.order()
    for pause in (31, 31, 61, 121, 241):
        handed(floor, pause)
    assert floor.row(order)["next_at"] == floor.now + timedelta(seconds=480)
    floor.stage("validate", [order])
    assert handed(floor, 59) == []
    assert [handed(floor, pause) for pause in (2, 31)] == [[("allocate", 1, "standard")]] * 2


def test_brings_up_bytes_that_were_never_read(floor: Floor) -> None:
    with floor.engine.begin() as tx:
        kept = keep_pending(tx, Received(builders.shop(tx), b"{}", Malformed([])), floor.now)
    assert handed(floor, 31) == [("receive", 1, "standard")]
    assert handed(floor, 20) == []
    assert handed(floor, 11) == [("receive", 1, "standard")]
    assert kept > 0


def test_a_tick_belongs_to_the_first_that_claims_it(floor: Floor) -> None:
    period = timedelta(seconds=5)

    def claim(owner: str) -> bool:
        with floor.engine.begin() as tx:
            return clock.claim_tick(tx, "sweep", now=floor.now, period=period, owner=owner)

    assert [claim("one"), claim("two"), claim("one")] == [True, False, False]
    floor.now += timedelta(seconds=4.6)
    assert [claim("two"), claim("one")] == [True, False]
