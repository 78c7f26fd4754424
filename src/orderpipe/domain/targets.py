"""
Time targets: how long an order may stand in each state, by type of order, and what of it the customer is told.

Minutes are working minutes: a parcel's by the calendar of its location until it is packed, else by that of the desk whose work it is, else
by the order type's. A shop's own types, calendars and desks go before everybody's (shop 0).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from orderpipe.domain.calendars import WorkingCalendar, add_working_time
from orderpipe.domain.desks import OFFICE_ONLY, Desk, Level
from orderpipe.domain.rules import RULES, Rule, RuleSetting
from orderpipe.flow import FulfillmentState, Lane, OrderState, Owner

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

STAGES: tuple[str, ...] = (*UNTIL_CONFIRMED, *UNTIL_SHIPPED, FulfillmentState.SHIPPED, PERFORMED, WHOLE)
"""Everything that can have a target."""

OUTSIDERS = frozenset({Owner.CUSTOMER, Owner.SHOP, Owner.CARRIER})
"""Whoever is waited for without being late ourselves: while they have the turn the clocks may stand still."""


class UnknownPolicy(LookupError):
    """There is no such order type or calendar, not even among the defaults, or the calendar cannot be read."""


@dataclass(frozen=True, slots=True)
class OrderType:
    """
    One type of order. `targets`: working minutes by state, and by WHOLE and PERFORMED; a state without one has no target.

    Whose work it is is warned at the share `warn` of a target. Clocks stand still while one of `pauses` is waited for.
    """

    code: str
    lane: Lane
    prepaid: bool
    calendar: str
    targets: Mapping[str, float]
    warn: float = 0.8
    pauses: frozenset[str] = OUTSIDERS

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
    desks: Mapping[tuple[int, str], Desk] = field(default_factory=dict)
    locations: Mapping[int, tuple[int, str]] = field(default_factory=dict)
    """The shop and the calendar of each location by its id."""

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

    def desk(self, shop_id: int, stage: str) -> Desk | None:
        """The desk whose work this stage is, the shop's before everybody's; None where no desk has it."""
        owners = (one for owner in (shop_id, EVERYBODY) for (of, _), one in self.desks.items() if of == owner and stage in one.stages)
        return next(owners, None)

    def ladder(self, shop_id: int, stage: str) -> tuple[Level, ...]:
        """Who hears of it when this stage is late, in their order."""
        desk = self.desk(shop_id, stage)
        return (desk.ladder if desk else ()) or OFFICE_ONLY

    def works_by(self, shop_id: int, order_type: str, stage: str, location_id: int | None = None) -> WorkingCalendar:
        """The calendar of this stage's clock. Raises UnknownPolicy."""
        if location_id is not None and location_id in self.locations and stage in UNTIL_SHIPPED:
            return self.calendar(shop_id, self.locations[location_id][1])
        desk = self.desk(shop_id, stage)
        return self.calendar(shop_id, (desk.calendar if desk else "") or self.order_type(shop_id, order_type).calendar)


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


def due_at(
    policies: Policies, shop_id: int, *, order_type: str, state: str, entered_at: datetime, location_id: int | None = None
) -> datetime | None:
    """
    When a unit that entered this state then is overdue (UTC), should its clock never stand still; None where the state has no target.

    For an appointment that was released the state is PERFORMED. Raises UnknownPolicy, NoWorkingTime and UnknownCountry.
    """
    return _due_at(policies, shop_id, order_type, state, entered_at, location_id)


def complete_by(policies: Policies, shop_id: int, *, order_type: str, received_at: datetime) -> datetime | None:
    """When an order received then is to have ended (UTC); None where the type has no such target. Raises as `due_at`."""
    return _due_at(policies, shop_id, order_type, WHOLE, received_at, None)


def soonest(policies: Policies, shop_id: int, *, order_type: str, stages: Collection[str], now: datetime) -> datetime | None:
    """
    Before when nothing that enters one of these stages from now on can be late or soon late (UTC), by whatever calendar of the shop.

    None where none of them has a target. Raises as `due_at`.
    """
    return _soonest(policies, shop_id, order_type, tuple(stages), now)


def for_customer(policies: Policies, shop_id: int, *, order_type: str, received_at: datetime) -> list[dict[str, str]]:
    """
    What the acknowledgement tells: `{"what": "confirm" | "ship" | "complete", "until": RFC 3339, UTC}`, in that order.

    Raises as `due_at`.
    """
    told = _for_customer(policies, shop_id, order_type, received_at)
    return [{"what": what, "until": until} for what, until in told]


# a batch of 500 orders of one type, all entered at the same `now`, asks the same thing 500 times
@lru_cache(maxsize=4096)
def _due_at(
    policies: Policies, shop_id: int, code: str, state: str, entered_at: datetime, location_id: int | None
) -> datetime | None:
    order_type = policies.order_type(shop_id, code)
    minutes = order_type.targets.get(state)
    if minutes is None:
        return None
    return add_working_time(policies.works_by(shop_id, code, state, location_id), entered_at, minutes)


@lru_cache(maxsize=1024)
def _soonest(policies: Policies, shop_id: int, code: str, stages: tuple[str, ...], now: datetime) -> datetime | None:
    order_type = policies.order_type(shop_id, code)
    places: list[int | None] = [None, *(place for place, (owner, _) in policies.locations.items() if owner == shop_id)]
    calendars = {
        (id(calendar), minutes): calendar
        for stage in stages if (minutes := order_type.targets.get(stage)) is not None
        for place in places for calendar in [policies.works_by(shop_id, code, stage, place)]
    }
    return min((add_working_time(one, now, minutes * order_type.warn) for (_, minutes), one in calendars.items()), default=None)


@lru_cache(maxsize=1024)
def _for_customer(policies: Policies, shop_id: int, code: str, received_at: datetime) -> tuple[tuple[str, str], ...]:
    order_type = policies.order_type(shop_id, code)
    instants: dict[str, datetime] = {}
    if order_type.minutes(UNTIL_CONFIRMED):
        instants["confirm"] = _after(policies, shop_id, code, UNTIL_CONFIRMED, received_at)
    if FulfillmentState.RELEASED in order_type.targets:
        instants["ship"] = _after(policies, shop_id, code, (*UNTIL_CONFIRMED, *UNTIL_SHIPPED), received_at)
    if order_type.targets.get(WHOLE):
        instants["complete"] = _after(policies, shop_id, code, (WHOLE,), received_at)
    return tuple((what, until.isoformat(timespec="seconds")) for what, until in instants.items())


def _after(policies: Policies, shop_id: int, code: str, stages: tuple[str, ...], at: datetime) -> datetime:
    """When these stages have followed each other, each by its own calendar."""
    for stage in stages:
        at = _due_at(policies, shop_id, code, stage, at, None) or at
    return at
