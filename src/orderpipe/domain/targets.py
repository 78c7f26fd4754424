"""
Time targets: how long an order may stand in each state, by type of order, and what of it the customer is told.

Minutes are working minutes of the type's calendar; a shop's own types and calendars go before everybody's (shop 0).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from orderpipe.domain.calendars import WorkingCalendar, add_working_time, working_seconds_between
from orderpipe.domain.rules import RULES, Rule, RuleSetting
from orderpipe.flow import FulfillmentState, Lane, OrderState

EVERYBODY = 0
"""The shop whose order types and calendars are the defaults of all."""

DEFAULT = "standard"
"""The code of the order type and of the calendar that stand in for unknown ones."""

WHOLE = "whole"
"""The target of the order from arrival to its end."""

PERFORMED = "performed"
"""The target of a released appointment, in place of that of a released parcel."""

UNTIL_CONFIRMED = (OrderState.RECEIVED, OrderState.VALIDATED, OrderState.ALLOCATED)
UNTIL_SHIPPED = (FulfillmentState.PLANNED, FulfillmentState.RELEASED, FulfillmentState.PICKED, FulfillmentState.PACKED)
UNTIL_PERFORMED = (FulfillmentState.PLANNED, PERFORMED)


class UnknownPolicy(LookupError):
    """There is no such order type or calendar, not even among the defaults, or the calendar cannot be read."""


@dataclass(frozen=True, slots=True)
class OrderType:
    """One type of order. `targets`: working minutes by state, and by WHOLE and PERFORMED; a state without one has no target."""

    code: str
    lane: Lane
    prepaid: bool
    calendar: str
    targets: Mapping[str, float]

    def minutes(self, states: tuple[str, ...]) -> float:
        """Working minutes that an order may stand in these states together."""
        return sum(self.targets.get(state, 0) for state in states)


@dataclass(frozen=True, slots=True, eq=False)
class Policies:
    """The rules all shops work by, as read at one instant; compared by identity, so that results can be kept."""

    order_types: Mapping[tuple[int, str], OrderType]
    calendars: Mapping[tuple[int, str], WorkingCalendar]
    broken: Mapping[tuple[int, str], str]
    """Calendars that cannot be read, with the reason; only who asks for one is refused."""
    rule_settings: Mapping[tuple[int, str, str], RuleSetting] = field(default_factory=dict)
    """What is set of rules, by shop, order type ("" every) and rule."""

    def order_type(self, shop_id: int, code: str) -> OrderType:
        """The shop's type of this code, else everybody's, else everybody's `standard`. Raises UnknownPolicy without any."""
        for key in ((shop_id, code), (EVERYBODY, code), (EVERYBODY, DEFAULT)):
            if key in self.order_types:
                return self.order_types[key]
        raise UnknownPolicy(f"There is no order type {code!r} and no {DEFAULT!r} either.")

    def calendar(self, shop_id: int, code: str) -> WorkingCalendar:
        """The shop's calendar of this code, else everybody's, else everybody's `standard`. Raises UnknownPolicy."""
        for key in ((shop_id, code), (EVERYBODY, code), (EVERYBODY, DEFAULT)):
            if key in self.broken:
                raise UnknownPolicy(f"The calendar {key[1]!r} of shop {key[0]} cannot be read: {self.broken[key]}")
            if key in self.calendars:
                return self.calendars[key]
        raise UnknownPolicy(f"There is no calendar {code!r} and no {DEFAULT!r} either.")


@lru_cache(maxsize=1024)
def rules_for(policies: Policies, shop_id: int, order_type: str) -> tuple[Rule, ...]:
    """The rules that orders of this type are checked by: as the shop has set them, the type's setting before that for every type."""
    rules = []
    for rule in RULES:
        keys = ((shop_id, order_type), (shop_id, ""), (EVERYBODY, order_type), (EVERYBODY, ""))
        found = next((one for key in keys if (one := policies.rule_settings.get((*key, rule.name)))), RuleSetting())
        if found.enabled:
            rules.append(found.applied_to(rule))
    return tuple(rules)


def due_at(policies: Policies, shop_id: int, *, order_type: str, state: str, entered_at: datetime) -> datetime | None:
    """
    When a unit that entered this state then is overdue (UTC); None where the state has no target.

    For an appointment that was released the state is PERFORMED. Raises UnknownPolicy, NoWorkingTime and UnknownCountry.
    """
    return _due_at(policies, shop_id, order_type, state, entered_at)


def complete_by(policies: Policies, shop_id: int, *, order_type: str, received_at: datetime) -> datetime | None:
    """When an order received then is to have ended (UTC); None where the type has no such target. Raises as `due_at`."""
    return _due_at(policies, shop_id, order_type, WHOLE, received_at)


def after_pause(calendar: WorkingCalendar, due: datetime | None, *, since: datetime, until: datetime) -> datetime | None:
    """
    A target (UTC) after a pause: as much working time is left of it at the pause's end as there was at its begin.

    What had been missed before the pause stays missed. Raises NoWorkingTime.
    """
    if due is None or due <= since:
        return due
    return add_working_time(calendar, due, working_seconds_between(calendar, since, until) / 60)


def for_customer(policies: Policies, shop_id: int, *, order_type: str, received_at: datetime) -> list[dict[str, str]]:
    """
    What the acknowledgement tells: `{"what": "confirm" | "ship" | "complete", "until": RFC 3339, UTC}`, in that order.

    Raises as `due_at`.
    """
    told = _for_customer(policies, shop_id, order_type, received_at)
    return [{"what": what, "until": until} for what, until in told]


# a batch of 500 orders of one type, all entered at the same `now`, asks the same thing 500 times
@lru_cache(maxsize=4096)
def _due_at(policies: Policies, shop_id: int, code: str, state: str, entered_at: datetime) -> datetime | None:
    order_type = policies.order_type(shop_id, code)
    minutes = order_type.targets.get(state)
    if minutes is None:
        return None
    return add_working_time(policies.calendar(shop_id, order_type.calendar), entered_at, minutes)


@lru_cache(maxsize=1024)
def _for_customer(policies: Policies, shop_id: int, code: str, received_at: datetime) -> tuple[tuple[str, str], ...]:
    order_type = policies.order_type(shop_id, code)
    confirm = order_type.minutes(UNTIL_CONFIRMED)
    promises = {"confirm": confirm}
    if FulfillmentState.RELEASED in order_type.targets:
        promises["ship"] = confirm + order_type.minutes(UNTIL_SHIPPED)
    if WHOLE in order_type.targets:
        promises["complete"] = order_type.targets[WHOLE]
    calendar = policies.calendar(shop_id, order_type.calendar)
    instants = {what: add_working_time(calendar, received_at, minutes) for what, minutes in promises.items() if minutes}
    return tuple((what, until.isoformat(timespec="seconds")) for what, until in instants.items())
