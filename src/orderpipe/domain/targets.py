"""
Time targets: how long an order may stand in each state, by type of order, and what of it the customer is told.

Minutes are working minutes of the type's calendar; a shop's own types and calendars go before everybody's (shop 0).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from orderpipe.domain.calendars import WorkingCalendar
from orderpipe.flow import Lane

EVERYBODY = 0
"""The shop whose order types and calendars are the defaults of all."""

WHOLE = "whole"
"""The target of the order from arrival to its end."""

PERFORMED = "performed"
"""The target of a released appointment, in place of that of a released parcel."""


class UnknownPolicy(LookupError):
    """There is no such order type or calendar, not even among the defaults."""


@dataclass(frozen=True, slots=True)
class OrderType:
    """One type of order. `targets`: working minutes by state, and by WHOLE and PERFORMED; a state without one has no target."""

    code: str
    lane: Lane
    prepaid: bool
    calendar: str
    targets: Mapping[str, float]


@dataclass(frozen=True, slots=True, eq=False)
class Policies:
    """The rules all shops work by, as read at one instant; compared by identity, so that results can be kept."""

    order_types: Mapping[tuple[int, str], OrderType]
    calendars: Mapping[tuple[int, str], WorkingCalendar]
    broken: Mapping[tuple[int, str], str]
    """Calendars that cannot be read, with the reason; only who asks for one is refused."""

    def order_type(self, shop_id: int, code: str) -> OrderType:
        """The shop's type of this code, else everybody's, else everybody's `standard`. Raises UnknownPolicy without any."""
        raise NotImplementedError

    def calendar(self, shop_id: int, code: str) -> WorkingCalendar:
        """The shop's calendar of this code, else everybody's, else everybody's `standard`. Raises UnknownPolicy without any."""
        raise NotImplementedError


def due_at(policies: Policies, shop_id: int, *, order_type: str, state: str, entered_at: datetime) -> datetime | None:
    """When a unit that entered this state then is overdue (UTC); None where the state has no target."""
    raise NotImplementedError


def complete_by(policies: Policies, shop_id: int, *, order_type: str, received_at: datetime) -> datetime | None:
    """When an order received then is to have ended (UTC); None where the type has no such target."""
    raise NotImplementedError


def for_customer(policies: Policies, shop_id: int, *, order_type: str, received_at: datetime) -> list[dict[str, str]]:
    """What the acknowledgement tells: `{"what": "confirm" | "ship" | "complete", "until": RFC 3339}`, in that order."""
    raise NotImplementedError
