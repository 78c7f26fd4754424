"""
The delivery date: the stock's day, the working time to prepare and pack, the carrier's days, and not before the day asked for.

It never promises more than the targets allow, and keeps the arithmetic so that a person can follow it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from orderpipe.domain.calendars import (
    NoWorkingTime,
    Shifts,
    UnknownCountry,
    Week,
    WorkingCalendar,
    add_working_days,
    add_working_time,
    check_country,
    local_time,
    next_working_instant,
    working_seconds_between,
)
from orderpipe.domain.targets import PERFORMED, UNTIL_SHIPPED, OrderType, Policies, UnknownPolicy
from orderpipe.flow import FulfillmentState

PARCEL, APPOINTMENT = "parcel", "appointment"

UNKNOWN_LEAD_DAYS = 14
"""Calendar days until missing stock is there, where the product says nothing."""

PAID_LATE = "payment came late"
"""The reason of a promise that was made anew when its payment came; a delay of ours counts from that one."""

LONGEST_LEAD_DAYS = 730
LATE_REQUEST_DAYS = 1
"""So many days may a requested date have passed (the order may have waited over midnight)."""
EARLY_REQUEST_DAYS = 400

DELIVERIES_BEGIN, DELIVERIES_END = time(8), time(20)
"""The hours (at the location) of the day that is promised."""

_DAY = timedelta(days=1)


class NoFeasibleDate(ValueError):
    """No date can be promised; the office has to agree on one with the customer."""


class NoCarrier(ValueError):
    """No carrier takes parcels from this location to that country."""


@dataclass(frozen=True, slots=True)
class LocationTerms:
    """What a location promises by. `carrier_days`: (country or `same_country` or `abroad`, working days) in any order."""

    code: str
    time_zone: str
    country: str
    calendar: str
    carrier: str
    carrier_days: tuple[tuple[str, int], ...]

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "LocationTerms":
        """From a row of `location`, `carrier_days` as its JSON object."""
        days = tuple((where, int(count)) for where, count in row["carrier_days"].items())
        return cls(row["code"], row["time_zone"], row["country"], row["calendar"], row["carrier"], days)

    def carrier_takes(self, country: str) -> tuple[str, int]:
        """Where the carrier goes, in a word, and how many working days it takes. Raises NoCarrier."""
        days = dict(self.carrier_days)
        where = "same_country" if country in ("", self.country) else "abroad"
        for key in (country, where):
            if key in days:
                return where.replace("_", " "), days[key]
        raise NoCarrier(f"No carrier takes parcels from {self.code} to {country or self.country}.")


@dataclass(frozen=True, slots=True)
class FulfillmentPlan:
    """
    What is to be promised: no identity in it, so that equal plans cost one calculation.

    `kind` is `parcel` or `appointment`, `ship_to_country` ISO 3166-1 alpha-2 ("" as the location), `lead_days` the calendar days
    until stock that is not `reserved` can be there (0: not known).
    """

    shop_id: int
    order_type: str
    kind: str
    reserved: bool = True
    lead_days: int = 0
    ship_to_country: str = ""
    requested_on: date | None = None


@dataclass(frozen=True, slots=True)
class Promised:
    """The window promised (UTC), when work may start for it (None: at once), and how it came about: step, detail, until."""

    from_at: datetime
    until_at: datetime
    not_before: datetime | None
    arithmetic: tuple[Mapping[str, str], ...]


def promise_for(plan: FulfillmentPlan, *, policies: Policies, location: LocationTerms | None, now: datetime) -> Promised:
    """
    The promise for this plan; an appointment may have no location and then goes by its order type's calendar.

    Raises NoFeasibleDate with the sentence that `reason_for_no_date` gives.
    """
    promised = _promised(plan, policies, location, now)
    if isinstance(promised, str):
        raise NoFeasibleDate(promised)
    return promised


def reason_for_no_date(
    plan: FulfillmentPlan, *, policies: Policies, location: LocationTerms | None, now: datetime
) -> str | None:
    """Why no date can be promised, as a sentence for the office; None when one can."""
    promised = _promised(plan, policies, location, now)
    return promised if isinstance(promised, str) else None


# most orders of a batch leave the same place on the same terms, so they share one calculation
@lru_cache(maxsize=4096)
def _promised(plan: FulfillmentPlan, policies: Policies, location: LocationTerms | None, now: datetime) -> Promised | str:
    try:
        order_type = policies.order_type(plan.shop_id, plan.order_type)
        calendar = policies.calendar(plan.shop_id, location.calendar if location else order_type.calendar)
        time_zone = location.time_zone if location else calendar.time_zone
        if reason := _unlikely(plan, now.astimezone(ZoneInfo(time_zone)).date()):
            return reason
        if plan.kind == APPOINTMENT:
            return _appointment(plan, order_type, calendar, time_zone, now)
        if location is None:
            return "It is not known from where the goods leave."
        return _parcel(plan, order_type, calendar, location, now)
    except ZoneInfoNotFoundError as unknown:
        return f"The time zone of the location is not known: {unknown.args[0]}."
    except (NoCarrier, NoWorkingTime, UnknownCountry, UnknownPolicy) as reason:
        return str(reason)


def _unlikely(plan: FulfillmentPlan, today: date) -> str | None:
    """Why the order asks for something that nobody can mean."""
    if plan.requested_on and plan.requested_on < today - LATE_REQUEST_DAYS * _DAY:
        return f"The requested date {plan.requested_on} has passed."
    if plan.requested_on and plan.requested_on > today + EARLY_REQUEST_DAYS * _DAY:
        return f"The requested date {plan.requested_on} is more than {EARLY_REQUEST_DAYS} days ahead."
    if not plan.reserved and plan.lead_days > LONGEST_LEAD_DAYS:
        return f"The missing stock takes {plan.lead_days} days, more than two years."
    return None


def _parcel(
    plan: FulfillmentPlan, order_type: OrderType, calendar: WorkingCalendar, location: LocationTerms, now: datetime
) -> Promised:
    steps: list[Mapping[str, str]] = []
    start = now if plan.reserved else _stock_there(plan, location, now, steps)
    minutes = order_type.minutes(UNTIL_SHIPPED)
    ready_at = add_working_time(calendar, start, minutes)
    steps.append(step("prepare", f"picking and packing: {minutes:g} working minutes at {location.code}", ready_at))

    where, carrier_days = location.carrier_takes(plan.ship_to_country)
    carrier = carrier_calendar(location.carrier, location.country, plan.ship_to_country)
    day = delivery_day(carrier, location, ready_at, carrier_days)
    steps.append(step("carrier", f"{location.carrier}, {where}: {carrier_days} working days", end_of_deliveries(location, day)))

    not_before = None
    if plan.requested_on and plan.requested_on > day:
        day = add_working_days(carrier, plan.requested_on, 0)
        steps.append(step("requested", f"not before {plan.requested_on}", end_of_deliveries(location, day)))
        start = _latest_start(calendar, location.time_zone, add_working_days(carrier, day, -carrier_days), minutes)
        not_before = start if start > now else None
    from_at = max(local_time(location.time_zone, day, DELIVERIES_BEGIN), ready_at)
    return Promised(from_at, end_of_deliveries(location, day), not_before, tuple(steps))


def _appointment(
    plan: FulfillmentPlan, order_type: OrderType, calendar: WorkingCalendar, time_zone: str, now: datetime
) -> Promised:
    planning, performing = order_type.minutes((FulfillmentState.PLANNED,)), order_type.minutes((PERFORMED,))
    from_at = next_working_instant(calendar, add_working_time(calendar, now, planning))
    steps = [step("plan", f"planning: {planning:g} working minutes by the calendar {calendar.code}", from_at)]
    not_before = None
    if plan.requested_on and (asked_for := local_time(time_zone, plan.requested_on, time(0))) > from_at:
        not_before, from_at = asked_for, next_working_instant(calendar, asked_for)
        steps.append(step("requested", f"not before {plan.requested_on}", from_at))
    until_at = add_working_time(calendar, from_at, performing)
    steps.append(step("perform", f"performing the service: {performing:g} working minutes", until_at))
    return Promised(from_at, until_at, not_before, tuple(steps))


def _stock_there(plan: FulfillmentPlan, location: LocationTerms, now: datetime, steps: list[Mapping[str, str]]) -> datetime:
    days = plan.lead_days if plan.lead_days > 0 else UNKNOWN_LEAD_DAYS
    expected = f"expected in {days} days" if plan.lead_days > 0 else f"no lead time known, {days} days assumed"
    there_at = now.astimezone(UTC) + days * _DAY
    steps.append(step("stock", f"not in stock at {location.code}: {expected}", there_at))
    return there_at


def delivery_day(carrier: WorkingCalendar, location: LocationTerms, ready_at: datetime, carrier_days: int) -> date:
    """The day on which the carrier delivers what is ready at this instant. Raises NoWorkingTime."""
    handover = ready_at.astimezone(ZoneInfo(location.time_zone)).date()
    day = add_working_days(carrier, handover, carrier_days)
    # on the same day only while there is still time to deliver
    return day if end_of_deliveries(location, day) > ready_at else add_working_days(carrier, day, 1)


def _latest_start(calendar: WorkingCalendar, time_zone: str, handover: date, minutes: float) -> datetime:
    """The start of the last day from which the work is done by the end of the day of the handover."""
    evening, day = local_time(time_zone, handover + _DAY, time(0)), handover
    while working_seconds_between(calendar, local_time(time_zone, day, time(0)), evening) < minutes * 60:
        day -= _DAY
    return local_time(time_zone, day, time(0))


def delivery_calendar(country: str, ship_to_country: str) -> WorkingCalendar:
    """When parcels are delivered that leave one country for another ("" the same)."""
    return carrier_calendar("deliveries", country, ship_to_country)


@lru_cache(maxsize=1024)
def carrier_calendar(carrier: str, country: str, ship_to_country: str) -> WorkingCalendar:
    """Carriers work from Monday to Friday, but on no public holiday at either end."""
    weekday: Shifts = ((DELIVERIES_BEGIN, DELIVERIES_END),)
    week = cast(Week, (weekday,) * 5 + ((), ()))
    return WorkingCalendar(carrier, "UTC", week, tuple({place for place in (country, ship_to_country) if _has_holidays(place)}))


def _has_holidays(country: str) -> bool:
    try:
        check_country(country)
    except UnknownCountry:
        return False
    return True


def end_of_deliveries(location: LocationTerms, day: date) -> datetime:
    """When the hours of delivery on this day are over (UTC)."""
    return local_time(location.time_zone, day, DELIVERIES_END)


def step(name: str, detail: str, until: datetime) -> Mapping[str, str]:
    """One line of the arithmetic: what it is, in words, and until when it lasts."""
    return {"step": name, "detail": detail, "until": until.isoformat(timespec="seconds")}
