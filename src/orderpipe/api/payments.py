"""
Payments: what the shop's bookkeeping or payment provider reports as received or paid back.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.responses import Response

from orderpipe.api.auth import ByShop
from orderpipe.api.batches import Batch, Body, Entry, Results, one_or_many, read
from orderpipe.api.fields import Amount, Instant, Name, Part
from orderpipe.api.openapi import Responses, refusals
from orderpipe.api.places import ORDER_EXAMPLE, OrderId, order_in
from orderpipe.api.problems import not_found
from orderpipe.domain.orders import public_id
from orderpipe.domain.payments import Account, Booking, OtherCurrency, Payment, PaymentStatus, UnknownOrder
from orderpipe.serving.transactions import InWork, Now, Work
from orderpipe.sideflows.payments import record_payments
from orderpipe.sideflows.recorded import Recorded
from orderpipe.store import payments, scope

router = APIRouter(prefix="/v1", tags=["Payments"])


class PaymentSent(Part):
    """Money received, or with a negative amount paid back."""

    reference: Name = Field(description="Unique within the order; sent again it counts once.", examples=["PAY-2026-001"])
    amount: Amount = Field(description="A decimal string; negative for a refund.", examples=["25.00"])
    currency: Name = Field(description="ISO 4217; must be the order's.", examples=["GBP"])
    method: Name = Field(examples=["card"])
    at: Instant | None = Field(None, description="When it was received; default: now.")

    def payment(self, order_id: int, now: datetime) -> Payment:
        """As the side flow takes it."""
        return Payment(order_id, self.reference, Decimal(self.amount), self.currency, self.method, self.at or now)


class PaymentOfOrder(PaymentSent):
    """A payment, with the order it is for."""

    order: Name = Field(description="The order's id or number.", examples=[ORDER_EXAMPLE])


class AccountTold(BaseModel):
    """How much of an order is paid; money as decimal strings."""

    payment_status: PaymentStatus
    total: str | None
    paid: str = Field(description="The sum of all payments, refunds taken off.")
    currency: str


class PaymentTold(AccountTold):
    """What became of a payment, and how much of the order is paid then."""

    status: int
    detail: str = Field(examples=["25.00 of 25.00 GBP paid."])
    code: str | None = Field(None, description="Why it was not booked.", examples=["conflict"])
    order: str = Field(examples=[ORDER_EXAMPLE])
    reference: str
    amount: str
    repeated: bool = Field(description="It was booked before.")


class PaymentBooked(BaseModel):
    """A payment in the books."""

    reference: str
    amount: str
    method: str
    at: datetime


class PaymentList(AccountTold):
    """The payments of an order, the oldest first."""

    data: list[PaymentBooked]


_PAID = {"reference": "PAY-2026-001", "amount": "25.00", "currency": "GBP", "method": "card", "at": "2026-11-24T09:30:00Z"}
_REFUND = {"reference": "REF-2026-001", "amount": "-5.00", "currency": "GBP", "method": "card"}
_WHERE = {"order": ORDER_EXAMPLE}
_TOLD: Responses = {
    200: {"model": PaymentTold | Results[PaymentTold], "description": "It is booked already; or, of many, what became of each."},
    201: {"model": PaymentTold, "description": "It is booked."},
}


@router.post(
    "/orders/{order}/payments", summary="Book payments of an order", status_code=201, response_class=Response,
    openapi_extra=one_or_many(PaymentSent, one=_PAID, many=[_PAID, _REFUND]),
    responses={**_TOLD, **refusals(403, 404, 409, 413, 415, 422)},
)
def pay_order(order_id: OrderId, body: Body, caller: ByShop, work: InWork, now: Now) -> Response:
    """One payment or a list. When everything is paid, what waited for it is released."""
    batch = read(body, PaymentSent)
    sent = [one.payment(order_id, now) for one in batch.items]
    return _answer(batch, record_payments(work.tx, sent, shop_id=caller.shop_id, by=caller.by, now=now), work)


@router.post(
    "/payments", summary="Book payments of many orders", status_code=201, response_class=Response,
    openapi_extra=one_or_many(PaymentOfOrder, one=_WHERE | _PAID, many=[_WHERE | _PAID, _WHERE | _REFUND]),
    responses={**_TOLD, **refusals(403, 404, 409, 413, 415, 422)},
)
def pay_many(body: Body, caller: ByShop, work: InWork, now: Now) -> Response:
    """Payments of any orders, such as the lines of a bank statement."""
    batch = read(body, PaymentOfOrder)
    sent = [one.payment(order_in(one.order), now) for one in batch.items]
    recorded = record_payments(work.tx, sent, shop_id=caller.shop_id, by=caller.by, now=now)
    return _answer(batch, recorded, work, [one.order for one in batch.items])


@router.get("/orders/{order}/payments", summary="Payments of an order", response_model=PaymentList, responses=refusals(403, 404))
def list_payments(order_id: OrderId, caller: ByShop, work: InWork) -> dict[str, Any]:
    """What has been booked, and how much is paid."""
    if not scope.owns(work.tx, caller.shop_id, order_id):
        raise not_found("order")
    booked = payments.of_order(work.tx, order_id)
    account = payments.accounts(work.tx, [order_id])[order_id]
    return _account(account) | {
        "data": [{"reference": one.reference, "amount": str(one.amount), "method": one.method, "at": one.at} for one in booked]
    }


def _answer(batch: Batch[Any], recorded: Recorded[Booking], work: Work, named: Sequence[str] = ()) -> Response:
    """`named` are the orders as the sender wrote them, right or wrong; none where all are for one."""
    work.hints(recorded.hints)
    new = len(recorded.outcomes) == 1 and recorded.outcomes[0].new
    names = named or [public_id("order", one.payment.order_id) for one in recorded.outcomes]
    entries = (_entry(one, name) for one, name in zip(recorded.outcomes, names, strict=True))
    return batch.answer(entries, created=201 if new else 200)


_STATUS = {None: 200, UnknownOrder.code: 404, OtherCurrency.code: 422}


def _entry(one: Booking, name: str) -> Entry:
    account = _account(one.account) if one.account else {}
    return Entry(_STATUS.get(one.code, 409), one.sentence, one.code, account | {
        "order": name, "reference": one.payment.reference, "amount": str(one.payment.amount),
        "repeated": one.known,
    })


def _account(account: Account) -> dict[str, Any]:
    return {
        "payment_status": account.status, "total": None if account.total is None else str(account.total), "paid": str(account.paid),
        "currency": account.currency,
    }
