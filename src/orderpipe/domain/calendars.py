"""
Working time: when a place works, and what instant it is after so many working minutes.

A wall-clock time means the first instant at which the local clock shows it or later; that holds when clocks change, too.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from typing import Any, cast
from zoneinfo import ZoneInfo

import holidays

Shift = tuple[time, time]
"""From, until (wall clock, until excluded); an end not after its start is on the next day, so 00:00 to 00:00 is the whole day."""

Shifts = tuple[Shift, ...]
Week = tuple[Shifts, Shifts, Shifts, Shifts, Shifts, Shifts, Shifts]

WHOLE_DAY: Shifts = ((time(0), time(0)),)
ALWAYS: Week = (WHOLE_DAY,) * 7

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_DAY = timedelta(days=1)
_LONGEST_CLOSURE_DAYS = 800
_LONGEST_MINUTES = 20 * 366 * 1440.0


class NoWorkingTime(ValueError):
    """This calendar has no working time, so no instant comes after any of it."""


class UnknownCountry(ValueError):
    """No public holidays are known for this country."""


class UnreadableCalendar(ValueError):
    """What is written down of this calendar has no meaning."""


@dataclass(frozen=True, slots=True)
class WorkingCalendar:
    """
    When a place works. `hours` has seven entries, Monday first; it is closed on the public holidays of `countries` (ISO 3166-1
    alpha-2, or with a subdivision such as `DE-BY`); `exceptions` by date override both, () is closed.
    """

    code: str
    time_zone: str
    hours: Week
    countries: tuple[str, ...] = ()
    exceptions: Mapping[date, Shifts] = field(default_factory=dict, hash=False)
    never_closed: bool = field(init=False, compare=False)
    _known: dict[date, tuple[tuple[int, int], ...]] = field(init=False, repr=False, compare=False, default_factory=dict)
    """The shifts of days asked about before; a day's shifts never change."""

    def __post_init__(self) -> None:
        always = not self.countries and not self.exceptions and all(shifts == WHOLE_DAY for shifts in self.hours)
        object.__setattr__(self, "never_closed", always)

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "WorkingCalendar":
        """From a row of `calendar`, `hours` by weekday, "0" Monday. Raises UnreadableCalendar and UnknownCountry."""
        try:
            ZoneInfo(row["time_zone"])
            hours = {int(weekday): _shifts_of(shifts) for weekday, shifts in row["hours"].items()}
            exceptions = {date.fromisoformat(day): _shifts_of(shifts) for day, shifts in row["exceptions"].items()}
        except (LookupError, TypeError, ValueError, AttributeError) as unreadable:
            raise UnreadableCalendar(f"{type(unreadable).__name__}: {unreadable}") from unreadable
        if not set(hours) <= set(range(7)):
            raise UnreadableCalendar(f"The weekdays are 0 (Monday) to 6, not {sorted(hours)}.")
        week = [hours.get(weekday, ()) for weekday in range(7)]
        countries = (row["country"],) if row["country"] else ()
        for country in countries:
            check_country(country)
        return cls(row["code"], row["time_zone"], cast(Week, tuple(week)), countries, exceptions)


def add_working_time(calendar: WorkingCalendar, start: datetime, minutes: float) -> datetime:
    """
    The earliest instant (UTC) with `minutes` of working time since `start`; `start` itself for no minutes.

    Raises NoWorkingTime when the calendar never works, ValueError for less than 0 or more than 20 years, or a naive `start`.
    """
    if not 0 <= minutes <= _LONGEST_MINUTES:
        raise ValueError(f"{minutes} working minutes are not between 0 and {_LONGEST_MINUTES:.0f} (20 years).")
    if calendar.never_closed or not minutes:
        return start.astimezone(UTC) + timedelta(minutes=minutes)
    left = round(minutes * 60_000_000)
    for begins, ends in _intervals_from(calendar, _microseconds(start)):
        if left <= ends - begins:
            return _instant(begins + left)
        left -= ends - begins
    raise NoWorkingTime(f"The calendar {calendar.code!r} has no working time after {start:%Y-%m-%d}.")


def working_seconds_between(calendar: WorkingCalendar, start: datetime, end: datetime) -> float:
    """Seconds of working time from `start` until `end`; 0 when `end` is not after `start`."""
    if calendar.never_closed or end <= start:
        return max((end - start).total_seconds(), 0.0)
    until, worked = _microseconds(end), 0
    for begins, ends in _intervals_from(calendar, _microseconds(start), until):
        worked += min(ends, until) - begins
    return worked / 1_000_000


def next_working_instant(calendar: WorkingCalendar, at: datetime) -> datetime:
    """`at` itself (UTC) within working time, else the start of the next shift. Raises NoWorkingTime."""
    if calendar.never_closed:
        return at.astimezone(UTC)
    for begins, _ in _intervals_from(calendar, _microseconds(at)):
        return _instant(begins)
    raise NoWorkingTime(f"The calendar {calendar.code!r} has no working time after {at:%Y-%m-%d}.")


