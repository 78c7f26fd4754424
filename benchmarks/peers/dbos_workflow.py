"""
Peer (d): DBOS workflows on the same PostgreSQL, one order each, every stage a step; queues and steps are rows of the same database.

The stages are safe to repeat, so a step is enough for each. Run as `python -m benchmarks.peers.dbos_workflow QUEUE WORKFLOWS`.
"""

import logging
import sys
import threading
from collections.abc import Callable

from dbos import DBOS, DBOSConfig, run_dbos_database_migrations

from benchmarks.peers import letters, plain
from orderpipe.settings import settings

VERSION = "bench"
POLLED = 0.02
"""Seconds between two looks at a queue; the default of one second would be most of an order's time."""


def address() -> str:
    """The system tables lie in the database of the orders themselves."""
    return settings().database_url.replace("+psycopg", "")


def prepare(url: str) -> None:
    """Make the system tables."""
    run_dbos_database_migrations(url)


def launch(queue: str, workflows: int) -> None:
    """Work on one queue, so many workflows at a time."""
    DBOS(config=DBOSConfig(
        name="plain", system_database_url=address(), application_version=VERSION, log_level="WARNING", run_migrations=False,
        max_executor_threads=workflows * 4, sys_db_pool_size=workflows + 4,
    ))
    DBOS.listen_queues([queue])
    DBOS.launch()
    for name in ("stages", "mail"):
        DBOS.register_queue(name, worker_concurrency=workflows, polling_interval_sec=POLLED, on_conflict="always_update")


send = DBOS.step(name="letter")(letters.send)
STEPS: dict[str, Callable[[int], int | None]] = {work.__name__: DBOS.step(name=work.__name__)(work) for work in plain.STAGES}


@DBOS.workflow(name="letter")
def letter(letter_id: int) -> None:
    """Send one letter."""
    send(letter_id)


@DBOS.workflow(name="order")
def order(order_id: int, letter_id: int) -> None:
    """Confirm the order and take it to the warehouse."""
    DBOS.enqueue_workflow("mail", letter, letter_id)
    _run([(name, order_id) for name in plain.OF_ORDER])


@DBOS.workflow(name="parcel")
def parcel(step: str, parcel_id: int) -> None:
    """The warehouse or the carrier has spoken: on to the next wait, or to the end."""
    _run(plain.links(step, parcel_id))


def _run(links: list[tuple[str, int]]) -> None:
    for name, unit_id in links:
        if letter_id := STEPS[name](unit_id):
            DBOS.enqueue_workflow("mail", letter, letter_id)


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    launch(sys.argv[1], int(sys.argv[2]))
    threading.Event().wait()
