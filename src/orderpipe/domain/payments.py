"""
Payments: what was paid is compared with what is due; the status is derived from the payments each time, never set.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from orderpipe.domain.orders import number_of


class PaymentStatus(StrEnum):
    """How much of an order is paid."""

    UNPAID = "unpaid"
    PARTLY_PAID = "partly-paid"
    PAID = "paid"
    OVERPAID = "overpaid"
    REFUNDED = "refunded"


def payment_status(total: Decimal | None, paid: Decimal, *, refunded: Decimal = Decimal(0)) -> PaymentStatus:
    """
    The status for the order's total (None counts as 0) and the sum of all payments, refunds taken off, in the same currency.

    `refunded` is the sum of the refunds alone, as a positive amount.
    """
    due = total or Decimal(0)
    if refunded > 0 and paid <= 0:
        return PaymentStatus.REFUNDED
    if paid > due:
        return PaymentStatus.OVERPAID
    if paid == due:
        return PaymentStatus.PAID
    return PaymentStatus.PARTLY_PAID if paid > 0 else PaymentStatus.UNPAID


@dataclass(frozen=True, slots=True)
class Payment:
    """Money that came in, or (negative) went back; `reference` is unique per order, the amount in `currency` (ISO 4217)."""

    order_id: int
    reference: str
    amount: Decimal
    currency: str
    method: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Account:
    """What an order costs and what has been paid, refunds taken off."""

    order_id: int
    currency: str
    total: Decimal | None
    paid: Decimal
    refunded: Decimal = Decimal(0)

    def with_payment(self, amount: Decimal) -> "Account":
        """The account after one more payment or (negative) refund."""
        return replace(self, paid=self.paid + amount, refunded=self.refunded + max(-amount, Decimal(0)))

    @property
    def status(self) -> PaymentStatus:
        """How much is paid."""
        return payment_status(self.total, self.paid, refunded=self.refunded)

    @property
    def settled(self) -> bool:
        """Whether nothing is due any more, so that payment no longer stops the release."""
        return self.status in (PaymentStatus.PAID, PaymentStatus.OVERPAID)


@dataclass(frozen=True, slots=True)
class Booking:
    """What became of a payment: `code` None where it is booked; `account` as it stands after it; `known`: booked before."""

    payment: Payment
    account: Account | None
    sentence: str
    code: str | None = None
    known: bool = False

    @property
    def new(self) -> bool:
        """Whether it is booked now, for the first time."""
        return self.code is None and not self.known


class PaymentRefused(Exception):
    """This payment is not booked."""

    code = "refused"


class UnknownOrder(PaymentRefused):
    """The shop has no such order."""

    code = "unknown-order"


class OtherCurrency(PaymentRefused):
    """The order is in another currency."""

    code = "other-currency"


class OtherAmount(PaymentRefused):
    """Another payment of this order carries the same reference."""

    code = "conflict"


def check_payment(payment: Payment, account: Account | None, booked: Payment | None) -> None:
    """Raise PaymentRefused unless the payment can be booked, or has been booked before just so."""
    if account is None:
        raise UnknownOrder("There is no such order of this shop.")
    if payment.currency != account.currency:
        raise OtherCurrency(f"Order {number_of(account.order_id)} is in {account.currency}, not in {payment.currency}.")
    if booked and booked.amount != payment.amount:
        raise OtherAmount(f"Payment {payment.reference} is booked already, with {booked.amount} {booked.currency}.")


def book(
    payments: Sequence[Payment], accounts: Mapping[int, Account], booked: Mapping[tuple[int, str], Payment]
) -> list[Booking]:
    """Book the payments one after the other; `booked` holds those of before by (order id, reference)."""
    current = dict(accounts)
    before = dict(booked)
    bookings: list[Booking] = []
    for payment in payments:
        account, first = current.get(payment.order_id), before.get((payment.order_id, payment.reference))
        try:
            check_payment(payment, account, first)
        except PaymentRefused as refusal:
            bookings.append(Booking(payment, account, str(refusal), refusal.code))
            continue
        assert account is not None
        if first is None:
            account = current[payment.order_id] = account.with_payment(payment.amount)
            before[payment.order_id, payment.reference] = payment
        sentence = f"{account.paid} of {account.total or Decimal(0)} {account.currency} paid."
        bookings.append(Booking(first or payment, account, sentence, known=first is not None))
    return bookings
