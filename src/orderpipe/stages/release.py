"""
Release: hand a fulfillment to the warehouse as a pick list, once its stock, its date and its payment are there.

A fulfillment that waited for stock reserves it here, in the order of waiting; a service is released to its performer.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from orderpipe.domain.decisions import Decision, Move, Tell, Wait
from orderpipe.domain.orders import fulfillment_id, order_of
from orderpipe.domain.stock import Piece, share_out
from orderpipe.domain.targets import Policies
from orderpipe.flow import FulfillmentState, WaitingFor
from orderpipe.store import allocation, fulfillments
from orderpipe.store.allocation import Shift
from orderpipe.store.fulfillments import Line, ToRelease
from orderpipe.store.metadata import Tx
from orderpipe.store.parting import Parted, part_off

PROMISE_AGAIN = timedelta(hours=1)
STOCK_AGAIN = timedelta(hours=6)
PAYMENT_AGAIN = timedelta(days=1)
PERFORMANCE_AGAIN = timedelta(days=1)
SCANS_AGAIN = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Facts:
    """The fulfillments; for those without stock the places that now have all of it, and the highest number in their orders."""

    fulfillments: tuple[ToRelease, ...]
    places: Mapping[int, Mapping[int, tuple[Piece, ...]]]
    numbers: Mapping[int, int]


def read(tx: Tx, fulfillment_ids: Collection[int], policies: Policies) -> Facts:  # noqa: ARG001  # every stage reads alike
    """What stops each release; stock is locked only where some is still to be reserved."""
    ready = tuple(fulfillments.to_release(tx, fulfillment_ids))
    hungry = {one.id: one.shop_id for one in ready if one.promised and not one.reserved and not one.appointment}
    places = _places(tx, hungry) if hungry else {}
    parted = {order_of(one) for one, its in places.items() if len(its) > 1}
    return Facts(ready, places, fulfillments.numbers_used(tx, parted) if parted else {})


def _places(tx: Tx, hungry: Mapping[int, int]) -> dict[int, Mapping[int, tuple[Piece, ...]]]:
    """Where each waiting fulfillment's stock is, by line number, after those that have waited longer are served."""
    lines = {one: [line for line in its if line.quantity] for one, its in fulfillments.lines_of(tx, hungry).items()}
    skus = {(hungry[one], line.sku) for one in hungry for line in lines[one]}
    free = allocation.lock_free(tx, skus)
    shares = share_out(allocation.waiting_demand(tx, skus), free)
    return {
        one: {place: _numbered(pieces, lines[one]) for place, pieces in shares[one].by_location.items()}
        for one in hungry if one in shares and not shares[one].short
    }


def _numbered(pieces: Sequence[Piece], lines: Sequence[Line]) -> tuple[Piece, ...]:
    """Waiting demand counts its pieces from 0, in the order of the lines."""
    return tuple(Piece(lines[piece.number].number, piece.sku, piece.quantity) for piece in pieces)


def decide(facts: Facts, *, now: datetime) -> list[Decision]:
    """Stock first, then the date, then the payment."""
    return [_decide(one, facts, now) for one in facts.fulfillments]


def _decide(one: ToRelease, facts: Facts, now: datetime) -> Decision:
    if not one.promised:
        return Wait(one.id, WaitingFor.PROMISE, now + PROMISE_AGAIN)
    if not one.reserved and not one.appointment and one.id not in facts.places:
        return Wait(one.id, WaitingFor.STOCK, now + STOCK_AGAIN)
    if one.not_before and one.not_before > now:
        return Wait(one.id, WaitingFor.DATE, one.not_before)
    if one.unpaid > 0:
        letter = Tell("payment-needed", {"amount": one.unpaid}, f"payment-needed:{one.order_id}")
        return Wait(one.id, WaitingFor.PAYMENT, now + PAYMENT_AGAIN, (letter,))
    # nothing of it can have been scanned or performed before
    service, goods = (WaitingFor.PERFORMANCE, PERFORMANCE_AGAIN), (WaitingFor.PICK_SCANS, SCANS_AGAIN)
    reason, within = service if one.appointment else goods
    return Move(one.id, FulfillmentState.RELEASED, then=Wait(one.id, reason, now + within))


def write(tx: Tx, facts: Facts, decisions: Sequence[Decision], now: datetime) -> None:  # noqa: ARG001  # stock is kept while the date or payment is waited for
    """Reserve the stock that has come; what lies at a second place goes in a parcel of its own."""
    if not facts.places:
        return
    parted = _parted(facts)
    first = {one: next(iter(places)) for one, places in facts.places.items()}
    shares = [
        *((one, place, facts.places[one][place]) for one, place in first.items()),
        *((one.new, one.location_id, one.pieces) for one in parted),
    ]
    allocation.reserve(tx, [Shift(place, piece.sku, piece.quantity, one) for one, place, pieces in shares for piece in pieces], now)
    fulfillments.note_reserved(tx, first)
    allocation.served(tx, list(facts.places))
    part_off(tx, parted, now)


def _parted(facts: Facts) -> list[Parted]:
    numbers = dict(facts.numbers)
    parted: list[Parted] = []
    for one, places in facts.places.items():
        for place in list(places)[1:]:
            numbers[order_of(one)] += 1
            parted.append(Parted(fulfillment_id(order_of(one), numbers[order_of(one)]), one, place, places[place]))
    return parted
