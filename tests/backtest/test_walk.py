"""
The walk through a history: every promise from what was known then, figures by calendar day.
"""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from orderpipe.backtest import figures, olist
from orderpipe.backtest.olist import Past
from orderpipe.backtest.refusals import CannotJudge
from orderpipe.backtest.walk import Judged, walk
from orderpipe.domain.lead_times.facts import Measured
from tests.backtest.files import SINCE, write
from tests.needs import require

FROM = date.fromisoformat(SINCE)


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> list[Past]:
    return olist.read(write(tmp_path_factory.mktemp("olist")))


def test_judges_the_delivered_orders_since_the_day(past: list[Past]) -> None:
    judged = walk(past, FROM, 0.93)
    since = [one for one in past if one.measured.known.bought_at.date() >= FROM]
    assert len(judged.bought) == sum(one.measured.delivered_at is not None for one in since) > 100
    assert judged.never_delivered == len(since) - len(judged.bought)
    assert (np.diff(judged.promised, axis=0) >= 0).all()


def test_what_is_dated_later_changes_no_promise(past: list[Past]) -> None:
    until = FROM + timedelta(days=12)

    def later(one: Past) -> Past:
        """Its estimate and its delivery put off, where they are not before the day."""
        came, said = one.measured.delivered_at, one.their_day
        if came is not None and came.date() >= until:
            one = replace(one, measured=replace(one.measured, delivered_at=came + timedelta(days=9)))
        return replace(one, their_day=said + timedelta(days=3)) if said and said >= until else one

    as_it_was, changed = walk(past, FROM, 0.93), walk([later(one) for one in past], FROM, 0.93)
    before = as_it_was.bought <= until.toordinal()
    assert before.any()
    assert (as_it_was.promised[:, before] == changed.promised[:, before]).all()
    assert (as_it_was.promised[:, ~before] != changed.promised[:, ~before]).any()


def test_a_day_after_the_last_order_is_refused(past: list[Past]) -> None:
    with pytest.raises(CannotJudge, match="No order was bought on 2030-01-01 or later"):
        walk(past, date(2030, 1, 1), 0.93)


def test_too_little_history_is_refused(past: list[Past]) -> None:
    with pytest.raises(CannotJudge, match=r"at least 200 are needed .* --from names a later day"):
        walk(past, date(2026, 1, 8), 0.93)


def test_instants_that_cannot_be_are_no_obstacle(past: list[Past]) -> None:
    """Delivered before it was bought or handed over, or handed over years later."""
    odd = [replace(one, measured=_impossible(one.measured, number)) if number % 7 == 0 else one for number, one in enumerate(past)]
    assert (walk(odd, FROM, 0.93).promised > 0).all()


def _impossible(measured: Measured, number: int) -> Measured:
    bought = measured.known.bought_at
    if number % 2:
        return replace(measured, delivered_at=bought - timedelta(days=number))
    return replace(measured, handed_over_at=bought + timedelta(days=900 * (number % 4 - 1)))


def test_nothing_delivered_is_refused(past: list[Past]) -> None:
    kept = [one if one.measured.known.bought_at.date() < FROM else replace(one, their_day=None) for one in past]
    with pytest.raises(CannotJudge, match="None of these orders was delivered and had an estimate"):
        walk(kept, FROM, 0.93)


FOUR = Judged(
    bought=np.array([738000] * 4), delivered=np.array([738005, 738010, 738010, 738020]), theirs=np.array([738010, 738010, 738009, 738030]),
    regions=("a",) * 4, levels=(0.9, 0.93, 0.95, 0.98), never_delivered=1,
    promised=np.array([[738009] * 4, [738010] * 4, [738020] * 4, [738030] * 4]),
)


def test_figures_go_by_the_calendar_day() -> None:
    assert figures.summary(FOUR, 0.93) == {
        "orders": 4, "late": 0.25, "late_theirs": 0.25, "median_days": 10.0, "median_days_theirs": 10.0, "p90_days": 10.0,
        "p90_days_theirs": 24.0, "mean_early_days": -1.25, "kept_at_90": 0.25, "kept_at_95": 1.0, "kept_at_98": 1.0,
        "worst_quarter_gap": None,
    }


def test_the_worst_quarter_is_the_one_farthest_from_what_was_asked() -> None:
    groups = figures.quarters(FOUR)
    assert [(one.name, one.orders, round(one.gap, 6)) for one in groups] == [("2021 Q3", 4, 65.0)]
    assert figures.worst_gap(groups, enough=4) == pytest.approx(65)


def test_the_real_history_is_promised_better_than_olist_did() -> None:
    real = olist.read(require("real-data") / "olist")
    judged = walk([one for one in real if one.measured.known.bought_at.date() < date(2017, 9, 1)], date(2017, 7, 1), 0.93)
    found = figures.summary(judged, 0.93)
    assert found["median_days"] <= 0.95 * found["median_days_theirs"]  # type: ignore[operator]
    assert 0.85 <= found["kept_at_90"] <= 0.95  # type: ignore[operator]
