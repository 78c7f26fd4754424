"""
Workers and clocks that are killed, that kill themselves, and that are many: nothing is lost, nothing is done twice.
"""

import time

from sqlalchemy import text

from tests.faults.harness import LANES, REST, Plant


def test_stages_that_take_their_process_with_them(plant: Plant) -> None:
    """
    Once each: `os._exit`, MemoryError and an out-of-memory kill in mid-batch; again and again: an order that a stage raises on, and one
    that kills its process each time. Those two are parked for the office, all others go on.
    """
    first = max(plant.orders, default=0) + 1
    strange, deadly = first + 11, first + 22
    plant.rigged(
        "stages", LANES,
        {"stage": "validate", "does": "exit"}, {"stage": "allocate", "does": "memory"}, {"stage": "pick", "does": "oom"},
        {"stage": "promise", "does": "raise", "order": strange, "times": 99},
        {"stage": "allocate", "does": "exit", "order": deadly, "times": 99},
    )
    orders = plant.feed(50)
    assert {strange, deadly} <= set(orders)
    plant.parked |= {strange, deadly}
    plant.settle()
    plant.wait_until(lambda: _waits_for_office(plant, strange, deadly), 60, "the strange and the deadly order were parked")
    assert "too strange" in plant.value("SELECT last_error FROM orders WHERE id = :id", id=strange)
    assert "CrashedTooOften" in plant.value("SELECT last_error FROM orders WHERE id = :id", id=deadly)


def _waits_for_office(plant: Plant, *orders: int) -> bool:
    parked = "SELECT count(*) FROM orders WHERE id = ANY(:ids) AND waiting_for = 'office'"
    return bool(plant.value(parked, ids=list(orders)) == len(orders))


def test_a_whole_worker_killed_in_mid_batch(plant: Plant) -> None:
    plant.rigged("stages", LANES, {"stage": "allocate", "does": "kill"}, {"stage": "ship", "does": "kill"})
    plant.feed(40)
    for _ in range(2):
        plant.wait_until(lambda: not plant.processes["stages"].is_running(), 60, "the worker was killed")
        plant.processes["stages"].start()
    plant.settle()


def test_an_order_that_kills_the_whole_worker_each_time(plant: Plant) -> None:
    """No message outlives such a worker; the clock hands the order out alone, and counts. Time is turned on, for it takes hours."""
    deadly = max(plant.orders, default=0) + 1
    plant.rigged("stages", LANES, {"stage": "allocate", "does": "kill", "order": deadly, "times": 99})
    plant.parked |= {deadly}
    assert deadly in plant.feed(10)

    def is_parked() -> bool:
        if not plant.processes["stages"].is_running():
            plant.processes["stages"].start()
            with plant.engine.begin() as tx:
                later = "UPDATE orders SET attempts = 5, next_at = now() WHERE id = :id AND waiting_for IS NULL"
                tx.execute(text(later), {"id": deadly})
        return _waits_for_office(plant, deadly)

    plant.wait_until(is_parked, 100, "the deadly order was parked")
    assert "CrashedTooOften" in plant.value("SELECT last_error FROM orders WHERE id = :id", id=deadly)
    plant.settle()


def test_any_process_of_a_worker_killed_while_busy(plant: Plant) -> None:
    plant.repeats_allowed = True
    plant.wait_until_ready("stages", "rest")
    plant.feed(60)
    for _ in range(4):
        time.sleep(1)
        plant.kill_child("stages")
        plant.kill_child("rest")
    plant.settle()


def test_several_clocks_of_which_one_is_killed(plant: Plant) -> None:
    for name in ("beat-2", "beat-3"):
        plant.beat(name)
    plant.feed(30)
    time.sleep(2)
    plant.kill("beat")
    plant.feed(30)
    plant.settle(supervised=False)


def test_three_workers_on_one_database(plant: Plant) -> None:
    for name in ("stages-2", "stages-3"):
        plant.worker(name, LANES, 1)
    plant.wait_until_ready("stages-2", "stages-3")
    for _ in range(10):
        plant.feed(10)
        time.sleep(0.2)
    plant.settle()
    for name in ("stages-2", "stages-3"):
        assert "succeeded" in plant.processes[name].log.read_text()


def test_every_message_delivered_twice(plant: Plant) -> None:
    plant.worker("stages", LANES, 2, "tests.faults.rigged", RIGGED_TWICE="1")
    plant.worker("rest", REST, 2, "tests.faults.rigged", RIGGED_TWICE="1")
    plant.feed(40)
    plant.settle()
