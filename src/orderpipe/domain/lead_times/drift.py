"""
How much slower or quicker everything is now than usual: from what the last days saw delivered, and from the queue that is building up.

Open orders count as much as delivered ones: that an order has not come yet says how slow things are long before it comes.
"""

from dataclasses import dataclass

import numpy as np

from orderpipe.domain.lead_times.columns import Floats, Ints, Seen
from orderpipe.domain.lead_times.days import Clock
from orderpipe.domain.lead_times.scale import STEP, STEPS

MOST_SHIFT_STEPS = 20
SHIFTS = np.arange(-MOST_SHIFT_STEPS, MOST_SHIFT_STEPS + 1)
USUAL_SHIFT = 0.6
"""On the common scale: how far the times of all orders are expected to move together."""
USUAL_REGION_SHIFT = 0.25
"""And how far those of a region beside all others."""

WEEKS_OF_CAPACITY = 8
USUAL_QUEUE_DAYS = 10.0
QUEUE_HALF_LIFE_DAYS = 14
LEAST_CHANCE = 1e-6


@dataclass(frozen=True, slots=True)
class Shape:
    """The chance to be delivered on each step, for an order that came to it: how times spread when nothing drifts."""

    chance: Floats

    def shifted(self) -> Floats:
        """The chances for each of SHIFTS, a row each: everything that many steps later."""
        padded = np.pad(self.chance, MOST_SHIFT_STEPS, mode="edge")
        return np.stack([padded[MOST_SHIFT_STEPS - shift:][:STEPS] for shift in SHIFTS])

    def left(self) -> Floats:
        """The share not delivered yet at each edge of the steps."""
        return np.concatenate([[1.0], np.cumprod(1 - self.chance)])


def common_shift(shape: Shape, deliveries: Floats, at_risk: Floats) -> float:
    """The shift of the common scale under which these deliveries are likeliest, in spreads; without any, none."""
    chances = shape.shifted()
    fit = np.log(chances + LEAST_CHANCE) @ deliveries - chances @ at_risk - (SHIFTS * STEP) ** 2 / (2 * USUAL_SHIFT**2)
    best = int(fit.argmax())
    return float(SHIFTS[best] * STEP + _between(fit, best))


def _between(fit: Floats, best: int) -> float:
    """How far the top lies beside the best step, by a parabola through its neighbours."""
    if not 0 < best < len(fit) - 1:
        return 0.0
    bend = fit[best - 1] - 2 * fit[best] + fit[best + 1]
    return float(STEP * (fit[best - 1] - fit[best + 1]) / (2 * bend)) if bend < 0 else 0.0


def region_shifts(shape: Shape, deliveries: Floats, at_risk: Floats) -> Floats:
    """How much more each region has shifted than all together; `deliveries` and `at_risk` have a row for each region."""
    chances = shape.shifted()
    likely = np.log(chances + LEAST_CHANCE)
    together = SHIFTS[(likely @ deliveries.sum(axis=0) - chances @ at_risk.sum(axis=0)).argmax()] * STEP
    doubt = (SHIFTS * STEP - together) ** 2 / (2 * USUAL_REGION_SHIFT**2)
    fit = deliveries @ likely.T - at_risk @ chances.T - doubt
    shifts: Floats = SHIFTS[fit.argmax(axis=1)] * STEP - together
    return shifts


def queue_growth(clock: Clock, seen: Seen, first: int, comes: float) -> float:
    """
    How much longer than of late a new order will have to wait because more was bought than was ever delivered in a day, as a logarithm.

    The purchases are a queue, and the best of the last weeks' deliveries is what can be worked off in a working day; the wait that
    comes of it beyond the wait under which the last weeks' times were measured. A queue that shrinks is believed when parcels come.
    """
    days = np.arange(first, seen.today)
    arrived = np.bincount(np.floor(seen.bought).astype(int) - first, minlength=len(days))[:len(days)] * comes
    came = seen.delivered[~np.isnan(seen.delivered)]
    delivered = np.cumsum(np.bincount(np.maximum(np.floor(came).astype(int) - first, 0), minlength=len(days))[:len(days)])
    worked = clock.between(days, days + 1)
    capacity = _best_week(delivered, np.cumsum(worked))
    waits, wait = np.zeros(len(days)), 0.0
    for day in range(len(days)):
        wait = max(0.0, wait + arrived[day] / capacity[day] - worked[day])
        waits[day] = np.log1p(wait / USUAL_QUEUE_DAYS)
    weights = 0.5 ** (np.arange(len(days))[::-1] / QUEUE_HALF_LIFE_DAYS)
    return max(float(waits[-1] - np.average(waits, weights=weights)), 0.0) if len(days) else 0.0


def _best_week(delivered: Floats | Ints, worked: Floats) -> Floats:
    """For each day, the most that was delivered in a working day in any of the last weeks; at least one."""
    best = np.ones(len(delivered))
    for week in range(WEEKS_OF_CAPACITY):
        until, since = (np.maximum(np.arange(len(delivered)) - 7 * week - ago, 0) for ago in (0, 7))
        best = np.maximum(best, (delivered[until] - delivered[since]) / np.maximum(worked[until] - worked[since], 1.0))
    return best
