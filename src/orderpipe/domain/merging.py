"""
Two orders that may be one: which earlier order a doubt names, and what that one becomes when this one's lines are added to it.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from orderpipe.domain.amendments import Line, Order
from orderpipe.domain.orders import UnknownNumber, order_id_of
from orderpipe.flow import OrderState

RULES = frozenset({"duplicate-order", "purchase-order-again"})
"""The rules that find an earlier order much like this one."""


def earlier_order(doubts: Iterable[Mapping[str, Any]]) -> int | None:
    """The earlier order (its id) that one of these doubts names."""
    for doubt in doubts:
        if doubt.get("rule") in RULES:
            try:
                return order_id_of(str(doubt.get("order")))
            except UnknownNumber:
                continue
    return None


def why_apart(new: Order, first: Order) -> str:
    """Why the lines of a new order cannot go with those of the earlier one, as a sentence; "" where they can."""
    if new.state != OrderState.RECEIVED:
        return "This order is being worked on already."
    if new.paid:
        return "This order is paid for on its own."
    if (new.ship_to or {}) != (first.ship_to or {}):
        return "The two orders go to different addresses."
    if new.requested_on not in (None, first.requested_on):
        return "The two orders are wanted on different days."
    return ""


def additions_to(first: Order, new: Order) -> dict[str, object]:
    """The changes, by JSON pointer, that add the lines of the new order: more of a line that is there, at the same price, or a new one."""
    more, added = dict[int, int](), list[dict[str, object]]()
    for line in (one for one in new.lines if one.left):
        place = next((place for place, one in enumerate(first.lines) if _alike(one, line)), None)
        if place is None:
            price = {} if line.unit_price is None else {"unit_price": f"{line.unit_price:f}"}
            added.append({"sku": line.sku, "quantity": line.left, **price})
        else:
            more[place] = more.get(place, first.lines[place].left) + line.left
    changes: dict[str, object] = {f"/lines/{place}/quantity": quantity for place, quantity in more.items()}
    return changes | ({"/lines/-": added} if added else {})


def _alike(one: Line, other: Line) -> bool:
    return one.left > 0 and (one.sku, one.unit_price) == (other.sku, other.unit_price)