def is_working_day(calendar: WorkingCalendar, day: date) -> bool:
    """Whether a shift starts on this day."""
    return calendar.never_closed or bool(_shifts(calendar, day))


def add_working_days(calendar: WorkingCalendar, day: date, count: int) -> date:
    """
    The `count`-th working day after `day`, or before it for a negative `count`.

    A `day` that is none counts as the next working one in that direction. Raises NoWorkingTime.
    """
    step = _DAY if count >= 0 else -_DAY
    left, closed = abs(count), 0
    while closed <= _LONGEST_CLOSURE_DAYS:
        if not is_working_day(calendar, day):
            closed += 1
        elif not left:
            return day
        else:
            left, closed = left - 1, 0
        day += step
    raise NoWorkingTime(f"The calendar {calendar.code!r} has no working day within two years of {day}.")


def local_time(time_zone: str, day: date, wall: time) -> datetime:
    """The instant (UTC) at which the clocks of this zone first show this time or a later one."""
    return _instant(_clock_shows(ZoneInfo(time_zone), datetime.combine(day, wall)))


def check_country(country: str) -> None:
    """Raise UnknownCountry unless public holidays are known for this country or subdivision."""
    name, _, subdivision = country.partition("-")
    if name not in _countries() or (subdivision and subdivision not in _countries()[name]):
        raise UnknownCountry(f"No public holidays are known for the country {country!r}.")


@lru_cache(maxsize=512)
def public_holidays(country: str, year: int) -> frozenset[date]:
    """The public holidays of a country, or of its subdivision, in a year. Raises UnknownCountry."""
    check_country(country)
    name, _, subdivision = country.partition("-")
    return frozenset(holidays.country_holidays(name, subdiv=subdivision or None, years=year))


def _shifts_of(written: Sequence[Sequence[str]]) -> Shifts:
    """From [["09:00", "17:00"], …]; "24:00" is the midnight that ends the day."""
    return tuple((time.fromisoformat(begins), time.fromisoformat(ends.replace("24:00", "00:00"))) for begins, ends in written)


@cache
def _countries() -> dict[str, list[str]]:
    return holidays.list_supported_countries(include_aliases=False)


def _shifts(calendar: WorkingCalendar, day: date) -> Shifts:
    if day in calendar.exceptions:
        return calendar.exceptions[day]
    if any(day in public_holidays(country, day.year) for country in calendar.countries):
        return ()
    return calendar.hours[day.weekday()]


def _intervals_from(calendar: WorkingCalendar, at: int, until: int | None = None) -> Iterator[tuple[int, int]]:
    """The working intervals after `at` in order, without overlap, up to `until` or to the last there is."""
    day = _instant(at).astimezone(ZoneInfo(calendar.time_zone)).date() - _DAY  # yesterday's night shift may still run
    empty = 0
    while empty <= _LONGEST_CLOSURE_DAYS and day < date.max - 3 * _DAY:
        intervals = calendar._known.get(day)
        if intervals is None:
            intervals = calendar._known[day] = _intervals_of(calendar, day)
        for begins, ends in intervals:
            if until is not None and max(begins, at) >= until:
                return
            if ends > at:
                yield max(begins, at), ends
                at, empty = ends, 0
        day, empty = day + _DAY, empty + 1


def _intervals_of(calendar: WorkingCalendar, day: date) -> tuple[tuple[int, int], ...]:
    zone = ZoneInfo(calendar.time_zone)
    intervals = []
    for begins, ends in _shifts(calendar, day):
        last_day = day if ends > begins else day + _DAY
        first, last = datetime.combine(day, begins), datetime.combine(last_day, ends)
        intervals.append((_clock_shows(zone, first), _clock_shows(zone, last)))
    return tuple(sorted(intervals))


def _clock_shows(zone: ZoneInfo, wall: datetime) -> int:
    """The first instant at which the local clock shows `wall` or later, in microseconds since 1970."""
    at = wall.replace(tzinfo=zone).astimezone(UTC)
    if at.astimezone(zone).replace(tzinfo=None) == wall:
        return _microseconds(at)
    # the clocks skip this time: search the second at which they jump, between the readings by the later and the earlier offset
    before, after = _microseconds(wall.replace(tzinfo=zone, fold=1)) // 1_000_000, _microseconds(at) // 1_000_000
    while after - before > 1:
        middle = (before + after) // 2
        shown = _instant(middle * 1_000_000).astimezone(zone).replace(tzinfo=None)
        before, after = (before, middle) if shown >= wall else (middle, after)
    return after * 1_000_000


def _microseconds(at: datetime) -> int:
    if at.tzinfo is None:
        raise ValueError("An instant needs a time zone.")
    return (at - _EPOCH) // _MICROSECOND


def _instant(microseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=microseconds)
