"""
Time targets by type of order: whose rules hold, when a unit is due, and what the customer is told.
"""

from datetime import UTC, datetime, time

import pytest

from orderpipe.domain.calendars import ALWAYS, NoWorkingTime, Week, WorkingCalendar
from orderpipe.domain.targets import OrderType, Policies, UnknownPolicy, complete_by, due_at, for_customer
from orderpipe.flow import Lane

NOW = datetime(2026, 1, 2, 16, tzinfo=UTC)  # a Friday
OFFICE: Week = (*((((time(9), time(17)),),) * 5), (), ())
TARGETS = {
    "received": 60, "validated": 30, "allocated": 30, "planned": 60, "released": 120, "picked": 30, "packed": 30, "whole": 960,
}
STANDARD = OrderType("standard", Lane.STANDARD, False, "standard", TARGETS)
SERVICE = OrderType("service", Lane.STANDARD, False, "standard", {"received": 60, "performed": 480, "whole": 960})
OWN = OrderType("standard", Lane.EXPRESS, False, "always", {"received": 10})
POLICIES = Policies(
    {(0, "standard"): STANDARD, (0, "service"): SERVICE, (7, "standard"): OWN},
    {(0, "standard"): WorkingCalendar("standard", "UTC", OFFICE), (0, "always"): WorkingCalendar("always", "UTC", ALWAYS)},
    {(9, "standard"): "it has a ninth weekday."},
)


def test_puts_a_shop_s_own_type_before_everybody_s() -> None:
    assert POLICIES.order_type(7, "standard") is OWN
    assert POLICIES.order_type(8, "standard") is STANDARD


def test_takes_the_standard_type_for_one_that_nobody_has() -> None:
    assert POLICIES.order_type(8, "gold") is STANDARD
    assert POLICIES.calendar(8, "night").code == "standard"


def test_refuses_only_who_asks_for_a_calendar_that_cannot_be_read() -> None:
    with pytest.raises(UnknownPolicy, match="of shop 9 cannot be read: it has a ninth weekday"):
        due_at(POLICIES, 9, order_type="standard", state="received", entered_at=NOW)
    assert POLICIES.calendar(8, "standard").code == "standard"


def test_says_when_there_are_no_policies_at_all() -> None:
    with pytest.raises(UnknownPolicy, match="no order type 'standard'"):
        Policies({}, {}, {}).order_type(1, "standard")
    with pytest.raises(UnknownPolicy, match="no calendar 'standard'"):
        Policies({}, {}, {}).calendar(1, "standard")


def test_is_due_after_the_working_minutes_of_the_state() -> None:
    assert due_at(POLICIES, 1, order_type="standard", state="released", entered_at=NOW) == datetime(2026, 1, 5, 10, tzinfo=UTC)
    assert due_at(POLICIES, 7, order_type="standard", state="received", entered_at=NOW) == datetime(2026, 1, 2, 16, 10, tzinfo=UTC)


def test_is_never_due_in_a_state_without_target() -> None:
    assert due_at(POLICIES, 1, order_type="standard", state="promised", entered_at=NOW) is None
    assert complete_by(POLICIES, 7, order_type="standard", received_at=NOW) is None


def test_ends_within_the_target_of_the_whole() -> None:
    assert complete_by(POLICIES, 1, order_type="standard", received_at=NOW) == datetime(2026, 1, 6, 16, tzinfo=UTC)


def test_tells_the_customer_when_it_is_confirmed_shipped_and_complete() -> None:
    assert for_customer(POLICIES, 1, order_type="standard", received_at=NOW) == [
        {"what": "confirm", "until": "2026-01-05T10:00:00+00:00"},
        {"what": "ship", "until": "2026-01-05T14:00:00+00:00"},
        {"what": "complete", "until": "2026-01-06T16:00:00+00:00"},
    ]


def test_promises_no_shipping_of_a_service() -> None:
    assert [told["what"] for told in for_customer(POLICIES, 1, order_type="service", received_at=NOW)] == ["confirm", "complete"]


def test_passes_on_that_a_calendar_never_works() -> None:
    never = Policies({(0, "standard"): STANDARD}, {(0, "standard"): WorkingCalendar("never", "UTC", ((),) * 7)}, {})
    with pytest.raises(NoWorkingTime):
        due_at(never, 1, order_type="standard", state="received", entered_at=NOW)
