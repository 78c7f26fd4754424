"""
How far an order is, as its customer sees it: the steps behind it with their instants, and those ahead with the date promised.

An order that goes out in several parts has a line of steps for each of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from orderpipe.flow import ORDER_ENDS, FulfillmentState, OrderState


class Step(StrEnum):
    """A step as the customer knows it."""

    RECEIVED = "received"
    CHECKED = "checked"
    CONFIRMED = "confirmed"
    PREPARED = "prepared"
    SENT = "sent"
    OUT_FOR_DELIVERY = "out-for-delivery"
    DELIVERED = "delivered"
    PERFORMED = "performed"
    DONE = "done"
    CANCELED = "canceled"
    REJECTED = "rejected"
    RETURNED = "returned"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Happened:
    """Something the journal says of the order or (fulfillment_id) one of its parts: a state entered, or the carrier's word. UTC."""

    fulfillment_id: int | None
    what: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Part:
    """A fulfillment; `from_at` and `until_at` are the window promised now (UTC), None before the promise."""

    id: int
    state: FulfillmentState
    appointment: bool = False
    from_at: datetime | None = None
    until_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Point:
    """A step: when it was taken, or else, where that is promised, the window in which it is expected (UTC)."""

    step: Step
    at: datetime | None = None
    expected: tuple[datetime, datetime] | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """The steps of the order as a whole before and after those of its parts, which stand by the parts' ids."""

    begin: tuple[Point, ...]
    parts: Mapping[int, tuple[Point, ...]]
    end: tuple[Point, ...]


_BEGIN = ((Step.RECEIVED, OrderState.RECEIVED), (Step.CHECKED, OrderState.VALIDATED), (Step.CONFIRMED, OrderState.PROMISED))
_OF_PARCEL = (
    (Step.PREPARED, FulfillmentState.PACKED), (Step.SENT, FulfillmentState.SHIPPED), (Step.OUT_FOR_DELIVERY, "out_for_delivery"),
    (Step.DELIVERED, FulfillmentState.DELIVERED),
)
_OF_SERVICE = ((Step.PERFORMED, FulfillmentState.DELIVERED),)
_FAILURES = {
    FulfillmentState.RETURNED: Step.RETURNED, FulfillmentState.LOST: Step.LOST, FulfillmentState.CANCELED: Step.CANCELED,
}
_PARCEL_TO_COME = 0


def progress(state: OrderState, happened: Sequence[Happened], parts: Sequence[Part]) -> Progress:
    """The steps of an order in this state; canceled parts are left out as long as there are others."""
    first = {(one.fulfillment_id, one.what): one.at for one in reversed(happened)}
    begin = tuple(Point(step, first.get((None, what))) for step, what in _BEGIN)
    shown = [part for part in parts if part.state != FulfillmentState.CANCELED]
    if state in (OrderState.CANCELED, OrderState.REJECTED):
        taken = tuple(point for point in begin if point.at)
        return Progress(taken, {}, (Point(Step(state.value), first.get((None, state))),))
    if not shown and state not in ORDER_ENDS:
        shown = [Part(_PARCEL_TO_COME, FulfillmentState.PLANNED)]
    return Progress(
        begin, {part.id: _of_part(part, first) for part in shown}, (Point(Step.DONE, first.get((None, OrderState.COMPLETED))),)
    )


def _of_part(part: Part, first: Mapping[tuple[int | None, str], datetime]) -> tuple[Point, ...]:
    steps = _OF_SERVICE if part.appointment else _OF_PARCEL
    points = [Point(step, first.get((part.id, what))) for step, what in steps]
    if part.state in _FAILURES:
        return (*(point for point in points if point.at), Point(_FAILURES[part.state], first.get((part.id, part.state))))
    last = max((place for place, point in enumerate(points) if point.at), default=-1)
    window = (part.from_at, part.until_at) if part.from_at and part.until_at else None
    # what the carrier did not say on the way is neither past nor to come
    kept = [point for place, point in enumerate(points) if point.at or place > last]
    return tuple(
        Point(point.step, None, window) if point.at is None and point.step in (Step.DELIVERED, Step.PERFORMED) else point for point in kept
    )
