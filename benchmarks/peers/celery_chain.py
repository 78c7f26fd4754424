"""
A plain Celery chain, one order a message, with the settings of somebody who knows Celery.

Two more chains begin when the warehouse and the carrier have spoken. How the stages are written is another matter.
"""

from collections.abc import Callable, Sequence
from typing import Any

from celery import Celery, chain

from benchmarks.peers import plain
from orderpipe.settings import settings


class CeleryChain:
    """The app of these stages and of this sender of letters; options are those of every task."""

    def __init__(self, stages: Sequence[Callable[[int], int | None]], letter: Callable[[int], None], **options: object) -> None:
        self.app = Celery("plain", broker=settings().broker_url, set_as_current=False)
        self.app.conf.update(
            task_ignore_result=True,
            task_acks_late=True,
            task_default_queue="standard",
            task_routes={"letter": {"queue": "mail"}},
            worker_prefetch_multiplier=16,
            worker_enable_remote_control=False,
            worker_hijack_root_logger=False,
            broker_connection_retry_on_startup=True,
        )
        self._options = options
        self._letter = self.app.task(name="letter", shared=False, **options)(letter)
        self._tasks = {stage.__name__: self._task(stage) for stage in stages}

    def start(self, order_id: int, letter_id: int, lane: str) -> None:
        """An order was taken down: confirm it, and take it to the warehouse."""
        self._letter.delay(letter_id)
        self._send([(name, order_id) for name in plain.OF_ORDER], lane)

    def go_on(self, step: str, parcel: int, lane: str) -> None:
        """The warehouse or the carrier has spoken: on to the next wait, or to the end."""
        self._send(plain.links(step, parcel), lane)

    def _task(self, work: Callable[[int], int | None]) -> Any:
        def run(unit_id: int) -> None:
            if letter_id := work(unit_id):
                self._letter.delay(letter_id)

        return self.app.task(name=work.__name__, shared=False, **self._options)(run)  # shared, it would be ours as well

    def _send(self, links: list[tuple[str, int]], lane: str) -> None:
        chain(*(self._tasks[name].si(unit_id).set(queue=lane) for name, unit_id in links)).apply_async()
