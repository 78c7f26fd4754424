"""
What an order's state means to people: its public status, how much of it is on its way, and what may be done now.

All of it is derived from the states of the order and its fulfillments each time somebody asks; nothing here is ever set.
"""

from collections.abc import Collection
from enum import StrEnum

from orderpipe.domain.payments import PaymentStatus
from orderpipe.flow import CANCELABLE, FULFILLMENT_ENDS, ORDER_ENDS, FulfillmentState, OrderState, WaitingFor


class PublicStatus(StrEnum):
    """What a customer is told of an order."""

    RECEIVED = "received"
    QUESTION_OPEN = "question-open"
    IN_PROGRESS = "in-progress"
    CONFIRMED = "confirmed"
    IN_PREPARATION = "in-preparation"
    PARTLY_SHIPPED = "partly-shipped"
    SHIPPED = "shipped"
    PARTLY_DELIVERED = "partly-delivered"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    COMPLETED = "completed"
    CANCELED = "canceled"
    REJECTED = "rejected"


class FulfillmentStatus(StrEnum):
    """How much of an order has left."""

    UNFULFILLED = "unfulfilled"
    PARTIAL = "partial"
    FULFILLED = "fulfilled"


class Action(StrEnum):
    """What may be done with an order; each is a step of the API."""

    CANCEL = "cancel"
    ANSWER = "answer"
    DECIDE = "decide"
    PAY = "pay"


_LEFT = frozenset({FulfillmentState.SHIPPED, FulfillmentState.DELIVERED, FulfillmentState.RETURNED, FulfillmentState.LOST})
_IN_HAND = frozenset({FulfillmentState.RELEASED, FulfillmentState.PICKED, FulfillmentState.PACKED})
_FAILED = frozenset({FulfillmentState.RETURNED, FulfillmentState.LOST})


def public_status(state: OrderState, waiting_for: WaitingFor | None, parts: Collection[FulfillmentState]) -> PublicStatus:
    """The status of an order in this state whose fulfillments stand in these."""
    if state in ORDER_ENDS:
        return PublicStatus(state.value)
    if waiting_for == WaitingFor.QUERY:
        return PublicStatus.QUESTION_OPEN
    if state != OrderState.PROMISED:
        return PublicStatus.RECEIVED if state == OrderState.RECEIVED else PublicStatus.IN_PROGRESS
    return _on_its_way([part for part in parts if part != FulfillmentState.CANCELED])


def _on_its_way(parts: Collection[FulfillmentState]) -> PublicStatus:
    if not parts:
        return PublicStatus.CONFIRMED
    if FulfillmentState.DELIVERED in parts:
        whole = all(part == FulfillmentState.DELIVERED for part in parts)
        return PublicStatus.DELIVERED if whole else PublicStatus.PARTLY_DELIVERED
    if all(part in _FAILED for part in parts):
        return PublicStatus.UNDELIVERED
    if any(part in _LEFT for part in parts):
        return PublicStatus.SHIPPED if all(part in _LEFT for part in parts) else PublicStatus.PARTLY_SHIPPED
    return PublicStatus.IN_PREPARATION if any(part in _IN_HAND for part in parts) else PublicStatus.CONFIRMED


def fulfillment_status(parts: Collection[FulfillmentState]) -> FulfillmentStatus:
    """How much of an order whose fulfillments stand in these has left; canceled ones do not count."""
    counted = [part for part in parts if part != FulfillmentState.CANCELED]
    left = sum(part in (FulfillmentState.SHIPPED, FulfillmentState.DELIVERED) for part in counted)
    if not left:
        return FulfillmentStatus.UNFULFILLED
    return FulfillmentStatus.FULFILLED if left == len(counted) else FulfillmentStatus.PARTIAL


def actions(
    state: OrderState, parts: Collection[FulfillmentState], waits: Collection[WaitingFor], payment: PaymentStatus
) -> tuple[Action, ...]:
    """What may be done with an order; `waits` are what it and its fulfillments wait for."""
    if state in ORDER_ENDS:
        return ()
    found = []
    if not parts or any(part in CANCELABLE for part in parts):
        found.append(Action.CANCEL)
    if WaitingFor.QUERY in waits:
        found.append(Action.ANSWER)
    if WaitingFor.OFFICE in waits:
        found.append(Action.DECIDE)
    if payment in (PaymentStatus.UNPAID, PaymentStatus.PARTLY_PAID) and not _nothing_left(parts):
        found.append(Action.PAY)
    return tuple(found)


def _nothing_left(parts: Collection[FulfillmentState]) -> bool:
    return bool(parts) and all(part in FULFILLMENT_ENDS and part != FulfillmentState.DELIVERED for part in parts)
