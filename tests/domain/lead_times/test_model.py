"""
Asking a model: what is no reliability is refused.
"""

from datetime import date
from typing import Any

import pytest

from orderpipe.domain.lead_times.days import Clock
from orderpipe.domain.lead_times.facts import SIGNS
from orderpipe.domain.lead_times.model import Model, NotAReliability
from orderpipe.domain.lead_times.scale import EDGES
from tests.domain.lead_times.histories import FIRST, known

MONDAY = FIRST.toordinal()


def model(**changed: Any) -> Model:
    """Two working days, e times more or less; half of the orders come by then."""
    facts: dict[str, Any] = {
        "learned_on": FIRST.date(), "clock": Clock("", MONDAY - 7, MONDAY + 400, (1, 1, 1, 1, 1, 0, 0, 0)), "base": 0.6931, "spread": 0.0,
        "least_spread": 0.1, "most_spread": 2.0, "effects": ({},) * len(SIGNS), "left": (1 - (EDGES - EDGES[0]) / 8).clip(0).tolist(),
        "shift": 0.0, "region_shifts": {}, "queue": 0.0, "corrections": [0.0] * 10,
    }  # fmt: skip
    return Model(**(facts | changed))


@pytest.mark.parametrize("asked", [0.0, 1.0, -1.0, 95.0, float("nan")])
def test_refuses_what_is_no_reliability(asked: float) -> None:
    with pytest.raises(NotAReliability, match=r"such as 0\.95"):
        model().dates([known(FIRST)], asked)


def test_promises_no_day_on_which_nothing_comes() -> None:
    friday = FIRST.replace(day=9)
    assert model().dates([known(FIRST), known(friday)], 0.5) == [date(2026, 1, 6), date(2026, 1, 12)]


def test_a_queue_and_a_drift_put_everything_off() -> None:
    assert model(queue=0.6931).dates([known(FIRST)], 0.5) == [date(2026, 1, 8)]
    assert model(shift=0.6931).dates([known(FIRST)], 0.5) == [date(2026, 1, 8)]
    assert model(region_shifts={"near": 0.6931}).dates([known(FIRST), known(FIRST, "far")], 0.5) == [date(2026, 1, 8), date(2026, 1, 6)]
