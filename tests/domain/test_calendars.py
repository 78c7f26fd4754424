"""
Working time, checked against a clock that steps minute by minute, over clock changes and skipped days.
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orderpipe.domain.calendars import (
    ALWAYS,
    NoWorkingTime,
    Shifts,
    UnknownCountry,
    Week,
    WorkingCalendar,
    add_working_days,
    add_working_time,
    is_working_day,
    local_time,
    next_working_instant,
    public_holidays,
    working_seconds_between,
)

MINUTE = timedelta(minutes=1)
OFFICE: Week = (*((((time(9), time(17)),),) * 5), (), ())
LONDON = WorkingCalendar("office", "Europe/London", OFFICE, ("GB",))
UTC_OFFICE = WorkingCalendar("office", "UTC", OFFICE)
ROUND_THE_CLOCK = WorkingCalendar("always", "UTC", ALWAYS)
NEVER = WorkingCalendar("never", "UTC", ((), (), (), (), (), (), ()))

CLOCK_CHANGES = (
    ("Europe/London", date(2026, 3, 29)), ("Europe/London", date(2026, 10, 25)), ("America/New_York", date(2026, 3, 8)),
    ("America/New_York", date(2026, 11, 1)),
    ("Australia/Lord_Howe", date(2026, 4, 5)), ("Australia/Lord_Howe", date(2026, 10, 4)),
    ("America/Havana", date(2026, 3, 8)), ("Asia/Beirut", date(2026, 3, 29)), ("Pacific/Apia", date(2011, 12, 30)),
    ("Asia/Shanghai", date(2026, 7, 1)), ("Asia/Kathmandu", date(2026, 7, 1)),
)
quarters = st.integers(0, 95).map(lambda number: time(number // 4, number % 4 * 15))
shifts = st.lists(st.tuples(quarters, quarters), max_size=2).map(tuple)
weeks = st.tuples(*[shifts] * 7)
places = st.sampled_from(CLOCK_CHANGES)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


class SteppingClock:
    """The slow reference: which minutes of the ten days around a clock change are working ones."""

    def __init__(self, calendar: WorkingCalendar, around: date) -> None:
        self.begins, shown = _minutes_around(calendar.time_zone, around)
        self.works = [False] * len(shown)
        for offset in range(-5, 5):  # a shift of 24 hours that begins on the first of them still lasts when the tests begin
            day = around + timedelta(days=offset)
            for first, last in calendar.exceptions.get(day, calendar.hours[day.weekday()]):
                end = datetime.combine(day if last > first else day + timedelta(days=1), last)
                for place in range(_first_showing(shown, datetime.combine(day, first)), _first_showing(shown, end)):
                    self.works[place] = True

    def add(self, start: datetime, minutes: int) -> datetime | None:
        place = (start - self.begins) // MINUTE
        while minutes and place < len(self.works):
            minutes -= self.works[place]
            place += 1
        return None if minutes else self.begins + place * MINUTE

    def minutes_between(self, start: datetime, end: datetime) -> int:
        return sum(self.works[(start - self.begins) // MINUTE : (end - self.begins) // MINUTE])


@cache
def _minutes_around(time_zone: str, around: date) -> tuple[datetime, list[datetime]]:
    begins = datetime.combine(around, time(0), UTC) - timedelta(days=5)
    zone = ZoneInfo(time_zone)
    return begins, [(begins + place * MINUTE).astimezone(zone).replace(tzinfo=None) for place in range(10 * 1440)]


def _first_showing(shown: list[datetime], wall: datetime) -> int:
    guess = max(0, (wall - shown[0]) // MINUTE - 26 * 60)
    return next((place for place in range(guess, len(shown)) if shown[place] >= wall), len(shown))


@settings(max_examples=150, deadline=None)
@given(places, weeks, shifts, st.integers(0, 5 * 1440), st.integers(0, 3000))
def test_agrees_with_a_clock_that_steps_minute_by_minute(
    place: tuple[str, date], week: Week, exception: Shifts, offset: int, minutes: int
) -> None:
    time_zone, day = place
    calendar = WorkingCalendar("any", time_zone, week, exceptions={day: exception})
    clock = SteppingClock(calendar, day)
    start = clock.begins + timedelta(days=2) + offset * MINUTE
    expected = clock.add(start, minutes)
    horizon = clock.begins + timedelta(days=8)  # the reference knows the shifts of ten days, the last of which it may cut
    if expected is not None and expected < horizon:
        assert add_working_time(calendar, start, minutes) == expected
    assert working_seconds_between(calendar, start, horizon) == 60 * clock.minutes_between(start, horizon)


@settings(max_examples=100, deadline=None)
@given(places, weeks, st.integers(0, 5 * 1440), st.floats(0.01, 20000))
def test_adds_exactly_the_working_time_that_lies_between(
    place: tuple[str, date], week: Week, offset: int, minutes: float
) -> None:
    time_zone, day = place
    calendar = WorkingCalendar("any", time_zone, week)
    start = datetime.combine(day, time(0), UTC) + offset * MINUTE - timedelta(days=3)
    if any(week):
        end = add_working_time(calendar, start, minutes)
        assert working_seconds_between(calendar, start, end) == pytest.approx(60 * minutes, abs=1e-5)
        assert working_seconds_between(calendar, start, end - timedelta(microseconds=1)) < 60 * minutes
        assert next_working_instant(calendar, end - timedelta(microseconds=1)) < end


def test_counts_no_minutes_of_a_zero_target() -> None:
    assert add_working_time(LONDON, utc("2026-01-03T12:00"), 0) == utc("2026-01-03T12:00")


def test_gives_an_end_within_the_shift_rather_than_the_next_morning() -> None:
    assert add_working_time(UTC_OFFICE, utc("2026-01-05T09:00"), 480) == utc("2026-01-05T17:00")


def test_goes_on_after_the_weekend() -> None:
    assert add_working_time(UTC_OFFICE, utc("2026-01-02T16:00"), 90) == utc("2026-01-05T09:30")


def test_keeps_to_the_local_clock_when_summer_time_begins() -> None:
    assert add_working_time(LONDON, utc("2026-03-27T16:00"), 120) == utc("2026-03-30T09:00")


def test_closes_on_public_holidays() -> None:
    assert not is_working_day(LONDON, date(2026, 12, 25))
    assert add_working_time(LONDON, utc("2026-12-24T16:00"), 120) == utc("2026-12-29T10:00")


def test_lets_an_exception_open_a_holiday_and_close_a_working_day() -> None:
    exceptions: dict[date, Shifts] = {date(2026, 12, 25): ((time(10), time(11)),), date(2026, 12, 24): ()}
    calendar = WorkingCalendar("office", "Europe/London", OFFICE, ("GB",), exceptions)
    assert add_working_time(calendar, utc("2026-12-23T17:00"), 30) == utc("2026-12-25T10:30")


def test_counts_a_night_shift_with_the_hour_that_the_clocks_take_away() -> None:
    night = WorkingCalendar("night", "Europe/London", (((time(22), time(6)),),) * 7)
    assert working_seconds_between(night, utc("2026-03-28T20:00"), utc("2026-03-29T12:00")) == 7 * 3600
    assert working_seconds_between(night, utc("2026-10-24T20:00"), utc("2026-10-25T12:00")) == 9 * 3600


def test_counts_overlapping_shifts_once() -> None:
    calendar = WorkingCalendar("two", "UTC", (((time(20), time(8)), (time(6), time(14))),) * 7)
    assert working_seconds_between(calendar, utc("2026-01-05T00:00"), utc("2026-01-06T00:00")) == 18 * 3600


def test_needs_no_arithmetic_around_the_clock() -> None:
    assert add_working_time(ROUND_THE_CLOCK, utc("2026-01-03T12:00"), 2880) == utc("2026-01-05T12:00")
    assert next_working_instant(ROUND_THE_CLOCK, utc("2026-01-03T12:00")) == utc("2026-01-03T12:00")


def test_says_when_a_calendar_never_works() -> None:
    with pytest.raises(NoWorkingTime, match="'never' has no working time"):
        add_working_time(NEVER, utc("2026-01-03T12:00"), 1)
    with pytest.raises(NoWorkingTime):
        next_working_instant(NEVER, utc("2026-01-03T12:00"))
    with pytest.raises(NoWorkingTime):
        add_working_days(NEVER, date(2026, 1, 3), 1)
    assert working_seconds_between(NEVER, utc("2026-01-03T12:00"), utc("2030-01-03T12:00")) == 0


@pytest.mark.parametrize("minutes", [-1, float("nan"), float("inf"), 1e12])
def test_refuses_minutes_that_mean_nothing(minutes: float) -> None:
    with pytest.raises(ValueError, match="working minutes"):
        add_working_time(LONDON, utc("2026-01-03T12:00"), minutes)


def test_refuses_an_instant_without_time_zone() -> None:
    with pytest.raises(ValueError, match="time zone"):
        add_working_time(LONDON, datetime.fromisoformat("2026-01-03T12:00"), 5)


def test_counts_no_time_backwards() -> None:
    assert working_seconds_between(LONDON, utc("2026-01-06T12:00"), utc("2026-01-05T12:00")) == 0


def test_counts_working_days_from_the_next_one_when_the_day_is_none() -> None:
    saturday = date(2026, 1, 3)
    assert add_working_days(LONDON, saturday, 0) == date(2026, 1, 5)
    assert add_working_days(LONDON, saturday, 2) == date(2026, 1, 7)
    assert add_working_days(LONDON, date(2026, 1, 2), 1) == date(2026, 1, 5)
    assert add_working_days(LONDON, date(2026, 1, 6), -2) == date(2026, 1, 2)


def test_knows_the_holidays_of_a_subdivision() -> None:
    assert date(2026, 1, 6) in public_holidays("DE-BY", 2026)
    assert date(2026, 1, 6) not in public_holidays("DE", 2026)


@pytest.mark.parametrize("country", ["XX", "DE-XX", "Germany"])
def test_says_when_it_does_not_know_the_country(country: str) -> None:
    with pytest.raises(UnknownCountry, match=country):
        public_holidays(country, 2026)


def test_reads_a_skipped_wall_clock_time_as_the_moment_the_clocks_jump() -> None:
    assert local_time("Europe/London", date(2026, 3, 29), time(1, 30)) == utc("2026-03-29T01:00")
    assert local_time("Pacific/Apia", date(2011, 12, 30), time(9)) == utc("2011-12-30T10:00")
