"""
The one transaction of a request: opened at the first statement, committed before the answer leaves, rolled back when anything is raised.

What must not happen before the commit, such as waking the next stage, is left here and done afterwards.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request

from orderpipe.assembly import Assembly
from orderpipe.flow import Queue
from orderpipe.serving.hints import Hints
from orderpipe.sideflows.hints import Hint
from orderpipe.store.database import Database
from orderpipe.store.metadata import Tx


class Work:
    """A request's transaction and what is to follow its commit."""

    def __init__(self, engine: Database, hints: Hints) -> None:
        self._engine = engine
        self._hints = hints
        self._tx: Tx | None = None
        self._afterwards: list[Callable[[], None]] = []

    @property
    def tx(self) -> Tx:
        """The open transaction; the first use opens it."""
        if self._tx is None:  # not earlier: whoever waits for a thread must not hold a connection meanwhile
            self._tx = self._engine.connect()
            self._tx.begin()
        return self._tx

    def after_commit(self, action: Callable[[], None]) -> None:
        """Do this once the transaction is committed, and never if it is not; it must be quick and must not raise."""
        self._afterwards.append(action)

    def hint(self, step: str, ids: Sequence[int], lane: str) -> None:
        """After the commit, send the hint that these units of one lane may be taken by this stage."""
        if ids:
            self.after_commit(lambda: self._hints.give(step, ids, lane))

    def hints(self, hints: Iterable[Hint], *, restock: bool = False) -> None:
        """After the commit, send what a side flow found may go on; `restock`: stock came free that others may wait for."""
        for one in hints:
            self.hint(one.step, one.ids, one.lane)
        if restock:
            self.wake("restock", Queue.CARE)

    def wake(self, task: str, queue: Queue) -> None:
        """After the commit, send the hint that a job beside the stages has something to do."""
        self.after_commit(lambda: self._hints.give_task(task, queue))

    def undo(self) -> None:
        """Undo what was written and forget what was to follow; what is used after this is another transaction."""
        self.close()
        self._tx = None
        self._afterwards.clear()

    def commit(self) -> None:
        """Commit, then do what waits for it."""
        if self._tx is not None:
            self._tx.commit()
        for action in self._afterwards:
            action()

    def close(self) -> None:
        """Give the connection back; what was not committed is undone."""
        if self._tx is not None:
            self._tx.close()


def _work(request: Request) -> Iterator[Work]:
    work = Work(request.app.state.assembly.engine, request.app.state.hints)
    try:
        yield work
        work.commit()
    finally:
        work.close()


InWork = Annotated[Work, Depends(_work, scope="function")]
"""Parameter of an endpoint that reads or writes; `scope="function"` commits before the answer leaves, not after."""


async def _assembly(request: Request) -> Assembly:
    assembly: Assembly = request.app.state.assembly
    return assembly


async def clock_now(request: Request) -> datetime:
    """The request's instant, aware and in UTC; a test may override it."""
    now: datetime = request.app.state.assembly.clock()
    return now


Parts = Annotated[Assembly, Depends(_assembly)]
Now = Annotated[datetime, Depends(clock_now)]
