"""
Which units a fact from outside has woken, and for which stage: the hint that goes out after the commit.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from orderpipe.domain.orders import order_of

Outcome = TypeVar("Outcome")


@dataclass(frozen=True, slots=True)
class Woken:
    """Units of one lane that this stage may take now; to be hinted after the commit."""

    step: str
    lane: str
    ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Recorded(Generic[Outcome]):
    """What became of each fact, in the order given, and what to hint after the commit."""

    outcomes: list[Outcome]
    woken: list[Woken] = field(default_factory=list)


def woken_fulfillments(step: str, fulfillment_ids: Collection[int], lanes: Mapping[int, str]) -> list[Woken]:
    """The fulfillments for this stage, parted by the lanes of their orders."""
    parted: dict[str, list[int]] = {}
    for one in sorted(fulfillment_ids):
        parted.setdefault(lanes[order_of(one)], []).append(one)
    return [Woken(step, lane, tuple(ids)) for lane, ids in sorted(parted.items())]
