"""
What a week's letter is about and when it comes: the last whole week, on Monday morning where the shop is.
"""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderpipe.domain.improvement import Cause, Trend, Trouble, last_week, next_letter
from orderpipe.domain.reports import Period

ZONES = st.sampled_from(["UTC", "Pacific/Auckland", "America/Los_Angeles", "America/Havana", "Europe/Berlin"]).map(ZoneInfo)
MOMENTS = st.integers(0, 10 * 365 * 86400).map(lambda seconds: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds))


@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)))
def test_the_last_week_is_whole_and_over(today: date):
    week = last_week(today)
    assert (week.first.weekday(), week.days) == (0, 7)
    assert week.last < today <= week.last + timedelta(days=7)


@given(MOMENTS, ZONES)
def test_the_next_letter_comes_on_a_monday_morning_within_a_week(now: datetime, zone: ZoneInfo):
    at = next_letter(now, zone)
    here = at.astimezone(zone)
    assert now < at <= now + timedelta(days=7, hours=1)
    assert (here.weekday(), here.hour) == (0, 7)
    assert last_week(here.date()).last == here.date() - timedelta(days=1)


@pytest.mark.parametrize(("orders", "usual", "trend"), [
    (3, "0", Trend.NEW), (5, "4", Trend.MORE), (4, "4", Trend.SAME), (4, "5", Trend.LESS), (5, "4.5", Trend.SAME), (1, "0.25", Trend.MORE),
])
def test_a_quarter_more_or_less_is_a_trend(orders: int, usual: str, trend: Trend):
    cause = Cause(1, Trouble.CASE, "damaged", "", orders, Decimal(usual), 42)
    assert cause.trend == trend


def test_a_cause_says_what_it_was_and_where_to_look():
    cause = Cause(1, Trouble.BREACH, "picked", "pack-scans", 8, Decimal("4.25"), 42)
    assert cause.told("demo", Period(date(2026, 11, 2), date(2026, 11, 8))) == {
        "kind": "breach", "what": "picked", "waits_for": "pack-scans", "orders": 8, "usual": "4.2", "trend": "more", "example": "100042-1",
        "look": "orderpipe report breaches --shop demo --from 2026-11-02 --until 2026-11-08",
    }
