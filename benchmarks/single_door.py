"""
What the door is compared with: the same app, handler, pool and statements, with one transaction for each request.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from fastapi import FastAPI

from orderpipe.assembly import assemble
from orderpipe.intake.groups import GroupWriter
from orderpipe.intake.outcomes import Outcome, Received
from orderpipe.site import create_site


class SingleDoor:
    """Stands in for the group commit: as many threads as there are connections, and every order is a group of its own."""

    def __init__(self, writer: GroupWriter, *, threads: int) -> None:
        self._writer = writer
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="single-door")

    def start(self) -> None:
        """The threads start when they are needed."""

    def stop(self) -> None:
        """Write what waits, then end."""
        self._threads.shutdown()

    async def submit(self, received: Received) -> Outcome:
        """Have it written by the next thread that is free; returns when it is committed."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._write, received)

    def _write(self, received: Received) -> Outcome:
        return self._writer.write([received])[0]


def create() -> FastAPI:
    """The app with that door: `uvicorn --factory benchmarks.single_door:create`."""
    parts = assemble()
    app = create_site(parts)
    app.state.door = SingleDoor(app.state.writer, threads=parts.settings.database_pool)
    return app
