"""
Stock that arrives, is counted or corrected: what lies at a place is changed, and never below what is promised to orders.

A delivery says how many pieces came, a stock take how many there are.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

LARGEST = 2**31 - 1
"""Pieces of one SKU that a place can hold."""

Spot = tuple[str, str]
"""A location's code and a SKU."""


@dataclass(frozen=True, slots=True)
class Level:
    """What lies of a SKU at a place, and how much of it is promised to orders."""

    location_id: int
    sku: str
    on_hand: int
    allocated: int


class Posting(Protocol):
    """Anything that changes what lies at a place."""

    @property
    def location(self) -> str:
        """The location's code."""

    @property
    def sku(self) -> str:
        """The product."""

    @property
    def cause(self) -> str:
        """Why, such as the number of the delivery note."""

    def on_hand_after(self, on_hand: int) -> int:
        """How many pieces there are afterwards."""

    @property
    def kind(self) -> str:
        """The kind of movement: received or adjusted."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """So many pieces came; a negative quantity takes off what was entered wrongly or broke, as an adjustment."""

    location: str
    sku: str
    quantity: int
    cause: str

    def on_hand_after(self, on_hand: int) -> int:
        """How many pieces there are afterwards."""
        return on_hand + self.quantity

    @property
    def kind(self) -> str:
        """The kind of movement."""
        return "received" if self.quantity > 0 else "adjusted"


@dataclass(frozen=True, slots=True)
class Count:
    """A stock take has found so many pieces; the difference becomes an adjustment."""

    location: str
    sku: str
    counted: int
    cause: str

    def on_hand_after(self, on_hand: int) -> int:  # noqa: ARG002  # whatever the books said
        """How many pieces there are afterwards."""
        return self.counted

    @property
    def kind(self) -> str:
        """The kind of movement."""
        return "adjusted"


@dataclass(frozen=True, slots=True)
class Posted:
    """What became of a posting: the change in pieces and the level after it; `code` None where it was done."""

    posting: Posting
    sentence: str
    code: str | None = None
    change: int = 0
    level: Level | None = None


class PostingRefused(Exception):
    """This does not change the stock."""

    code = "refused"


class UnknownLocation(PostingRefused):
    """The shop has no such location."""

    code = "unknown-location"


class UnknownProduct(PostingRefused):
    """The shop has no such product, or it is a service, which does not lie anywhere."""

    code = "unknown-product"


class BelowAllocated(PostingRefused):
    """What is promised to orders has to be there."""

    code = "below-allocated"


class TooMany(PostingRefused):
    """No place holds that many."""

    code = "too-many"


def check_level(posting: Posting, level: Level) -> None:
    """Raise PostingRefused unless what then lies there covers what is promised to orders."""
    after = posting.on_hand_after(level.on_hand)
    if after < level.allocated:
        raise BelowAllocated(
            f"{level.allocated} of {level.sku} at {posting.location} are promised to orders; {after} would be too few."
        )
    if after > LARGEST:
        raise TooMany(f"{after} of {level.sku} cannot lie at {posting.location}.")


def post(postings: Sequence[Posting], levels: Mapping[Spot, Level], locations: Collection[str]) -> list[Posted]:
    """Decide the postings one after the other, so that several for one place add up; `levels` has every known (location, SKU)."""
    current = dict(levels)
    posted: list[Posted] = []
    for posting in postings:
        level = current.get((posting.location, posting.sku))
        try:
            if posting.location not in locations:
                raise UnknownLocation(f"The shop has no location {posting.location}.")
            if level is None:
                raise UnknownProduct(f"{posting.sku} is no article of this shop that can be stocked.")
            check_level(posting, level)
        except PostingRefused as refusal:
            posted.append(Posted(posting, str(refusal), refusal.code, level=level))
            continue
        after = replace(level, on_hand=posting.on_hand_after(level.on_hand))
        current[posting.location, posting.sku] = after
        sentence = f"{after.on_hand} of {after.sku} at {posting.location} now."
        posted.append(Posted(posting, sentence, change=after.on_hand - level.on_hand, level=after))
    return posted
