"""
The carrier's clock: what a day is worth is measured, and public holidays are days of their own kind.
"""

from datetime import date

import numpy as np
import pytest

from orderpipe.domain.lead_times.days import HOLIDAY, USUAL, Clock, kinds, measured

MONDAY = date(2026, 1, 5).toordinal()


def test_knows_weekdays_and_public_holidays() -> None:
    christmas = date(2026, 12, 25).toordinal()
    assert kinds("DE", MONDAY, MONDAY + 7).tolist() == [0, 1, 2, 3, 4, 5, 6]
    assert kinds("DE", christmas, christmas + 1).tolist() == [HOLIDAY]
    assert kinds("", christmas, christmas + 1).tolist() == [4]


def test_is_measured_by_what_is_delivered() -> None:
    """A hundred parcels a week, handed over on Monday, a fifth of those left delivered on each working day and none at the weekend."""
    weeks = np.arange(20.0).repeat(100)
    day_in_week = np.tile(np.arange(100.0) % 5, 20)
    clock = measured("", MONDAY, MONDAY + 140, MONDAY + 7 * weeks, MONDAY + 7 * weeks + day_in_week)
    assert clock.worth[0] < clock.worth[1] < clock.worth[4]
    assert clock.worth[5:7] == (0.3, 0.1)  # on no weekend was there anything to deliver, so nothing is known of it


def test_is_the_usual_one_while_little_was_delivered() -> None:
    assert measured("BR", MONDAY, MONDAY + 9, np.array([MONDAY + 0.5]), np.array([np.nan])).worth == USUAL


@pytest.mark.parametrize("hour", [0.0, 0.25, 0.99])
def test_the_day_of_a_moment_is_its_day(hour: float) -> None:
    clock = Clock("", MONDAY, MONDAY + 60)
    days = np.arange(MONDAY, MONDAY + 50, dtype=np.float64)
    assert clock.day_of(clock.at(days + max(hour, 0.01))).tolist() == days.tolist()
    assert clock.day_of(clock.at_end_of(days + hour)).tolist() == days.tolist()


def test_a_delivery_before_the_first_purchase_is_no_obstacle() -> None:
    days = np.linspace(0, 60, 300)
    assert measured("", MONDAY, MONDAY + 90, MONDAY + days, MONDAY + days - 5).worth
