"""
Whether a promise will be kept: of each step the end by its target, against the last instant at which it may end.

At risk is what by its targets comes too late, as long as somebody can still hurry; late is what even hurrying no longer saves.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

from orderpipe.domain.calendars import (
    NoWorkingTime,
    UnknownCountry,
    WorkingCalendar,
    add_working_days,
    add_working_time,
    local_time,
    working_seconds_between,
)
from orderpipe.domain.promises import (
    APPOINTMENT,
    UNKNOWN_LEAD_DAYS,
    LocationTerms,
    NoCarrier,
    carrier_calendar,
    delivery_day,
    end_of_deliveries,
)
from orderpipe.domain.targets import PERFORMED, UNTIL_PERFORMED, UNTIL_SHIPPED, Policies, UnknownPolicy
from orderpipe.flow import WAITS, FulfillmentState, Owner, WaitingFor

HURRIED = 0.25
"""The share of its time target in which a step can be done when somebody hurries."""

CALM = timedelta(minutes=30)
"""What was at risk is out of it only with so much to spare, so that it does not go to and fro."""

UNHEARD = timedelta(hours=12)
"""So much later than it happened the word of a carrier or performer may come."""

SOONEST, LATEST, LATEST_OF_STOCK = timedelta(minutes=5), timedelta(days=7), timedelta(days=1)
"""When a fulfillment is looked at again: not before, not after, and not after where the shop may give another lead time any day."""

_DAY = timedelta(days=1)
_UNKNOWABLE = (NoCarrier, NoWorkingTime, UnknownCountry, UnknownPolicy)


class Verdict(StrEnum):
    """How it stands with a promise."""

    ON_TIME = "on-time"
    AT_RISK = "at-risk"
    LATE = "late"


class Cause(StrEnum):
    """What keeps a fulfillment back, as the customer is told."""

    STOCK = "stock"
    PREPARING = "preparing"
    CARRIER = "carrier"
    PERFORMER = "performer"


@dataclass(frozen=True, slots=True)
class Underway:
    """
    A promised fulfillment that has not ended; instants UTC. `first_until` is the first promise, or that since a payment that came late.

    `lead_days`: calendar days until missing stock comes (0: not known). `carrier_on`: the day the carrier last named for its parcel.
    """

    id: int
    order_id: int
    shop_id: int
    order_type: str
    kind: str
    state: FulfillmentState
    waiting_for: WaitingFor | None
    entered_at: datetime
    reserved: bool
    not_before: datetime | None
    location_id: int | None
    country: str
    lead_days: int
    shipped_at: datetime | None
    carrier_on: date | None
    revision: int
    promised_until: datetime
    first_until: datetime

    @property
    def on_its_way(self) -> bool:
        """It has left the house, so nothing can be done about it but wait."""
        return self.state == FulfillmentState.SHIPPED

    @property
    def can_be_taken_back(self) -> bool:
        """Neither packed nor gone."""
        return self.state in (FulfillmentState.PLANNED, FulfillmentState.RELEASED, FulfillmentState.PICKED)

    @property
    def awaits_stock(self) -> bool:
        """Its stock is not set aside yet."""
        return not self.reserved and self.kind != APPOINTMENT


@dataclass(frozen=True, slots=True)
class Terms:
    """What a fulfillment is worked by: its calendar, the location it leaves (None for some appointments), its targets in minutes."""

    calendar: WorkingCalendar
    location: LocationTerms | None
    minutes: Mapping[str, float]

    def target(self, one: Underway) -> float:
        """Working minutes of the step that the fulfillment stands in."""
        return self.minutes.get(_steps(one)[0], 0) if _steps(one) else 0

    def following(self, one: Underway) -> float:
        """Working minutes of the steps after that, until it leaves the house or is performed."""
        return sum(self.minutes.get(state, 0) for state in _steps(one)[1:])


@dataclass(frozen=True, slots=True)
class Outlook:
    """
    When the present step ends by its target and when it ends at best, and until when it may (UTC).

    `settled_until` is when the picture changes by itself at the earliest; `lapsed`: the stock did not come when it was expected.
    """

    ends_at: datetime
    at_best: datetime
    may_until: datetime
    at_best_may_until: datetime
    settled_until: datetime
    lapsed: bool = False
    calm: timedelta = CALM

    def verdict(self, *, was_at_risk: bool) -> Verdict:
        """How it stands; what was at risk stays so until there is time to spare."""
        if self.at_best > self.at_best_may_until:
            return Verdict.LATE
        spare = self.calm if was_at_risk else timedelta(0)
        return Verdict.AT_RISK if self.ends_at + spare > self.may_until else Verdict.ON_TIME

    def look_again(self, verdict: Verdict, *, now: datetime, latest: timedelta = LATEST) -> datetime:
        """When the verdict may be another: what is at risk may be late, what is on time may be at risk."""
        turns = self.at_best_may_until if verdict == Verdict.AT_RISK else min(self.may_until, self.settled_until)
        return min(max(turns, now + SOONEST), now + latest)


def terms_of(one: Underway, policies: Policies, locations: Mapping[int, LocationTerms]) -> Terms | None:
    """By what the fulfillment is worked; None where policies or location no longer say."""
    location = locations.get(one.location_id) if one.location_id else None
    if location is None and one.kind != APPOINTMENT:
        return None
    try:
        order_type = policies.order_type(one.shop_id, one.order_type)
        calendar = policies.calendar(one.shop_id, location.calendar if location else order_type.calendar)
    except UnknownPolicy:
        return None
    return Terms(calendar, location, order_type.targets)


def project(one: Underway, terms: Terms, now: datetime) -> Outlook | None:
    """How it looks for this fulfillment; None where it waits for the customer's money or the terms allow no answer."""
    if one.waiting_for == WaitingFor.PAYMENT:
        return None
    try:
        if one.on_its_way and terms.location:
            return _of_parcel(one, terms.location, now)
        if one.kind == APPOINTMENT:
            return _of_appointment(one, terms, now)
        return _of_goods(one, terms, now) if terms.location else None
    except _UNKNOWABLE:
        return None


