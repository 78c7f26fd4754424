"""
The values a customer may give in an answer: each is checked as the same field of an order is, and refused with a sentence.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal

from orderpipe.domain.contacts import blank, email_problem, phone_problem
from orderpipe.domain.countries import is_country

ADDRESS_PARTS = ("name", "line1", "line2", "city", "region", "postal_code", "country")
MOST_PIECES = 1_000_000

_LONGEST = {"description": 2_000, "postal_code": 100, "payment_method": 100, "sku": 100, "phone": 60}
_LONGEST_TEXT = 300
_AMOUNT = re.compile(r"[0-9]{1,12}(\.[0-9]{1,2})?")
_PRICE = re.compile(r"[0-9]{1,10}(\.[0-9]{1,4})?")


class RefusedValue(ValueError):
    """This value cannot stand in an order; `code` says why in a word, `below` where within the value (JSON pointer)."""

    def __init__(self, sentence: str, code: str, below: str = "") -> None:
        super().__init__(sentence)
        self.code = code
        self.below = below


def checked_value(pointer: str, given: object, country: str) -> object:
    """
    The value as it will stand in the order's field of this pointer, None for a removed line (`/lines/0`).

    `country` is for telephone numbers without a country code. Raises RefusedValue.
    """
    if re.fullmatch(r"/lines/\d+", pointer):
        if given is None:
            return None
        raise RefusedValue("A line can be removed as a whole (null) or changed in what was asked about.", "line")
    if pointer == "/ship_to":
        return _address(given)
    part = pointer.rpartition("/")[2]
    if part == "phone":
        return _phone(given, country)
    check = _CHECKS.get(part)
    return check(given) if check else _text(part, given)


def _text(part: str, given: object) -> str:
    if not isinstance(given, str):
        raise RefusedValue("This must be a string.", "string-type")
    if "\x00" in given:
        raise RefusedValue("This must not contain the NUL character.", "nul-character")
    if blank(given):
        raise RefusedValue("This must not be blank.", "blank")
    longest = _LONGEST.get(part, _LONGEST_TEXT)
    if len(given) > longest:
        raise RefusedValue(f"This is longer than {longest} characters.", "string-too-long")
    return given.strip()


def _email(given: object) -> str:
    email = _text("email", given)
    if problem := email_problem(email):
        raise RefusedValue(problem, "email")
    return email


def _phone(given: object, country: str) -> str:
    phone = _text("phone", given)
    if problem := phone_problem(phone, country):
        raise RefusedValue(problem, "phone")
    return phone


def _country(given: object) -> str:
    country = _text("country", given)
    if not is_country(country):
        raise RefusedValue("This is no country code of ISO 3166-1 alpha-2, such as GB or CN.", "country")
    return country


def _quantity(given: object) -> int:
    if isinstance(given, str) and given.isascii() and given.isdigit() and len(given) <= 7:
        given = int(given)  # as web forms send it
    if not isinstance(given, int) or isinstance(given, bool):
        raise RefusedValue("This must be a whole number.", "int-type")
    if not 1 <= given <= MOST_PIECES:
        raise RefusedValue(f"This must be from 1 to {MOST_PIECES}.", "quantity")
    return given


def _total(given: object) -> Decimal:
    return _money(given, _AMOUNT)


def _unit_price(given: object) -> Decimal:
    return _money(given, _PRICE)


def _money(given: object, form: re.Pattern[str]) -> Decimal:
    if not isinstance(given, str) or not form.fullmatch(given):
        raise RefusedValue('Money is a decimal string such as "12.50".', "money-format")
    return Decimal(given)


def _day(given: object) -> date | None:
    """A day, or none: as soon as can be."""
    try:
        return None if given is None else date.fromisoformat(given if isinstance(given, str) else "")
    except ValueError:
        raise RefusedValue("This must be a day such as 2026-12-18, or null for no day in particular.", "date") from None


def _address(given: object) -> dict[str, str]:
    if not isinstance(given, Mapping):
        raise RefusedValue("This must be a JSON object.", "object-type")
    address = {}
    for part, value in given.items():
        if part not in ADDRESS_PARTS:
            raise RefusedValue(f"An address has no {str(part)[:100]!r}.", "unknown-field", f"/{str(part)[:100]}")
        if value in ("", None):
            continue
        try:
            address[part] = _country(value) if part == "country" else _text(part, value)
        except RefusedValue as refused:
            raise RefusedValue(str(refused), refused.code, f"/{part}") from refused
    return address


_CHECKS: dict[str, Callable[[object], object]] = {
    "email": _email, "country": _country, "quantity": _quantity, "total": _total, "unit_price": _unit_price, "requested_on": _day,
}
