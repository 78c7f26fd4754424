"""
What a letter may ask about its order: names and values already in the reader's words, and clean.

Strings from outside are one line each, without control or text-direction marks, and of a length that a letter can bear.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from functools import cached_property
from typing import Any

from orderpipe.channels.delay_words import words_of_choices
from orderpipe.channels.parts import Item
from orderpipe.channels.wording import Wording
from orderpipe.domain.notices import Order, OrderedLine

_MARKS = re.compile(r"[\x00-\x20\x7f-\xa0\u2028-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]+")
_LONGEST = 300
_UNCUT = ("link", "error", "text")


def clean(value: Any, longest: int = _LONGEST) -> Any:
    """The same value with every string in it fit for a letter; anything but strings, lists and objects stays as it is."""
    if isinstance(value, str):
        line = value if _is_clean(value) else _MARKS.sub(" ", value).strip(" ")
        return line if len(line) <= longest else f"{line[: longest - 1]}…"
    if value is None or isinstance(value, int):  # to ask for a mapping takes longer
        return value
    if isinstance(value, Mapping):
        return {name: clean(part, 2000 if str(name).endswith(_UNCUT) else longest) for name, part in value.items()}
    if isinstance(value, Sequence):
        return [clean(part, longest) for part in value]
    return value


def _is_clean(text: str) -> bool:
    """Sure enough of nearly every string, and quicker than looking for each mark: whatever cannot be printed is not clean."""
    return text.isprintable() and "  " not in text and text[:1] != " " != text[-1:]


class OrderView:
    """One order in one language."""

    def __init__(self, order: Order, wording: Wording) -> None:
        self._order = order
        self._wording = wording
        self.number = order.number
        self.reference: str = clean(order.reference)
        self.shop_name: str = clean(order.shop_name)

    @cached_property
    def name(self) -> str:
        """The customer's name, "" where none was given."""
        return str(clean(self._order.customer.get("name") or ""))

    @cached_property
    def contact(self) -> str:
        """How the customer can be reached, all of it."""
        customer = self._order.customer
        return ", ".join(clean(customer[field]) for field in ("name", "company", "phone", "email") if customer.get(field))

    @cached_property
    def address(self) -> str:
        """Where the goods go, on one line; "" where nothing is shipped."""
        place = self._order.ship_to or {}
        town = " ".join(str(place[part]) for part in ("postal_code", "city") if place.get(part))
        country = self._wording.country(str(place.get("country") or ""))
        parts = (place.get("name"), place.get("line1"), place.get("line2"), town, place.get("region"), country)
        return ", ".join(clean(str(part)) for part in parts if part)

    @cached_property
    def payment(self) -> str:
        """How it is paid, in words where we have some."""
        method = str(clean(self._order.payment_method))
        return str(self._wording.phrases["payment"].get(method.lower().replace("_", "-"), method))

    @cached_property
    def total(self) -> str:
        """The order's total, "" where none was stated."""
        return "" if self._order.total is None else self._wording.money(self._order.total)

    @cached_property
    def all_items(self) -> list[Item]:
        """Every line as it was taken down, with its price."""
        return [self._priced(line) for line in self._order.lines]

    def items(self, lines: Iterable[Mapping[str, Any]] | None) -> list[Item]:
        """The named lines (number, quantity) without prices, with the day when they are expected if that is told; None: all."""
        if lines is None:
            lines = [{"number": line.number, "quantity": line.quantity} for line in self._order.lines]
        return [Item(self.item_name(line.get("number")), line["quantity"], note=self._expected(line)) for line in lines]

    def remedies(self, chosen: Iterable[Mapping[str, Any]]) -> list[str]:
        """What is done about a case, point by point."""
        said: Mapping[str, str] = self._wording.phrases["words"]["remedies"]
        return [said[one["kind"]].format(order=one.get("order", ""), amount=self._wording.money(one.get("amount", "0"))) for one in chosen]

    def late_choices(self, facts: Mapping[str, Any]) -> list[str]:
        """What a customer may choose whose order is late, point by point, each with the number to answer with."""
        return [f"{number}. {words}" for number, words in enumerate(words_of_choices(facts, self._wording).values(), 1)]

    def changes(self, facts: Mapping[str, Any]) -> list[str]:
        """What is other than before in an amended order, point by point; the new address and contact are the order's own by now."""
        said: Mapping[str, str] = self._wording.phrases["changes"]
        names = {line.sku: self.item_name(line.number) for line in self._order.lines}
        points = [
            *(said["other" if line["after"] else "gone"].format(item=line["name"], **line) for line in facts["lines"]),
            *(said["new"].format(item=names.get(line["sku"], line["sku"]), quantity=line["quantity"]) for line in facts["added"]),
            *(said["ahead"].format(item=line["name"], quantity=line["quantity"]) for line in facts.get("ahead") or ()),
        ]
        about = {"address": self.address, "contact": self.contact, "payment": self.payment}
        points += [said[name].format(value=value) for name, value in about.items() if facts[name]]
        if facts["requested_on"]:
            points.append(said["requested_on"].format(value=self._wording.day(facts["requested_on"])))
        return points

    def item_name(self, number: object) -> str:
        """What the line of this number is called: its description, else its SKU, else its number."""
        line = self._lines.get(number)
        name = clean(line.description) or clean(line.sku) if line else ""
        return name or str(self._wording.phrases["words"]["line"]).format(number=number)

    def line_at(self, place: int) -> OrderedLine | None:
        """The line at this place (0 is the first) of the order as it was sent, None where there is none."""
        return self._order.lines[place] if 0 <= place < len(self._order.lines) else None

    @cached_property
    def _lines(self) -> dict[object, OrderedLine]:
        return {line.number: line for line in self._order.lines}

    def _priced(self, line: OrderedLine) -> Item:
        name = self.item_name(line.number)
        if line.unit_price is None:
            return Item(name, line.quantity)
        money = self._wording.money
        return Item(name, line.quantity, money(line.unit_price), money(round(Decimal(line.quantity) * line.unit_price, 2)))

    def _expected(self, line: Mapping[str, Any]) -> str:
        if "expected_on" not in line:
            return ""
        words: Mapping[str, str] = self._wording.phrases["words"]
        return words["expected"].format(day=self._wording.day(line["expected_on"])) if line["expected_on"] else words["no_date"]
