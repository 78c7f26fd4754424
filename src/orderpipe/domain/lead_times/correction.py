"""
Learning from promises: when more are broken than asked for, the next ones ask for more.

That a promise is broken is known the day after it, delivered or not; that it is kept is known when the order comes.
"""

from dataclasses import dataclass, field
from statistics import NormalDist

import numpy as np

from orderpipe.domain.lead_times.columns import Bools, Floats, Ints

ANCHORS = np.array([0.5, 0.7, 0.8, 0.85, 0.9, 0.93, 0.95, 0.97, 0.98, 0.99])
"""The reliabilities whose promises are followed; one in between is corrected as its neighbours are."""

GAIN = 0.004
"""What one broken promise moves, on the normal scale."""
FORGOTTEN_DAILY = 0.03
MOST = 2.0
LEAST_SHARE, MOST_SHARE = 0.2, 0.9975

_NORMAL = NormalDist()
_SCALED = np.array([_NORMAL.inv_cdf(float(one)) for one in ANCHORS])


def corrected(reliability: float, corrections: Floats) -> float:
    """The reliability to ask the learned times for, so that what is asked for is kept; `corrections` has an entry for each anchor."""
    scaled = np.maximum.accumulate(_SCALED + corrections)  # whoever asks for more never gets less
    place = _NORMAL.inv_cdf(reliability)
    moved = place + float(np.interp(place, _SCALED, scaled - _SCALED))
    return min(max(_NORMAL.cdf(moved), LEAST_SHARE), MOST_SHARE)


@dataclass(slots=True)
class Correction:
    """How far each anchor is moved at the moment."""

    by_anchor: Floats = field(default_factory=lambda: np.zeros(len(ANCHORS)))

    def learn(self, yesterday: int, promised: Ints, delivered: Floats, sure: Floats) -> None:
        """
        Yesterday's outcomes: `promised` has a row of days for each anchor and a column for each order; `sure` is how surely an order that
        is still open is one that comes.
        """
        came: Bools = np.floor(delivered) == yesterday
        kept = (came & (promised >= yesterday)).sum(axis=1)
        broken = ((promised == yesterday) & ~(np.floor(delivered) <= yesterday)) @ sure
        moved = self.by_anchor * (1 - FORGOTTEN_DAILY) + GAIN * (ANCHORS * broken - (1 - ANCHORS) * kept)
        self.by_anchor = np.clip(moved, -MOST, MOST)
