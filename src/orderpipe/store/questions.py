"""
Questions put to customers: which are open, when they were asked, reminded and escalated, and what was answered.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from orderpipe.domain.rules import LineToCheck
from orderpipe.store.metadata import Tx, as_json, text

Followed = Literal["asked_at", "reminded_at", "escalated_at"]


@dataclass(frozen=True, slots=True)
class OpenQuery:
    """A question that is still without an answer, and how far it has been followed up (UTC)."""

    id: int
    order_id: int
    token: str
    doubts: Sequence[Mapping[str, Any]]
    asked_at: datetime | None
    reminded_at: datetime | None
    escalated_at: datetime | None
    shop_id: int
    type: str
    contact: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked behind a customer's link, how far that is (`open`, `answered`, `closed`), and how the order stands."""

    order_id: int
    doubts: Sequence[Mapping[str, Any]]
    state: str
    order_state: str
    language: str


_OPEN = """SELECT q.id, q.order_id, q.token, q.doubts, q.asked_at, q.reminded_at, q.escalated_at, o.shop_id, o.type,
        concat_ws(', ', nullif(o.customer->>'name', ''), nullif(o.customer->>'phone', ''), nullif(o.customer->>'email', '')) AS contact
    FROM query q JOIN orders o ON o.id = q.order_id WHERE q.state = 'open'"""


def open_of(tx: Tx, order_ids: Collection[int]) -> list[OpenQuery]:
    """The open questions of these orders."""
    rows = tx.execute(text(f"{_OPEN} AND q.order_id = ANY(:ids) ORDER BY q.order_id"), {"ids": list(order_ids)})
    return [OpenQuery(*row) for row in rows]


def order_of_query(tx: Tx, query_id: int | None, token: str | None) -> int | None:
    """The order a question belongs to, by the question's id or by the token in the customer's link."""
    row = tx.execute(
        text("SELECT order_id FROM query WHERE id = :id OR token = :token"), {"id": query_id, "token": token}
    ).one_or_none()
    return None if row is None else int(row.order_id)


def behind_link(tx: Tx, token: str) -> Asked | None:
    """The question that this token of a customer's link opens; None for a token that was never given out."""
    row = tx.execute(
        text("""SELECT q.order_id, q.doubts, q.state, o.state, coalesce(nullif(o.language, ''), s.language)
            FROM query q JOIN orders o ON o.id = q.order_id JOIN shop s ON s.id = o.shop_id WHERE q.token = :token"""),
        {"token": token},
    ).one_or_none()
    return None if row is None else Asked(*row)


def follow(tx: Tx, query_ids: Collection[int], step: Followed, now: datetime) -> None:
    """Note that these questions have been asked, reminded of or escalated."""
    tx.execute(text(f"UPDATE query SET {step} = :now WHERE id = ANY(:ids)"), {"ids": list(query_ids), "now": now})


def settle(tx: Tx, order_id: int, *, state: Literal["answered", "closed"], answer: object, by: str, now: datetime) -> None:
    """Close the order's open question with its answer, or without one where it no longer matters."""
    tx.execute(
        text("""UPDATE query SET state = :state, answered_at = :now, answered_by = :by, answer = CAST(:answer AS jsonb)
            WHERE order_id = :id AND state = 'open'"""),
        {"id": order_id, "state": state, "now": now, "by": by, "answer": as_json(answer)},
    )


def amend(
    tx: Tx, order_id: int, *, customer: Mapping[str, str], ship_to: Mapping[str, str] | None, payment_method: str, total: object,
    requested_on: date | None,
) -> None:
    """Write the order's head as the customer has now given it."""
    tx.execute(
        text("""UPDATE orders SET customer = CAST(:customer AS jsonb), ship_to = CAST(:ship_to AS jsonb),
            payment_method = :payment_method, total = :total, requested_on = :requested_on WHERE id = :id"""),
        {
            "id": order_id, "customer": as_json(dict(customer)), "ship_to": as_json(dict(ship_to)) if ship_to else None,
            "payment_method": payment_method, "total": total, "requested_on": requested_on,
        },
    )


def amend_lines(tx: Tx, order_id: int, lines: Sequence[LineToCheck]) -> None:
    """Write the order's lines as the customer has now given them; a line that is no longer wanted goes. Before allocation only."""
    tx.execute(
        text("DELETE FROM order_line WHERE order_id = :id AND number <> ALL(CAST(:numbers AS int[]))"),
        {"id": order_id, "numbers": [line.number for line in lines]},
    )
    tx.execute(
        text("""UPDATE order_line l SET sku = u.sku, quantity = u.quantity, canceled = least(l.canceled, greatest(u.quantity, 0)),
                unit_price = coalesce(u.unit_price, CASE WHEN u.sku <> l.sku THEN p.price END),
                kind = coalesce(p.kind, l.kind), description = coalesce(nullif(u.description, ''), p.description, '')
            FROM unnest(CAST(:numbers AS int[]), CAST(:skus AS text[]), CAST(:quantities AS int[]), CAST(:prices AS numeric[]),
                CAST(:descriptions AS text[])) AS u (number, sku, quantity, unit_price, description)
            JOIN orders o ON o.id = :id LEFT JOIN product p ON p.shop_id = o.shop_id AND p.sku = u.sku
            WHERE l.order_id = :id AND l.number = u.number"""),
        {
            "id": order_id, "numbers": [line.number for line in lines], "skus": [line.sku for line in lines],
            "quantities": [line.quantity for line in lines], "prices": [line.unit_price for line in lines],
            "descriptions": [line.description for line in lines],
        },
    )
