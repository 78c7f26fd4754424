"""
Hints on their way to the broker: put down without waiting, sent by a thread of their own, dropped when the broker hangs.

A dropped hint costs seconds, never an order: the clock finds every unit whose time has come.
"""

import logging
import queue
import threading
from collections.abc import Callable, Sequence
from functools import partial

from orderpipe.assembly import SendStage, SendTask
from orderpipe.flow import Queue

log = logging.getLogger(__name__)

_WAITING_AT_MOST = 2_000


class Hints:
    """A bounded queue of hints and the thread that sends them."""

    def __init__(self, send_stage: SendStage, send_task: SendTask) -> None:
        self._send_stage = send_stage
        self._send_task = send_task
        self._waiting: queue.Queue[Callable[[], object] | None] = queue.Queue(_WAITING_AT_MOST)
        self._thread = threading.Thread(target=self._run, name="hints", daemon=True)
        self.dropped = 0

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def give(self, step: str, ids: Sequence[int], lane: str) -> None:
        """Put a hint for a stage down for sending; never waits, never raises."""
        self._put(partial(self._send_stage, step, ids, lane))

    def give_task(self, name: str, queue: Queue) -> None:
        """Put a hint for a job beside the stages down for sending; never waits, never raises."""
        self._put(partial(self._send_task, name, queue=queue))

    def _put(self, hint: Callable[[], object]) -> None:
        try:
            self._waiting.put_nowait(hint)
        except queue.Full:
            self.dropped += 1
            if self.dropped % 100 == 1:
                log.warning("The broker does not keep up: %d hints dropped so far; the clock finds the units.", self.dropped)

    def stop(self, seconds: float = 2.0) -> None:
        """Send what waits, for at most so many seconds."""
        try:
            self._waiting.put(None, timeout=seconds)
        except queue.Full:
            return
        self._thread.join(seconds)

    def _run(self) -> None:
        while (hint := self._waiting.get()) is not None:
            try:
                hint()
            except Exception:
                log.exception("A hint was not sent; the clock finds the units.")
