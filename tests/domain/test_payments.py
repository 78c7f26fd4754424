"""
How payments are booked and how much is paid.
"""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderpipe.domain.payments import Account, Booking, Payment, PaymentStatus, book, payment_status

NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
ACCOUNT = Account(42, "GBP", Decimal(20), Decimal(0))


def pay(amount: str, reference: str = "P-1", *, order_id: int = 42, currency: str = "GBP") -> Payment:
    return Payment(order_id, reference, Decimal(amount), currency, "card", NOON)


def booked(*payments: Payment) -> list[Booking]:
    return book(payments, {42: ACCOUNT}, {})


@pytest.mark.parametrize(("total", "paid", "refunded", "status"), [
    ("20", "0", "0", "unpaid"), ("20", "5", "0", "partly-paid"), ("20", "20", "0", "paid"), ("20", "20.01", "0", "overpaid"),
    ("20", "0", "20", "refunded"), ("20", "5", "15", "partly-paid"), ("0", "0", "0", "paid"), (None, "0", "0", "paid"),
    ("20", "-5", "5", "refunded"),
])
def test_says_how_much_is_paid(total: str | None, paid: str, refunded: str, status: str) -> None:
    assert payment_status(None if total is None else Decimal(total), Decimal(paid), refunded=Decimal(refunded)) == status


def test_adds_up_within_a_request() -> None:
    first, second, third = booked(pay("5"), pay("15", "P-2"), pay("-20", "R-1"))
    assert [one.account and one.account.status for one in (first, second, third)] == ["partly-paid", "paid", "refunded"]
    assert second.sentence == "20 of 20 GBP paid."


def test_a_reference_is_booked_once() -> None:
    first, again, other = booked(pay("5"), pay("5.00"), pay("6"))
    assert (first.new, again.new, again.known, again.payment) == (True, False, True, first.payment)
    assert (other.code, other.sentence) == ("conflict", "Payment P-1 is booked already, with 5 GBP.")


def test_refuses_what_belongs_to_no_order_or_another_currency() -> None:
    assert booked(pay("5", order_id=43))[0].code == "unknown-order"
    assert booked(pay("5", currency="EUR"))[0].code == "other-currency"


amounts = st.decimals(-50, 50, places=2).filter(bool)


@given(st.lists(st.tuples(amounts, st.sampled_from("abcdef")), max_size=12))
def test_the_account_is_the_sum_of_what_was_booked(some: list[tuple[Decimal, str]]) -> None:
    bookings = booked(*(pay(str(amount), reference) for amount, reference in some))
    new = [one for one in bookings if one.new]
    if bookings and (last := [one.account for one in bookings if one.account][-1]):
        assert last.paid == sum(one.payment.amount for one in new)
    assert len({one.payment.reference for one in new}) == len(new)
    assert all(one.account is None or one.account.status in PaymentStatus for one in bookings)
