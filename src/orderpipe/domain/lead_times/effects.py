"""
What each sign adds to the usual time, pooled from coarse to fine: a sign seen seldom adds little, and what remains goes to the next.

Effects are of the logarithm of working days, so they multiply; orders of long ago weigh less.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from orderpipe.domain.lead_times.columns import Floats, Ints

ROUNDS = 8
WEEK_STRENGTH = 3.0
MOST_LEVERAGE = 0.7


@dataclass(frozen=True, slots=True)
class Pooled:
    """A base, and for each sign the effect of each of its keys; `rest` is what an order's time says against all the others'."""

    base: float
    effects: tuple[Floats, ...]
    rest: Floats

    def of(self, codes: Ints) -> Floats:
        """The sum for orders with these codes, a row for each sign; a key that was not seen when this was learned adds nothing."""
        total = np.full(codes.shape[1], self.base)
        for effect, code in zip(self.effects, codes, strict=True):
            total += np.where(code < len(effect), effect[np.minimum(code, len(effect) - 1)], 0.0)
        return total


def pooled(values: Floats, weights: Floats, codes: Ints, strengths: Sequence[float], weeks: Ints | None = None) -> Pooled:
    """
    Learn the effects of `codes` (a row for each sign, coarse signs first) on `values`; a key counts against `strengths` orders of none.
    With `weeks`, what a whole week had in common is set aside, so that a bad month is not blamed on the sellers of that month.
    """
    base = float(np.average(values, weights=weights))
    sizes = [int(code.max()) + 1 for code in codes]
    counts = [np.bincount(code, weights, size) for code, size in zip(codes, sizes, strict=True)]
    effects = [np.zeros(size) for size in sizes]
    rest, week = values - base, np.zeros(len(values))
    for _ in range(ROUNDS):
        if weeks is not None:
            rest += week
            in_week = np.bincount(weeks, weights * rest) / (np.bincount(weeks, weights) + WEEK_STRENGTH)
            week = in_week[weeks] - np.average(in_week[weeks], weights=weights)
            rest -= week
        for row, (code, strength) in enumerate(zip(codes, strengths, strict=True)):
            rest += effects[row][code]
            effects[row] = np.bincount(code, weights * rest, sizes[row]) / (counts[row] + strength)
            rest -= effects[row][code]
    leverage = sum(weights / (count + strength)[code] for code, count, strength in zip(codes, counts, strengths, strict=True))
    return Pooled(base, tuple(effects), rest / (1 - np.minimum(leverage, MOST_LEVERAGE)))
