"""
What became of facts from outside, and which units they have woken for which stage.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from orderpipe.domain.orders import order_of
from orderpipe.sideflows.hints import Hint

Outcome = TypeVar("Outcome")


@dataclass(frozen=True, slots=True)
class Recorded(Generic[Outcome]):
    """What became of each fact, in the order given, and what to hint after the commit."""

    outcomes: list[Outcome]
    hints: list[Hint] = field(default_factory=list)


def hints_for(step: str, fulfillment_ids: Collection[int], lanes: Mapping[int, str]) -> list[Hint]:
    """The fulfillments for this stage, parted by the lanes of their orders."""
    parted: dict[str, list[int]] = {}
    for one in sorted(fulfillment_ids):
        parted.setdefault(lanes[order_of(one)], []).append(one)
    return [Hint(step, lane, ids) for lane, ids in sorted(parted.items())]
