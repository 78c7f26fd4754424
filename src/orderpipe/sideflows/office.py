"""
The office: what nobody else can settle waits here until somebody decides, and is brought up again every day.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from orderpipe.domain.decisions import Audience, Tell
from orderpipe.domain.orders import fulfillment_id
from orderpipe.flow import STEP, OrderState, Unit, WaitingFor, next_step
from orderpipe.sideflows import cancellations, claims, queries
from orderpipe.sideflows.hints import Hint
from orderpipe.store import allocation, fulfillments, holds, journal, notifications, office_work, promises, units, watches
from orderpipe.store.journal import Entry
from orderpipe.store.metadata import Tx
from orderpipe.store.office_work import Failed

REMIND_AGAIN = timedelta(days=1)
STOCK_SOON = timedelta(seconds=10)


class Decision(StrEnum):
    """What the office may decide about an order that waits for it."""

    RESUME = "resume"
    RESEND = "resend"
    CLOSE = "close"
    CANCEL = "cancel"
    ASK_AGAIN = "ask-again"


@dataclass(frozen=True, slots=True)
class Decided:
    """What a decision led to, and what may go on."""

    order_id: int
    decision: Decision
    hints: tuple[Hint, ...]


class DecisionRefused(Exception):
    """The order does not wait for the office, or this decision does not fit it."""

    def __init__(self, sentence: str, state: str, allowed: Sequence[str]) -> None:
        super().__init__(sentence)
        self.state, self.allowed = state, tuple(allowed)


def allowed(failed: Sequence[Failed], state: str, *, replied: bool = False) -> tuple[Decision, ...]:
    """
    The decisions that fit: lost or returned parcels are sent again or closed, anything else goes on or is canceled.

    Where the customer `replied` to our question, but not clearly, it may be asked again.
    """
    if failed:
        return (Decision.RESEND, Decision.CLOSE)
    fitting = (Decision.RESUME, Decision.CANCEL) if state != OrderState.PROMISED else (Decision.RESUME,)
    return (*fitting, Decision.ASK_AGAIN) if replied else fitting


def decide(tx: Tx, order_id: int, decision: Decision, *, by: str, now: datetime) -> Decided:
    """Carry out the office's decision. Raises DecisionRefused, CancelRefused; then nothing has changed."""
    order = next(iter(units.claim(tx, Unit.ORDER, [order_id])), None)
    waiting = office_work.waiting(tx, [order_id])
    failed = office_work.failed_of(tx, order_id)
    if order is None or not (waiting.orders or waiting.fulfillments or failed):
        raise DecisionRefused("The order does not wait for the office.", order.state if order else "", ())
    replied = queries.reply_lies_with_office(tx, order_id)
    fitting = allowed(failed, order.state, replied=replied)
    if decision not in fitting:
        raise DecisionRefused(f"{decision} does not fit here.", order.state, fitting)
    if decision == Decision.CANCEL:
        return Decided(order_id, decision, cancellations.cancel(tx, order_id, reason="staff", by=by, now=now).hints)
    if failed:
        _settle(tx, order_id, failed, by=by, now=now)
        _tell_customer(tx, order_id, failed, decision, now)
        claims.answer(tx, order_id, [one.id for one in failed], decision, by=by, now=now)
    again = _send_again(tx, order_id, failed, now) if decision == Decision.RESEND else ()
    settled = replied and decision == Decision.RESUME and queries.settle_reply(tx, order_id, by=by, now=now)
    if order.state == OrderState.RECEIVED:
        holds.confirm_findings(tx, order_id, by=by, now=now)
    holds.close_because(tx, order_id, queries.REPLY_LIES_WITH_OFFICE, how=decision, by=by, now=now)
    journal.write(tx, [Entry(order_id, f"office.{decision}")], now=now, actor=by)
    hints = let_go(tx, order_id, how=decision, by=by, now=now, at_once=replied and not settled)
    return Decided(order_id, decision, (*hints, *_released(order.lane, again)))


def let_go(tx: Tx, order_id: int, *, how: str, by: str, now: datetime, at_once: bool = False) -> tuple[Hint, ...]:
    """
    End what stops the order for the office; the caller holds its lock. Returns what may go on.

    Where a question is open it is the customer's turn again, who is reminded `at_once` or when it is due.
    """
    waiting = office_work.waiting(tx, [order_id])
    holds.close_holds(tx, [order_id], {WaitingFor.OFFICE}, how=how, by=by, now=now)
    if queries.ask_on(tx, order_id, by=by, now=now, at_once=at_once):
        return ()
    return _woken(tx, order_id, waiting.fulfillments, now)


