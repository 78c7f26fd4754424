"""
The balance of a file: what became of every order, row and piece in it, so that what was read is what was dealt with.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any


class Fate(StrEnum):
    """What becomes of what stands under one reference."""

    ORDER = "orders"
    KNOWN_ORDER = "known_orders"
    CANCELLATION = "cancellations"
    KNOWN_CANCELLATION = "known_cancellations"
    KEPT = "kept"
    REJECT = "rejects"


@dataclass(frozen=True, slots=True)
class Amount:
    """So many references, rows of the file, and pieces (negative where they are taken back)."""

    references: int = 0
    rows: int = 0
    pieces: int = 0

    def __add__(self, other: "Amount") -> "Amount":
        return Amount(self.references + other.references, self.rows + other.rows, self.pieces + other.pieces)


@dataclass(frozen=True, slots=True)
class Balance:
    """What was read of a file, and what became of it."""

    read: Amount = Amount()
    fates: Mapping[Fate, Amount] = field(default_factory=dict)

    def __getitem__(self, fate: Fate) -> Amount:
        return self.fates.get(fate, Amount())

    def with_read(self, amount: Amount) -> "Balance":
        """The balance once so much more was read."""
        return Balance(self.read + amount, self.fates)

    def with_fate(self, fate: Fate, amount: Amount) -> "Balance":
        """The balance once this became of so much more."""
        return Balance(self.read, {**self.fates, fate: self[fate] + amount})

    @property
    def dealt_with(self) -> Amount:
        """All fates together."""
        return sum(self.fates.values(), Amount())

    @property
    def even(self) -> bool:
        """Whether everything that was read was dealt with, row for row and piece for piece."""
        return self.read == self.dealt_with

    def document(self) -> dict[str, Any]:
        """As it is kept, and told to machines."""
        return {"read": asdict(self.read), **{fate.value: asdict(self[fate]) for fate in Fate}}

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "Balance":
        """The balance that was kept."""
        if not document:
            return cls()
        fates = {fate: Amount(**document[fate.value]) for fate in Fate}
        return cls(Amount(**document["read"]), fates)
