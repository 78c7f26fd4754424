"""
Rows of a file become an order, or a cancellation, as the column mapping says: nothing is guessed, nothing is dropped.

Pure: what files beside and the file of customers say about the rows comes in, so the same rows always give the same order.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from orderpipe.domain.orders import OrderDraft
from orderpipe.intake.codes import country_of
from orderpipe.intake.json_order import MOST_LINES, take
from orderpipe.intake.mapping import ADDRESS_FIELDS, CUSTOMER_FIELDS, ColumnMapping
from orderpipe.intake.refusals import FieldError, Malformed

SUPPLIED = (*CUSTOMER_FIELDS, *ADDRESS_FIELDS, "payment_method")
"""What a file of customers may say where the file itself says nothing."""

Values = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """The rows of one reference, what files beside say about them, what the customers' file says, and the type orders have unless told."""

    rows: Sequence[Values]
    beside: Mapping[str, Sequence[Values]] = field(default_factory=dict)
    supplied: Values = field(default_factory=dict)
    order_type: str = "bulk"


@dataclass(frozen=True, slots=True)
class Taken:
    """So many pieces that a cancellation takes back, at the price they were sold at (None: whatever it was)."""

    sku: str
    quantity: int
    unit_price: Decimal | None


@dataclass(frozen=True, slots=True)
class Cancellation:
    """What takes pieces of an earlier order back; `of` is the order's own reference where the cancellation's tells it."""

    reference: str
    of: str
    pieces: tuple[Taken, ...]


def reference_of(mapping: ColumnMapping, values: Values) -> str:
    """The reference that this row belongs to, "" for none."""
    return _identifier(values.get(mapping.columns.get("reference", ""), ""))


def customer_key(mapping: ColumnMapping, values: Values) -> str:
    """The file's own key for who ordered, "" where it names nobody."""
    return _identifier(values.get(mapping.columns.get("customer", ""), ""))


def placed_at(mapping: ColumnMapping, values: Values) -> datetime | None:
    """When it was ordered, by the file's clock taken as UTC; None where that cannot be read."""
    try:
        found = datetime.strptime(values.get(mapping.columns.get("placed_at", ""), "").strip(), mapping.date_format)  # noqa: DTZ007
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def is_cancellation(mapping: ColumnMapping, reference: str) -> bool:
    """Whether what bears this reference takes pieces back."""
    return bool(mapping.cancellation_prefix) and reference.startswith(mapping.cancellation_prefix)


def no_order(mapping: ColumnMapping, rows: Sequence[Values]) -> str | None:
    """Why these rows are no order, by the mapping's rules; a rule must fit them all."""
    return next((rule.reason for rule in mapping.reject if all(rule.applies(one) for one in rows)), None)


def order_of(mapping: ColumnMapping, sheet: Sheet) -> OrderDraft:
    """The order in these rows. Raises Malformed; its pointers tell field and line."""
    reading = _Reading(mapping, sheet)
    document = reading.document()
    if reading.errors:
        raise Malformed(reading.errors)
    return take(document)


def cancellation_of(mapping: ColumnMapping, rows: Sequence[Values]) -> Cancellation:
    """What these rows take back. Raises Malformed."""
    reading = _Reading(mapping, Sheet(rows))
    pieces = tuple(reading.pieces())
    if reading.errors:
        raise Malformed(reading.errors)
    reference = reference_of(mapping, rows[0])
    return Cancellation(reference, reference.removeprefix(mapping.cancellation_prefix), pieces)


def supplied_for(mapping: ColumnMapping, sheet: Sheet) -> list[str]:
    """The fields that only the customers' file gave."""
    reading = _Reading(mapping, sheet)
    return [name for name in SUPPLIED if sheet.supplied.get(name) and not reading.said(name)]


