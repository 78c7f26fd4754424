"""
Drift and queue: everything slower is seen as such, and more bought than can be delivered will take longer.
"""

import numpy as np
import pytest

from orderpipe.domain.lead_times.columns import Seen
from orderpipe.domain.lead_times.days import Clock
from orderpipe.domain.lead_times.drift import Shape, common_shift, queue_growth, region_shifts
from orderpipe.domain.lead_times.scale import MIDDLES, STEPS

SHAPE = Shape(np.clip(0.02 + 0.05 * np.maximum(MIDDLES + 2, 0), 0, 0.9))


def lived(later: int, count: float = 2000.0) -> tuple[np.ndarray, np.ndarray]:
    """Deliveries and orders at risk as the shape has them, so many steps later."""
    chance = SHAPE.shifted()[20 + later]
    at_risk = count * np.concatenate([[1.0], np.cumprod(1 - chance)[:-1]])
    return at_risk * chance, at_risk


@pytest.mark.parametrize("later", [-8, 0, 3, 8])
def test_finds_by_how_much_all_is_later(later: int) -> None:
    assert common_shift(SHAPE, *lived(later)) == pytest.approx(later * 0.1, abs=0.05)


def test_without_anything_seen_nothing_drifts() -> None:
    assert common_shift(SHAPE, np.zeros(STEPS), np.zeros(STEPS)) == 0


def test_a_region_is_told_from_the_others_and_one_seldom_seen_is_not() -> None:
    many, slow, few = lived(0, 5000), lived(5, 500), lived(10, 1)
    shifts = region_shifts(SHAPE, *(np.stack([one[row] for one in (many, slow, few)]) for row in (0, 1)))
    assert abs(shifts[0]) <= 0.1
    assert shifts[1] >= 0.3
    assert abs(shifts[2]) <= 0.2


def queue(*bought_a_day: int) -> float:
    """Ten delivered every day; so many bought on each of the days."""
    bought = np.repeat(np.arange(1000.5, 1000 + len(bought_a_day)), bought_a_day)
    delivered = np.full(len(bought), np.nan)
    delivered[:10 * (len(bought_a_day) - 1)] = np.repeat(np.arange(1001, 1000 + len(bought_a_day)), 10)[:len(bought)] + 0.5
    clock = Clock("", 1000, 2000, (1.0,) * 8)
    return queue_growth(clock, Seen(1000 + len(bought_a_day), bought, bought, delivered), 1000, 1.0)


def test_nothing_queues_while_as_much_is_delivered_as_bought() -> None:
    assert queue(*[10] * 60) == pytest.approx(0, abs=0.1)


def test_a_rush_lengthens_the_wait_before_any_of_it_is_late() -> None:
    assert queue(*[10] * 60, 100) > queue(*[10] * 60, 50) > 0.1
