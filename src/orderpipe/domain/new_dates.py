"""
The date that is promised instead of one that cannot be kept: by the targets, with a reserve that grows, and later than the old one.

Where nobody can say when missing stock comes, there is no date, and none is guessed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from orderpipe.domain.calendars import add_working_days, add_working_time, local_time
from orderpipe.domain.delays import Outlook, Terms, Underway, project
from orderpipe.domain.promises import (
    APPOINTMENT,
    DELIVERIES_BEGIN,
    UNKNOWN_LEAD_DAYS,
    LocationTerms,
    carrier_calendar,
    delivery_day,
    end_of_deliveries,
    step,
)

SPARE_DAYS, MOST_SPARE_DAYS = 1, 8
"""Working days of the carrier in reserve for the first new date, twice as many for each further one, but never more than that."""

SPARE_MINUTES = 480
"""Working minutes in reserve for a service."""

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class NewDate:
    """A date that can be kept (UTC), with the arithmetic as in a first promise; `until_at` None: nobody can name one."""

    from_at: datetime
    until_at: datetime | None
    arithmetic: tuple[Mapping[str, str], ...]


def new_date(one: Underway, terms: Terms, now: datetime, *, nth: int = 1) -> NewDate:
    """The date to promise instead, as the `nth` new one. Raises NoCarrier, NoWorkingTime, UnknownCountry."""
    outlook = project(one, terms, now)
    if outlook is None or (outlook.lapsed and not one.lead_days):
        return NewDate(now, None, (step("stock", "nobody knows when it comes", now),))
    if one.kind == APPOINTMENT or terms.location is None:
        return _of_appointment(one, terms, outlook, now)
    steps: list[Mapping[str, str]] = []
    day = _day(one, terms, terms.location, outlook, steps)
    until = _with_reserve(one, terms.location, day, 0 if one.on_its_way else min(SPARE_DAYS << (nth - 1), MOST_SPARE_DAYS))
    steps.append(step("reserve", "in reserve", until))
    return NewDate(max(local_time(terms.location.time_zone, day, DELIVERIES_BEGIN), now), until, tuple(steps))


def _of_appointment(one: Underway, terms: Terms, outlook: Outlook, now: datetime) -> NewDate:
    done = add_working_time(terms.calendar, outlook.ends_at, terms.following(one))
    until = max(add_working_time(terms.calendar, done, SPARE_MINUTES), one.promised_until + _DAY)
    return NewDate(now, until, (step("perform", "performing the service", done), step("reserve", "in reserve", until)))


def _day(one: Underway, terms: Terms, location: LocationTerms, outlook: Outlook, steps: list[Mapping[str, str]]) -> date:
    """The day on which it arrives by the targets, and how that comes about."""
    if one.on_its_way:
        steps.append(step("carrier", f"{location.carrier}: expected", outlook.ends_at))
        return outlook.ends_at.astimezone(ZoneInfo(location.time_zone)).date()
    if one.awaits_stock:
        steps.append(step("stock", f"not in stock, expected within {one.lead_days or UNKNOWN_LEAD_DAYS} days", outlook.ends_at))
    ready = add_working_time(terms.calendar, outlook.ends_at, terms.following(one))
    steps.append(step("prepare", f"picking and packing: {terms.following(one):g} working minutes more", ready))
    where, days = location.carrier_takes(one.country)
    day = delivery_day(carrier_calendar(location.carrier, location.country, one.country), location, ready, days)
    steps.append(step("carrier", f"{location.carrier}, {where}: {days} working days", end_of_deliveries(location, day)))
    return day


def _with_reserve(one: Underway, location: LocationTerms, day: date, days: int) -> datetime:
    """The end of deliveries so many working days later, and not before the day after the one promised until now."""
    carrier = carrier_calendar(location.carrier, location.country, one.country)
    next_day = one.promised_until.astimezone(ZoneInfo(location.time_zone)).date() + _DAY
    return end_of_deliveries(location, max(add_working_days(carrier, day, days), next_day))
