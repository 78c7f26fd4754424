"""
What the door is compared with: the same app, handler, pool and statements, with one transaction for each request.

Its hints go to the broker together, as ours do: a message for every order would slow it down by as much again, and prove nothing about
transactions.
"""

import asyncio
import threading
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from fastapi import FastAPI

from orderpipe.assembly import Assembly, assemble
from orderpipe.intake.groups import GroupWriter, Hint
from orderpipe.intake.outcomes import Outcome, Received
from orderpipe.site import create_site

FLUSH = 0.02
"""Seconds for which hints are gathered."""


class GatheredHints:
    """Takes hints down and passes them on together, from a thread of its own."""

    def __init__(self, give: Hint) -> None:
        self._give = give
        self._waiting: dict[tuple[str, str], list[int]] = defaultdict(list)
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="gathered-hints", daemon=True)

    def start(self) -> None:
        """Begin to pass on."""
        self._thread.start()

    def stop(self) -> None:
        """Pass on what waits, then end."""
        self._over.set()
        self._thread.join()

    def give(self, step: str, ids: Sequence[int], lane: str) -> None:
        """Take one down; never waits for long."""
        with self._lock:
            self._waiting[step, lane] += ids

    def _run(self) -> None:
        while not self._over.wait(FLUSH):
            self._pass_on()
        self._pass_on()

    def _pass_on(self) -> None:
        with self._lock:
            waiting, self._waiting = self._waiting, defaultdict(list)
        for (step, lane), ids in waiting.items():
            self._give(step, ids, lane)


class SingleDoor:
    """Stands in for the group commit: every order is a group of its own, written by the first of several threads that is free."""

    def __init__(self, writer: GroupWriter, hints: GatheredHints, *, threads: int) -> None:
        self._writer, self._hints = writer, hints
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="single-door")

    def start(self) -> None:
        """The threads start when they are needed."""
        self._hints.start()

    def stop(self) -> None:
        """Write what waits, then end."""
        self._threads.shutdown()
        self._hints.stop()

    async def submit(self, received: Received) -> Outcome:
        """Have it written; returns when it is committed."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._write, received)

    def _write(self, received: Received) -> Outcome:
        return self._writer.write([received])[0]


def create(assembly: Assembly | None = None) -> FastAPI:
    """The app with that door: `uvicorn --factory benchmarks.single_door:create`."""
    parts = assembly or assemble()
    app = create_site(parts)
    hints = GatheredHints(app.state.hints.give)
    # one connection of the pool is left for what else a request needs, its key above all
    threads = max(1, parts.settings.database_pool - 1)
    app.state.door = SingleDoor(GroupWriter(parts.engine, parts.clock, hints.give), hints, threads=threads)
    return app
