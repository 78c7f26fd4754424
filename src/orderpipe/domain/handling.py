"""
How far the warehouse is with a fulfillment: what was taken from the shelf, what was not to be found, and what is in the parcel.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from orderpipe.flow import FulfillmentState

_NAMED = 3


class Phase(StrEnum):
    """What a scan says: the piece was taken from the shelf, put into the parcel, not to be found; or a service was performed."""

    PICK = "pick"
    PACK = "pack"
    SHORT = "short"
    PERFORMED = "performed"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a fulfillment and how far its handling is, in pieces."""

    number: int
    sku: str
    quantity: int
    picked: int = 0
    short: int = 0
    packed: int = 0

    def left(self, phase: Phase) -> int:
        """Pieces still to be scanned: found or reported short when picking, whatever was picked when packing, none of a service."""
        match phase:
            case Phase.PICK | Phase.SHORT:
                return self.quantity - self.picked - self.short
            case Phase.PACK:
                return self.picked - self.packed
            case Phase.PERFORMED:
                return 0

    def with_scanned(self, phase: Phase, pieces: int) -> "Line":
        """The line after so many more pieces."""
        match phase:
            case Phase.PICK:
                return replace(self, picked=self.picked + pieces)
            case Phase.SHORT:
                return replace(self, short=self.short + pieces)
            case Phase.PACK:
                return replace(self, packed=self.packed + pieces)
            case Phase.PERFORMED:
                return self


@dataclass(frozen=True, slots=True)
class Standing:
    """A fulfillment as it stands while its order is locked; `performed`: somebody said so of the service already."""

    id: int
    state: FulfillmentState
    appointment: bool
    lines: tuple[Line, ...]
    performed: bool = False

    def left(self, phase: Phase) -> dict[str, int]:
        """Pieces still to be scanned in this phase, by SKU; nothing for what is complete."""
        left: dict[str, int] = {}
        for line in self.lines:
            left[line.sku] = left.get(line.sku, 0) + line.left(phase)
        return {sku: pieces for sku, pieces in left.items() if pieces > 0}

    @property
    def complete(self) -> frozenset[Phase]:
        """The phases that need no further scan."""
        if self.appointment:
            return frozenset({Phase.PERFORMED} if self.performed else ())
        if self.left(Phase.PICK):
            return frozenset()
        picked = {Phase.PICK, Phase.SHORT}
        return frozenset(picked if self.left(Phase.PACK) else picked | {Phase.PACK})


def say_left(left: Mapping[str, int]) -> str:
    """What is still expected, such as `2 of SKU-1 left`; only the first few by name."""
    named = [f"{pieces} of {sku}" for sku, pieces in list(left.items())[:_NAMED]]
    more = f" and {len(left) - _NAMED} more" if len(left) > _NAMED else ""
    return f"{', '.join(named)}{more} left" if named else "nothing left"
