"""
What a shop's cases are measured by: working minutes for each clock, and the terms of returns and ratings.

The most particular target counts: the shop's before everybody's, that of a kind before that of an order type.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from orderpipe.domain.calendars import add_working_time
from orderpipe.domain.cases import SOON, Clocks, Kind
from orderpipe.domain.targets import EVERYBODY, Policies

ANY = ""
"""In place of an order type or a kind: whichever."""

_DAY = 480.0


@dataclass(frozen=True, slots=True)
class Target:
    """Working minutes until a case is to be acknowledged, and until it is to be answered."""

    acknowledge: float
    resolve: float


DEFAULTS: Mapping[str, Target] = {
    ANY: Target(_DAY, 5 * _DAY), Kind.ENQUIRY: Target(_DAY, 2 * _DAY), Kind.CLAIM: Target(_DAY, 3 * _DAY),
    Kind.WITHDRAWAL: Target(_DAY, 10 * _DAY), Kind.RETURN: Target(_DAY, 10 * _DAY),
}


@dataclass(frozen=True, slots=True)
class Targets:
    """The targets that shops have set, by (shop, order type, kind)."""

    set: Mapping[tuple[int, str, str], Target] = field(default_factory=dict)

    def of(self, shop_id: int, order_type: str, kind: Kind) -> Target:
        """The target of a case of this kind."""
        for shop in (shop_id, EVERYBODY):
            for key in ((shop, order_type, kind), (shop, ANY, kind), (shop, order_type, ANY), (shop, ANY, ANY)):
                if key in self.set:
                    return self.set[key]
        return DEFAULTS.get(kind, DEFAULTS[ANY])


@dataclass(frozen=True, slots=True)
class Terms:
    """
    A shop's terms: a score up to `low_score` opens a case (0: none does), the reminder to rate comes after `remind_days`
    (0: none), a rating may be changed for `change_days`, and goods sent back for `return_days` after delivery. About one order a
    customer's page takes `daily_words` words within 24 hours.
    """

    low_score: int = 2
    remind_days: int = 7
    change_days: int = 7
    return_days: int = 14
    daily_words: int = 20

    @property
    def return_period(self) -> timedelta:
        """How long after delivery goods may be sent back."""
        return timedelta(days=self.return_days)


def clocks(targets: Targets, policies: Policies, kind: Kind, *, shop_id: int, order_type: str, now: datetime) -> Clocks:
    """Both clocks of a case that begins now, in the working time of its order's calendar. Raises UnknownPolicy and NoWorkingTime."""
    target = targets.of(shop_id, order_type, kind)
    calendar = policies.calendar(shop_id, policies.order_type(shop_id, order_type).calendar)

    def after(minutes: float) -> datetime:
        return add_working_time(calendar, now, minutes)

    return Clocks(
        after(target.acknowledge * SOON), after(target.acknowledge), after(target.resolve * SOON), after(target.resolve)
    )
