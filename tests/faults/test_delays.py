"""
A worker killed while it looks at promises and tells of delays: each customer is told once, with one new date.
"""

import subprocess
import sys

from sqlalchemy import text

from tests.faults.harness import Plant
from tests.needs import REPOSITORY

TICK = "from orderpipe import broker; from orderpipe.flow import Queue; broker.send_task('delay.project', queue=Queue.CLOCK)"
LATE = (
    "UPDATE promise SET until_at = now() - interval '1 day' WHERE revision = 1",
    "UPDATE outlook SET look_at = now()",
)
AT_ONCE = (
    "UPDATE delay SET next_at = now() WHERE next_at IS NOT NULL AND state = 'late'",
    "DELETE FROM job_clock WHERE name = 'delay.project'",
)


def test_a_worker_killed_while_it_tells(plant: Plant) -> None:
    plant.processes["crew"].stop()
    orders = plant.feed(20, plain=True)
    released = "SELECT count(*) FROM fulfillment WHERE order_id = ANY(:ids) AND waiting_for = 'pick-scans'"
    plant.wait_until(lambda: plant.value(released, ids=orders) >= 20, 90, "the orders were released")
    for statement in LATE:
        execute(plant, statement)
    for _ in range(3):
        tick(plant)
        plant.kill("rest")
        plant.processes["rest"].start()
    told = "SELECT count(*) FROM delay WHERE order_id = ANY(:ids) AND state = 'told'"

    def all_told() -> bool:
        tick(plant)
        return int(plant.value(told, ids=orders)) == len(orders)

    plant.wait_until(all_told, 90, "the customers were told")
    letters = "SELECT count(*) FROM notification WHERE kind = 'delayed' AND order_id = ANY(:ids)"
    revisions = "SELECT max(revision) FROM promise WHERE fulfillment_id / 1000 = ANY(:ids)"
    assert (plant.value(letters, ids=orders), plant.value(revisions, ids=orders)) == (len(orders), 2)
    plant.processes["crew"].start()
    plant.settle()


def tick(plant: Plant) -> None:
    """The clock's job, and whatever it handed out before, are due now."""
    for statement in AT_ONCE:
        execute(plant, statement)
    subprocess.run([sys.executable, "-c", TICK], env=plant.environment, cwd=REPOSITORY, check=True, timeout=60)


def execute(plant: Plant, statement: str) -> None:
    with plant.engine.begin() as tx:
        tx.execute(text(statement))
