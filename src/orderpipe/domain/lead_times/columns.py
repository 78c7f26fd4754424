"""
Past orders as columns, so that a hundred thousand of them are one sum; and what had been seen of them on a day.

Whatever happens on the day or later is not in what is seen: no step of learning can reach for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from orderpipe.domain.lead_times.facts import SIGNS, Measured, moment, signs

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

REGION = list(SIGNS).index("region")


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known when day `today` begins, of the orders bought before it; NaN has not happened yet."""

    today: int
    bought: Floats
    handed: Floats
    delivered: Floats

    def rows(self, chosen: slice) -> "Seen":
        """Only these orders."""
        return Seen(self.today, self.bought[chosen], self.handed[chosen], self.delivered[chosen])


@dataclass(frozen=True, slots=True)
class History:
    """Orders by the moment of their purchase; `codes` has a row for each sign, a number into that sign's `keys`."""

    bought: Floats
    handed: Floats
    delivered: Floats
    codes: Ints
    keys: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, measured: Sequence[Measured]) -> "History":
        """From orders, whose purchases have to be in order of time."""
        numbers: list[dict[str, int]] = [{} for _ in SIGNS]
        codes = np.empty((len(SIGNS), len(measured)), np.int64)
        for column, one in enumerate(measured):
            for row, key in enumerate(signs(one.known)):
                codes[row, column] = numbers[row].setdefault(key, len(numbers[row]))
        bought = np.array([moment(one.known.bought_at) for one in measured])
        if (np.diff(bought) < 0).any():
            raise ValueError("The orders are not in the order of their purchases.")
        handed = np.array([np.nan if one.handed_over_at is None else moment(one.handed_over_at) for one in measured])
        delivered = np.array([np.nan if one.delivered_at is None else moment(one.delivered_at) for one in measured])
        return cls(bought, handed, delivered, codes, tuple(tuple(one) for one in numbers))

    def __len__(self) -> int:
        return len(self.bought)

    def bought_before(self, day: int) -> int:
        """How many orders were bought before this day began; they are the first ones."""
        return int(np.searchsorted(self.bought, day))

    def seen(self, today: int) -> Seen:
        """What is known when `today` begins."""
        count = self.bought_before(today)
        handed, delivered = self.handed[:count], self.delivered[:count]
        return Seen(today, self.bought[:count], np.where(handed < today, handed, np.nan), np.where(delivered < today, delivered, np.nan))
