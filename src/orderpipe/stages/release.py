"""
Release: hand a fulfillment to the warehouse as a pick list, once its stock, its date and its payment are there.

A fulfillment that waited for stock reserves it here, in the order of waiting; a service is released to its performer.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from orderpipe.domain.decisions import Decision, Move, Tell, Wait
from orderpipe.domain.stock import Share, share_out
from orderpipe.domain.targets import Policies
from orderpipe.flow import FulfillmentState, WaitingFor
from orderpipe.store import allocation, fulfillments
from orderpipe.store.allocation import Shift
from orderpipe.store.fulfillments import Line, ToRelease
from orderpipe.store.metadata import Tx

PROMISE_AGAIN = timedelta(hours=1)
STOCK_AGAIN = timedelta(hours=6)
PAYMENT_AGAIN = timedelta(days=1)
PERFORMANCE_AGAIN = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Facts:
    """The fulfillments, and for those without stock the place that now has all of it, with their lines."""

    fulfillments: tuple[ToRelease, ...]
    places: Mapping[int, int]
    lines: Mapping[int, Sequence[Line]]


def read(tx: Tx, fulfillment_ids: Collection[int], policies: Policies) -> Facts:  # noqa: ARG001  # every stage reads alike
    """What stops each release; stock is locked only where some is still to be reserved."""
    ready = tuple(fulfillments.to_release(tx, fulfillment_ids))
    hungry = {one.id: one.shop_id for one in ready if one.promised and not one.reserved and not one.appointment}
    lines = fulfillments.lines_of(tx, hungry) if hungry else {}
    return Facts(ready, _places(tx, hungry, lines), lines)


def _places(tx: Tx, hungry: Mapping[int, int], lines: Mapping[int, Sequence[Line]]) -> dict[int, int]:
    """Where each waiting fulfillment's stock is, after those that have waited longer are served."""
    if not hungry:
        return {}
    skus = {(hungry[one], line.sku) for one in hungry for line in lines[one]}
    free = allocation.lock_free(tx, skus)
    shares = share_out(allocation.waiting_demand(tx, skus), free)
    return {one: place for one in hungry if (place := _only_place(shares.get(one))) is not None}


def _only_place(share: Share | None) -> int | None:
    if share is None or share.short or len(share.by_location) != 1:
        return None
    return next(iter(share.by_location))


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
    then = Wait(one.id, WaitingFor.PERFORMANCE, now + PERFORMANCE_AGAIN) if one.appointment else None
    return Move(one.id, FulfillmentState.RELEASED, then=then)


def write(tx: Tx, facts: Facts, decisions: Sequence[Decision], now: datetime) -> None:  # noqa: ARG001  # stock is kept while the date or payment is waited for
    """Reserve the stock that has come."""
    allocation.reserve(tx, [
        Shift(place, line.sku, line.quantity, one) for one, place in facts.places.items() for line in facts.lines[one]
    ], now)
    fulfillments.note_reserved(tx, facts.places)
    if facts.places:
        allocation.served(tx, list(facts.places))
