"""
What comes of measuring one side: how fast it was, what it wrote, and that it did the whole work.
"""

from dataclasses import dataclass

from sqlalchemy import text

from benchmarks.ledger import Ledger
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
    written: Ledger

    def __str__(self) -> str:
        return f"  {self.contender:>20}: {self.per_s:8,.1f} orders/s, {self.setting}; an order: {self.written}"


def check(engine: Database) -> None:
    """Every order is completed and the books are in order. Raises NotEqual."""
    with engine.connect() as tx:
        completed, orders = tx.execute(_ENDED).one()
        broken = invariants.check_all(tx)
    if completed != orders or broken:
        found = "; ".join(f"{one.rule.name}: {one.offenders[0].detail}" for one in broken)
        raise NotEqual(f"{completed} of {orders} orders are completed. {found}")
