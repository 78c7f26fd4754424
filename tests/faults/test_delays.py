"""
A worker killed while it looks at promises, tells of delays, and cancels what nobody answered about: each happens once.
"""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import text

from tests.faults.harness import Plant
from tests.needs import REPOSITORY

TICK = "from orderpipe import broker; from orderpipe.flow import Queue; broker.send_task('delay.project', queue=Queue.CLOCK)"
LATE = (
    "UPDATE promise SET until_at = now() - interval '1 day' WHERE revision = 1",
    "UPDATE outlook SET look_at = now()",
)
AT_ONCE = (
    "UPDATE delay SET next_at = now() WHERE state = 'late' OR (state = 'told' AND answer_until < now())",
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


def test_a_worker_killed_in_the_middle_of_each_step(plant: Plant) -> None:
    plant.processes["crew"].stop()
    orders = plant.feed(20, plain=True)
    released = "SELECT count(*) FROM fulfillment WHERE order_id = ANY(:ids) AND waiting_for = 'pick-scans'"
    plant.wait_until(lambda: plant.value(released, ids=orders) >= 20, 90, "the orders were released")
    for statement in LATE:
        execute(plant, statement)
    killed_in_the_middle(plant, "journal", "INSERT INTO journal")
    assert count(plant, "delay", orders) == 0
    execute(plant, LATE[1])  # of which nothing was recorded is looked at again, within minutes by itself
    killed_in_the_middle(plant, "promise", "INSERT INTO promise")
    assert (count(plant, "delay", orders), count(plant, "delay", orders, "state = 'told'")) == (len(orders), 0)
    tick_until(plant, lambda: count(plant, "delay", orders, "state = 'told'") == len(orders))
    execute(plant, "UPDATE delay SET silence = 'cancels', answer_until = now() - interval '1 minute' WHERE state = 'told'")
    allocated = plant.value("SELECT sum(allocated) FROM stock")
    killed_in_the_middle(plant, "order_line", "UPDATE order_line")
    assert (count(plant, "delay", orders, "state = 'told'"), plant.value("SELECT sum(allocated) FROM stock")) == (len(orders), allocated)
    tick_until(plant, lambda: count(plant, "delay", orders, "settled_how = 'canceled'") == len(orders))
    told = [count(plant, "notification", orders, f"kind = '{kind}'") for kind in ("delayed", "canceled")]
    assert told == [len(orders), len(orders)]
    assert plant.value("SELECT count(*) FROM orders WHERE id = ANY(:ids) AND state = 'canceled'", ids=orders) == len(orders)
    plant.processes["crew"].start()
    plant.settle()


def killed_in_the_middle(plant: Plant, table: str, statement: str) -> None:
    """The worker has written half of what it does, and waits to write into this table, when it is killed."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE :like"
    with held(plant, table):
        tick(plant)
        plant.wait_until(lambda: plant.value(waiting, like=f"%{statement}%") > 0, 60, "a worker waited")
        plant.kill("rest")
    plant.processes["rest"].start()


@contextmanager
def held(plant: Plant, table: str) -> Iterator[None]:
    """Whoever writes into this table waits."""
    with plant.engine.connect() as connection:
        connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        connection.execute(text(f"LOCK TABLE {table} IN EXCLUSIVE MODE"))
        yield
        connection.rollback()


def count(plant: Plant, table: str, orders: list[int], condition: str = "true") -> int:
    """So many rows about these orders."""
    return int(plant.value(f"SELECT count(*) FROM {table} WHERE order_id = ANY(:ids) AND {condition}", ids=orders))


def tick_until(plant: Plant, done: Callable[[], bool]) -> None:
    """The clock goes on until it is so."""
    def so() -> bool:
        tick(plant)
        return done()

    plant.wait_until(so, 90, "everything was done")


def tick(plant: Plant) -> None:
    """The clock's job, and whatever it handed out before, are due now."""
    for statement in AT_ONCE:
        execute(plant, statement)
    subprocess.run([sys.executable, "-c", TICK], env=plant.environment, cwd=REPOSITORY, check=True, timeout=60)


def execute(plant: Plant, statement: str) -> None:
    with plant.engine.begin() as tx:
        tx.execute(text(statement))
