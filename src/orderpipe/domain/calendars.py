"""
Working time: when a place works, and what instant it is after so many working minutes.

A wall-clock time means the first instant at which the local clock shows it or later; so each day has its shifts, clock change or not.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time

Shift = tuple[time, time]
"""From, until (wall clock, until excluded); an end not after its start is on the next day, so 00:00 to 00:00 is the whole day."""

Shifts = tuple[Shift, ...]


class NoWorkingTime(ValueError):
    """This calendar has no working time, so no instant comes after any of it."""


class UnknownCountry(ValueError):
    """No public holidays are known for this country."""


@dataclass(frozen=True, slots=True)
class WorkingCalendar:
    """
    When a place works. `hours` has seven entries, Monday first; `country` (ISO 3166-1 alpha-2, or with a subdivision
    such as `DE-BY`, "" none) closes on its public holidays; `exceptions` by date override both, () is closed.
    """

    code: str
    time_zone: str
    hours: tuple[Shifts, Shifts, Shifts, Shifts, Shifts, Shifts, Shifts]
    country: str = ""
    exceptions: Mapping[date, Shifts] = field(default_factory=dict, hash=False)


def add_working_time(calendar: WorkingCalendar, start: datetime, minutes: float) -> datetime:
    """
    The earliest instant (UTC) with `minutes` of working time since `start`; `start` itself for no minutes.

    Raises NoWorkingTime when the calendar never works, ValueError for negative minutes or a naive `start`.
    """
    raise NotImplementedError


def working_seconds_between(calendar: WorkingCalendar, start: datetime, end: datetime) -> float:
    """Seconds of working time from `start` until `end`; 0 when `end` is not after `start`."""
    raise NotImplementedError


def next_working_instant(calendar: WorkingCalendar, at: datetime) -> datetime:
    """`at` itself (UTC) within working time, else the start of the next shift. Raises NoWorkingTime."""
    raise NotImplementedError


def is_working_day(calendar: WorkingCalendar, day: date) -> bool:
    """Whether a shift starts on this day."""
    raise NotImplementedError


def add_working_days(calendar: WorkingCalendar, day: date, count: int) -> date:
    """The `count`-th working day after `day`, a `day` that is none counting as the next working one. Raises NoWorkingTime."""
    raise NotImplementedError


def public_holidays(country: str, year: int) -> frozenset[date]:
    """The public holidays of a country in a year. Raises UnknownCountry."""
    raise NotImplementedError
