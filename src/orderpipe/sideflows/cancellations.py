"""
Cancellations: customer, shop or office may cancel what is not packed yet; its stock goes back in the same transaction.

What has been packed goes on its way; of an order that is partly packed only the rest is canceled.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from orderpipe.domain.decisions import Move, Tell
from orderpipe.domain.orders import order_of
from orderpipe.flow import CANCELABLE, ORDER_ENDS, FulfillmentState, OrderState, Unit
from orderpipe.settings import settings
from orderpipe.sideflows import doubts
from orderpipe.sideflows.hints import Hint
from orderpipe.store import allocation, cancelling, holds, policies, units
from orderpipe.store.cancelling import Standing
from orderpipe.store.carry_out import Occasion, carry_out
from orderpipe.store.metadata import Tx
from orderpipe.store.units import Claimed

CUSTOMER = "customer"
"""The actor whose cancellation is a declaration of its own, which is confirmed with its instant."""


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
    tx: Tx, order_id: int, *, reason: str, by: str, now: datetime, facts: Mapping[str, object] | None = None
) -> Canceled:
    """
    Cancel everything of the order that is not packed; `reason` is one of Shopify's cancel reasons, `by` the actor.

    `facts` is what journal and letter say besides.

    Raises CancelRefused when nothing can be canceled any more; then nothing has changed.
    """
    order = _claimed(tx, order_id)
    cut = _cut(order, cancelling.fulfillments_of(tx, [order_id])[order_id])
    _refuse(cut)
    return _carry_out(tx, [cut], {"reason": reason, **(facts or {})}, _occasion(tx, by, now))[0]


def cancel_parts(tx: Tx, parts: Mapping[int, Collection[int]], *, reason: str, by: str, now: datetime) -> list[Canceled]:
    """
    Cancel these fulfillments (by order id) as far as they are not packed, with the same few statements however many orders there are.

    Orders of which nothing can be canceled any more are left out.
    """
    standing = cancelling.fulfillments_of(tx, parts)
    cuts = [_cut(order, standing[order.id], parts[order.id]) for order in units.claim(tx, Unit.ORDER, parts)]
    return _carry_out(tx, [one for one in cuts if one.chosen], {"reason": reason}, _occasion(tx, by, now))


@dataclass(frozen=True, slots=True)
class _Cut:
    """An order, its fulfillments, and which of them are canceled; `whole`: nothing else is left of it."""

    order: Claimed
    standing: tuple[Standing, ...]
    chosen: tuple[Standing, ...]
    whole: bool


def _cut(order: Claimed, standing: Sequence[Standing], only: Collection[int] | None = None) -> _Cut:
    chosen = tuple(one for one in standing if one.state in CANCELABLE and (only is None or one.id in only))
    return _Cut(order, tuple(standing), chosen, all(one in chosen or one.state == FulfillmentState.CANCELED for one in standing))


def _carry_out(tx: Tx, cuts: Sequence[_Cut], why: Mapping[str, object], occasion: Occasion) -> list[Canceled]:
    chosen = [one for cut in cuts for one in cut.chosen]
    shifts = cancelling.reserved_for(tx, [one.id for one in chosen])
    if shifts:
        allocation.give_back(tx, shifts, cause="canceled", now=occasion.now)
    allocation.served(tx, [*(one.id for one in chosen if not one.reserved), *(-cut.order.id for cut in cuts)])
    letters = _letters(tx, cuts, why, occasion)
    completable = _end(tx, cuts, letters, why, occasion)
    freed = {order_of(shift.fulfillment_id) for shift in shifts}
    return [
        Canceled(
            cut.order.id, cut.whole, tuple(one.id for one in cut.chosen), cut.order.id in freed,
            (Hint("complete", cut.order.lane, [cut.order.id]),) if cut.order.id in completable else (),
        )
        for cut in cuts
    ]


def _letters(tx: Tx, cuts: Sequence[_Cut], why: Mapping[str, object], occasion: Occasion) -> dict[int, Tell]:
    """Note on the orders' lines what is canceled; returns the letter about each order."""
    at = occasion.now if occasion.actor == CUSTOMER else None
    cancelling.cancel_all_lines(tx, [cut.order.id for cut in cuts if cut.whole])
    lines = cancelling.cancel_lines(tx, [one.id for cut in cuts if not cut.whole for one in cut.chosen])
    return {
        cut.order.id: Tell(
            "canceled", {**why, "lines": None if cut.whole else lines.get(cut.order.id, []), "by": occasion.actor, "at": at},
            _key(cut.order.id, cut.whole, cut.chosen),
        )
        for cut in cuts
    }


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


def _refuse(cut: _Cut) -> None:
    if cut.order.state in ORDER_ENDS:
        raise CancelRefused(f"The order is {cut.order.state} already.", cut.order.state, ())
    if cut.standing and not cut.chosen:
        raise CancelRefused("Everything of the order is packed or on its way; it can be returned, not canceled.", cut.order.state, ())


def _occasion(tx: Tx, by: str, now: datetime) -> Occasion:
    return Occasion(now, by, policies.policies(tx, now), settings().office_email)


def _key(order_id: int, whole: bool, chosen: Sequence[Standing]) -> str:
    return f"canceled:{order_id}" if whole else f"canceled:{order_id}:{','.join(str(one.id % 1000) for one in chosen)}"


def _end(
    tx: Tx, cuts: Sequence[_Cut], letters: Mapping[int, Tell], why: Mapping[str, object], occasion: Occasion
) -> set[int]:
    """Cancel the fulfillments, and the orders of which nothing is left; returns the other orders that may complete now."""
    whole = {cut.order.id: cut.order for cut in cuts if cut.whole}
    claimed = {one.id: one for one in units.claim(tx, Unit.FULFILLMENT, [one.id for cut in cuts for one in cut.chosen])}
    moves = [
        Move(one.id, FulfillmentState.CANCELED, () if place or cut.whole else (letters[cut.order.id],), note=why)
        for cut in cuts for place, one in enumerate(cut.chosen)
    ]
    effects = carry_out(tx, Unit.FULFILLMENT, claimed, moves, occasion=occasion)
    left = [one.id for one in claimed.values() if one.order_id not in whole]
    holds.close_holds_of_parts(tx, left, how="canceled", by=occasion.actor, now=occasion.now)
    carry_out(
        tx, Unit.ORDER, whole, [Move(one, OrderState.CANCELED, (letters[one],), note=why) for one in whole], occasion=occasion
    )
    doubts.close(tx, whole, by=occasion.actor, now=occasion.now)
    return set(effects.completable) - whole.keys()
