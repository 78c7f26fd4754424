"""
The values an amendment may give: each is checked as the same field of an order is, and refused with a sentence.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from orderpipe.domain.answers import ADDRESS_PARTS, RefusedValue, checked_value
from orderpipe.domain.promises import EARLY_REQUEST_DAYS, LATE_REQUEST_DAYS

_MAY_BE_EMPTY = frozenset({"/customer/email", "/customer/phone", "/customer/company", *(f"/ship_to/{part}" for part in ADDRESS_PARTS)})
_PRICE = re.compile(r"[0-9]{1,10}(\.[0-9]{1,4})?")


@dataclass(frozen=True, slots=True)
class NewLine:
    """A line that is added."""

    sku: str
    quantity: int
    unit_price: Decimal | None = None


def head_value(pointer: str, given: object, country: str, today: date) -> object:
    """The value as it will stand in the order's head, "" for what is taken out. Raises RefusedValue."""
    if pointer in _MAY_BE_EMPTY and given in ("", None):
        return ""
    if pointer == "/requested_on":
        return None if given is None else _requested(given, today)
    return checked_value(pointer, given, country)


def _requested(given: object, today: date) -> date:
    try:
        day = date.fromisoformat(given) if isinstance(given, str) and len(given) == len("2026-11-25") else None
    except ValueError:
        day = None
    if day is None:
        raise RefusedValue('A day is written as "2026-11-25".', "date-format")
    if not today - timedelta(LATE_REQUEST_DAYS) <= day <= today + timedelta(EARLY_REQUEST_DAYS):
        raise RefusedValue(f"The day must lie within the next {EARLY_REQUEST_DAYS} days.", "date-range")
    return day


def additions(given: object) -> Iterator[tuple[str, object]]:
    """The lines to be added, one or a list of them, each with where it stands."""
    if isinstance(given, Sequence) and not isinstance(given, str):
        yield from ((f"/{place}", one) for place, one in enumerate(given))
    else:
        yield "", given


def new_line(given: object) -> NewLine:
    """A line to be added, as it was given. Raises RefusedValue."""
    if not isinstance(given, Mapping):
        raise RefusedValue('A new line is a JSON object with "sku" and "quantity".', "object-type")
    for name in given:
        if name not in ("sku", "quantity", "unit_price"):
            raise RefusedValue(f"A new line has no {str(name)[:100]!r}.", "unknown-field", f"/{str(name)[:100]}")
    price = given.get("unit_price")
    if price is not None and not (isinstance(price, str) and _PRICE.fullmatch(price)):
        raise RefusedValue('A price is a decimal string such as "12.50".', "money-format", "/unit_price")
    sku, quantity = (_part(name, given.get(name)) for name in ("sku", "quantity"))
    return NewLine(sku, quantity, None if price is None else Decimal(price))


def _part(name: str, value: object) -> Any:
    try:
        return checked_value(f"/lines/-/{name}", value, "")
    except RefusedValue as refused:
        raise RefusedValue(str(refused), refused.code, f"/{name}") from refused
