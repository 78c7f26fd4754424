"""
Amendments: what an order becomes by the changes asked for, or everything that is wrong with them.

A stated total follows the prices of the pieces that come and go; an order of which no line would be left is to be canceled instead.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from orderpipe.domain.amendable import TOO_LATE, Matter, matter_of, open_matters
from orderpipe.domain.amended_values import NewLine, additions, head_value, new_line
from orderpipe.domain.answers import RefusedValue, checked_value
from orderpipe.domain.queries import Problem
from orderpipe.flow import FulfillmentState, OrderState

MOST_LINES = 2_000
"""Lines that an order can have after an amendment."""

_LARGEST_TOTAL = Decimal(10) ** 12
_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Line:
    """A line as it stands; `left` of it are wanted."""

    number: int
    sku: str
    quantity: int
    canceled: int
    unit_price: Decimal | None

    @property
    def left(self) -> int:
        """Pieces that are wanted and not canceled."""
        return self.quantity - self.canceled


@dataclass(frozen=True, slots=True)
class Order:
    """
    An order as it stands when it is to be amended; `parts` are the states of its fulfillments, money in the order's currency.

    `country` is the one in which a telephone number without one is read.
    """

    state: OrderState
    parts: tuple[FulfillmentState, ...]
    paid: Decimal
    customer: Mapping[str, str]
    ship_to: Mapping[str, str] | None
    payment_method: str
    total: Decimal | None
    requested_on: date | None
    lines: tuple[Line, ...]
    country: str = ""


@dataclass(frozen=True, slots=True)
class Article:
    """A product that is to be added; `price` in the order's currency, None where none is known."""

    price: Decimal | None
    discontinued: bool = False


@dataclass(frozen=True, slots=True)
class Amendment:
    """
    The head of the order after the changes, and what becomes of its lines: pieces by line number, and lines that go or come.

    A line that goes stands in `fewer` too, with all its pieces. `changed` are the pointers of what is not as it was.
    """

    customer: Mapping[str, str]
    ship_to: Mapping[str, str] | None
    payment_method: str
    requested_on: date | None
    total: Decimal | None
    fewer: Mapping[int, int] = field(default_factory=dict)
    more: Mapping[int, int] = field(default_factory=dict)
    removed: frozenset[int] = frozenset()
    added: tuple[NewLine, ...] = ()
    changed: tuple[str, ...] = ()

    @property
    def of_lines(self) -> bool:
        """Whether other pieces are wanted than before."""
        return bool(self.fewer or self.more or self.removed or self.added)


def unchanged(order: Order) -> Amendment:
    """The amendment that leaves all of the order as it is."""
    return Amendment(order.customer, order.ship_to, order.payment_method, order.requested_on, order.total)


def skus_named(changes: Mapping[str, object]) -> set[str]:
    """The articles that these changes, checked or not, bring into the order."""
    added = [one.get("sku") for _, one in additions(changes.get("/lines/-")) if isinstance(one, Mapping)]
    named = [*added, *(value for pointer, value in changes.items() if re.fullmatch(r"/lines/\d+/sku", pointer))]
    return {one for one in named if isinstance(one, str) and "\x00" not in one}


def amended(
    order: Order, changes: Mapping[str, object], articles: Mapping[str, Article], *, today: date
) -> Amendment | tuple[Problem, ...]:
    """
    What the order becomes by these changes (new values by JSON pointer), or everything that is wrong with them.

    `/lines/0` as None takes the line away, `/lines/-` adds one (sku, quantity) or a list of them; `articles` are the shop's products
    among `skus_named`. Whether the order still makes sense as a whole is for the rules to check.
    """
    read = _Reading(order, articles, today, open_matters(order.state, order.parts, paid=order.paid))
    for pointer, given in changes.items():
        read.take(pointer, given)
    read.settle_lines()
    if not read.problems and not read.values and not read.of_lines:
        read.problems.append(Problem("", "Nothing of the order would change.", "nothing-changes"))
    total = read.total()
    return tuple(read.problems) if read.problems else read.amendment(total)


