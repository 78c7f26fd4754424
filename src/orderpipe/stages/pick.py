"""
Pick: a fulfillment is picked when the scanner has seen every piece of it.

What the picker does not find is taken off and becomes a new fulfillment that waits for stock; the customer is told.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from orderpipe.domain.decisions import Decision, Move, Tell, Wait
from orderpipe.domain.orders import fulfillment_id, order_of
from orderpipe.domain.targets import Policies
from orderpipe.flow import FulfillmentState, WaitingFor
from orderpipe.store import allocation, fulfillments, promises
from orderpipe.store.allocation import Shift
from orderpipe.store.fulfillments import Line, Place
from orderpipe.store.metadata import Tx

SCANS_AGAIN = timedelta(hours=12)
STOCK_SOON = timedelta(seconds=10)
"""When a part that was not found looks for stock at other places."""


@dataclass(frozen=True, slots=True)
class Facts:
    """The lines with what has been scanned; the place, and the highest number in its order, of those with something missing."""

    lines: Mapping[int, Sequence[Line]]
    places: Mapping[int, Place]
    numbers: Mapping[int, int]


def read(tx: Tx, fulfillment_ids: Collection[int], policies: Policies) -> Facts:  # noqa: ARG001  # every stage reads alike
    """What the scans say so far."""
    lines = fulfillments.lines_of(tx, fulfillment_ids)
    missing = [one for one, its in lines.items() if any(line.short for line in its)]
    numbers = fulfillments.numbers_used(tx, {order_of(one) for one in missing}) if missing else {}
    return Facts(lines, fulfillments.places_of(tx, missing) if missing else {}, numbers)


def decide(facts: Facts, *, now: datetime) -> list[Decision]:
    """Picked when every piece is scanned or reported missing; canceled when none was there."""
    return [_decide(one, lines, now) for one, lines in facts.lines.items()]


def _decide(one: int, lines: Sequence[Line], now: datetime) -> Decision:
    if any(line.picked + line.short < line.quantity for line in lines):
        return Wait(one, WaitingFor.PICK_SCANS, now + SCANS_AGAIN)
    short = [{"number": line.number, "quantity": line.short, "expected_on": None} for line in lines if line.short]
    tells = (Tell("backorder", {"lines": short}, f"not-found:{one}"),) if short else ()
    to = FulfillmentState.PICKED if any(line.picked for line in lines) else FulfillmentState.CANCELED
    return Move(one, to, tells, note={"short": short} if short else None)


def write(tx: Tx, facts: Facts, decisions: Sequence[Decision], now: datetime) -> None:
    """Part what is missing from what goes on."""
    parted = _parted(facts, [one.unit_id for one in decisions if isinstance(one, Move)])
    if not parted:
        return
    missing = {one: [line for line in facts.lines[one] if line.short] for one in parted}
    allocation.write_off(tx, [
        Shift(facts.places[one].location_id, line.sku, line.short, one) for one in parted for line in missing[one]
    ], now)
    fulfillments.take_off_short(tx, list(parted))
    fulfillments.plan(tx, [_fulfillment(new, facts.places[one], now) for one, new in parted.items()], [
        {"fulfillment_id": new, "number": line.number, "sku": line.sku, "quantity": line.short}
        for one, new in parted.items() for line in missing[one]
    ])
    allocation.wait_for_stock(tx, [_demand(new, facts.places[one], line) for one, new in parted.items() for line in missing[one]])
    promises.copy(tx, list(parted.items()), reason="not found when picked", now=now)


def _parted(facts: Facts, moved: Sequence[int]) -> dict[int, int]:
    """The new fulfillment for each one that something is missing from."""
    numbers = dict(facts.numbers)
    parted: dict[int, int] = {}
    for one in moved:
        if one in facts.places:
            numbers[order_of(one)] += 1
            parted[one] = fulfillment_id(order_of(one), numbers[order_of(one)])
    return parted


def _fulfillment(new: int, place: Place, now: datetime) -> dict[str, object]:
    return {
        "id": new, "order_id": place.order_id, "shop_id": place.shop_id, "lane": place.lane, "kind": "parcel",
        "location_id": place.location_id, "reserved": False, "state": FulfillmentState.PLANNED, "next_at": now + STOCK_SOON,
        "stage_entered_at": now,
    }


def _demand(new: int, place: Place, line: Line) -> dict[str, object]:
    return {
        "shop_id": place.shop_id, "sku": line.sku, "location_id": place.location_id, "quantity": line.short,
        "order_id": place.order_id, "fulfillment_id": new, "since": place.received_at,
    }
