"""
The delivery date: what it is made of, and when there is none.
"""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderpipe.domain.calendars import Week, WorkingCalendar, working_seconds_between
from orderpipe.domain.promises import FulfillmentPlan, LocationTerms, NoFeasibleDate, promise_for, reason_for_no_date
from orderpipe.domain.targets import OrderType, Policies
from orderpipe.flow import Lane

NOW = datetime(2026, 1, 5, 10, tzinfo=UTC)  # a Monday
OFFICE: Week = (*((((time(9), time(17)),),) * 5), (), ())
TARGETS = {"planned": 120, "released": 120, "picked": 60, "packed": 60, "performed": 960}
LONDON = WorkingCalendar("london", "Europe/London", OFFICE, ("GB",))
POLICIES = Policies(
    {(0, "standard"): OrderType("standard", Lane.STANDARD, False, "london", TARGETS)},
    {(0, "standard"): LONDON, (0, "london"): LONDON, (0, "never"): WorkingCalendar("never", "UTC", ((),) * 7)},
    {(0, "torn"): "it has no hours."},
)
LON = LocationTerms("LON", "Europe/London", "GB", "london", "orderpipe-parcel", (("same_country", 2), ("abroad", 5)))
PLAN = FulfillmentPlan(1, "standard", "parcel", ship_to_country="GB")
SERVICE = FulfillmentPlan(1, "standard", "appointment")


def promised(plan: FulfillmentPlan = PLAN, location: LocationTerms | None = LON, now: datetime = NOW) -> Any:
    return promise_for(plan, policies=POLICIES, location=location, now=now)


def reason(plan: FulfillmentPlan = PLAN, location: LocationTerms | None = LON) -> str | None:
    return reason_for_no_date(plan, policies=POLICIES, location=location, now=NOW)


def test_adds_the_work_and_the_carrier_s_working_days() -> None:
    promise = promised()
    assert (promise.from_at, promise.until_at) == (datetime(2026, 1, 7, 8, tzinfo=UTC), datetime(2026, 1, 7, 20, tzinfo=UTC))
    assert promise.not_before is None


def test_keeps_the_arithmetic_in_words() -> None:
    assert promised(replace(PLAN, ship_to_country="FR")).arithmetic == (
        {"step": "prepare", "detail": "picking and packing: 360 working minutes at LON", "until": "2026-01-05T16:00:00+00:00"},
        {"step": "carrier", "detail": "orderpipe-parcel, abroad: 5 working days", "until": "2026-01-12T20:00:00+00:00"},
    )


def test_delivers_on_no_holiday_of_either_country() -> None:
    christmas = datetime(2026, 12, 21, 10, tzinfo=UTC)
    assert promised(now=christmas).until_at.date() == date(2026, 12, 23)
    assert promised(replace(PLAN, ship_to_country="FR"), now=christmas).until_at.date() == date(2026, 12, 30)


def test_goes_to_a_country_whose_holidays_nobody_knows() -> None:
    assert promised(replace(PLAN, ship_to_country="ZZ")).until_at.date() == date(2026, 1, 12)


def test_prefers_the_carrier_s_days_to_the_very_country() -> None:
    near = replace(LON, carrier_days=(("abroad", 5), ("FR", 3)))
    assert promised(replace(PLAN, ship_to_country="FR"), near).until_at.date() == date(2026, 1, 8)


def test_waits_for_stock_that_is_not_reserved() -> None:
    promise = promised(replace(PLAN, reserved=False, lead_days=7))
    assert promise.until_at.date() == date(2026, 1, 14)
    assert promise.arithmetic[0] == {
        "step": "stock", "detail": "not in stock at LON: expected in 7 days", "until": "2026-01-12T10:00:00+00:00",
    }


def test_assumes_a_lead_time_where_the_product_says_none() -> None:
    promise = promised(replace(PLAN, reserved=False))
    assert "no lead time known, 14 days assumed" in promise.arithmetic[0]["detail"]


def test_delivers_on_the_requested_day_and_starts_only_when_it_has_to() -> None:
    promise = promised(replace(PLAN, requested_on=date(2026, 2, 6)))
    assert promise.from_at == datetime(2026, 2, 6, 8, tzinfo=UTC)
    assert promise.not_before == datetime(2026, 2, 4, tzinfo=UTC)
    assert promise.arithmetic[-1]["detail"] == "not before 2026-02-06"


