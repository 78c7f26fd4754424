"""
The one path a batch takes: whole or not at all, halved around what breaks it, and the same ids whatever is delivered twice.
"""

import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError

from orderpipe.flow import Unit
from orderpipe.stages import allocate, validate
from orderpipe.store.notifications import notification
from tests.builders import rows_of
from tests.floor import Floor
from workers import run


def breaks_on(*bad: int, error: type[BaseException] = ValueError) -> Callable[..., Any]:
    """Validation that cannot stand these orders."""
    original = validate.decide

    def decide(facts: validate.Facts, *, now: Any) -> Any:
        for one in facts.subjects:
            if one.order_id in bad:
                raise error(f"Order {one.order_id} is too strange.")
        return original(facts, now=now)

    return decide


def test_one_order_that_breaks_is_parked_and_the_others_go_on(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    floor.stock("SKU-1", 1000)
    orders = [floor.order({"SKU-1": 1}) for _ in range(200)]
    bad = orders[77]
    with monkeypatch.context() as broken:
        broken.setattr(validate, "decide", breaks_on(bad))
        floor.receive(*orders)
    assert floor.state(bad) == ("received", "office")
    assert floor.row(bad)["last_error"] == f"ValueError: Order {bad} is too strange."
    assert {floor.state(one) for one in orders if one != bad} == {("promised", "fulfillments")}
    assert [row["what"] for row in floor.journal(bad)][-1] == "hold.opened"
    with floor.engine.begin() as tx:
        (letter,) = rows_of(tx, notification, kind="office-parked")
    assert (letter["order_id"], letter["audience"], letter["facts"]["error"]) == (bad, "office", f"ValueError: Order {bad} is too strange.")
    floor.office(bad, "resume")
    assert floor.state(bad) == ("promised", "fulfillments")


@pytest.mark.parametrize("error", [ValueError, RecursionError])
def test_several_that_break_are_each_parked(floor: Floor, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]) -> None:
    floor.stock("SKU-1", 1000)
    orders = [floor.order({"SKU-1": 1}) for _ in range(20)]
    monkeypatch.setattr(validate, "decide", breaks_on(orders[0], orders[1], orders[19], error=error))
    floor.receive(*orders)
    assert [one for one in orders if floor.state(one) == ("received", "office")] == [orders[0], orders[1], orders[19]]


