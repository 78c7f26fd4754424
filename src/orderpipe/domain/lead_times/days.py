"""
The carrier's clock: how much of a working day each calendar day is worth, measured by what is delivered on it.

Times are learned and promised on this clock, so that no date is promised on which nothing comes, and none is passed over that counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

import holidays
import numpy as np

from orderpipe.domain.lead_times.columns import Floats, Ints

HOLIDAY = 7
USUAL = (1.0, 1.0, 1.0, 1.0, 1.0, 0.3, 0.1, 0.1)
"""What the days are worth, Monday to Sunday and a public holiday, until enough deliveries were seen."""

ENOUGH_DELIVERIES = 200
LONGEST_COUNTED_DAYS = 60
LEAST_WORTH, MOST_WORTH = 0.03, 2.0
YEARS = 3
"""So far ahead the clock can be read."""


@lru_cache(maxsize=64)
def kinds(country: str, first: int, last: int) -> Ints:
    """For each day from ordinal `first` to before `last`, which kind it is: its weekday, or a public holiday of the country."""
    ordinals = np.arange(first, last)
    kind = (ordinals + 6) % 7
    years = range(date.fromordinal(first).year, date.fromordinal(last).year + 1)
    free = [day.toordinal() for day in holidays.country_holidays(country, years=years)] if country else []
    kind[np.isin(ordinals, free)] = HOLIDAY
    return kind


@dataclass(frozen=True, slots=True)
class Clock:
    """Working days gone by since the day `first`, as the carrier counts them; `worth` has eight entries as USUAL."""

    country: str
    first: int
    last: int
    worth: tuple[float, ...] = USUAL
    _gone: Floats = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        worth = np.array(self.worth)[kinds(self.country, self.first, self.last)]
        object.__setattr__(self, "_gone", np.concatenate([[0.0], np.cumsum(worth)]))

    def at(self, moments: Floats) -> Floats:
        """Working days gone by at these moments; beyond the last day, at its end."""
        return np.interp(moments, np.arange(self.first, self.last + 1), self._gone)

    def at_end_of(self, days: Floats) -> Floats:
        """Working days gone by when these days are over."""
        return self.at(np.floor(days) + 1)

    def day_of(self, gone: Floats) -> Ints:
        """The first day at whose end so many working days have gone by."""
        return np.searchsorted(self._gone, gone - 1e-9) - 1 + self.first

    def between(self, first: Sequence[int] | Ints, last: Sequence[int] | Ints) -> Floats:
        """Working days from the beginning of a day to the beginning of another."""
        return self.at(np.asarray(last, float)) - self.at(np.asarray(first, float))


def measured(country: str, first: int, today: int, handed: Floats, delivered: Floats) -> Clock:
    """
    The clock as deliveries before `today` show it: of the parcels that were with the carrier on such a day, the share delivered on it,
    against the mean of Monday to Friday. `delivered` is NaN for what is still on its way, `handed` where it is unknown.
    """
    last = today + YEARS * 366
    came = ~np.isnan(delivered)
    if came.sum() < ENOUGH_DELIVERIES:
        return Clock(country, first, last)
    begun = ~np.isnan(handed)
    begin = np.floor(handed[begun]).astype(int) - first
    lasts = np.where(came, delivered, handed + LONGEST_COUNTED_DAYS)[begun]
    end = np.minimum(np.floor(lasts).astype(int), today - 1) - first
    real = (begin >= 0) & (end >= begin)
    length = today - first + 1
    carried = np.cumsum(np.bincount(begin[real], minlength=length) - np.bincount(end[real] + 1, minlength=length))[:-1]
    came_on = np.bincount(np.floor(delivered[delivered >= first]).astype(int) - first, minlength=length)[:-1]
    kind = kinds(country, first, today)
    share = np.bincount(kind, came_on, 8) / np.maximum(np.bincount(kind, carried, 8), 1.0)
    seen = np.bincount(kind, carried, 8) > 0
    worth = np.where(seen, np.clip(share / share[:5].mean(), LEAST_WORTH, MOST_WORTH), USUAL)
    return Clock(country, first, last, tuple(float(one) for one in worth))
