"""
Payments: money received or paid back is booked once per reference; when nothing is due any more, what waited for it is released.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from orderpipe.domain.cases import case_number
from orderpipe.domain.decisions import Tell
from orderpipe.domain.payments import Booking, Payment, book
from orderpipe.flow import Unit, WaitingFor
from orderpipe.sideflows import late_payments
from orderpipe.sideflows.late_payments import Moved
from orderpipe.sideflows.recorded import Recorded, hints_for
from orderpipe.store import journal, payments, refunds, scope, units
from orderpipe.store.journal import Entry
from orderpipe.store.metadata import Tx
from orderpipe.store.telling import tell


def record_payments(tx: Tx, facts: Sequence[Payment], *, shop_id: int, by: str, now: datetime) -> Recorded[Booking]:
    """Book payments of the shop's orders, however many, with the same few statements; `by` is who reports them."""
    lanes = scope.lock_orders_of(tx, shop_id, {one.order_id for one in facts})
    booked = payments.booked(tx, {(one.order_id, one.reference) for one in facts if one.order_id in lanes})
    bookings = book(facts, payments.accounts(tx, lanes), booked)
    new = [one for one in bookings if one.new]
    payments.keep(tx, [one.payment for one in new], by)
    _settle_refunds(tx, [one.payment for one in new if one.payment.amount < 0], by=by, now=now)
    journal.write(tx, [_entry(one) for one in new], now=now, actor=by)
    settled = {one.account.order_id: one.account.settled for one in bookings if one.new and one.account}
    waiting = payments.waiting_for_payment(tx, [order_id for order_id, nothing_due in settled.items() if nothing_due])
    free = units.wake(tx, Unit.FULFILLMENT, waiting, {WaitingFor.PAYMENT}, now)
    _tell_of_new_dates(tx, new, late_payments.promise_anew(tx, free, by=by, now=now), by=by, now=now)
    return Recorded(bookings, hints_for("release", free, lanes))


def _tell_of_new_dates(tx: Tx, new: Sequence[Booking], moved: Mapping[int, Moved], *, by: str, now: datetime) -> None:
    """Whose payment came after the promise had counted on it hears that it is there, and the date that holds from now on."""
    paid = {one.payment.order_id: one.payment for one in new if one.payment.order_id in moved}
    tell(tx, [
        (order_id, Tell(
            "payment-received", {"amount": one.amount, "was": moved[order_id].was, "until": moved[order_id].until},
            f"payment-received:{order_id}:{one.reference}",
        ))
        for order_id, one in paid.items()
    ], office="", by=by, now=now)


def _settle_refunds(tx: Tx, paid_back: Sequence[Payment], *, by: str, now: datetime) -> None:
    """Money that was to be given back is on its way once it is booked under the reference; the customer hears of it."""
    if not paid_back:
        return
    amounts = {(one.order_id, one.reference): -one.amount for one in paid_back}
    tells = [
        (one.order_id, Tell(
            "refund-paid", {"case": case_number(one.case_id), "amount": amounts[one.order_id, one.reference]},
            f"refund-paid:{one.order_id}:{one.reference}",
        ))
        for one in refunds.settle(tx, amounts, now)
    ]
    tell(tx, tells, office="", by=by, now=now)


def _entry(booking: Booking) -> Entry:
    payment = booking.payment
    note = {"reference": payment.reference, "amount": payment.amount, "currency": payment.currency}
    return Entry(payment.order_id, "payment.refunded" if payment.amount < 0 else "payment.received", note=note)
