"""
What a customer chooses when something is late: to wait, to have at once what is there, to have something else, or to cancel.

A choice is applied under the order's lock, once; what cannot be had any more is refused, and nothing has changed.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from orderpipe.domain.decisions import Audience, Tell
from orderpipe.domain.delay_terms import Choice, still_open
from orderpipe.domain.delays import Underway, terms_of
from orderpipe.domain.new_dates import new_date
from orderpipe.domain.orders import fulfillment_id
from orderpipe.flow import CANCELABLE, Unit, WaitingFor
from orderpipe.settings import settings
from orderpipe.sideflows import cancellations
from orderpipe.sideflows.delay_offers import offers_for
from orderpipe.sideflows.delays import rules_for
from orderpipe.sideflows.hints import Hint
from orderpipe.store import (
    allocation,
    delays,
    fulfillments,
    journal,
    notifications,
    payments,
    promises,
    reducing,
    substitutes,
    underway,
    units,
)
from orderpipe.store.allocation import Shift
from orderpipe.store.delays import Delay
from orderpipe.store.journal import Entry
from orderpipe.store.metadata import Tx
from orderpipe.store.parting import Parted, part_off


@dataclass(frozen=True, slots=True)
class Chosen:
    """What was chosen, what may go on, and whether stock came free that others may wait for."""

    order_id: int
    choice: Choice
    hints: tuple[Hint, ...] = ()
    stock_freed: bool = False


class ChoiceRefused(Exception):
    """There is nothing to choose about this order now, or this cannot be had any more."""

    def __init__(self, sentence: str, state: str, allowed: Sequence[str]) -> None:
        super().__init__(sentence)
        self.state, self.allowed = state, tuple(allowed)


@dataclass(frozen=True, slots=True)
class _Case:
    """The delay that is chosen about, what of it is still underway, and by whom and when."""

    delay: Delay
    parts: tuple[Underway, ...]
    lane: str
    by: str
    now: datetime


def choose(tx: Tx, order_id: int, choice: Choice, *, by: str, now: datetime) -> Chosen:
    """
    Apply what was chosen for what is late of the order; `by` is the actor. The same choice made again changes nothing.

    Raises ChoiceRefused.
    """
    case = _case(tx, order_id, by, now)
    if case.delay.state == "chosen" and case.delay.chosen == choice:
        return Chosen(order_id, choice)
    if choice not in (allowed := still_open(case.delay.options, case.delay.chosen)):
        raise ChoiceRefused(f"{choice.capitalize()} cannot be chosen here now.", case.delay.state, allowed)
    match choice:
        case Choice.WAIT:
            chosen = _kept(tx, case, choice)
        case Choice.PART:
            chosen = _send_part(tx, case)
        case Choice.SUBSTITUTE:
            chosen = _substitute(tx, case)
        case Choice.CANCEL:
            chosen = cancel_late(tx, case.delay, case.parts, reason="customer", by=by, now=now)
    journal.write(tx, [Entry(order_id, "delay.chosen", note={"choice": choice, "round": case.delay.round})], now=now, actor=by)
    return chosen


def _case(tx: Tx, order_id: int, by: str, now: datetime) -> _Case:
    claimed = units.claim(tx, Unit.ORDER, [order_id])
    delay = delays.open_of(tx, [order_id]).get(order_id)
    if not claimed or delay is None or delay.state not in ("told", "chosen"):
        raise ChoiceRefused("Nothing of this order is late, so there is nothing to choose.", claimed[0].state if claimed else "", ())
    parts = tuple(one for one in underway.of_orders(tx, [order_id])[order_id] if one.id in delay.fulfillment_ids)
    if not any(one.can_be_taken_back or one.on_its_way for one in parts):
        raise ChoiceRefused("What was late is ready or on its way by now, so there is nothing to choose.", delay.state, ())
    return _Case(delay, parts, claimed[0].lane, by, now)


def _kept(tx: Tx, case: _Case, choice: Choice) -> Chosen:
    """The delay goes on with the customer's word."""
    delays.change(tx, [case.delay.id], state="chosen", chosen=choice, chosen_at=case.now, chosen_by=case.by, next_at=None)
    return Chosen(case.delay.order_id, choice)


