"""
What the checks of a new order look at, and what they leave behind: findings, and the question that clears them.
"""

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from orderpipe.domain.rules import Finding, LineToCheck, OrderToCheck
from orderpipe.store.holds import query, write_findings
from orderpipe.store.metadata import Tx, insert_rows, text


@dataclass(frozen=True, slots=True)
class Subject:
    """An order to check, with what its question needs to know."""

    order_id: int
    shop_id: int
    language: str
    order: OrderToCheck


def subjects(tx: Tx, order_ids: Collection[int]) -> list[Subject]:
    """The orders with their lines as the products know them, and what somebody has confirmed before."""
    lines = _lines(tx, order_ids)
    rows = tx.execute(
        text("""SELECT o.id, o.shop_id, o.language, o.customer, o.ship_to, o.payment_method, o.currency, o.total, s.country,
                ARRAY(SELECT ARRAY[f.rule, f.field] FROM finding f WHERE f.order_id = o.id AND f.cleared_how = 'confirmed') AS confirmed
            FROM orders o JOIN shop s ON s.id = o.shop_id WHERE o.id = ANY(:ids) ORDER BY o.id"""),
        {"ids": list(order_ids)},
    )
    return [
        Subject(row.id, row.shop_id, row.language, OrderToCheck(
            row.customer, row.ship_to, row.payment_method, row.currency, row.total, tuple(lines.get(row.id, ())), row.country,
            frozenset((rule, field) for rule, field in row.confirmed),
        ))
        for row in rows.all()
    ]


def _lines(tx: Tx, order_ids: Collection[int]) -> dict[int, list[LineToCheck]]:
    rows = tx.execute(
        text("""SELECT l.order_id, l.number, l.sku, l.kind, l.description, l.quantity, l.unit_price,
                p.sku IS NOT NULL AS known, coalesce(p.discontinued, false) AS discontinued
            FROM order_line l JOIN orders o ON o.id = l.order_id LEFT JOIN product p ON p.shop_id = o.shop_id AND p.sku = l.sku
            WHERE l.order_id = ANY(:ids) ORDER BY l.order_id, l.number"""),
        {"ids": list(order_ids)},
    )
    lines: dict[int, list[LineToCheck]] = {}
    for order_id, *line in rows.all():
        lines.setdefault(order_id, []).append(LineToCheck(*line))
    return lines


def keep_findings(tx: Tx, found: Mapping[int, Sequence[Finding]], now: datetime) -> None:
    """Keep each order's findings as open."""
    write_findings(tx, [
        {
            "order_id": order_id, "rule": one.rule, "severity": one.severity, "field": one.field, "evidence": one.evidence,
            "found_at": now,
        }
        for order_id, findings in found.items() for one in findings
    ])


def open_queries(tx: Tx, doubts: Mapping[int, Sequence[Mapping[str, Any]]], now: datetime) -> None:
    """Open one question per order about all its doubts, put by the care desk's task at once; one that is open stays as it is."""
    insert_rows(tx, query, [
        # nobody is given this token any more; the release before would put it into a link
        {"order_id": order_id, "token": secrets.token_urlsafe(24), "doubts": list(some), "state": "open", "opened_at": now}
        for order_id, some in doubts.items()
    ], conflict="ON CONFLICT DO NOTHING")