def _steps(one: Underway) -> tuple[str, ...]:
    """The states still ahead, the present one first, by the names of their targets."""
    if one.kind == APPOINTMENT:
        return UNTIL_PERFORMED if one.state == FulfillmentState.PLANNED else (PERFORMED,)
    return UNTIL_SHIPPED[UNTIL_SHIPPED.index(one.state) :] if one.state in UNTIL_SHIPPED else ()


def _of_goods(one: Underway, terms: Terms, now: datetime) -> Outlook:
    assert terms.location is not None
    latest, following = _must_leave_at(terms.location, one.country, one.promised_until), terms.following(one)
    limits = must_end_by(terms.calendar, latest, following), must_end_by(terms.calendar, latest, HURRIED * following)
    if one.awaits_stock:
        there_at = one.entered_at + _lead(one)
        lapsed = there_at <= now
        begins = now + _lead(one) if lapsed else there_at
        ends = add_working_time(terms.calendar, begins, terms.target(one))
        return Outlook(ends, max(now, there_at), *limits, limits[0] if lapsed else there_at, lapsed)
    begins = max(one.entered_at, one.not_before or one.entered_at)
    ends = add_working_time(terms.calendar, begins, terms.target(one))
    return Outlook(max(now, ends), max(now, begins), *limits, limits[0])


def _of_appointment(one: Underway, terms: Terms, now: datetime) -> Outlook:
    following, until = terms.following(one), one.promised_until
    limits = must_end_by(terms.calendar, until, following), must_end_by(terms.calendar, until, HURRIED * following)
    begins = max(one.entered_at, one.not_before or one.entered_at)
    ends = add_working_time(terms.calendar, begins, terms.target(one))
    return Outlook(max(now, ends), now - UNHEARD, *limits, limits[0])


