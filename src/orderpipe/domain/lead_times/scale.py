"""
Where an order stands on the common scale: how far its time is from what is usual for such an order, in that order's own spread.

On this scale all orders are alike, so that those of all lanes together tell how reliably a time is kept. It is cut into steps.
"""

from dataclasses import dataclass

import numpy as np

from orderpipe.domain.lead_times.columns import Floats, Ints, Seen
from orderpipe.domain.lead_times.days import Clock

LOWEST, HIGHEST, STEP = -4.0, 5.0, 0.1
EDGES = np.arange(LOWEST, HIGHEST + STEP / 10, STEP)
STEPS = len(EDGES) - 1
MIDDLES = (EDGES[:-1] + EDGES[1:]) / 2
SHORTEST_DAYS = 0.25
"""Working days below which a time is not told apart from another."""

RIPE_DAYS, RIPE_YEAR_DAYS = 90, 365
"""Orders bought so many days ago and still open are taken to be lost for good."""


@dataclass(frozen=True, slots=True)
class Expected:
    """For each order: the working day of its purchase, the middle of the logarithm of its time, and its spread."""

    bought: Floats
    middle: Floats
    spread: Floats

    def steps(self, gone: Floats) -> Ints:
        """On which step an order is when so many working days have gone by on the clock; -1 is before the first."""
        passed = np.log(np.maximum(gone - self.bought, SHORTEST_DAYS))
        return np.clip(np.floor((passed - self.middle) / self.spread / STEP - LOWEST / STEP), -1, STEPS).astype(np.int64)

    def days(self, clock: Clock) -> Ints:
        """The calendar day on which each order is in the middle of each step."""
        gone = np.exp(self.middle[:, None] + self.spread[:, None] * MIDDLES) + self.bought[:, None]
        return clock.day_of(gone)


@dataclass(frozen=True, slots=True)
class Passage:
    """
    Which steps each order has passed so far. `at_risk`: for each order and step, how surely it was an order still to be delivered then
    (0 when it was not on that step yet, or delivered before); `ended`: the step of its delivery, STEPS for none; `sure`: how surely each
    order comes, or came.
    """

    at_risk: Floats
    ended: Ints
    sure: Floats

    def counted(self, weights: Floats) -> tuple[Floats, Floats]:
        """Deliveries on each step, and orders that could have been delivered on it; `weights` for each order and step."""
        came = np.flatnonzero(self.ended < STEPS)
        deliveries: Floats = np.bincount(self.ended[came], weights[came, self.ended[came]], STEPS).astype(np.float64)
        return deliveries, (weights * self.at_risk).sum(axis=0)

    def counted_by(self, weights: Floats, groups: Ints, size: int) -> tuple[Floats, Floats]:
        """The same with a row for each of so many groups."""
        came = np.flatnonzero(self.ended < STEPS)
        cells = groups[came] * STEPS + self.ended[came]
        deliveries: Floats = np.bincount(cells, weights[came, self.ended[came]], size * STEPS).reshape(size, STEPS).astype(np.float64)
        members = (np.arange(size)[:, None] == groups).astype(float)
        return deliveries, members @ (weights * self.at_risk)


@dataclass(frozen=True, slots=True)
class Lost:
    """The shares of all orders that are never delivered: those that stay with the seller, and those that stay with the carrier."""

    with_seller: float
    with_carrier: float

    @classmethod
    def among(cls, seen: Seen) -> "Lost":
        """As the orders of the past year show that are old enough."""
        ripe = (seen.bought < seen.today - RIPE_DAYS) & (seen.bought > seen.today - RIPE_YEAR_DAYS)
        still = ripe & np.isnan(seen.delivered)
        handed = ~np.isnan(seen.handed)
        count = max(int(ripe.sum()), 1)
        return cls(float((still & ~handed).sum() / count), float((still & handed).sum() / count))


def passage(expected: Expected, clock: Clock, seen: Seen, lost: Lost) -> Passage:
    """
    What the orders seen so far passed through. An open order counts on the steps behind it, but the longer it is open the less, because
    the likelier it is to be one of those that never come.
    """
    came = ~np.isnan(seen.delivered)
    ended = np.where(came, np.maximum(expected.steps(clock.at_end_of(np.nan_to_num(seen.delivered, nan=seen.today))), 0), STEPS)
    handed = np.where(np.isnan(seen.handed), STEPS, expected.steps(clock.at(np.nan_to_num(seen.handed, nan=seen.today))))
    now = expected.steps(np.full(len(came), float(clock.at(np.array([float(seen.today)]))[0])))
    behind = (np.arange(STEPS) <= np.where(came, ended, now - 1)[:, None]).astype(np.float64)
    open_at = _share_beyond(ended[came])
    with_seller = _share_beyond(np.minimum(handed, ended)[came])
    comes = 1 - lost.with_seller - lost.with_carrier
    sure_with_seller = _surely(comes * with_seller, lost.with_seller + lost.with_carrier)
    sure_with_carrier = _surely(comes * (open_at - with_seller), lost.with_carrier)
    sure = np.where(np.arange(STEPS) < handed[:, None], sure_with_seller, sure_with_carrier)
    sure[came] = 1.0
    return Passage(behind * sure, ended, sure[np.arange(len(now)), np.clip(now, 0, STEPS - 1)])


def _share_beyond(steps: Ints) -> Floats:
    """For each step, the share of these that lie beyond it."""
    counts = np.bincount(np.clip(steps, 0, STEPS), minlength=STEPS + 1)
    return 1 - np.cumsum(counts)[:STEPS] / max(len(steps), 1)


def _surely(comes: Floats, never: float) -> Floats:
    comes = np.maximum(comes, 0.0)
    return comes / (comes + never + 1e-9)
