"""
Parts of orders taken back: from which fulfillments the pieces come, those first on which the least work has been done.

A cancellation is carried out whole or not at all; what is packed already can be returned, but not canceled.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from orderpipe.flow import CANCELABLE, ORDER_ENDS, FulfillmentState, OrderState


@dataclass(frozen=True, slots=True)
class Wish:
    """So many pieces of an order's line are no longer wanted; `key` names the cancellation that says so."""

    key: str
    order_id: int
    number: int
    quantity: int


@dataclass(frozen=True, slots=True)
class Ordered:
    """An order with its lines by number: what was ordered and not canceled yet."""

    id: int
    state: OrderState
    left: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class PartLine:
    """A line of a fulfillment and how far its handling is; `reserved`: its stock is set aside at the location."""

    order_id: int
    fulfillment_id: int
    state: FulfillmentState
    reserved: bool
    location_id: int | None
    number: int
    sku: str
    quantity: int
    picked: int
    short: int
    packed: int


@dataclass(frozen=True, slots=True)
class Cut:
    """So many pieces leave a fulfillment's line; `put_back` of them were picked already and go back to the shelf."""

    line: PartLine
    quantity: int
    put_back: int


@dataclass(slots=True)
class Plan:
    """What is carried out: the wishes that are granted, the cuts; and why other cancellations (by their keys) are refused."""

    granted: list[Wish] = field(default_factory=list)
    cuts: dict[tuple[int, int], Cut] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)


def plan(wishes: Iterable[Wish], orders: Mapping[int, Ordered], parts: Sequence[PartLine]) -> Plan:
    """Grant the cancellations one after the other, in the order given."""
    made = Plan()
    by_key: dict[str, list[Wish]] = {}
    for wish in wishes:
        by_key.setdefault(wish.key, []).append(wish)
    for key, its in by_key.items():
        tried = Plan(list(made.granted), dict(made.cuts))
        reason = next((reason for wish in its if (reason := _grant(wish, orders, parts, tried)) is not None), None)
        if reason is None:
            made.granted, made.cuts = tried.granted, tried.cuts
        else:
            made.refused[key] = reason
    return made


def _grant(wish: Wish, orders: Mapping[int, Ordered], parts: Sequence[PartLine], made: Plan) -> str | None:
    """Add the wish to the plan; a reason where it cannot be granted."""
    order = orders.get(wish.order_id)
    if order is None:
        return "There is no such order."
    if order.state in ORDER_ENDS:
        return f"The order is {order.state} already{'; it can be returned' if order.state == OrderState.COMPLETED else ''}."
    granted = sum(one.quantity for one in made.granted if (one.order_id, one.number) == (wish.order_id, wish.number))
    if order.left.get(wish.number, 0) - granted < wish.quantity:
        return "So many are not left of this line."
    lines = [part for part in parts if (part.order_id, part.number) == (wish.order_id, wish.number)]
    missing = wish.quantity if lines else 0
    for line, most, picked in sorted(_sources(lines, made.cuts), key=lambda source: source[2]):
        taken = min(missing, most)
        if taken > 0:
            missing -= taken
            _cut(made, line, taken, taken if picked else 0)
    if missing:
        return "It is packed already, or on its way: it can be returned, not canceled."
    made.granted.append(wish)
    return None


def _sources(lines: Sequence[PartLine], cuts: Mapping[tuple[int, int], Cut]) -> Iterator[tuple[PartLine, int, bool]]:
    """Where pieces can be taken from, (line, at most, picked already): what waits for stock first, then what is not picked."""
    ranked = sorted(lines, key=lambda line: (line.reserved, line.state != FulfillmentState.PLANNED, -line.fulfillment_id))
    for line in ranked:
        if line.state in CANCELABLE:
            cut = cuts.get((line.fulfillment_id, line.number), Cut(line, 0, 0))
            yield line, line.quantity - line.picked - line.short - (cut.quantity - cut.put_back), False
            yield line, line.picked - line.packed - cut.put_back, True


def _cut(made: Plan, line: PartLine, quantity: int, put_back: int) -> None:
    before = made.cuts.get((line.fulfillment_id, line.number), Cut(line, 0, 0))
    made.cuts[line.fulfillment_id, line.number] = Cut(line, before.quantity + quantity, before.put_back + put_back)


def emptied(parts: Sequence[PartLine], cuts: Mapping[tuple[int, int], Cut]) -> list[int]:
    """The fulfillments of which nothing is left after the cuts."""
    touched = {fulfillment for fulfillment, _ in cuts}
    left: dict[int, int] = dict.fromkeys(touched, 0)
    for line in parts:
        if line.fulfillment_id in touched:
            cut = cuts.get((line.fulfillment_id, line.number))
            left[line.fulfillment_id] += line.quantity - (cut.quantity if cut else 0)
    return sorted(one for one, quantity in left.items() if not quantity)


def used_up(orders: Iterable[Ordered], granted: Sequence[Wish]) -> list[int]:
    """The orders of which nothing is left once the wishes are granted."""
    taken: dict[tuple[int, int], int] = {}
    for wish in granted:
        taken[wish.order_id, wish.number] = taken.get((wish.order_id, wish.number), 0) + wish.quantity
    touched = {wish.order_id for wish in granted}
    return sorted(
        order.id for order in orders
        if order.id in touched and all(left <= taken.get((order.id, number), 0) for number, left in order.left.items())
    )