class _Reading:
    """One look at a sheet; what cannot be read is collected, so that one look is enough to put it right."""

    def __init__(self, mapping: ColumnMapping, sheet: Sheet) -> None:
        self._mapping, self._sheet = mapping, sheet
        self.errors: list[FieldError] = []

    def said(self, name: str, row: Values | None = None) -> str:
        """What the file (in this row of its lines), a file beside, or the mapping itself says of a field."""
        column = self._mapping.columns.get(name)
        if column is None:
            return self._mapping.constants.get(name, "")
        source, colon, there = column.partition(":")
        if not colon:
            return (row or self._sheet.rows[0]).get(column, "").strip()
        if row is None:
            row = next(iter(self._sheet.beside.get(source, ())), {})
        return row.get(there, "").strip()

    def document(self) -> dict[str, Any]:
        """The order as a JSON document."""
        self._check_one_customer()
        document: dict[str, Any] = {
            "reference": reference_of(self._mapping, self._sheet.rows[0]), "type": self.said("type") or self._sheet.order_type,
            "channel": "file", "total": self._money("total", self.said("total"), "/total"), "requested_on": self._day(),
            "lines": list(self._lines()),
        }
        for name in ("language", "payment_method", "currency", "purchase_order", "note", "backorder_policy"):
            document[name] = self._told(name) or None
        document["customer"] = {name: self._told(name) for name in CUSTOMER_FIELDS}
        address = {name: self._told(name) for name in ADDRESS_FIELDS if name != "country"} | {"country": self._country()}
        document["ship_to"] = address if any(address.values()) else None
        return document

    def pieces(self) -> Iterator[Taken]:
        """What a cancellation takes back."""
        for place, row in enumerate(self._sheet.rows):
            quantity = self._quantity(row, f"/lines/{place}/quantity")
            price = self._money("unit_price", self.said("unit_price", row), f"/lines/{place}/unit_price")
            if quantity >= 0:
                self._wrong(f"/lines/{place}/quantity", "A cancellation takes pieces back, so its quantities are below zero.")
            yield Taken(self.said("sku", row), -quantity, Decimal(price) if price else None)

    def _told(self, name: str) -> str:
        return self.said(name) or (self._sheet.supplied.get(name, "").strip() if name in SUPPLIED else "")

    def _lines(self) -> Iterator[dict[str, Any]]:
        source = self._mapping.lines_from
        rows = self._sheet.beside.get(source, ()) if source else self._sheet.rows
        if not rows:
            self._wrong("/lines", f"There are no lines for this order in {self._mapping.beside[source].file}.")
        if len(rows) > MOST_LINES:
            self._wrong("/lines", f"An order has at most {MOST_LINES} lines.")
        for place, row in enumerate(rows):
            price = self.said("unit_price", row)
            yield {
                "sku": self.said("sku", row), "description": self.said("description", row) or None,
                "quantity": self._quantity(row, f"/lines/{place}/quantity"),
                "unit_price": self._money("unit_price", price, f"/lines/{place}/unit_price"),
            }

    def _quantity(self, row: Values, pointer: str) -> int:
        number = self._number(self.said("quantity", row), pointer)
        if number is None:
            return 0
        if number != number.to_integral_value():
            self._wrong(pointer, f"{number} is no whole number.")
            return 0
        return int(number)

    def _money(self, name: str, text: str, pointer: str) -> str | None:
        number = self._number(text, pointer) if text else None
        if number is None:
            return None
        exponent = number.normalize().as_tuple().exponent
        if isinstance(exponent, int) and -exponent > (4 if name == "unit_price" else 2):
            self._wrong(pointer, f"{text!r} has more decimal places than money has.")
        return format(number.normalize(), "f")

    def _number(self, text: str, pointer: str) -> Decimal | None:
        plain = text.replace(self._mapping.thousands, "") if self._mapping.thousands else text
        if self._mapping.decimal == ",":
            plain = plain.replace(".", "x").replace(",", ".")
        if _NUMBER.fullmatch(plain):
            try:
                return Decimal(plain)
            except InvalidOperation:
                pass
        if not text:
            self._wrong(pointer, "A number must stand here.")
        else:
            hint = "; where a comma or a point marks thousands, the mapping must say so" if re.search(r"\d[,.' ]\d", text) else ""
            self._wrong(pointer, f"{text[:50]!r} is no number{hint}.")
        return None

    def _day(self) -> date | None:
        text = self.said("requested_on")
        if not text:
            return None
        for form in (self._mapping.date_format, "%Y-%m-%d"):
            try:
                return datetime.strptime(text, form).date()  # noqa: DTZ007  # a day, not an instant
            except ValueError:
                continue
        self._wrong("/requested_on", f"{text[:50]!r} is no date such as 2026-12-24.")
        return None

    def _country(self) -> str:
        for text in (self.said("country"), self._sheet.supplied.get("country", "").strip()):
            code = self._mapping.countries.get(text, country_of(text))
            if code:
                return code
            if text and text not in self._mapping.countries:
                self._wrong("/ship_to/country", f"{text[:50]!r} is no country; the mapping's [countries] may say which is meant.")
        return ""

    def _check_one_customer(self) -> None:
        keys = {customer_key(self._mapping, row) for row in self._sheet.rows}
        if len(keys) > 1:
            self._wrong("/customer", "The lines of this reference name different customers.")

    def _wrong(self, pointer: str, sentence: str) -> None:
        self.errors.append(FieldError(pointer, sentence, "unreadable"))


_NUMBER = re.compile(r"-?[0-9]{1,15}([.][0-9]{1,15})?")


def _identifier(text: str) -> str:
    """A key as it is meant: `17850.0` is what a spreadsheet makes of 17850."""
    text = text.strip()
    whole, point, rest = text.partition(".")
    return whole if point and rest.strip("0") == "" and rest and whole.isdigit() else text