class _Reading:
    """The changes as they are understood one after the other, and what is wrong with them."""

    def __init__(self, order: Order, articles: Mapping[str, Article], today: date, matters: frozenset[Matter]) -> None:
        self._order, self._articles, self._today, self._open = order, articles, today, matters
        self._wanted: dict[int, dict[str, Any]] = {}
        self._pointers: list[str] = []
        self.values: dict[str, Any] = {}
        self.problems: list[Problem] = []
        self.more: dict[int, int] = {}
        self.fewer: dict[int, int] = {}
        self.removed: set[int] = set()
        self.added: list[NewLine] = []

    @property
    def of_lines(self) -> bool:
        return bool(self.more or self.fewer or self.removed or self.added)

    def take(self, pointer: str, given: object) -> None:
        """Understand one change."""
        try:
            if pointer == "/lines/-":
                self._take_additions(given)
            elif found := re.fullmatch(r"/lines/(0|[1-9]\d{0,4})(?:/(quantity|sku))?", pointer):
                self._take_of_line(pointer, int(found[1]), found[2] or "", given)
            else:
                self._take_of_head(pointer, given)
        except RefusedValue as refused:
            self._object(pointer + refused.below, str(refused), refused.code)

    def _take_of_head(self, pointer: str, given: object) -> None:
        matter = matter_of(pointer)
        if matter is None:
            self._object(pointer, "This cannot be changed in an order that has been taken down.", "not-changeable")
            return
        value = head_value(pointer, given, self._order.country, self._today)
        if value == _head_now(pointer, self._order):
            return
        if self._may(matter, pointer):
            self.values[pointer] = value

    def _take_of_line(self, pointer: str, place: int, part: str, given: object) -> None:
        if place >= len(self._order.lines):
            self._object(pointer, f"There is no such line; the first is /lines/0, the last /lines/{len(self._order.lines) - 1}.", "no-line")
            return
        value = checked_value(pointer, given, self._order.country)
        self._wanted.setdefault(place, {})[part or "remove"] = value

    def _take_additions(self, given: object) -> None:
        for below, one in additions(given):
            try:
                line = new_line(one)
            except RefusedValue as refused:
                self._object(f"/lines/-{below}{refused.below}", str(refused), refused.code)
                continue
            self._add(line, f"/lines/-{below}")

    def _add(self, line: NewLine, pointer: str) -> None:
        article = self._articles.get(line.sku)
        if article is None or article.discontinued:
            detail = "The shop has no such product." if article is None else "This product is no longer sold."
            place = pointer if pointer.endswith("/sku") else f"{pointer}/sku"
            self._object(place, detail, "product-unknown" if article is None else "product-discontinued")
        elif self._may(Matter.MORE, pointer):
            price = article.price if line.unit_price is None else line.unit_price
            self.added.append(NewLine(line.sku, line.quantity, price))
            self._pointers.append(pointer)

    def settle_lines(self) -> None:
        """What the changes of each line come to together."""
        for place, wanted in self._wanted.items():
            self._settle_line(self._order.lines[place], f"/lines/{place}", wanted)
        gone = all(line.number in self.removed or line.left <= 0 for line in self._order.lines)
        if gone and not self.problems and self.of_lines and not self.added and not self.more:
            self._object("/lines", "No line would be left; cancel the order instead.", "no-lines")
        if len(self._order.lines) + len(self.added) > MOST_LINES:
            self._object("/lines/-", f"An order has at most {MOST_LINES} lines.", "too-many-lines")

    def _settle_line(self, line: Line, pointer: str, wanted: Mapping[str, Any]) -> None:
        if "remove" in wanted:
            if len(wanted) > 1:
                self._object(pointer, "The line is taken away and changed at once.", "contradiction")
            elif self._may(Matter.FEWER, pointer):
                self._remove(line, pointer)
            return
        quantity, sku = wanted.get("quantity", line.left), wanted.get("sku", line.sku)
        if sku != line.sku:
            if quantity <= 0:
                self._object(f"{pointer}/quantity", "It has to be said how many are wanted.", "quantity")
            elif self._may(Matter.FEWER, f"{pointer}/sku"):
                self._remove(line, f"{pointer}/sku")
                self._add(NewLine(sku, quantity), f"{pointer}/sku")
        elif quantity != line.left and self._may(Matter.MORE if quantity > line.left else Matter.FEWER, f"{pointer}/quantity"):
            (self.more if quantity > line.left else self.fewer)[line.number] = abs(quantity - line.left)
            self._pointers.append(f"{pointer}/quantity")

    def _remove(self, line: Line, pointer: str) -> None:
        self.removed.add(line.number)
        if line.left > 0:
            self.fewer[line.number] = line.left
        if not pointer.endswith("/sku"):
            self._pointers.append(pointer)

    def total(self) -> Decimal | None:
        """The stated total, by what the changed pieces cost more or less; as stated where a line's number is in doubt itself."""
        order = self._order
        stated: Decimal | None = self.values.get("/total", order.total)
        if stated is None or "/total" in self.values or not self.of_lines or any(line.quantity <= 0 for line in order.lines):
            return stated
        lines = {line.number: line for line in order.lines}
        changed = [
            *((lines[number].unit_price, pieces) for number, pieces in self.more.items()),
            *((lines[number].unit_price, -pieces) for number, pieces in self.fewer.items()),
            *((line.unit_price, line.quantity) for line in self.added),
        ]
        if any(price is None for price, _ in changed):
            self._object("/total", "The price of a changed line is not known, so the new total has to be said, too.", "price-unknown")
            return stated
        total = stated + sum((price * pieces for price, pieces in changed if price is not None), Decimal(0))
        if total >= _LARGEST_TOTAL:
            self._object("/total", "The order would cost too much to be true.", "total-too-large")
            return stated
        return max(total, Decimal(0)).quantize(_CENT)

    def amendment(self, total: Decimal | None) -> Amendment:
        """The order after the changes."""
        order, values = self._order, self.values
        ship_to = {**(values.get("/ship_to", order.ship_to) or {}), **_below(values, "/ship_to/")}
        customer = {**order.customer, **_below(values, "/customer/")}
        return Amendment(
            customer, {part: value for part, value in ship_to.items() if value} or None,
            values.get("/payment_method", order.payment_method), values.get("/requested_on", order.requested_on), total,
            self.fewer, self.more, frozenset(self.removed), tuple(self.added), (*values, *self._pointers),
        )

    def _may(self, matter: Matter, pointer: str) -> bool:
        if matter in self._open:
            return True
        self._object(pointer, TOO_LATE[matter], "too-late")
        return False

    def _object(self, pointer: str, detail: str, code: str) -> None:
        self.problems.append(Problem(pointer[:200], detail, code))


def _head_now(pointer: str, order: Order) -> object:
    group, _, part = pointer[1:].partition("/")
    if part:
        values: Mapping[str, str] = getattr(order, group) or {}
        return values.get(part, "")
    return dict(order.ship_to or {}) if group == "ship_to" else getattr(order, group)


def _below(values: Mapping[str, Any], pointer: str) -> dict[str, Any]:
    return {one.removeprefix(pointer): value for one, value in values.items() if one.startswith(pointer)}