def test_delivers_on_the_next_working_day_when_a_sunday_was_requested() -> None:
    assert promised(replace(PLAN, requested_on=date(2026, 2, 8))).until_at.date() == date(2026, 2, 9)


def test_promises_a_later_day_than_one_it_cannot_keep() -> None:
    assert promised(replace(PLAN, requested_on=date(2026, 1, 6))) == promised()


def test_delivers_the_same_day_only_while_there_is_time() -> None:
    courier = replace(LON, carrier_days=(("same_country", 0),), calendar="standard")
    assert promised(location=courier).until_at == datetime(2026, 1, 5, 20, tzinfo=UTC)
    tokyo = replace(courier, time_zone="Asia/Tokyo")  # ready at 01:00 of the next day there
    assert promised(location=tokyo).until_at == datetime(2026, 1, 6, 20, tzinfo=ZoneInfo("Asia/Tokyo"))


def test_asks_no_carrier_for_an_appointment() -> None:
    promise = promised(SERVICE, None)
    assert promise.from_at == datetime(2026, 1, 5, 12, tzinfo=UTC)
    assert promise.until_at == datetime(2026, 1, 7, 12, tzinfo=UTC)
    assert [step["step"] for step in promise.arithmetic] == ["plan", "perform"]


def test_makes_the_appointment_for_the_requested_day() -> None:
    promise = promised(replace(SERVICE, requested_on=date(2026, 2, 6)), None)
    assert (promise.not_before, promise.from_at) == (datetime(2026, 2, 6, tzinfo=UTC), datetime(2026, 2, 6, 9, tzinfo=UTC))


@pytest.mark.parametrize(
    ("plan", "location", "sentence"),
    [
        (replace(PLAN, requested_on=date(2026, 1, 3)), LON, "The requested date 2026-01-03 has passed."),
        (replace(PLAN, requested_on=date(2028, 1, 3)), LON, "more than 400 days ahead"),
        (replace(PLAN, requested_on=date.max), LON, "more than 400 days ahead"),
        (replace(PLAN, reserved=False, lead_days=10**9), LON, "more than two years"),
        (PLAN, replace(LON, calendar="never"), "'never' has no working time"),
        (PLAN, replace(LON, calendar="torn"), "cannot be read: it has no hours"),
        (PLAN, replace(LON, time_zone="Mars/Olympus"), "time zone of the location is not known"),
        (PLAN, replace(LON, carrier_days=(("abroad", 5),)), "No carrier takes parcels from LON to GB"),
        (PLAN, None, "not known from where the goods leave"),
    ],
)
def test_says_why_there_is_no_date(plan: FulfillmentPlan, location: LocationTerms | None, sentence: str) -> None:
    assert sentence in (reason(plan, location) or "")
    with pytest.raises(NoFeasibleDate, match=re.escape(sentence)):
        promised(plan, location)


def test_gives_no_reason_where_there_is_a_date() -> None:
    assert reason() is None
    assert reason(replace(PLAN, requested_on=date(2026, 1, 4))) is None  # it may have waited over midnight


def test_reads_the_terms_of_a_location_s_row() -> None:
    row = {
        "code": "LON", "time_zone": "Europe/London", "country": "GB", "calendar": "london", "carrier": "orderpipe-parcel",
        "carrier_days": {"same_country": 2, "abroad": 5},
    }
    assert LocationTerms.of(row) == LON


requests = st.none() | st.dates(date(2026, 1, 5), date(2026, 6, 30))


@given(requests, st.booleans(), st.integers(0, 60), st.sampled_from(["GB", "FR", "CN", ""]))
def test_leaves_time_for_the_work_whenever_it_may_start(
    requested_on: date | None, reserved: bool, lead_days: int, country: str
) -> None:
    promise = promised(replace(PLAN, requested_on=requested_on, reserved=reserved, lead_days=lead_days, ship_to_country=country))
    assert NOW < promise.from_at < promise.until_at
    assert promise.until_at.weekday() < 5
    assert requested_on is None or promise.until_at.date() >= requested_on
    start = promise.not_before or NOW
    assert working_seconds_between(LONDON, start, promise.until_at) >= 360 * 60
