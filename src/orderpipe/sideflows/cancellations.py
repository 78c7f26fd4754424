"""
Cancellations: customer, shop or office may cancel what is not packed yet; its stock goes back in the same transaction.

What has been packed goes on its way; of an order that is partly packed only the rest is canceled.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from orderpipe.domain.decisions import Move, Tell
from orderpipe.flow import CANCELABLE, ORDER_ENDS, FulfillmentState, OrderState, Unit
from orderpipe.settings import settings
from orderpipe.sideflows import doubts
from orderpipe.sideflows.hints import Hint
from orderpipe.store import allocation, cancelling, holds, policies, units
from orderpipe.store.cancelling import Standing
from orderpipe.store.carry_out import Occasion, carry_out
from orderpipe.store.metadata import Tx
from orderpipe.store.units import Claimed


@dataclass(frozen=True, slots=True)
class Canceled:
    """What was canceled: the whole order or some fulfillments; and whether stock came free that somebody may wait for."""

    order_id: int
    whole: bool
    fulfillment_ids: tuple[int, ...]
    stock_freed: bool
    hints: tuple[Hint, ...]


class CancelRefused(Exception):
    """Nothing of the order can be canceled any more: it has ended, or everything is packed already."""

    def __init__(self, sentence: str, state: str, allowed: Sequence[str]) -> None:
        super().__init__(sentence)
        self.state, self.allowed = state, tuple(allowed)


def cancel(
    tx: Tx, order_id: int, *, reason: str, by: str, now: datetime, only: Collection[int] | None = None
) -> Canceled:
    """
    Cancel everything of the order that is not packed; `reason` is one of Shopify's cancel reasons, `by` the actor.

    With `only`, nothing but these fulfillments.

    Raises CancelRefused when nothing can be canceled any more; then nothing has changed.
    """
    order = _claimed(tx, order_id)
    standing = cancelling.fulfillments_of(tx, order_id)
    chosen = [one for one in standing if one.state in CANCELABLE and (only is None or one.id in only)]
    _refuse(order, standing, chosen)
    whole = all(one in chosen or one.state == FulfillmentState.CANCELED for one in standing)
    shifts = cancelling.reserved_for(tx, [one.id for one in chosen])
    if shifts:
        allocation.give_back(tx, shifts, cause="canceled", now=now)
    allocation.served(tx, [*(one.id for one in chosen if not one.reserved), -order_id])
    lines = cancelling.cancel_lines(tx, order_id, None if whole else [one.id for one in chosen])
    letter = Tell("canceled", {"reason": reason, "lines": None if whole else lines, "by": by}, _key(order_id, whole, chosen))
    hints = _end(tx, order, chosen, letter, whole=whole, occasion=_occasion(tx, by, now), reason=reason)
    return Canceled(order_id, whole, tuple(one.id for one in chosen), bool(shifts), hints)


def cancel_unstarted(tx: Tx, claimed: Mapping[int, Claimed], *, reason: str, by: str, now: datetime) -> None:
    """Cancel orders for which nothing has been set aside or planned yet, each whole, and tell their customers why."""
    cancelling.cancel_all_lines(tx, claimed)
    letters = {one: Tell("canceled", {"reason": reason, "lines": None, "by": by}, f"canceled:{one}") for one in claimed}
    moves = [Move(one, OrderState.CANCELED, (letter,), note={"reason": reason}) for one, letter in letters.items()]
    carry_out(tx, Unit.ORDER, claimed, moves, occasion=_occasion(tx, by, now))
    doubts.close(tx, claimed, by=by, now=now)


def _claimed(tx: Tx, order_id: int) -> Claimed:
    found = units.claim(tx, Unit.ORDER, [order_id])
    if not found:
        raise CancelRefused("There is no such order.", "", ())
    return found[0]


def _refuse(order: Claimed, standing: Sequence[Standing], chosen: Sequence[Standing]) -> None:
    if order.state in ORDER_ENDS:
        raise CancelRefused(f"The order is {order.state} already.", order.state, ())
    if standing and not chosen:
        raise CancelRefused("Everything of the order is packed or on its way; it can be returned, not canceled.", order.state, ())


def _occasion(tx: Tx, by: str, now: datetime) -> Occasion:
    return Occasion(now, by, policies.policies(tx, now), settings().office_email)


def _key(order_id: int, whole: bool, chosen: Sequence[Standing]) -> str:
    return f"canceled:{order_id}" if whole else f"canceled:{order_id}:{','.join(str(one.id % 1000) for one in chosen)}"


def _end(
    tx: Tx, order: Claimed, chosen: Sequence[Standing], letter: Tell, *, whole: bool, occasion: Occasion, reason: str
) -> tuple[Hint, ...]:
    claimed = {one.id: one for one in units.claim(tx, Unit.FULFILLMENT, [one.id for one in chosen])}
    tells = () if whole else (letter,)
    moves = [
        Move(one.id, FulfillmentState.CANCELED, tells if place == 0 else (), note={"reason": reason})
        for place, one in enumerate(chosen)
    ]
    effects = carry_out(tx, Unit.FULFILLMENT, claimed, moves, occasion=occasion)
    if not whole:
        holds.close_holds_of_parts(tx, list(claimed), how="canceled", by=occasion.actor, now=occasion.now)
        return (Hint("complete", order.lane, effects.completable),) if effects.completable else ()
    carry_out(
        tx, Unit.ORDER, {order.id: order}, [Move(order.id, OrderState.CANCELED, (letter,), note={"reason": reason})], occasion=occasion
    )
    doubts.close(tx, [order.id], by=occasion.actor, now=occasion.now)
    return ()


