"""
Orders that arrive together are committed together: each request waits for its answer, one thread writes for all of them.

A lone order waits for nobody; under load the orders that came in during one commit are the next group.
"""

import asyncio
import queue
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from orderpipe.api.problems import Problem
from orderpipe.intake.groups import MOST, GroupWriter
from orderpipe.intake.outcomes import Outcome, Received

LINGER = 0.002
"""Seconds that a group waits for company when the one before it had some."""

_WAITING_AT_MOST = 4_000


class Busy(Problem):
    """More orders wait to be written than can be within a reasonable time."""

    def __init__(self) -> None:
        super().__init__(503, "busy", "Too many orders at once; please send it again in a moment.", headers={"Retry-After": "1"})


@dataclass(frozen=True, slots=True)
class _Waiting:
    received: Received
    answer: asyncio.Future[Outcome]
    loop: asyncio.AbstractEventLoop


class GroupCommit:
    """The async front of the door, and the thread behind it."""

    def __init__(self, writer: GroupWriter, *, most: int = MOST, linger: float = LINGER) -> None:
        self._writer = writer
        self._most = most
        self._linger = linger
        self._queue: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="group-commit", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def stop(self) -> None:
        """Write what waits, then end."""
        self._queue.put(None)
        self._thread.join()

    async def submit(self, received: Received) -> Outcome:
        """Have it written with whatever else has come; returns when it is committed. Raises Busy."""
        if self._queue.qsize() >= _WAITING_AT_MOST:
            raise Busy
        loop = asyncio.get_running_loop()
        waiting = _Waiting(received, loop.create_future(), loop)
        self._queue.put(waiting)
        return await waiting.answer

    def _run(self) -> None:
        company = False
        open_for_business = True
        while open_for_business:
            group, open_for_business = self._gather(company)
            company = len(group) > 1
            if group:
                _deliver(zip(group, self._writer.write([one.received for one in group]), strict=True))

    def _gather(self, company: bool) -> tuple[list[_Waiting], bool]:
        """The next group, and whether more may follow."""
        group: list[_Waiting] = []
        deadline: float | None = None
        while len(group) < self._most:
            try:
                one = self._next(group, deadline)
            except queue.Empty:
                break
            if one is None:
                return group, False
            group.append(one)
            deadline = deadline or (time.monotonic() + self._linger if company else 0.0)
        return group, True

    def _next(self, group: Sequence[_Waiting], deadline: float | None) -> _Waiting | None:
        if not group or deadline is None:
            return self._queue.get()
        left = deadline - time.monotonic()
        return self._queue.get(timeout=left) if left > 0 else self._queue.get_nowait()


def _deliver(answered: Iterable[tuple[_Waiting, Outcome]]) -> None:
    loops: dict[asyncio.AbstractEventLoop, list[tuple[_Waiting, Outcome]]] = {}
    for waiting, outcome in answered:
        loops.setdefault(waiting.loop, []).append((waiting, outcome))
    for loop, some in loops.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(_set, some)


def _set(answered: Iterable[tuple[_Waiting, Outcome]]) -> None:
    for waiting, outcome in answered:
        if not waiting.answer.done():  # the client may have gone
            waiting.answer.set_result(outcome)
