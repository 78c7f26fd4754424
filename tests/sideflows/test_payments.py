"""
Payments booked in the database.
"""

from datetime import timedelta
from decimal import Decimal

from sqlalchemy import Engine

from orderpipe.domain.payments import Booking, Payment
from orderpipe.sideflows.hints import Hint
from orderpipe.sideflows.payments import record_payments
from orderpipe.sideflows.recorded import Recorded
from orderpipe.store import payments
from orderpipe.store.fulfillments import fulfillment as fulfillments
from orderpipe.store.journal import journal
from orderpipe.store.metadata import Tx
from tests import builders
from tests.builders import NOW


def pay(order_id: int, amount: str, reference: str = "P-1") -> Payment:
    return Payment(order_id, reference, Decimal(amount), "GBP", "card", NOW)


def record(tx: Tx, *facts: Payment, code: str = "demo") -> Recorded[Booking]:
    return record_payments(tx, facts, shop_id=builders.shop(tx, code), by="shop key …test", now=NOW + timedelta(hours=1))


def test_releases_what_waited_once_everything_is_paid(engine: Engine) -> None:
    with engine.begin() as tx:
        order_id = builders.order(tx, prepaid=True)
        first = builders.fulfillment(tx, order_id, state="planned", waiting_for="payment")
        second = builders.fulfillment(tx, order_id, state="planned", waiting_for="stock")
        assert record(tx, pay(order_id, "5")).hints == []
        assert record(tx, pay(order_id, "15", "P-2")).hints == [Hint("release", "standard", [first])]
        assert [builders.rows_of(tx, fulfillments, id=one)[0]["waiting_for"] for one in (first, second)] == [None, "stock"]
        assert payments.paid(tx, [order_id]) == {order_id: Decimal(20)}
        assert [row["what"] for row in builders.rows_of(tx, journal)] == ["payment.received", "payment.received"]


def test_a_payment_sent_twice_is_booked_once(engine: Engine) -> None:
    with engine.begin() as tx:
        order_id = builders.order(tx)
        record(tx, pay(order_id, "5"))
        again = record(tx, pay(order_id, "5"), pay(order_id, "7"))
        assert [(one.known, one.code) for one in again.outcomes] == [(True, None), (False, "conflict")]
        assert payments.of_order(tx, order_id) == [pay(order_id, "5")]


def test_refunds_are_booked_too_and_nothing_is_overlooked_after_the_end(engine: Engine) -> None:
    with engine.begin() as tx:
        order_id = builders.order(tx, state="canceled")
        bookings = record(tx, pay(order_id, "20"), pay(order_id, "-20", "R-1")).outcomes
        assert [one.account and one.account.status for one in bookings] == ["paid", "refunded"]


def test_another_shops_order_is_unknown(engine: Engine) -> None:
    with engine.begin() as tx:
        order_id = builders.order(tx)
        assert record(tx, pay(order_id, "5"), code="other").outcomes[0].code == "unknown-order"
        assert payments.paid(tx, [order_id]) == {order_id: Decimal(0)}


def test_an_order_without_a_total_costs_what_its_lines_do(engine: Engine) -> None:
    with engine.begin() as tx:
        order_id = builders.order(tx, prepaid=True, total=None)
        waiting = builders.fulfillment(tx, order_id, state="planned", waiting_for="payment")
        first = record(tx, pay(order_id, "5"))
        assert [one.account and one.account.status for one in first.outcomes] == ["partly-paid"]
        assert first.outcomes[0].sentence == "5 of 20.00 GBP paid."
        assert first.hints == []
        assert record(tx, pay(order_id, "15", "P-2")).hints == [Hint("release", "standard", [waiting])]
