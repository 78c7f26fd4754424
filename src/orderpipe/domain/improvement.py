"""
What went wrong most in a week, and whether it grows: the causes that an office is written of every Monday.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from zoneinfo import ZoneInfo

from orderpipe.domain.orders import number_of
from orderpipe.domain.reports import Period

LARGEST = 3
"""Causes that one letter names at most."""
WEEKS_BEFORE = 4
"""Weeks that a cause is compared with."""
LETTER_AT = time(7)
"""When the letter is written on Monday, where the shop is."""

_NOTABLE = Decimal("1.25")
_WEEK = timedelta(weeks=1)


class Trouble(StrEnum):
    """The kinds of causes, each with the report that shows it."""

    BREACH = "breach"
    CASE = "case"
    QUESTION = "question"
    CANCELLATION = "cancellation"


class Trend(StrEnum):
    """A week's orders against the average of the weeks before."""

    NEW = "new"
    MORE = "more"
    SAME = "same"
    LESS = "less"


_LOOK = {
    Trouble.BREACH: "orderpipe report breaches --shop {shop} --from {first} --until {last}",
    Trouble.CASE: "orderpipe case list --shop {shop}",
    Trouble.QUESTION: "orderpipe report questions --by rule --shop {shop} --from {first} --until {last}",
    Trouble.CANCELLATION: "orderpipe report cancellations --shop {shop} --from {first} --until {last}",
}


@dataclass(frozen=True, slots=True)
class Cause:
    """
    One cause of trouble at a shop: so many orders in the week, and so many a week before (`usual`); `example` is the newest of them.

    `what` is the stage of a breach, the cause of a case, the rule of a question, the reason of a cancellation; `waits_for` is a breach's.
    """

    shop_id: int
    kind: Trouble
    what: str
    waits_for: str
    orders: int
    usual: Decimal
    example: int

    @property
    def trend(self) -> Trend:
        """Whether it is notably more or less than usual: by a quarter."""
        if not self.usual:
            return Trend.NEW
        if self.orders >= self.usual * _NOTABLE:
            return Trend.MORE
        return Trend.LESS if self.orders * _NOTABLE <= self.usual else Trend.SAME

    def told(self, shop: str, week: Period) -> Mapping[str, object]:
        """What a letter says of it, with the command that shows the rest."""
        return {
            "kind": self.kind, "what": self.what, "waits_for": self.waits_for, "orders": self.orders,
            "usual": f"{self.usual:.1f}".removesuffix(".0"), "trend": self.trend, "example": number_of(self.example),
            "look": _LOOK[self.kind].format(shop=shop, first=week.first, last=week.last),
        }


def last_week(today: date) -> Period:
    """The last week, Monday to Sunday, that was over when this day began."""
    monday = today - timedelta(days=today.weekday())
    return Period(monday - _WEEK, monday - timedelta(days=1))


def next_letter(now: datetime, zone: ZoneInfo) -> datetime:
    """The Monday morning after now, where the shop is."""
    here = now.astimezone(zone)
    monday = datetime.combine(here.date() - timedelta(days=here.weekday()), LETTER_AT, zone)
    return monday if monday > here else datetime.combine(monday.date() + _WEEK, LETTER_AT, zone)
