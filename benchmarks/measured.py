"""
What comes of measuring one side: how fast it was, what it wrote, and that it did the whole work.
"""

import time
from dataclasses import dataclass

from sqlalchemy import text

from benchmarks.ledger import Ledger, processor_seconds
from orderpipe.store import invariants
from orderpipe.store.database import Database

_ENDED = text("SELECT count(*) FILTER (WHERE state = 'completed'), count(*) FROM orders")


class TooSlow(Exception):
    """The orders were not done in time."""


class NotEqual(Exception):
    """A side did not do the whole work: an order has not completed, a rule of the books is broken, or rows are missing."""


@dataclass(frozen=True, slots=True)
class Measured:
    """How fast a side was, in orders a second, and what it wrote for each order."""

    contender: str
    setting: str
    per_s: float
    processor_ms: float
    """Milliseconds of processor time an order, of all processes together: door, workers and servers."""
    written: Ledger

    def __str__(self) -> str:
        took = f"{self.processor_ms:.1f} ms of processor, {self.written}"
        return f"  {self.contender:>20}: {self.per_s:8,.1f} orders/s, {self.setting}; an order: {took}"


@dataclass(slots=True)
class Watch:
    """A stop-watch for a number of orders: `seconds` that went by, and seconds the processors were busy."""

    seconds: float = 0
    processor: float = 0

    def __enter__(self) -> "Watch":
        self.seconds, self.processor = -time.perf_counter(), -processor_seconds()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds += time.perf_counter()
        self.processor += processor_seconds()

    def measured(self, contender: str, setting: str, orders: int, written: Ledger) -> Measured:
        """What it comes to for one order; `written` is of one order already. Printed at once."""
        found = Measured(contender, setting, orders / self.seconds, self.processor / orders * 1000, written)
        print(found, flush=True)
        return found


def check(engine: Database) -> None:
    """Every order is completed and the books are in order. Raises NotEqual."""
    with engine.connect() as tx:
        completed, orders = tx.execute(_ENDED).one()
        broken = invariants.check_all(tx)
    if completed != orders or broken:
        found = "; ".join(f"{one.rule.name}: {one.offenders[0].detail}" for one in broken)
        raise NotEqual(f"{completed} of {orders} orders are completed. {found}")
