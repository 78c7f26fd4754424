"""
An order in order, of a customer whom the shop knows, for tests of single rules to spoil.
"""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from orderpipe.domain.promises import delivery_calendar
from orderpipe.domain.rules import RULE, Finding, LineToCheck, Memory, Norm, OrderToCheck, check

LINE = LineToCheck(1, "KETTLE-1", "goods", "Kettle", 2, Decimal("12.50"), True, False, Decimal("12.50"))
HOME = {"line1": "12 High Street", "city": "London", "postal_code": "N1 1AA", "country": "GB"}
JANE = {"name": "Jane Doe", "email": "jane@shop.example", "phone": "+447400123456"}
SHOP = Norm(5_000, 1.6, 1.2)
"""What is usual in this shop: a few pieces, one to fifteen."""

ORDER = OrderToCheck(
    JANE, HOME, "card", "GBP", None, (LINE,), "GB", shop_currency="GBP", ordered_on=date(2026, 11, 3),
    deliveries=delivery_calendar("GB", "GB"), memory=Memory(shop=SHOP),
)


def order(*lines: LineToCheck, memory: Memory | None = None, **changes: Any) -> OrderToCheck:
    """That order with these lines, this memory and other changes."""
    return replace(ORDER, lines=lines or ORDER.lines, memory=memory or ORDER.memory, **changes)


def line(**changes: Any) -> LineToCheck:
    """A line of it, changed."""
    return replace(LINE, **changes)


def found(rule: str, subject: OrderToCheck, **limits: float | str) -> list[Finding]:
    """What this rule alone finds, with its own limits or these."""
    one = RULE[rule]
    return list(check(subject, [replace(one, limits={**one.limits, **limits})]))
