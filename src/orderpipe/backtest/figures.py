"""
What came of the promises: how many were late, how long customers were told to wait, and whether every season kept what was asked for.

All by calendar day: an order is late when it came after the day that was promised.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np

from orderpipe.backtest.walk import Judged
from orderpipe.domain.lead_times.columns import Bools, Ints

ASKED = (0.90, 0.95, 0.98)
"""The reliabilities by which it is judged whether what is asked for is kept."""

ENOUGH_IN_QUARTER = 500
"""Orders from which on a quarter counts: with fewer, chance alone moves the kept share by more than a point and a half."""
ENOUGH_IN_REGION = 200


@dataclass(frozen=True, slots=True)
class Waits:
    """Some promises: the share late, the days promised in the median, to nine of ten and in the mean, and the mean of days too early."""

    late: float
    median: float
    p90: float
    mean: float
    early: float


def waits(judged: Judged, promised: Ints) -> Waits:
    """What came of these days, one for each order."""
    days = promised - judged.bought
    return Waits(
        float((judged.delivered > promised).mean()), float(np.median(days)), float(np.quantile(days, 0.9)), float(days.mean()),
        float((promised - judged.delivered).mean()),
    )


@dataclass(frozen=True, slots=True)
class Group:
    """Orders that have something in common, and of these the share kept at each of ASKED, and by Olist."""

    name: str
    orders: int
    kept: tuple[float, ...]
    kept_by_them: float

    @property
    def gap(self) -> float:
        """The widest distance between kept and asked, in points."""
        return max(abs(kept - asked) for kept, asked in zip(self.kept, ASKED, strict=True)) * 100


def quarters(judged: Judged) -> list[Group]:
    """Each calendar quarter of purchases."""
    days = [date.fromordinal(day) for day in judged.bought.tolist()]
    return list(_groups(judged, np.array([f"{day.year} Q{(day.month + 2) // 3}" for day in days])))


def regions(judged: Judged) -> list[Group]:
    """Each region with enough orders."""
    return [one for one in _groups(judged, np.array(judged.regions)) if one.orders >= ENOUGH_IN_REGION]


def _groups(judged: Judged, names: np.ndarray) -> Iterator[Group]:
    for name in np.unique(names):
        chosen: Bools = names == name
        kept = tuple(float((judged.delivered <= judged.row(level))[chosen].mean()) for level in ASKED)
        yield Group(str(name) or "unknown", int(chosen.sum()), kept, float((judged.delivered <= judged.theirs)[chosen].mean()))


def worst_gap(groups: list[Group], enough: int = ENOUGH_IN_QUARTER) -> float | None:
    """The widest gap of all groups with enough orders, in points; None when there is no such group."""
    return max((one.gap for one in groups if one.orders >= enough), default=None)


def summary(judged: Judged, reliability: float) -> dict[str, float | int | None]:
    """The figures for machines: shares from 0 to 1, days, and the gap in points. `reliability` is what the first ones were asked with."""
    ours, theirs = waits(judged, judged.row(reliability)), waits(judged, judged.theirs)
    gap = worst_gap(quarters(judged))
    kept = {f"kept_at_{level * 100:.0f}": round(1 - waits(judged, judged.row(level)).late, 4) for level in ASKED}
    return {
        "orders": len(judged.bought), "late": round(ours.late, 4), "late_theirs": round(theirs.late, 4),
        "median_days": ours.median, "median_days_theirs": theirs.median, "p90_days": round(ours.p90, 1),
        "p90_days_theirs": round(theirs.p90, 1),
        "mean_early_days": round(ours.early, 2), **kept, "worst_quarter_gap": None if gap is None else round(gap, 2),
    }
