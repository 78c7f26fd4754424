"""
Going through a history day by day: each day learns what had happened before it, and promises a day to every order bought on it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from orderpipe.backtest.olist import COUNTRY, Past
from orderpipe.backtest.refusals import CannotJudge
from orderpipe.domain.lead_times.columns import Floats, History, Ints
from orderpipe.domain.lead_times.learner import Learner, NotEnoughHistory

LEVELS = (0.80, 0.85, 0.88, 0.90, 0.92, 0.93, 0.94, 0.95, 0.96, 0.97, 0.98)
"""The reliabilities that are always asked for, whatever else is."""


@dataclass(frozen=True, slots=True)
class Judged:
    """
    The orders bought since a day that were delivered and had an estimate; days are ordinals. `promised` has a row for each of `levels`.
    """

    bought: Ints
    delivered: Ints
    theirs: Ints
    regions: tuple[str, ...]
    levels: tuple[float, ...]
    promised: Ints
    never_delivered: int
    """Orders bought since that day of which no delivery is known; they got a promise, too, but nothing can be said about it."""

    def row(self, level: float) -> Ints:
        """The days promised at one of the levels."""
        days: Ints = self.promised[self.levels.index(level)]
        return days


def walk(past: Sequence[Past], since: date, reliability: float, tell: Callable[[str], None] = lambda _: None) -> Judged:
    """
    Promise a day to every order bought on `since` or later. `tell` hears of each month that begins. Raises CannotJudge.
    """
    levels = tuple(sorted({*LEVELS, reliability}))
    history = History.of([one.measured for one in past])
    first = history.bought_before(since.toordinal())
    if first == len(past):
        raise CannotJudge(f"No order was bought on {since} or later, so there is nothing to judge; --from names an earlier day.")
    learner = Learner(history, COUNTRY)
    promised = np.empty((len(levels), len(past)), np.int64)
    for day in range(since.toordinal(), int(history.bought[-1]) + 1):
        today = date.fromordinal(day)
        if today.day == 1 or today == since:
            tell(f"{today:%Y-%m}")
        rows = slice(history.bought_before(day), history.bought_before(day + 1))
        if rows.start == rows.stop:
            continue
        try:
            model = learner.until(today)
        except NotEnoughHistory as error:
            raise CannotJudge(f"{error} --from names a later day.") from error
        promised[:, rows] = model.days([one.measured.known for one in past[rows]], levels)
    return _judged(past[first:], levels, history.delivered[first:], promised[:, first:])


def _judged(past: Sequence[Past], levels: tuple[float, ...], delivered: Floats, promised: Ints) -> Judged:
    came = ~np.isnan(delivered)
    said = np.array([one.their_day is not None for one in past])
    chosen = np.flatnonzero(came & said)
    if not len(chosen):
        raise CannotJudge("None of these orders was delivered and had an estimate, so there is nothing to judge.")
    theirs = [day.toordinal() for index in chosen.tolist() if (day := past[index].their_day) is not None]
    known = [past[index].measured.known for index in chosen.tolist()]
    return Judged(
        np.array([one.bought_at.toordinal() for one in known]), np.floor(delivered[chosen]).astype(np.int64), np.array(theirs),
        tuple(one.region for one in known), levels, promised[:, chosen], int((~came).sum()),
    )
