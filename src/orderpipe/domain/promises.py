"""
The delivery date: the stock's day, the working time to prepare and pack, the carrier's days, and not before the day asked for.

It never promises more than the targets allow, and keeps the arithmetic so that a person can follow it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from orderpipe.domain.targets import Policies


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
    def of(cls, row: Mapping[str, object]) -> "LocationTerms":
        """From a row of `location`, `carrier_days` as its JSON object."""
        raise NotImplementedError


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

    Raises NoWorkingTime and UnknownCountry; ask `reason_for_no_date` first.
    """
    raise NotImplementedError


def reason_for_no_date(plan: FulfillmentPlan, *, policies: Policies, location: LocationTerms | None, now: datetime) -> str | None:
    """Why no date can be promised, as a sentence for the office; None when one can."""
    raise NotImplementedError
