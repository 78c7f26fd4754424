"""
What people are told of an order, derived from the states alone.
"""

import pytest

from orderpipe.domain.payments import PaymentStatus
from orderpipe.domain.status import actions, fulfillment_status, public_status
from orderpipe.flow import FulfillmentState, OrderState, WaitingFor


def parts(states: str) -> list[FulfillmentState]:
    return [FulfillmentState(state) for state in states.split()]


@pytest.mark.parametrize(
    ("state", "waiting_for", "states", "status"),
    [
        ("received", None, "", "received"),
        ("received", "query", "", "question-open"),
        ("received", "office", "", "received"),
        ("validated", "stock", "", "in-progress"),
        ("allocated", None, "planned", "in-progress"),
        ("promised", "fulfillments", "planned planned", "confirmed"),
        ("promised", "fulfillments", "planned released", "in-preparation"),
        ("promised", "fulfillments", "packed shipped", "partly-shipped"),
        ("promised", "fulfillments", "shipped canceled", "shipped"),
        ("promised", "fulfillments", "shipped delivered", "partly-delivered"),
        ("promised", "fulfillments", "delivered", "delivered"),
        ("promised", "office", "returned lost", "undelivered"),
        ("promised", "office", "lost planned", "partly-shipped"),
        ("completed", None, "delivered", "completed"),
        ("canceled", None, "canceled", "canceled"),
        ("rejected", None, "", "rejected"),
    ],
)
def test_status_is_told(state: str, waiting_for: str | None, states: str, status: str) -> None:
    assert public_status(OrderState(state), WaitingFor(waiting_for) if waiting_for else None, parts(states)) == status


def test_every_combination_has_a_status() -> None:
    for state in OrderState:
        for one in FulfillmentState:
            for other in FulfillmentState:
                assert public_status(state, None, [one, other])


@pytest.mark.parametrize(
    ("states", "status"),
    [("", "unfulfilled"), ("packed", "unfulfilled"), ("shipped planned", "partial"), ("delivered canceled", "fulfilled")],
)
def test_how_much_has_left(states: str, status: str) -> None:
    assert fulfillment_status(parts(states)) == status


@pytest.mark.parametrize(
    ("state", "states", "waits", "payment", "allowed"),
    [
        ("received", "", "query", "unpaid", "cancel answer pay"),
        ("promised", "packed shipped", "carrier", "paid", ""),
        ("promised", "packed picked", "pack-scans", "partly-paid", "cancel pay"),
        ("promised", "lost", "office", "unpaid", "decide"),
        ("completed", "delivered", "", "unpaid", ""),
    ],
)
def test_what_may_be_done(state: str, states: str, waits: str, payment: str, allowed: str) -> None:
    found = actions(OrderState(state), parts(states), [WaitingFor(one) for one in waits.split()], PaymentStatus(payment))
    assert list(found) == allowed.split()
