"""
Payments of orders: booked once per reference, and added up.
"""

from collections.abc import Collection, Sequence
from decimal import Decimal

from orderpipe.domain.payments import Account, Payment
from orderpipe.flow import WaitingFor
from orderpipe.store.metadata import Tx, insert_rows, text
from orderpipe.store.orders import payment


def accounts(tx: Tx, order_ids: Collection[int]) -> dict[int, Account]:
    """
    What each order costs (its total, without one the sum of its lines) and what has been paid.

    The caller holds the orders' locks where it goes on to book.
    """
    rows = tx.execute(
        text("""SELECT o.id, o.currency,
                coalesce(o.total, (SELECT sum(round(l.unit_price * l.quantity, 2)) FROM order_line l WHERE l.order_id = o.id)) AS total,
                coalesce(sum(p.amount), 0) AS paid,
                coalesce(-sum(p.amount) FILTER (WHERE p.amount < 0), 0) AS refunded
            FROM orders o LEFT JOIN payment p ON p.order_id = o.id WHERE o.id = ANY(:ids) GROUP BY o.id"""),
        {"ids": list(order_ids)},
    )
    return {row.id: Account(*row) for row in rows}


def paid(tx: Tx, order_ids: Collection[int]) -> dict[int, Decimal]:
    """The sum paid for each order, refunds taken off; 0 where nothing was."""
    return {order_id: account.paid for order_id, account in accounts(tx, order_ids).items()}


def booked(tx: Tx, keys: Collection[tuple[int, str]]) -> dict[tuple[int, str], Payment]:
    """Those of the payments that are booked already, by (order id, reference)."""
    rows = tx.execute(
        text("""SELECT p.order_id, p.reference, p.amount, p.currency, p.method, p.at FROM payment p
            JOIN unnest(CAST(:ids AS bigint[]), CAST(:references AS text[])) AS u (order_id, reference)
                ON p.order_id = u.order_id AND p.reference = u.reference"""),
        {"ids": [order_id for order_id, _ in keys], "references": [reference for _, reference in keys]},
    )
    return {(row.order_id, row.reference): Payment(*row) for row in rows}


def keep(tx: Tx, new: Sequence[Payment], by: str) -> None:
    """Write new payments down."""
    insert_rows(tx, payment, [
        {
            "order_id": one.order_id, "reference": one.reference, "amount": one.amount, "currency": one.currency,
            "method": one.method, "at": one.at, "recorded_by": by,
        }
        for one in new
    ])


def of_order(tx: Tx, order_id: int) -> list[Payment]:
    """The payments of an order, the oldest first."""
    rows = tx.execute(
        text("SELECT order_id, reference, amount, currency, method, at FROM payment WHERE order_id = :id ORDER BY at, reference"),
        {"id": order_id},
    )
    return [Payment(*row) for row in rows]


def prices_of(tx: Tx, fulfillment_ids: Collection[int]) -> dict[int, Decimal]:
    """The price of everything in these fulfillments by order, in its currency; lines without a price count as 0."""
    rows = tx.execute(
        text("""SELECT f.order_id, coalesce(sum(round(o.unit_price * l.quantity, 2)), 0) AS price FROM fulfillment f
            JOIN fulfillment_line l ON l.fulfillment_id = f.id JOIN order_line o ON o.order_id = f.order_id AND o.number = l.number
            WHERE f.id = ANY(:ids) GROUP BY f.order_id"""),
        {"ids": list(fulfillment_ids)},
    )
    return {row.order_id: Decimal(row.price) for row in rows}


def asked_back(tx: Tx, order_ids: Collection[int]) -> dict[int, Decimal]:
    """What the office was asked to give back of each of these orders, given back since or not; orders without any are left out."""
    rows = tx.execute(
        text("""SELECT order_id, sum((note ->> 'amount')::numeric) AS amount FROM journal
            WHERE order_id = ANY(:ids) AND what = 'refund.due' GROUP BY order_id"""),
        {"ids": list(order_ids)},
    )
    return {row.order_id: Decimal(row.amount) for row in rows}


def waiting_for_payment(tx: Tx, order_ids: Collection[int]) -> list[int]:
    """The orders' fulfillments whose release waits for the payment."""
    rows = tx.execute(
        text("SELECT id FROM fulfillment WHERE order_id = ANY(:ids) AND waiting_for = :payment ORDER BY id"),
        {"ids": list(order_ids), "payment": WaitingFor.PAYMENT},
    )
    return [row.id for row in rows]
