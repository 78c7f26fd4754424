"""
Peer (a): a plain Celery chain, one order a message, with the settings of somebody who knows Celery.

Two more chains begin when the warehouse and the carrier have spoken. Its workers run as `celery -A benchmarks.peers.celery_chain worker`.
"""

from collections.abc import Callable
from typing import Any

from celery import Celery, chain

from benchmarks.peers import letters, plain
from orderpipe.settings import settings

app = Celery("plain", broker=settings().broker_url, set_as_current=False)
app.conf.update(
    task_ignore_result=True,
    task_acks_late=True,
    task_default_queue="standard",
    task_routes={"letter": {"queue": "mail"}},
    worker_prefetch_multiplier=16,
    worker_enable_remote_control=False,
    worker_hijack_root_logger=False,
    broker_connection_retry_on_startup=True,
)
letter = app.task(name="letter")(letters.send)


def _task(work: Callable[[int], int | None]) -> Any:
    def run(unit_id: int) -> None:
        if letter_id := work(unit_id):
            letter.delay(letter_id)

    return app.task(name=work.__name__)(run)


TASKS = {work.__name__: _task(work) for work in plain.STAGES}


def start(order_id: int, letter_id: int, lane: str) -> None:
    """An order was taken down: confirm it, and take it to the warehouse."""
    letter.delay(letter_id)
    _send([(name, order_id) for name in plain.OF_ORDER], lane)


def go_on(step: str, parcel: int, lane: str) -> None:
    """The warehouse or the carrier has spoken: on to the next wait, or to the end."""
    _send(plain.links(step, parcel), lane)


def _send(links: list[tuple[str, int]], lane: str) -> None:
    chain(*(TASKS[name].si(unit_id).set(queue=lane) for name, unit_id in links)).apply_async()
