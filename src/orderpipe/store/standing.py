"""
Where an order and all its parts stand, with everything that may explain it; and the order behind whatever people call it by.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from orderpipe.domain.delay_terms import still_open
from orderpipe.domain.explain import Asked, Delayed, Facts, Standing, Stopped
from orderpipe.domain.orders import internal_id, order_id_of
from orderpipe.flow import FulfillmentState, OrderState, Unit, WaitingFor
from orderpipe.store import delays, payments, questions
from orderpipe.store.delays import Delay
from orderpipe.store.metadata import Tx, text
from orderpipe.store.questions import OpenQuery


class UnknownOrder(LookupError):
    """There is no such order."""


def find(tx: Tx, called: str) -> int:
    """
    The order that is called so: its number, its public id, or `SHOP:REFERENCE`.

    Raises UnknownNumber for what is no number at all, UnknownOrder when there is no such order.
    """
    shop, colon, reference = called.partition(":")
    statement = "SELECT id FROM orders WHERE id = :id"
    given: dict[str, object] = {}
    if colon:
        statement = "SELECT o.id FROM orders o JOIN shop s ON s.id = o.shop_id WHERE s.code = :shop AND o.reference = :reference"
        given = {"shop": shop, "reference": reference}
    else:
        given = {"id": internal_id("order", called) if called.startswith("ord_") else order_id_of(called)}
    found = tx.execute(text(statement), given).scalar()
    if found is None:
        raise UnknownOrder(f"There is no order {called}.")
    return int(found)


def shop_of(tx: Tx, order_id: int) -> int:
    """The shop that an order belongs to. Raises UnknownOrder."""
    found = tx.execute(text("SELECT shop_id FROM orders WHERE id = :id"), {"id": order_id}).scalar()
    if found is None:
        raise UnknownOrder(f"There is no order with the id {order_id}.")
    return int(found)


@dataclass(frozen=True, slots=True)
class Visited:
    """What a customer's visit begins with: the order's state, its shop, and the language its customer reads (BCP 47)."""

    state: OrderState
    shop_id: int
    language: str


def visited(tx: Tx, order_id: int) -> Visited | None:
    """The order that a customer looks at; None where there is none."""
    row = tx.execute(
        text("""SELECT o.state, o.shop_id, coalesce(nullif(o.language, ''), s.language)
            FROM orders o JOIN shop s ON s.id = o.shop_id WHERE o.id = :id"""), {"id": order_id}
    ).one_or_none()
    return None if row is None else Visited(OrderState(row[0]), row[1], row[2])


def facts_of(tx: Tx, order_id: int) -> Facts:
    """Everything that explains where the order stands but what the office may decide. Raises UnknownOrder."""
    row = tx.execute(text(_ORDER), {"id": order_id}).one_or_none()
    if row is None:
        raise UnknownOrder(f"There is no order with the id {order_id}.")
    holds = _holds(tx, order_id)
    account = payments.accounts(tx, [order_id])[order_id]
    order = Standing(
        Unit.ORDER, order_id, OrderState(row.state), _wait(row.waiting_for), row.stage_entered_at, row.next_at, row.due_at,
        row.attempts, row.last_error, holds.get((0, row.waiting_for)), missing=row.missing or {},
    )
    parts = tuple(_part(one, holds) for one in tx.execute(text(_PARTS), {"id": order_id}))
    question = next(map(_asked, questions.open_of(tx, [order_id])), None)
    return Facts(
        order, row.code, row.reference, parts, question,
        payment=account.status, unpaid=(account.total or Decimal(0)) - account.paid, currency=account.currency,
        delay=_delayed(delays.open_of(tx, [order_id]).get(order_id)),
    )


def _delayed(one: Delay | None) -> Delayed | None:
    if one is None:
        return None
    options = still_open(one.options, one.chosen)
    return Delayed(one.state, one.cause, one.original_until, one.revised_until, one.silence, one.answer_until, one.chosen, options)


_ORDER = """SELECT o.*, s.code, (SELECT jsonb_object_agg(b.sku, b.quantity) FROM (SELECT sku, sum(quantity) AS quantity
        FROM backorder WHERE order_id = o.id AND fulfillment_id IS NULL GROUP BY sku) b) AS missing
    FROM orders o JOIN shop s ON s.id = o.shop_id WHERE o.id = :id"""

_PARTS = """SELECT f.*, l.missing, (SELECT string_agg(p.tracking_number || ' ' || p.status, ', ' ORDER BY p.id)
        FROM parcel p WHERE p.fulfillment_id = f.id) AS word
    FROM fulfillment f LEFT JOIN LATERAL (SELECT jsonb_object_agg(m.sku, m.pieces) AS missing FROM (
        SELECT n.sku, sum(CASE f.state WHEN 'picked' THEN n.picked - n.packed ELSE n.quantity - n.picked - n.short END) AS pieces
        FROM fulfillment_line n WHERE n.fulfillment_id = f.id GROUP BY n.sku) m WHERE m.pieces > 0) l ON true
    WHERE f.order_id = :id ORDER BY f.id"""


def _asked(one: OpenQuery) -> Asked:
    return Asked(one.id, one.progress, one.silent, tuple(str(doubt["rule"]) for doubt in one.doubts))


def _holds(tx: Tx, order_id: int) -> dict[tuple[int, str | None], Stopped]:
    rows = tx.execute(
        text("""SELECT coalesce(fulfillment_id, 0) AS unit, kind, reason, opened_at, deadline FROM hold
            WHERE order_id = :id AND closed_at IS NULL"""),
        {"id": order_id},
    )
    return {(row.unit, row.kind): Stopped(row.reason, row.opened_at, row.deadline) for row in rows}


def _part(row: Any, holds: Mapping[tuple[int, str | None], Stopped]) -> Standing:
    hold = holds.get((row.id, row.waiting_for)) or holds.get((0, row.waiting_for))
    return Standing(
        Unit.FULFILLMENT, row.id, FulfillmentState(row.state), _wait(row.waiting_for), row.stage_entered_at, row.next_at,
        row.due_at, row.attempts, row.last_error, hold, row.kind == "appointment", row.missing or {}, row.word or "",
    )


def _wait(name: str | None) -> WaitingFor | None:
    return WaitingFor(name) if name else None




def contacts_of(tx: Tx, order_ids: Collection[int]) -> dict[int, str]:
    """How these orders' customers can be reached, all of it, by order id."""
    rows = tx.execute(
        text("""SELECT id, concat_ws(', ', nullif(customer ->> 'name', ''), nullif(customer ->> 'phone', ''),
            nullif(customer ->> 'email', '')) AS contact FROM orders WHERE id = ANY(:ids)"""),
        {"ids": list(order_ids)},
    )
    return {row.id: row.contact for row in rows}
