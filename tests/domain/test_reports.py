"""
The days of a report: whole days where each shop is, and clear words for days that cannot be reported on.
"""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderpipe.domain.reports import BadPeriod, Period, begin_of, period, zone_of

TODAY = date(2026, 11, 24)


def test_without_days_it_is_thirty_up_to_today():
    assert period(None, None, today=TODAY) == Period(date(2026, 10, 26), TODAY)
    assert period(None, date(2026, 1, 31), today=TODAY).days == 30
    assert period(TODAY, None, today=TODAY).days == 1


@pytest.mark.parametrize(("first", "last", "words"), [
    (date(2026, 11, 25), None, "comes after"), (date(2010, 1, 1), date(2026, 1, 1), "ten years"), (None, date(1, 1, 1), "no day"),
    (None, date(9999, 12, 31), "no day"), (date.min, date(2026, 1, 1), "ten years"),
])
def test_days_that_make_no_sense_are_refused_in_words(first: date | None, last: date | None, words: str):
    with pytest.raises(BadPeriod, match=words):
        period(first, last, today=TODAY)


@given(st.dates(date(2001, 1, 1), date(2100, 1, 1)), st.integers(1, 400))
def test_the_days_before_are_as_many_and_end_just_before(first: date, days: int):
    this = Period(first, first + timedelta(days=days - 1))
    assert (this.days, this.before.days, this.before.after) == (days, days, first)


@given(
    st.dates(date(2001, 1, 1), date(2100, 1, 1)), st.sampled_from(["Pacific/Kiritimati", "Pacific/Pago_Pago", "UTC", "Europe/Berlin"]),
)
def test_no_place_begins_or_ends_a_period_outside_its_widest_bounds(first: date, zone: str):
    this = Period(first, first)
    assert this.earliest <= begin_of(first, ZoneInfo(zone)) < begin_of(this.after, ZoneInfo(zone)) <= this.latest


def test_a_zone_that_nobody_knows_is_taken_for_utc():
    assert [zone_of(name).key for name in ("Europe/Berlin", "Mars/Olympus", "", "x" * 999)] == ["Europe/Berlin", "UTC", "UTC", "UTC"]
    assert begin_of(date(2026, 3, 29), zone_of("Europe/Berlin")) == datetime(2026, 3, 28, 23, tzinfo=UTC)
