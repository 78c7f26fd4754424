"""
What the checks of a new order look at, and what they leave behind: findings, and the question that clears them.
"""

import math
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from orderpipe.domain.promises import delivery_calendar
from orderpipe.domain.rules import (
    Finding,
    Known,
    LineToCheck,
    Memory,
    Norm,
    OrderToCheck,
    Own,
    Rule,
    Severity,
    check,
    for_replacements,
    identity,
)
from orderpipe.domain.rules.registry import NEVER, twins_within
from orderpipe.domain.targets import Policies, rules_for
from orderpipe.store import echoes
from orderpipe.store.holds import query, write_findings
from orderpipe.store.metadata import Tx, insert_rows, text
from orderpipe.store.orders import customer_key

REPLACEMENT = "case"
"""The channel of orders that the office places to make good for others."""


@dataclass(frozen=True, slots=True)
class Subject:
    """An order to check, by which rules, with what its question needs to know."""

    order_id: int
    shop_id: int
    language: str
    order: OrderToCheck
    rules: tuple[Rule, ...]

    def findings(self) -> tuple[Finding, ...]:
        """What the rules find in it."""
        return check(self.order, self.rules)


def subjects(tx: Tx, order_ids: Collection[int], policies: Policies) -> list[Subject]:
    """The orders with their lines as the products and earlier orders know them, and what somebody has confirmed before."""
    lines = _lines(tx, order_ids)
    rows = tx.execute(_ORDERS, {"ids": list(order_ids)}).all()
    rules = {kind: rules_for(policies, *kind) for kind in {(row.shop_id, row.type) for row in rows}}
    heard = echoes.heard(
        tx, order_ids, within=max(map(twins_within, rules.values()), default=NEVER),
        with_purchase_orders=[row.id for row in rows if row.purchase_order],
    )
    return [
        Subject(
            row.id, row.shop_id, row.language, _order(row, lines.get(row.id, ()), _memory(row, heard)),
            for_replacements(rules[row.shop_id, row.type]) if row.channel == REPLACEMENT else rules[row.shop_id, row.type],
        )
        for row in rows
    ]


_KEY = customer_key("o")
_ORDERS = text(f"""
    SELECT o.id, o.shop_id, o.language, o.type, o.channel, o.customer, o.ship_to, o.payment_method, o.currency, o.total, o.purchase_order,
        o.requested_on, s.country, s.currency AS shop_currency, s.time_zone, coalesce(i.placed_at, o.received_at) AS ordered_at,
        (SELECT jsonb_agg(jsonb_build_array(f.rule, coalesce(f.evidence ->> 'sku', f.field), f.evidence -> 'have')) FROM finding f
            WHERE f.order_id = o.id AND f.cleared_how IN ('confirmed', 'noted')) AS confirmed,
        c.email, c.phone, c.address, m.lines AS own_lines, m.log_sum AS own_sum, m.log_squares AS own_squares,
        m.currency AS last_currency, a.lines AS shop_lines, a.log_sum AS shop_sum, a.log_squares AS shop_squares
    FROM orders o JOIN shop s ON s.id = o.shop_id
    LEFT JOIN import_order i ON i.order_id = o.id
    LEFT JOIN customer c ON c.shop_id = o.shop_id AND c.contact_key = {_KEY}
    LEFT JOIN customer_memory m ON m.shop_id = o.shop_id AND m.customer = {_KEY} AND m.sku = ''
    LEFT JOIN article_memory a ON a.shop_id = o.shop_id AND a.sku = ''
    WHERE o.id = ANY(:ids) ORDER BY o.id
""")
_LINES = text(f"""
    SELECT l.order_id, l.number, l.sku, l.kind, l.description, l.quantity, l.unit_price,
        p.sku IS NOT NULL AS known, coalesce(p.discontinued, false) AS discontinued, p.price,
        m.lines AS own_lines, m.fewest, m.most, CASE WHEN m.currency = o.currency THEN m.price END AS own_price,
        a.lines, a.log_sum, a.log_squares, a.lowest_price, a.highest_price
    FROM order_line l JOIN orders o ON o.id = l.order_id
    LEFT JOIN product p ON p.shop_id = o.shop_id AND p.sku = l.sku
    LEFT JOIN customer_memory m ON m.shop_id = o.shop_id AND m.customer = {_KEY} AND m.sku = l.sku
    LEFT JOIN article_memory a ON a.shop_id = o.shop_id AND a.sku = l.sku
    WHERE l.order_id = ANY(:ids) ORDER BY l.order_id, l.number
""")


def _order(row: Any, lines: Sequence[LineToCheck], memory: Memory) -> OrderToCheck:
    return OrderToCheck(
        row.customer, row.ship_to, row.payment_method, row.currency, row.total, tuple(lines), row.country,
        confirmed=frozenset(identity(*one) for one in row.confirmed or ()), shop_currency=row.shop_currency,
        purchase_order=row.purchase_order or "", requested_on=row.requested_on,
        ordered_on=row.ordered_at.astimezone(ZoneInfo(row.time_zone)).date() if row.requested_on else None,
        deliveries=delivery_calendar(row.country, (row.ship_to or {}).get("country", "")) if row.requested_on else None, memory=memory,
    )


def _memory(row: Any, heard: Mapping[int, echoes.Heard]) -> Memory:
    echo = heard.get(row.id, echoes.SILENCE)
    return Memory(
        customer=_norm(row.own_lines, row.own_sum, row.own_squares), shop=_norm(row.shop_lines, row.shop_sum, row.shop_squares),
        known=Known(row.email, row.phone, row.address) if row.email is not None else None, last_currency=row.last_currency or "",
        twins=echo.twins, same_purchase_order=echo.same_purchase_order,
    )


def _lines(tx: Tx, order_ids: Collection[int]) -> dict[int, list[LineToCheck]]:
    lines: dict[int, list[LineToCheck]] = {}
    for row in tx.execute(_LINES, {"ids": list(order_ids)}).all():
        order_id, number, sku, kind, description, quantity, price, known, discontinued, catalogue, *memory = row
        own = Own(*memory[:4]) if memory[0] else None
        norm = _norm(*memory[4:])
        line = LineToCheck(number, sku, kind, description, quantity, price, known, discontinued, catalogue, own, norm)
        lines.setdefault(order_id, []).append(line)
    return lines


def _norm(
    lines: int | None, total: float, squares: float, lowest: Decimal | None = None, highest: Decimal | None = None
) -> Norm | None:
    if not lines:
        return None
    mean = total / lines
    return Norm(lines, mean, math.sqrt(max(squares / lines - mean * mean, 0.0)), lowest, highest)


def keep_findings(tx: Tx, found: Mapping[int, Sequence[Finding]], now: datetime) -> None:
    """Keep each order's findings as open, and notes as noted."""
    write_findings(tx, [
        {
            "order_id": order_id, "rule": one.rule, "severity": one.severity, "field": one.field,
            "evidence": {**one.evidence, "override": one.override}, "found_at": now,
            "cleared_at": now if one.severity == Severity.NOTE else None, "cleared_how": "noted" if one.severity == Severity.NOTE else None,
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