def _settle(tx: Tx, order_id: int, failed: Sequence[Failed], *, by: str, now: datetime) -> None:
    """Each failed parcel is decided about, so that completing the order no longer stops at it."""
    holds.open_holds(tx, [
        {
            "order_id": order_id, "fulfillment_id": one.id, "kind": WaitingFor.OFFICE, "stops": "complete", "owner": "office",
            "reason": one.state, "opened_at": now, "deadline": now, "closed_at": now, "closed_how": "settled", "closed_by": by,
        }
        for one in failed
    ])


def _tell_customer(tx: Tx, order_id: int, failed: Sequence[Failed], decision: Decision, now: datetime) -> None:
    """The customer hears of each parcel that failed, and what comes of it."""
    kind = "sent-again" if decision == Decision.RESEND else "not-delivered"
    lines = fulfillments.lines_of(tx, [one.id for one in failed])
    told = {one.id: [{"number": line.number, "quantity": line.quantity} for line in lines[one.id] if line.quantity] for one in failed}
    notifications.enqueue(
        tx, [(order_id, Tell(kind, {"status": one.state, "lines": told[one.id]}, f"{kind}:{one.id}")) for one in failed], now,
        office_default="",
    )


def _send_again(tx: Tx, order_id: int, failed: Sequence[Failed], now: datetime) -> tuple[int, ...]:
    """New fulfillments for what was lost or came back; they wait for stock like any other and come before newer demand."""
    first = fulfillments.numbers_used(tx, [order_id])[order_id] + 1
    fresh = {fulfillment_id(order_id, number): one for number, one in enumerate(failed, start=first)}
    lines = fulfillments.lines_of(tx, [one.id for one in failed])
    fulfillments.plan(tx, [_fulfillment(new, one, order_id, now) for new, one in fresh.items()], [
        {"fulfillment_id": new, "number": line.number, "sku": line.sku, "quantity": line.quantity}
        for new, one in fresh.items() for line in lines[one.id] if line.quantity
    ])
    allocation.wait_for_stock(tx, [
        {
            "shop_id": one.shop_id, "sku": line.sku, "location_id": one.location_id, "quantity": line.quantity,
            "order_id": order_id, "fulfillment_id": new, "since": one.received_at,
        }
        for new, one in fresh.items() for line in lines[one.id] if line.quantity
    ])
    promises.copy(tx, [(one.id, new) for new, one in fresh.items()], reason="sent again", now=now)
    watches.look_soon(tx, [order_id], now)
    return tuple(fresh)


def _fulfillment(new: int, one: Failed, order_id: int, now: datetime) -> Mapping[str, object]:
    return {
        "id": new, "order_id": order_id, "shop_id": one.shop_id, "lane": one.lane, "kind": "parcel", "location_id": one.location_id,
        "reserved": False, "state": "planned", "next_at": now + STOCK_SOON, "stage_entered_at": now,
    }


def _woken(tx: Tx, order_id: int, fulfillment_ids: Collection[int], now: datetime) -> tuple[Hint, ...]:
    woken = [
        (one, Unit.ORDER) for one in units.wake(tx, Unit.ORDER, [order_id], {WaitingFor.OFFICE}, now)
    ] + [(one, Unit.FULFILLMENT) for one in units.wake(tx, Unit.FULFILLMENT, fulfillment_ids, {WaitingFor.OFFICE}, now)]
    hints = []
    for unit_id, unit in woken:
        one = units.claim(tx, unit, [unit_id])[0]
        step = next_step(one.state, appointment=one.appointment)
        if step is not None:
            hints.append(Hint(step.name, one.lane, [unit_id]))
    return tuple(hints)


def _released(lane: str, again: Sequence[int]) -> tuple[Hint, ...]:
    return (Hint(STEP["release"].name, lane, again),) if again else ()


def remind(tx: Tx, order_ids: Collection[int], *, office: str, now: datetime) -> int:
    """Bring up again what has waited for the office since its deadline; returns how many orders."""
    units.lock_orders(tx, order_ids)
    waiting = office_work.waiting(tx, order_ids)
    later = now + REMIND_AGAIN
    units.wait(tx, Unit.ORDER, [(one, WaitingFor.OFFICE, later) for one in waiting.orders], now)
    units.wait(tx, Unit.FULFILLMENT, [(one, WaitingFor.OFFICE, later) for one in waiting.fulfillments], now)
    tells = [
        (order_id, Tell(
            "office-reminder", {"waiting_for": reason, "since": since}, f"office-reminder:{order_id}:{now:%Y%m%d}", Audience.OFFICE
        ))
        for order_id, (reason, since) in waiting.reasons.items()
    ]
    notifications.enqueue(tx, tells, now, office_default=office)
    return len(tells)
