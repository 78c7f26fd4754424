"""
What a customer chooses when something is late: to wait, to have at once what is there, to have something else, or to cancel.

A choice is applied under the order's lock, once; what cannot be had any more is refused, and nothing has changed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from orderpipe.domain.delay_terms import Choice, still_open
from orderpipe.domain.delays import Underway
from orderpipe.flow import CANCELABLE, Unit
from orderpipe.sideflows import cancellations, delay_refunds
from orderpipe.sideflows.cancellations import Canceled
from orderpipe.sideflows.delay_changes import Changed, Late, NotThere, send_part, substitute
from orderpipe.sideflows.delay_refunds import Due
from orderpipe.sideflows.hints import Hint
from orderpipe.sideflows.queries import How
from orderpipe.store import delays, journal, payments, underway, units
from orderpipe.store.delays import Delay
from orderpipe.store.journal import Entry
from orderpipe.store.metadata import Tx


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


def choose(tx: Tx, order_id: int, choice: Choice, *, by: str, now: datetime, how: How = How.API) -> Chosen:
    """
    Apply what was chosen for what is late of the order; `by` is the actor. The same choice made again changes nothing.

    Raises ChoiceRefused.
    """
    late = _late(tx, order_id, by, how, now)
    if late.delay.state == "chosen" and late.delay.chosen == choice:
        return Chosen(order_id, choice)
    if choice not in (allowed := still_open(late.delay.options, late.delay.chosen)):
        raise ChoiceRefused(f"{choice.capitalize()} cannot be chosen here now.", late.delay.state, allowed)
    chosen = _canceled(tx, late) if choice == Choice.CANCEL else _kept(tx, late, choice)
    note = {"choice": choice, "round": late.delay.round, "how": how}
    journal.write(tx, [Entry(order_id, "delay.chosen", note=note)], now=now, actor=by)
    return chosen


def _late(tx: Tx, order_id: int, by: str, how: How, now: datetime) -> Late:
    claimed = units.claim(tx, Unit.ORDER, [order_id])
    delay = delays.open_of(tx, [order_id]).get(order_id)
    if not claimed or delay is None or delay.state not in ("told", "chosen"):
        raise ChoiceRefused("Nothing of this order is late, so there is nothing to choose.", claimed[0].state if claimed else "", ())
    parts = tuple(one for one in underway.of_orders(tx, [order_id])[order_id] if one.id in delay.fulfillment_ids)
    if not any(one.can_be_taken_back or one.on_its_way for one in parts):
        raise ChoiceRefused("What was late is ready or on its way by now, so there is nothing to choose.", delay.state, ())
    return Late(delay, parts, claimed[0].lane, by, how, now)


_CHANGES = {Choice.PART: send_part, Choice.SUBSTITUTE: substitute}


def _kept(tx: Tx, late: Late, choice: Choice) -> Chosen:
    """The delay goes on with the customer's word, and with what it changes."""
    order_id, delay = late.delay.order_id, late.delay
    try:
        changed = _CHANGES[choice](tx, late) if choice in _CHANGES else Changed(())
    except NotThere as reason:
        raise ChoiceRefused(str(reason), delay.state, [Choice.WAIT, Choice.CANCEL]) from reason
    delays.withdraw(tx, [order_id], ["delay-reminder"])
    delays.change(tx, [delay.id], state="chosen", chosen=choice, chosen_at=late.now, chosen_by=late.by, next_at=None)
    due = Due(order_id, f"{delay.id}:{choice}", changed.saved, choice, in_total=True)
    delay_refunds.ask(tx, [due] if changed.saved else [], by=late.by, now=late.now)
    return Chosen(order_id, choice, changed.hints)


def _canceled(tx: Tx, late: Late) -> Chosen:
    order_id = late.delay.order_id
    canceled = cancel_late(tx, {late.delay: late.parts}, reason="customer", by=late.by, now=late.now)
    if not canceled:
        raise ChoiceRefused(
            "What was late is packed or on its way by now; it can be returned, not canceled.", late.delay.state, [Choice.WAIT]
        )
    return Chosen(order_id, Choice.CANCEL, canceled[0].hints, canceled[0].stock_freed)


def cancel_late(
    tx: Tx, late: Mapping[Delay, Sequence[Underway]], *, reason: str, by: str, now: datetime
) -> list[Canceled]:
    """
    Cancel what of these delays is not packed, with the same few statements however many; what was paid for it is to be given back.

    Delays of which all is packed by now are left out. The caller holds the orders' locks.
    """
    some = {delay: [one.id for one in parts if one.state in CANCELABLE] for delay, parts in late.items()}
    ids = {delay.order_id: delay.id for delay, its in some.items() if its}
    prices = payments.prices_of(tx, [one for its in some.values() for one in its])
    canceled = cancellations.cancel_parts(tx, {delay.order_id: its for delay, its in some.items() if its}, reason=reason, by=by, now=now)
    delays.withdraw(tx, ids)
    delays.change(tx, ids.values(), chosen=Choice.CANCEL, chosen_at=now, chosen_by=by)
    delays.settle(tx, ids.values(), "canceled", now)
    delay_refunds.ask(tx, [
        Due(one.order_id, f"{ids[one.order_id]}", prices.get(one.order_id, Decimal(0)), "delay", whole=one.whole) for one in canceled
    ], by=by, now=now)
    return canceled
