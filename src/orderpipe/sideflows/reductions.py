"""
Reductions: pieces of orders are taken back before they are packed; their stock is free again in the same transaction.

Many cancellations are carried out together, each whole or not at all; an order of which nothing is left is canceled.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from orderpipe.domain.decisions import Move, Tell
from orderpipe.domain.reductions import Cut, Ordered, PartLine, Plan, Wish, emptied, plan, used_up
from orderpipe.flow import FulfillmentState, OrderState, Unit, WaitingFor
from orderpipe.settings import settings
from orderpipe.sideflows import doubts
from orderpipe.sideflows.hints import Hint
from orderpipe.sideflows.recorded import hints_for
from orderpipe.store import allocation, holds, journal, notifications, policies, reducing, units
from orderpipe.store.allocation import Shift
from orderpipe.store.carry_out import Occasion, carry_out
from orderpipe.store.journal import Entry
from orderpipe.store.metadata import Tx
from orderpipe.store.units import Claimed


@dataclass(frozen=True, slots=True)
class Reduced:
    """Why cancellations (by their keys) were refused, what to hint after the commit, and whether stock came free for others."""

    refused: Mapping[str, str]
    hints: tuple[Hint, ...] = ()
    stock_freed: bool = False


@dataclass(frozen=True, slots=True)
class _Work:
    """The plan, and what it is carried out on."""

    plan: Plan
    claimed: Mapping[int, Claimed]
    parts: Sequence[PartLine]
    ended: frozenset[int]
    used_up: frozenset[int]
    occasion: Occasion
    reason: str


def reduce(tx: Tx, wishes: Sequence[Wish], *, reason: str, by: str, now: datetime, quiet: bool = False) -> Reduced:
    """
    Take these pieces back, with the same few statements however many; `reason` as for a cancellation, `by` the actor.

    `quiet`: journal and customer hear of it as part of something larger.
    """
    if not wishes:
        return Reduced({})
    order_ids = {one.order_id for one in wishes}
    claimed = {one.id: one for one in units.claim(tx, Unit.ORDER, order_ids)}
    orders, parts = reducing.orders_of(tx, order_ids), reducing.parts_of(tx, order_ids)
    planned = plan(wishes, orders, parts)
    if not planned.granted:
        return Reduced(planned.refused)
    work = _work(planned, claimed, parts, orders, Occasion(now, by, policies.policies(tx, now), settings().office_email), reason)
    freed = _undo(tx, work)
    hints = [*_end(tx, work), *_go_on(tx, work)]
    if not quiet:
        _tell(tx, work)
    return Reduced(planned.refused, tuple(hints), freed)


def _work(
    planned: Plan, claimed: Mapping[int, Claimed], parts: Sequence[PartLine], orders: Mapping[int, Ordered], occasion: Occasion, reason: str
) -> _Work:
    ended, whole = emptied(parts, planned.cuts), used_up(orders.values(), planned.granted)
    return _Work(planned, claimed, parts, frozenset(ended), frozenset(whole), occasion, reason)


def _undo(tx: Tx, work: _Work) -> bool:
    """Lines, stock and waiting demand as they are without these pieces; returns whether stock came free."""
    cuts = list(work.plan.cuts.values())
    lost = [_shift(one) for one in cuts if one.line.reserved and one.line.location_id]
    # whoever touches waiting demand locks the stock it waits for first
    allocation.lock_rows(tx, [_shift(one) for one in cuts if one.line.location_id])
    reducing.cancel_pieces(tx, work.plan.granted)
    if lost:
        allocation.give_back(tx, lost, cause="canceled", now=work.occasion.now)
    reducing.cut(tx, [one for one in cuts if one.line.fulfillment_id not in work.ended], by=work.occasion.actor, now=work.occasion.now)
    allocation.served(tx, [*work.ended, *(-order_id for order_id in work.used_up)])
    reducing.demand_again(tx, work.claimed.keys() - work.used_up, _waiting(work))
    return bool(lost)


def _shift(one: Cut) -> Shift:
    return Shift(one.line.location_id or 0, one.line.sku, one.quantity, one.line.fulfillment_id)


def _waiting(work: _Work) -> list[int]:
    """The fulfillments that wait for less stock than before."""
    return sorted({
        one.line.fulfillment_id for one in work.plan.cuts.values()
        if not one.line.reserved and one.line.location_id and one.line.fulfillment_id not in work.ended
    })


def _end(tx: Tx, work: _Work) -> list[Hint]:
    """Cancel the fulfillments and orders of which nothing is left."""
    note = {"reason": work.reason}
    parts = {one.id: one for one in units.claim(tx, Unit.FULFILLMENT, work.ended)} if work.ended else {}
    moves = [Move(one, FulfillmentState.CANCELED, note=note) for one in parts]
    effects = carry_out(tx, Unit.FULFILLMENT, parts, moves, occasion=work.occasion)
    if parts:
        holds.close_holds_of_parts(tx, list(parts), how="canceled", by=work.occasion.actor, now=work.occasion.now)
    whole = [Move(order_id, OrderState.CANCELED, (_letter(work, order_id),), note=note) for order_id in sorted(work.used_up)]
    carry_out(tx, Unit.ORDER, work.claimed, whole, occasion=work.occasion)
    if whole:
        doubts.close(tx, work.used_up, by=work.occasion.actor, now=work.occasion.now)
    return _hints(work, "complete", [order_id for order_id in effects.completable if order_id not in work.used_up])


def _hints(work: _Work, step: str, order_ids: Sequence[int]) -> list[Hint]:
    lanes: dict[str, list[int]] = {}
    for order_id in order_ids:
        lanes.setdefault(work.claimed[order_id].lane, []).append(order_id)
    return [Hint(step, lane, ids) for lane, ids in lanes.items()]


def _letter(work: _Work, order_id: int) -> Tell:
    return Tell("canceled", {"reason": work.reason, "lines": None, "by": work.occasion.actor}, f"canceled:{order_id}")


def _go_on(tx: Tx, work: _Work) -> list[Hint]:
    """Wake what waited only for the pieces that are no longer wanted."""
    lanes, now = {one.id: one.lane for one in work.claimed.values()}, work.occasion.now
    touched = {one for one, _ in work.plan.cuts} - work.ended
    done = reducing.scanned_out(tx, touched) if touched else {}
    woken = {
        "pick": units.wake(tx, Unit.FULFILLMENT, done.get("released", ()), {WaitingFor.PICK_SCANS}, now),
        "pack": units.wake(tx, Unit.FULFILLMENT, done.get("picked", ()), {WaitingFor.PACK_SCANS}, now),
        "release": units.wake(tx, Unit.FULFILLMENT, _waiting(work), {WaitingFor.STOCK}, now),
    }
    orders = units.wake(tx, Unit.ORDER, work.claimed.keys() - work.used_up, {WaitingFor.STOCK}, now)
    return [*(hint for step, ids in woken.items() for hint in hints_for(step, ids, lanes)), *_hints(work, "allocate", orders)]


def _tell(tx: Tx, work: _Work) -> None:
    """Journal and letters about what was taken from each order, cancellation by cancellation."""
    taken: dict[tuple[int, str], list[dict[str, int]]] = {}
    for wish in work.plan.granted:
        taken.setdefault((wish.order_id, wish.key), []).append({"number": wish.number, "quantity": wish.quantity})
    entries = [
        Entry(order_id, "order.reduced", note={"lines": lines, "reason": work.reason, "cancellation": key})
        for (order_id, key), lines in taken.items()
    ]
    letters = notifications.enqueue(tx, [
        (order_id, Tell("canceled", {"reason": work.reason, "lines": lines, "by": work.occasion.actor}, f"canceled:{order_id}:{key}"))
        for (order_id, key), lines in taken.items() if order_id not in work.used_up
    ], work.occasion.now, office_default=work.occasion.office)
    entries += [Entry(order_id, f"unreachable.{kind}") for order_id, kind in letters.unreachable]
    journal.write(tx, entries, now=work.occasion.now, actor=work.occasion.actor)