def test_an_order_for_which_memory_never_suffices_is_parked_in_the_end(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    floor.stock("SKU-1", 1000)
    orders = [floor.order({"SKU-1": 1}) for _ in range(20)]
    large, unlucky = orders[3], orders[9]
    with monkeypatch.context() as short:
        short.setattr(validate, "decide", breaks_on(large, unlucky, error=MemoryError))
        floor.receive(*orders)
    assert (floor.state(large), floor.state(unlucky), floor.state(orders[0])) == (("received", None),) * 2 + (("promised", "fulfillments"),)
    monkeypatch.setattr(validate, "decide", breaks_on(large, error=MemoryError))
    floor.pass_time(seconds=61).pass_time(seconds=61).pass_time(seconds=121)
    assert (floor.state(large), floor.state(unlucky)) == (("received", "office"), ("promised", "fulfillments"))


def test_what_only_the_database_refuses_is_found_too(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    floor.stock("SKU-1", 1000)
    orders = [floor.order({"SKU-1": 1}) for _ in range(10)]
    original = allocate.write

    def write(tx: Any, facts: allocate.Facts, decisions: Sequence[Any], now: Any) -> None:
        original(tx, facts, decisions, now)
        if orders[4] in [one.unit_id for one in decisions]:
            tx.execute(text("UPDATE stock SET allocated = on_hand + 1"))

    monkeypatch.setattr(allocate, "write", write)
    floor.receive(*orders)
    assert [one for one in orders if floor.state(one)[1] == "office"] == [orders[4]]
    assert floor.free() == (1000, 9)


def test_a_stage_that_forgets_a_unit_is_found_out(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    orders = [floor.order(), floor.order()]
    original = validate.decide
    monkeypatch.setattr(validate, "decide", lambda facts, *, now: [one for one in original(facts, now=now) if one.unit_id != orders[1]])
    floor.stage("validate", orders)
    assert (floor.state(orders[0]), floor.state(orders[1])) == (("validated", None), ("received", "office"))
    assert "Undecided" in floor.row(orders[1])["last_error"]


def test_a_second_hint_moves_nothing_and_starts_no_second_chain(floor: Floor) -> None:
    floor.stock()
    orders = [floor.order(), floor.order()]
    assert floor.stage("validate", orders, "allocate") == orders
    assert floor.stage("validate", orders, "allocate") == []
    assert floor.stage("allocate", orders, "promise") == orders
    parts = [one * 1000 + 1 for one in orders]
    assert floor.stage("promise", orders, "release") == parts
    assert floor.stage("promise", orders, "release") == []
    for one in orders:
        assert [row["after"] for row in floor.journal(one)] == ["received", "validated", "allocated", "promised"]
        assert floor.letters(one) == ["acknowledgement", "delivery-date"]


def test_ids_of_nothing_are_ignored(floor: Floor) -> None:
    order = floor.order()
    assert floor.stage("validate", [order, order, 10**9], "allocate") == [order]
    assert floor.stage("pick", [10**12 + 1]) == []
    assert floor.stage("validate", []) == []


def test_a_message_that_came_back_takes_on_what_it_had_moved(floor: Floor) -> None:
    """Its worker died between the commit and the next message: the chain must not be cut."""
    floor.stock()
    orders = [floor.order() for _ in range(5)]
    floor.stage("validate", orders[:2])
    back = run.came_back(floor.run, "validate", orders, "allocate")
    assert back == run.CameBack((), ((orders[2],), (orders[3], orders[4])), tuple(orders[:2]))
    floor.stage("allocate", orders[:2])
    floor.stage("promise", orders[:2])
    assert run.came_back(floor.run, "promise", orders[:2], "release").ready == tuple(one * 1000 + 1 for one in orders[:2])


def test_a_commit_whose_answer_was_lost_does_not_cut_the_chain(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    orders = [floor.order(), floor.order()]
    original, lost = run.hint, [True]

    def hint(effects: Any) -> None:
        if lost.pop() if lost else False:
            raise OperationalError("COMMIT", {}, Interrupted())
        original(effects)

    monkeypatch.setattr(run, "hint", hint)
    assert floor.stage("validate", orders, "allocate") == orders


class Interrupted(Exception):
    """What the driver raises when the connection breaks."""

    sqlstate: str | None = None


def test_a_transient_error_is_tried_again_as_a_whole(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    orders = [floor.order(), floor.order()]
    left = [3]
    original = validate.read

    def read(*given: Any) -> Any:
        if left[0]:
            left[0] -= 1
            raise OperationalError("SELECT", {}, Interrupted())
        return original(*given)

    monkeypatch.setattr(validate, "read", read)
    monkeypatch.setattr("time.sleep", lambda _: None)
    assert floor.stage("validate", orders, "allocate") == orders


def test_an_outage_that_lasts_parks_nobody(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    orders = [floor.order(), floor.order()]

    def read(*given: Any) -> Any:
        raise OperationalError("SELECT", {}, Interrupted())

    with monkeypatch.context() as broken:
        broken.setattr(validate, "read", read)
        broken.setattr("time.sleep", lambda _: None)
        with pytest.raises(OperationalError):
            floor.stage("validate", orders)
    assert {floor.state(one) for one in orders} == {("received", None)}
    floor.stock()
    floor.pass_time(minutes=1)
    assert {floor.state(one) for one in orders} == {("promised", "fulfillments")}


def test_a_locked_order_makes_its_batch_wait_not_fail(floor: Floor) -> None:
    """Somebody holds the order's lock for longer than the lock may take: the batch is tried again, and nobody is dropped."""
    orders = [floor.order(), floor.order()]
    holding, release = threading.Event(), threading.Event()

    def hold() -> None:
        with floor.engine.begin() as tx:
            tx.execute(text("SELECT 1 FROM orders WHERE id = :id FOR UPDATE"), {"id": orders[1]})
            holding.set()
            release.wait(2.6)

    other = threading.Thread(target=hold)
    other.start()
    holding.wait(5)
    assert floor.stage("validate", orders, "allocate") == orders
    other.join()


def test_the_number_of_statements_does_not_grow_with_the_batch(floor: Floor) -> None:
    floor.stock("SKU-1", 10_000)
    counted: list[str] = []
    listener = lambda *given: counted.append(given[2])  # noqa: E731
    event.listen(floor.engine, "before_cursor_execute", listener)
    numbers = {}
    for size in (2, 90):
        orders = [floor.order({"SKU-1": 1}) for _ in range(size)]
        counted.clear()
        floor.receive(*orders)
        numbers[size] = len(counted)
    assert numbers[2] == numbers[90]


def test_a_batch_that_killed_its_worker_goes_on_in_halves(floor: Floor) -> None:
    orders = [floor.order() for _ in range(5)]
    assert run.came_back(floor.run, "validate", [*orders, 10**9]) == run.CameBack((), (tuple(orders[:2]), tuple(orders[2:])))


def test_an_order_that_kills_its_worker_three_times_is_parked(floor: Floor) -> None:
    order = floor.order()
    assert [run.came_back(floor.run, "validate", [order]).here for _ in range(3)] == [(order,), (order,), ()]
    assert floor.state(order) == ("received", "office")
    assert "CrashedTooOften" in floor.row(order)["last_error"]


def test_an_order_that_moved_on_is_not_blamed_for_late_messages(floor: Floor) -> None:
    floor.stock()
    order = floor.order()
    floor.receive(order)
    for _ in range(5):
        assert run.came_back(floor.run, "validate", [order]) == run.CameBack()
        assert run.came_back(floor.run, "pick", [order * 1000 + 1]) == run.CameBack()
    assert floor.parts(order) == {1: ("released", "pick-scans")}


def test_a_way_on_clears_the_count_of_crashes(floor: Floor) -> None:
    floor.stock()
    order = floor.order()
    run.came_back(floor.run, "validate", [order])
    floor.stage("validate", [order])
    assert floor.standing(Unit.ORDER, [order])[0].state == "validated"
    assert floor.row(order)["crashes"] == 0
