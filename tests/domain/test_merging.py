"""
Orders that may be one: which earlier one is meant, what keeps two apart, and what the earlier one becomes.
"""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from orderpipe.domain.amendments import Line, Order
from orderpipe.domain.merging import additions_to, earlier_order, why_apart
from orderpipe.domain.orders import number_of
from orderpipe.flow import OrderState

PLACE = {"line1": "1 High Street", "city": "Leeds", "country": "GB"}
ORDER = Order(OrderState.RECEIVED, (), Decimal(0), {}, PLACE, "invoice", None, None, (Line(1, "TEA", 2, 0, Decimal(5)),))
FIRST = replace(ORDER, state=OrderState.PROMISED)


def test_finds_the_earlier_order_in_either_doubt() -> None:
    number = number_of(100041)
    assert earlier_order([{"rule": "totals-differ"}, {"rule": "duplicate-order", "order": number}]) == 100041
    assert earlier_order([{"rule": "purchase-order-again", "order": number, "have": "PO-7"}]) == 100041
    assert earlier_order([{"rule": "totals-differ", "order": number}, {"rule": "duplicate-order", "order": "?"}]) is None


@pytest.mark.parametrize(("changes", "why"), [
    ({}, ""), ({"requested_on": date(2026, 12, 1)}, "different days"), ({"ship_to": {**PLACE, "city": "York"}}, "different addresses"),
    ({"paid": Decimal(5)}, "paid for"), ({"state": OrderState.PROMISED}, "worked on"),
])  # fmt: skip
def test_says_what_keeps_two_orders_apart(changes: dict[str, object], why: str) -> None:
    said = why_apart(replace(ORDER, **changes), FIRST)  # type: ignore[arg-type]
    assert why in said
    assert bool(said) == bool(why)


def test_more_of_the_same_at_the_same_price_and_else_a_new_line() -> None:
    new = replace(ORDER, lines=(
        Line(1, "TEA", 3, 1, Decimal(5)), Line(2, "TEA", 1, 0, Decimal(4)), Line(3, "MUG", 1, 0, None), Line(4, "TEA", 1, 0, Decimal(5)),
        Line(5, "PEN", 1, 1, Decimal(1)),
    ))
    assert additions_to(FIRST, new) == {
        "/lines/0/quantity": 5,
        "/lines/-": [{"sku": "TEA", "quantity": 1, "unit_price": "4"}, {"sku": "MUG", "quantity": 1}],
    }
