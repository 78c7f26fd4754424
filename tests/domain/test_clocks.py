"""
Clocks of time targets, checked against a slow one that steps through the minutes and asks of each whether it counts.

The slow one knows no intervals: a minute counts when the wall clock shows working time and nobody else has the turn.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orderpipe.domain.calendars import ALWAYS, Week, WorkingCalendar, public_holidays, working_seconds_between
from orderpipe.domain.clocks import Clock, Span, joined, without

MINUTE = timedelta(minutes=1)
OFFICE: Week = (*((((time(9), time(17)),),) * 5), (), ())
NIGHT: Week = (((time(22), time(6)),),) * 7
TWO_SHIFTS: Week = (*((((time(6), time(14)), (time(14), time(22))),) * 5), ((time(22), time(4)),), ())

PLACES = (
    ("Europe/London", date(2026, 3, 29), "GB"), ("Europe/Berlin", date(2026, 10, 25), "DE"), ("America/New_York", date(2026, 11, 1), "US"),
    ("America/New_York", date(2026, 3, 8), "US"), ("Australia/Lord_Howe", date(2026, 4, 5), "AU"),
    ("Asia/Shanghai", date(2026, 10, 1), "CN"),
    ("Asia/Kathmandu", date(2026, 7, 1), ""), ("America/Havana", date(2026, 3, 8), ""), ("Europe/London", date(2026, 12, 25), "GB"),
)
places = st.sampled_from(PLACES)
weeks = st.sampled_from((OFFICE, NIGHT, TWO_SHIFTS, ALWAYS))
offsets = st.integers(0, 4 * 1440)
pauses = st.lists(st.tuples(offsets, st.one_of(st.none(), st.integers(0, 2 * 1440))), max_size=4)


def begins(day: date) -> datetime:
    return datetime.combine(day, time(0), UTC) - timedelta(days=2)


def spans(day: date, given: Sequence[tuple[int, int | None]]) -> tuple[Span, ...]:
    start = begins(day)
    return tuple((start + at * MINUTE, None if length is None else start + (at + length) * MINUTE) for at, length in given)


@cache
def shown(time_zone: str, at: datetime) -> datetime:
    return at.astimezone(ZoneInfo(time_zone)).replace(tzinfo=None)


class SlowClock:
    """The reference: minute by minute, from the wall clock alone."""

    def __init__(self, calendar: WorkingCalendar, since: datetime, pauses: Sequence[Span], now: datetime) -> None:
        self.calendar, self.since, self.pauses, self.now = calendar, since, pauses, now

    def reaches(self, minutes: int, horizon: datetime) -> datetime | None:
        at, left = self.since, minutes
        while left and at < horizon:
            left -= self._counts(at)
            at += MINUTE
        return None if left else at

    def _counts(self, at: datetime) -> bool:
        return self._works(at) and not any(begin <= at and at < (self.now if end is None else end) for begin, end in self.pauses)

    def _works(self, at: datetime) -> bool:
        wall = shown(self.calendar.time_zone, at)
        return any(self._in_a_shift_of(wall.date() - timedelta(days=back), wall) for back in (0, 1))

    def _in_a_shift_of(self, day: date, wall: datetime) -> bool:
        if day in self.calendar.exceptions:
            shifts = self.calendar.exceptions[day]
        elif any(day in public_holidays(country, day.year) for country in self.calendar.countries):
            shifts = ()
        else:
            shifts = self.calendar.hours[day.weekday()]
        return any(
            datetime.combine(day, first) <= wall < datetime.combine(day if last > first else day + timedelta(days=1), last)
            for first, last in shifts
        )


@settings(max_examples=120, deadline=None)
@given(places, weeks, st.booleans(), pauses, offsets, st.integers(0, 1500))
def test_agrees_with_a_clock_that_steps_minute_by_minute(
    place: tuple[str, date, str], week: Week, closed: bool, paused: list[tuple[int, int | None]], offset: int, minutes: int
) -> None:
    time_zone, day, country = place
    exceptions = {day: ()} if closed else {}
    calendar = WorkingCalendar("any", time_zone, week, (country,) if country else (), exceptions)
    since, now = begins(day) + offset * MINUTE, begins(day) + timedelta(days=7)
    clock = Clock(calendar, since, spans(day, paused))
    horizon = now + timedelta(days=4)
    expected = SlowClock(calendar, since, clock.pauses, now).reaches(minutes, horizon)
    found = clock.reaches(minutes, now)
    if expected is None:
        assert found >= horizon or found >= now
    elif minutes:
        assert found == expected


@settings(deadline=None)
@given(places, weeks, pauses, offsets, st.integers(1, 1500), st.integers(0, 4 * 1440))
def test_is_never_reached_earlier_for_an_edit_a_pause_or_a_look(
    place: tuple[str, date, str], week: Week, paused: list[tuple[int, int | None]], offset: int, minutes: int, later: int
) -> None:
    """What was read at one instant holds at every later one, or comes later: a look may wait until then."""
    time_zone, day, _ = place
    calendar = WorkingCalendar("any", time_zone, week)
    since, now = begins(day) + offset * MINUTE, begins(day) + timedelta(days=5)
    clock = Clock(calendar, since, spans(day, paused))
    assert Clock(calendar, since).reaches(minutes, now) <= clock.reaches(minutes, now) <= clock.reaches(minutes, now + later * MINUTE)


@settings(deadline=None)
@given(places, weeks, pauses, offsets, st.integers(1, 1500))
def test_has_worked_its_minutes_when_it_says_so(
    place: tuple[str, date, str], week: Week, paused: list[tuple[int, int | None]], offset: int, minutes: int
) -> None:
    time_zone, day, _ = place
    calendar, now = WorkingCalendar("any", time_zone, week), begins(day) + timedelta(days=6)
    ended = [(at, length or 0) for at, length in paused]
    clock = Clock(calendar, begins(day) + offset * MINUTE, spans(day, ended))
    reached = clock.reaches(minutes, now)
    assert worked_seconds(clock, reached) == pytest.approx(minutes * 60, abs=1e-4)
    assert worked_seconds(clock, reached - timedelta(seconds=1)) < minutes * 60


def worked_seconds(clock: Clock, now: datetime) -> float:
    """What it has counted by now, span by span."""
    spans = without([(clock.since, now)], clock.pauses)
    return sum(working_seconds_between(clock.calendar, begins, ends or now) for begins, ends in spans)


def test_a_holiday_added_later_moves_what_is_due() -> None:
    monday = datetime(2026, 11, 2, 16, tzinfo=UTC)
    before = WorkingCalendar("office", "UTC", OFFICE)
    after = WorkingCalendar("office", "UTC", OFFICE, exceptions={date(2026, 11, 3): ()})
    assert Clock(before, monday).reaches(120, monday) == datetime(2026, 11, 3, 10, tzinfo=UTC)
    assert Clock(after, monday).reaches(120, monday) == datetime(2026, 11, 4, 10, tzinfo=UTC)


def test_what_was_missed_before_a_pause_stays_missed() -> None:
    start = datetime(2026, 11, 2, 9, tzinfo=UTC)
    clock = Clock(WorkingCalendar("office", "UTC", OFFICE), start, ((start + timedelta(hours=2), None),))
    assert clock.reaches(60, start + timedelta(days=3)) == start + timedelta(hours=1)
    assert clock.stands


def test_stands_until_the_one_who_is_waited_for_has_answered() -> None:
    start = datetime(2026, 11, 2, 9, tzinfo=UTC)
    clock = Clock(WorkingCalendar("office", "UTC", OFFICE), start, ((start + timedelta(minutes=30), None),))
    for days in (0, 1, 2):
        now = start + timedelta(hours=2, days=days)
        assert clock.reaches(60, now) == now + timedelta(minutes=30)


times = st.lists(st.tuples(st.integers(0, 50), st.one_of(st.none(), st.integers(0, 20))), max_size=5)


@given(times, times)
def test_spans_without_others_are_what_is_left_minute_by_minute(
    some: list[tuple[int, int | None]], others: list[tuple[int, int | None]]
) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)

    def made(given: list[tuple[int, int | None]]) -> list[Span]:
        return [(start + at * MINUTE, None if length is None else start + (at + length) * MINUTE) for at, length in given]

    def lies_in(at: datetime, given: Sequence[Span]) -> bool:
        return any(begin <= at and (end is None or at < end) for begin, end in given)

    left = without(made(some), made(others))
    for minute in range(100):
        at = start + minute * MINUTE
        assert lies_in(at, left) == (lies_in(at, made(some)) and not lies_in(at, made(others)))
    assert left == joined(left)
