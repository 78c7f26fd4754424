"""
What a report is asked: which days, whose orders, and what it is grouped by; the days are those of each shop's own time zone.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_DAY = timedelta(days=1)
_WIDEST_ZONE = timedelta(hours=15)
"""No place's clock is further from UTC."""

USUAL_DAYS = 30
"""What a report covers that is not asked for any days: so many up to today."""
LONGEST_DAYS = 3660
"""Days that a report covers at most."""


class By(StrEnum):
    """What figures may be grouped by."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    SHOP = "shop"
    TYPE = "type"
    LOCATION = "location"
    RULE = "rule"


class BadPeriod(ValueError):
    """These days cannot be reported on."""


class CannotGroup(ValueError):
    """This report cannot be grouped so."""


class UnknownReport(LookupError):
    """There is no such report."""


@dataclass(frozen=True, slots=True)
class Period:
    """From the beginning of one day to the end of another, where each shop is."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.last - self.first).days + 1

    @property
    def before(self) -> "Period":
        """As many days, just before."""
        return Period(self.first - self.days * _DAY, self.first - _DAY)

    @property
    def after(self) -> date:
        """The first day that no longer belongs to it."""
        return self.last + _DAY

    @property
    def earliest(self) -> datetime:
        """It has begun nowhere on earth before this instant (UTC)."""
        return datetime.combine(self.first, time(), UTC) - _WIDEST_ZONE

    @property
    def latest(self) -> datetime:
        """It is over everywhere on earth at this instant (UTC)."""
        return datetime.combine(self.after, time(), UTC) + _WIDEST_ZONE


def period(first: date | None, last: date | None, *, today: date) -> Period:
    """The days from the first to the last; without a last one until today, without a first one thirty days. Raises BadPeriod."""
    last = last or today
    if not date(2000, 1, 1) <= last <= date(2200, 1, 1):
        raise BadPeriod(f"{last} is no day that orders come from.")
    first = first or last - (USUAL_DAYS - 1) * _DAY
    if first > last:
        raise BadPeriod(f"The first day {first} comes after the last day {last}.")
    if (last - first).days >= LONGEST_DAYS:
        raise BadPeriod(f"A report covers ten years at most; {first} to {last} is more.")
    return Period(first, last)


def zone_of(name: str) -> ZoneInfo:
    """The time zone of this name; UTC where there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: a name too long for a file
        return ZoneInfo("UTC")


def begin_of(day: date, zone: ZoneInfo) -> datetime:
    """The instant (UTC) at which this day begins there."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


NOT_OURS = ("customer", "declined", "fraud", "unanswered", "unpaid")
"""Reasons of cancellations after which nothing was to be delivered any more; after any other we did not keep our word."""