def _send_part(tx: Tx, case: _Case) -> Chosen:
    """What has come becomes a fulfillment of its own, which goes; the rest waits on."""
    offers = offers_for(tx, case.parts, locked=True)
    some = offers.part([one.id for one in case.parts])
    if not some:
        raise ChoiceRefused("None of it is there any more to be sent now.", case.delay.state, [Choice.WAIT, Choice.CANCEL])
    order_id = case.delay.order_id
    number = fulfillments.numbers_used(tx, [order_id])[order_id]
    places = [(one, place, pieces) for one in some for place, pieces in offers.parts[one].items()]
    parted = [Parted(fulfillment_id(order_id, number + nth), *which) for nth, which in enumerate(places, 1)]
    allocation.reserve(
        tx, [Shift(one.location_id, piece.sku, piece.quantity, one.new) for one in parted for piece in one.pieces], case.now
    )
    part_off(tx, parted, case.now, reason="sent ahead of the rest")
    reducing.demand_again(tx, (), some)
    new = [one.new for one in parted]
    _promise_anew(tx, case, new)
    chosen = _kept(tx, case, Choice.PART)
    return replace(chosen, hints=(Hint("release", case.lane, new),))


def _substitute(tx: Tx, case: _Case) -> Chosen:
    """What is missing is replaced by what is there, at the price that was ordered at."""
    order_id = case.delay.order_id
    some = offers_for(tx, case.parts, locked=True).substitute([one.id for one in case.parts])
    if not some:
        raise ChoiceRefused("There is nothing any more that could be sent instead.", case.delay.state, [Choice.WAIT, Choice.CANCEL])
    substitutes.put_in_place(tx, order_id, some)
    changed = sorted({one.fulfillment_id for one in some})
    reducing.demand_again(tx, (), changed)
    lines = [{"number": one.number, "quantity": one.quantity, "before": one.sku, "after": one.instead} for one in some]
    journal.write(tx, [Entry(order_id, "order.substituted", note={"lines": lines})], now=case.now, actor=case.by)
    units.wake(tx, Unit.FULFILLMENT, changed, {WaitingFor.STOCK}, case.now)
    _promise_anew(tx, case, changed)
    chosen = _kept(tx, case, Choice.SUBSTITUTE)
    return replace(chosen, hints=(Hint("release", case.lane, changed),))


def _promise_anew(tx: Tx, case: _Case, ids: Collection[int]) -> None:
    """Where no date could be named, what goes now gets one; else the date that was told stays the only one."""
    if case.delay.revised_until is not None:
        return
    some = [replace(one, reserved=True, entered_at=case.now) for one in underway.of_orders(tx, [case.delay.order_id])[case.delay.order_id]
            if one.id in ids]
    rules = rules_for(tx, some, case.now)
    dates = [(one, new_date(one, terms, case.now)) for one in some if (terms := terms_of(one, rules.policies, rules.locations))]
    promises.write(tx, [
        {
            "fulfillment_id": one.id, "revision": one.revision + 1, "from_at": date.from_at, "until_at": date.until_at,
            "arithmetic": date.arithmetic, "reason": "chosen", "at": case.now,
        }
        for one, date in dates if date.until_at is not None
    ])


def cancel_late(tx: Tx, delay: Delay, parts: Sequence[Underway], *, reason: str, by: str, now: datetime) -> Chosen:
    """
    Cancel what is late and not packed; the office is asked to give back what was paid for it. The caller holds the order's lock.

    Raises ChoiceRefused where all of it is packed by now.
    """
    some = [one.id for one in parts if one.state in CANCELABLE]
    if not some:
        raise ChoiceRefused("What was late is packed or on its way by now; it can be returned, not canceled.", delay.state, [Choice.WAIT])
    value = payments.price_of(tx, delay.order_id, some)
    canceled = cancellations.cancel(tx, delay.order_id, reason=reason, by=by, now=now, only=some)
    delays.withdraw(tx, [delay.order_id])
    delays.change(tx, [delay.id], chosen=Choice.CANCEL, chosen_at=now, chosen_by=by)
    delays.settle(tx, [delay.id], "canceled", now)
    _refund(tx, delay.order_id, value, whole=canceled.whole, key=f"{delay.id}", by=by, now=now)
    return Chosen(delay.order_id, Choice.CANCEL, canceled.hints, canceled.stock_freed)


def _refund(tx: Tx, order_id: int, value: Decimal, *, whole: bool, key: str, by: str, now: datetime) -> None:
    """Ask the office to give back what was paid: all of it, or as much as what was canceled cost."""
    account = payments.accounts(tx, [order_id])[order_id]
    amount = account.paid if whole else min(account.paid, value)
    if amount <= 0:
        return
    journal.write(tx, [Entry(order_id, "refund.due", note={"amount": amount, "currency": account.currency})], now=now, actor=by)
    letter = Tell("office-refund", {"amount": amount, "reason": "delay"}, f"office-refund:{order_id}:{key}", Audience.OFFICE)
    notifications.enqueue(tx, [(order_id, letter)], now, office_default=settings().office_email)
