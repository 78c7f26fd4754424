"""
An order as taken down, before any check: what the sender gave, nothing guessed, nothing dropped.

A draft may be incomplete (that becomes a question to the customer), but it is never malformed: the doors refuse what has no form.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

PREFIXES = {
    "order": "ord", "fulfillment": "ful", "intake": "int", "query": "qry", "notification": "ntf",
    "case": "cas", "webhook_endpoint": "whe", "webhook_delivery": "whd",
}
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(frozen=True, slots=True)
class Contact:
    """Who ordered: the name, and the ways to reach them; an empty string is what was not given."""

    name: str = ""
    email: str = ""
    phone: str = ""
    company: str = ""

    @property
    def key(self) -> str:
        """What this customer is recognised by within a shop: the e-mail address, else the telephone number."""
        return self.email.casefold() or self.phone


@dataclass(frozen=True, slots=True)
class DraftLine:
    """One line: the product or service wanted, how many, and the agreed price of one (None: not stated)."""

    sku: str
    quantity: int
    description: str = ""
    unit_price: Decimal | None = None


@dataclass(frozen=True, slots=True)
class OrderDraft:
    """
    An order in the sender's words. `reference` is the sender's own number, unique within the shop, `purchase_order` their customer's.

    Money in `currency` (ISO 4217), `country` in addresses ISO 3166-1 alpha-2, `language` BCP 47. Empty strings and None: not given.
    """

    reference: str
    customer: Contact
    lines: tuple[DraftLine, ...]
    type: str = "standard"
    channel: str = "http"
    language: str = ""
    ship_to: Mapping[str, str] | None = None
    payment_method: str = ""
    currency: str = ""
    total: Decimal | None = None
    requested_on: date | None = None
    note: str = ""
    backorder_policy: str = ""
    purchase_order: str = ""

    def content_hash(self) -> bytes:
        """The SHA-256 of everything the sender said: equal content, equal hash, whatever the spelling of the JSON it came in."""
        return hashlib.sha256(json.dumps(_canonical(self), sort_keys=True, default=_canonical).encode()).digest()


_ADDED = frozenset({"purchase_order"})
"""Fields that drafts did not always have: an order without them has the hash it had then."""


def _canonical(value: object) -> object:
    if isinstance(value, OrderDraft | Contact | DraftLine):
        said = {name: getattr(value, name) for name in value.__slots__}
        return {name: one for name, one in said.items() if one or name not in _ADDED}
    return format(value.normalize(), "f") if isinstance(value, Decimal) else str(value)


class UnknownNumber(ValueError):
    """This is no order number of ours; a digit may be mistyped."""


def number_of(order_id: int) -> str:
    """The number people read out: 10-digit base, the last digit after the dash is a Luhn check digit that catches a slip of one digit."""
    digits = str(100000 + order_id)
    return f"{digits}-{_luhn(digits)}"


def order_id_of(number: str) -> int:
    """The order behind a human number such as `100042-7`. Raises UnknownNumber."""
    digits, _, check = number.strip().partition("-")
    if not (digits.isascii() and digits.isdigit()) or int(digits) <= 100000 or check != str(_luhn(digits)):
        raise UnknownNumber(f"{number!r} is no order number; a digit may be mistyped.")
    return int(digits) - 100000


def _luhn(digits: str) -> int:
    """The check digit of ISO/IEC 7812-1 annex B."""
    return -(sum(map(_DOUBLED.__getitem__, digits[::-2])) + sum(map(int, digits[-2::-2]))) % 10


_DOUBLED = dict(zip("0123456789", (0, 2, 4, 6, 8, 1, 3, 5, 7, 9), strict=True))
"""Twice each digit, the digits of that added up."""


def public_id(kind: str, number: int) -> str:
    """The id that outsiders see, such as `ord_000000000016`: Crockford base 32, so sorted as text it sorts by age."""
    text = ""
    for _ in range(12):
        number, digit = divmod(number, 32)
        text = _ALPHABET[digit] + text
    return f"{PREFIXES[kind]}_{text}"


def internal_id(kind: str, public: str) -> int:
    """The row behind a public id. Raises UnknownNumber when it is not one of this kind."""
    prefix, _, text = public.partition("_")
    if prefix != PREFIXES[kind] or len(text) != 12 or any(letter not in _ALPHABET for letter in text):
        raise UnknownNumber(f"{public!r} is no {kind} id.")
    number = 0
    for letter in text:
        number = number * 32 + _ALPHABET.index(letter)
    return number


MOST_FULFILLMENTS = 999
"""Fulfillments that one order can have."""


def fulfillment_id(order_id: int, number: int) -> int:
    """The id of an order's nth fulfillment, counted from 1; it tells the order without a look-up."""
    return order_id * 1000 + number


def order_of(fulfillment: int) -> int:
    """The order that a fulfillment id belongs to."""
    return fulfillment // 1000


def fulfillment_number_of(fulfillment: int) -> str:
    """What people call a fulfillment: the order's number and its own, such as `100042-1/2`."""
    return f"{number_of(order_of(fulfillment))}/{fulfillment % 1000}"
