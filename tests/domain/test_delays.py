"""
Projecting promises: never before now, never better with time, late only when even hurrying is of no use, and no date that cannot be kept.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orderpipe.domain.calendars import WHOLE_DAY, WorkingCalendar, working_seconds_between
from orderpipe.domain.delays import Terms, Underway, Verdict, must_end_by, project
from orderpipe.domain.new_dates import new_date
from orderpipe.domain.promises import LocationTerms
from orderpipe.flow import FulfillmentState, WaitingFor

MONDAY = datetime(2026, 11, 2, 9, tzinfo=UTC)
OFFICE_HOURS = WorkingCalendar.of({
    "code": "standard", "time_zone": "UTC", "hours": {str(day): [["09:00", "17:00"]] for day in range(5)}, "country": "", "exceptions": {},
})
ALWAYS = WorkingCalendar("always", "UTC", (WHOLE_DAY,) * 7)
LONDON = LocationTerms("main", "UTC", "GB", "standard", "parcels", (("same_country", 2), ("abroad", 5)))
TERMS = Terms(OFFICE_HOURS, LONDON, {"planned": 240, "released": 240, "picked": 120, "packed": 120, "performed": 480})
UNTIL = datetime(2026, 11, 5, 20, tzinfo=UTC)
PART = Underway(
    id=1001, order_id=1, shop_id=1, order_type="standard", kind="parcel", state=FulfillmentState.RELEASED, waiting_for=None,
    entered_at=MONDAY, reserved=True, not_before=None, location_id=1, country="GB", lead_days=0, shipped_at=None, carrier_on=None,
    revision=1, promised_until=UNTIL, first_until=UNTIL,
)
HUNGRY = replace(PART, state=FulfillmentState.PLANNED, reserved=False, lead_days=3, promised_until=UNTIL + timedelta(days=5))
GONE = replace(PART, state=FulfillmentState.SHIPPED, shipped_at=MONDAY)
VISIT = replace(PART, kind="appointment", location_id=None, promised_until=MONDAY + timedelta(days=1, hours=8))
SOME = st.sampled_from([
    PART, HUNGRY, GONE, VISIT, replace(HUNGRY, lead_days=0), replace(PART, state=FulfillmentState.PICKED),
    replace(PART, state=FulfillmentState.PACKED), replace(PART, state=FulfillmentState.PLANNED, not_before=MONDAY + timedelta(days=2)),
])
HOURS = st.floats(0, 2_000, allow_nan=False)


def verdict(one: Underway, *, hours: float, was: bool = False) -> Verdict:
    outlook = project(one, TERMS, MONDAY + timedelta(hours=hours))
    assert outlook is not None
    return outlook.verdict(was_at_risk=was)


@settings(deadline=None)
@given(SOME, HOURS, HOURS)
def test_time_makes_nothing_better(one: Underway, first: float, more: float) -> None:
    order = [Verdict.ON_TIME, Verdict.AT_RISK, Verdict.LATE]
    before, after = verdict(one, hours=first), verdict(one, hours=first + more)
    assert order.index(before) <= order.index(after)


@settings(deadline=None)
@given(SOME, HOURS)
def test_nothing_ends_before_now(one: Underway, hours: float) -> None:
    now = MONDAY + timedelta(hours=hours)
    outlook = project(one, TERMS, now)
    assert outlook is not None
    assert outlook.ends_at >= now
    assert outlook.ends_at >= outlook.at_best
    assert outlook.may_until <= outlook.at_best_may_until


@settings(deadline=None)
@given(SOME, HOURS, st.booleans())
def test_what_was_at_risk_is_out_of_it_only_with_time_to_spare(one: Underway, hours: float, was: bool) -> None:
    if verdict(one, hours=hours, was=True) == Verdict.ON_TIME:
        assert verdict(one, hours=hours, was=False) == Verdict.ON_TIME


@settings(deadline=None)
@given(SOME, HOURS, st.integers(1, 6))
def test_a_new_date_is_later_than_the_old_and_can_be_kept(one: Underway, hours: float, nth: int) -> None:
    now = MONDAY + timedelta(hours=hours)
    date = new_date(one, TERMS, now, nth=nth)
    if date.until_at is None:
        assert one.awaits_stock
        assert one.lead_days == 0
        return
    assert date.until_at > max(one.promised_until, now)
    assert date.from_at <= date.until_at
    then = project(replace(one, promised_until=date.until_at), TERMS, now)
    assert then is not None
    assert then.verdict(was_at_risk=False) == Verdict.ON_TIME


@settings(deadline=None)
@given(SOME, HOURS)
def test_no_look_is_needed_before_the_one_that_was_planned(one: Underway, hours: float) -> None:
    now = MONDAY + timedelta(hours=hours)
    outlook = project(one, TERMS, now)
    assert outlook is not None
    then = outlook.look_again(found := outlook.verdict(was_at_risk=False), now=now)
    if found == Verdict.ON_TIME and then > now + timedelta(minutes=6):
        assert verdict(one, hours=(then - MONDAY).total_seconds() / 3600 - 0.01) == Verdict.ON_TIME


@settings(deadline=None)
@given(st.floats(0, 20_000, allow_nan=False), st.integers(0, 400), st.sampled_from([OFFICE_HOURS, ALWAYS]))
def test_the_last_instant_leaves_just_the_time_that_is_needed(minutes: float, hours: int, calendar: WorkingCalendar) -> None:
    latest = MONDAY + timedelta(days=30, hours=hours)
    instant = must_end_by(calendar, latest, minutes)
    assert working_seconds_between(calendar, instant, latest) >= minutes * 60 - 0.001
    assert working_seconds_between(calendar, instant + timedelta(seconds=2), latest) <= max(minutes * 60, 0.001)


@pytest.mark.parametrize(("one", "hours", "expected"), [
    (PART, 0, Verdict.ON_TIME),
    (PART, 28.5, Verdict.AT_RISK),  # Tuesday afternoon: by its targets it leaves on Wednesday
    (PART, 31.5, Verdict.LATE),  # nobody packs it before the end of work any more
    (HUNGRY, 71, Verdict.ON_TIME),
    (GONE, 83.5, Verdict.AT_RISK),  # the carrier has until the evening, and its word may come later
    (GONE, 96, Verdict.LATE),
])
def test_judges_as_a_person_would(one: Underway, hours: float, expected: Verdict) -> None:
    assert verdict(one, hours=hours) == expected


def test_says_nothing_about_what_waits_for_the_customers_money() -> None:
    assert project(replace(PART, waiting_for=WaitingFor.PAYMENT), TERMS, MONDAY) is None


def test_keeps_the_arithmetic() -> None:
    date = new_date(replace(HUNGRY, lead_days=20), TERMS, MONDAY)
    assert [one["step"] for one in date.arithmetic] == ["stock", "prepare", "carrier", "reserve"]
