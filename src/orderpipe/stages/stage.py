"""
What every stage is: it takes units in one state, reads facts about them, decides, and writes what it alone writes.

`decide` is pure: the same facts and the same instant always give the same decisions.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Protocol

from orderpipe.domain.decisions import Decision
from orderpipe.domain.targets import Policies
from orderpipe.store.metadata import Tx


class Stage(Protocol):
    """The three functions of a stage's module; `Facts` are its own frozen dataclass."""

    def read(self, tx: Tx, ids: Collection[int], policies: Policies) -> Any:
        """Everything needed to decide about these locked units, one query per table."""

    def decide(self, facts: Any, *, now: datetime) -> Sequence[Decision]:
        """One decision per unit."""

    def write(self, tx: Tx, facts: Any, decisions: Sequence[Decision], now: datetime) -> None:
        """What only this stage writes; moves, waits, journal and letters are the runner's."""

