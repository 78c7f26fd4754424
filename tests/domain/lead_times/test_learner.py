"""
Learning lead times: from nothing but the past, from open orders too, coarse where there is little, and kept under drift.
"""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from math import pi, sin

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orderpipe.domain.lead_times.columns import History
from orderpipe.domain.lead_times.correction import ANCHORS
from orderpipe.domain.lead_times.facts import Measured, moment
from orderpipe.domain.lead_times.learner import Learner, NotEnoughHistory
from orderpipe.domain.lead_times.model import Model
from tests.domain.lead_times.histories import day, history, known

LEVELS = (0.5, 0.9, 0.98)
TODAY = 60
PAST = history(900, 75)
ASKED = [
    known(day(TODAY) + timedelta(hours=hour), region, seller) for hour in (1, 20) for region in ("near", "far") for seller in ("S1", "S9")
]


def learned(past: list[Measured], number: int = TODAY) -> Model:
    return Learner(History.of(past), "DE").until(day(number).date())


def promised(past: list[Measured]) -> list[list[int]]:
    return learned(past).days(ASKED, LEVELS).tolist()  # type: ignore[no-any-return]


EXPECTED = promised(PAST)


def altered(at: datetime | None, hours: int | None) -> datetime | None:
    """Whatever is dated today or later is something else, or nothing; what happened before stays."""
    if at is not None and at < day(TODAY):
        return at
    return None if hours is None else day(TODAY) + timedelta(hours=hours)


later = st.none() | st.integers(min_value=0, max_value=2000)


@settings(max_examples=12, deadline=None)
@given(st.lists(st.tuples(later, later, st.booleans()), min_size=1, max_size=40))
def test_no_value_of_today_or_later_changes_a_promise(changes: list[tuple[int | None, int | None, bool]]) -> None:
    past = []
    for number, one in enumerate(PAST):
        handed, delivered, stays = changes[number % len(changes)]
        if one.known.bought_at >= day(TODAY):
            if not stays:
                continue
            one = replace(one, known=replace(one.known, region="elsewhere", seller=f"new {number}"))
        past.append(replace(one, handed_over_at=altered(one.handed_over_at, handed), delivered_at=altered(one.delivered_at, delivered)))
    assert promised(past) == EXPECTED


def test_what_happened_yesterday_does_change_promises() -> None:
    slow = [one if one.delivered_at is None or one.delivered_at < day(TODAY - 20) else replace(one, delivered_at=None) for one in PAST]
    assert promised(slow) != EXPECTED


def test_open_orders_count_and_are_not_dropped() -> None:
    """The last three weeks brought almost nothing: who looks at delivered orders only sees none of it."""
    still_open = [
        replace(one, delivered_at=None) if one.known.bought_at > day(TODAY - 21) and number % 4 else one for number, one in enumerate(PAST)
    ]
    dropped = [one for one in still_open if one.delivered_at or one.known.bought_at <= day(TODAY - 21)]
    assert np.mean(promised(still_open)) > np.mean(promised(dropped)) + 1


def test_orders_that_never_come_do_not_stretch_the_promises_of_the_others() -> None:
    with_lost, without = (learned(history(1500, 200, lost=lost), 200) for lost in (0.08, 0.0))
    asked = [known(day(200), region) for region in ("near", "far")]
    assert np.abs(with_lost.days(asked, [0.9]) - without.days(asked, [0.9])).max() <= 3


def test_a_lane_seen_once_is_promised_as_its_like() -> None:
    once = Measured(known(day(30), "near", "new"), day(31), day(58))
    model = learned(sorted([*PAST, once], key=lambda one: one.known.bought_at))
    (seen_once, never), = model.days([known(day(TODAY), "near", "new"), known(day(TODAY), "near", "never")], [0.9]).tolist()
    assert never <= seen_once <= never + 4


def test_a_far_region_is_promised_later_and_more_reliability_later_still() -> None:
    model = learned(PAST)
    near, far = (model.days([known(day(TODAY), region)], [0.5, 0.8, 0.9, 0.95, 0.98]).ravel().tolist() for region in ("near", "far"))
    assert near == sorted(near)
    assert far == sorted(far)
    assert all(one < other for one, other in zip(near, far, strict=True))


def test_what_is_asked_for_is_kept_while_times_drift() -> None:
    """Times swing by half and back, twice; nobody says when. Of four days a whole one is much, so a little more is kept than asked for."""
    past = history(4000, 320, slower=lambda at: 1.25 + 0.25 * sin(2 * pi * at / 160))
    learner, kept = Learner(History.of(past)), []
    for number in range(80, 300):
        model = learner.until(day(number).date())
        bought = [one for one in past if day(number) <= one.known.bought_at < day(number + 1) and one.delivered_at]
        if bought:
            came = np.array([int(moment(one.delivered_at)) for one in bought if one.delivered_at])
            kept.extend((came <= model.days([one.known for one in bought], [0.9, 0.95])).T.tolist())
    assert np.abs(np.mean(kept, axis=0) - [0.9, 0.95]).max() < 0.04


def test_learns_from_the_promises_that_the_model_would_give() -> None:
    history_ = History.of(PAST)
    learner = Learner(history_)
    model = learner.until(day(TODAY).date())
    rows = slice(history_.bought_before(model.learned_on.toordinal()), history_.bought_before(model.learned_on.toordinal() + 1))
    assert rows.stop > rows.start
    assert model.days([one.known for one in PAST[rows]], ANCHORS.tolist()).tolist() == learner._promised[:, rows].tolist()


def test_a_model_is_the_same_after_keeping() -> None:
    model = learned(PAST)
    again = Model.from_json(json.loads(json.dumps(model.as_json())))
    assert again.days(ASKED, LEVELS).tolist() == EXPECTED
    assert again.dates(ASKED, 0.9) == model.dates(ASKED, 0.9)


def test_too_short_a_history_is_refused_with_its_size() -> None:
    with pytest.raises(NotEnoughHistory, match=r"orders were delivered before .* at least 200"):
        learned(PAST, 5)


def test_orders_out_of_time_are_refused() -> None:
    with pytest.raises(ValueError, match="not in the order"):
        History.of(PAST[::-1])