def _of_parcel(one: Underway, location: LocationTerms, now: datetime) -> Outlook:
    arrives = _arrives(one, location, now)
    said = one.carrier_on is not None and arrives > now
    scheduled = end_of_deliveries(location, _scheduled(one, location))
    at_best = arrives if said or scheduled > now else now - UNHEARD
    until = one.promised_until
    changes_at = scheduled if scheduled > now else local_time(location.time_zone, _tomorrow(location, now), time(0))
    # days of delivery are as far apart as can be, so nothing goes to and fro here
    return Outlook(arrives, at_best, until, until, changes_at, calm=timedelta(0))


def _scheduled(one: Underway, location: LocationTerms) -> date:
    """The day of delivery by the carrier's own word, or else by its usual time."""
    if one.carrier_on is not None:
        return one.carrier_on
    carrier = carrier_calendar(location.carrier, location.country, one.country)
    return delivery_day(carrier, location, one.shipped_at or one.entered_at, location.carrier_takes(one.country)[1])


def _arrives(one: Underway, location: LocationTerms, now: datetime) -> datetime:
    """When a parcel arrives; what should have arrived does on the next working day."""
    scheduled = end_of_deliveries(location, _scheduled(one, location))
    if scheduled > now:
        return scheduled
    carrier = carrier_calendar(location.carrier, location.country, one.country)
    return end_of_deliveries(location, add_working_days(carrier, _tomorrow(location, now), 0))


def _tomorrow(location: LocationTerms, now: datetime) -> date:
    return now.astimezone(ZoneInfo(location.time_zone)).date() + _DAY


def _lead(one: Underway) -> timedelta:
    return (one.lead_days or UNKNOWN_LEAD_DAYS) * _DAY


@lru_cache(maxsize=20_000)
def _must_leave_at(location: LocationTerms, country: str, until: datetime) -> datetime:
    """The last instant at which goods may be ready for the carrier to deliver them until then. Raises NoCarrier, NoWorkingTime."""
    days = location.carrier_takes(country)[1]
    if not days:
        return until
    day = until.astimezone(ZoneInfo(location.time_zone)).date()
    handover = add_working_days(carrier_calendar(location.carrier, location.country, country), day, -days)
    return local_time(location.time_zone, handover + _DAY, time(0)) - timedelta(seconds=1)


@lru_cache(maxsize=20_000)
def must_end_by(calendar: WorkingCalendar, latest: datetime, minutes: float) -> datetime:
    """The last instant, to the second, from which so many working minutes still fit in before `latest`. Raises NoWorkingTime."""
    if not minutes or calendar.never_closed:
        return latest - timedelta(minutes=minutes)
    fits, back = latest, _DAY
    while working_seconds_between(calendar, fits, latest) < minutes * 60:
        if back > 4_000 * _DAY:
            raise NoWorkingTime(f"The calendar {calendar.code!r} has too little working time before {latest:%Y-%m-%d}.")
        fits, back = latest - back, 2 * back
    too_late = latest
    while too_late - fits > timedelta(seconds=1):
        middle = fits + (too_late - fits) / 2
        if working_seconds_between(calendar, middle, latest) >= minutes * 60:
            fits = middle
        else:
            too_late = middle
    return fits


def cause_of(one: Underway) -> Cause:
    """What keeps it back."""
    if one.on_its_way:
        return Cause.CARRIER
    if one.kind == APPOINTMENT:
        return Cause.PERFORMER
    return Cause.STOCK if one.awaits_stock else Cause.PREPARING


def owner_of(one: Underway) -> Owner:
    """Whose turn it is: who has to hurry."""
    if one.waiting_for == WaitingFor.OFFICE:
        return Owner.OFFICE
    if one.on_its_way:
        return Owner.CARRIER
    if one.kind == APPOINTMENT:
        return Owner.PERFORMER
    if one.awaits_stock:
        return Owner.SHOP
    return WAITS[one.waiting_for].owner if one.waiting_for and one.waiting_for != WaitingFor.DATE else Owner.WAREHOUSE
