"""
What of an order can still be changed, and until when.

Contact data to the end, the address and fewer pieces until everything is packed, more pieces until everything is picked.
"""

from collections.abc import Collection
from decimal import Decimal
from enum import StrEnum

from orderpipe.domain.answers import ADDRESS_PARTS
from orderpipe.flow import CANCELABLE, ORDER_ENDS, FulfillmentState, OrderState

UNPICKED = frozenset({FulfillmentState.PLANNED, FulfillmentState.RELEASED})
"""Where the picker may still be told to bring more."""

_CONTACT = ("name", "email", "phone", "company")


class Matter(StrEnum):
    """What of an order can be changed, each for its own time."""

    CONTACT = "contact"
    ADDRESS = "address"
    FEWER = "fewer-pieces"
    MORE = "more-pieces"
    REQUESTED_ON = "requested-date"
    PAYMENT_METHOD = "payment-method"


TOO_LATE = {
    Matter.CONTACT: "The order has ended.",
    Matter.ADDRESS: "Everything of the order is packed already, or on its way to the address it has.",
    Matter.FEWER: "Everything of the order is packed already, or on its way: it can be returned, not taken back.",
    Matter.MORE: "Everything of the order is picked already; please order what you want besides.",
    Matter.REQUESTED_ON: "The warehouse works on all of the order already, so its date cannot be chosen any more.",
    Matter.PAYMENT_METHOD: "The order is paid already, in part at least.",
}
"""Why a matter is closed."""


def open_matters(state: OrderState, parts: Collection[FulfillmentState], *, paid: Decimal = Decimal(0)) -> frozenset[Matter]:
    """What can still be changed of an order in this state with fulfillments in these, of which so much is paid."""
    if state in ORDER_ENDS:
        return frozenset()
    live = [part for part in parts if part != FulfillmentState.CANCELED]
    open_for = {
        Matter.CONTACT: True,
        Matter.ADDRESS: not live or any(part in CANCELABLE for part in live),
        Matter.FEWER: not live or any(part in CANCELABLE for part in live),
        Matter.MORE: not live or any(part in UNPICKED for part in live),
        Matter.REQUESTED_ON: not live or FulfillmentState.PLANNED in live,
        Matter.PAYMENT_METHOD: paid <= 0,
    }
    return frozenset(matter for matter, is_open in open_for.items() if is_open)


def matter_of(pointer: str) -> Matter | None:
    """What a pointer into the order's head is about, None for what cannot be changed."""
    group, _, part = pointer[1:].partition("/")
    if group == "customer" and part in _CONTACT:
        return Matter.CONTACT
    if pointer == "/ship_to" or (group == "ship_to" and part in ADDRESS_PARTS):
        return Matter.ADDRESS
    return {"/payment_method": Matter.PAYMENT_METHOD, "/requested_on": Matter.REQUESTED_ON, "/total": Matter.FEWER}.get(pointer)
