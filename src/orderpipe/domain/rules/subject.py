"""
What is checked: the order as taken down, with what the catalogue says of its lines and what earlier orders left in memory.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from orderpipe.domain.calendars import WorkingCalendar
from orderpipe.domain.countries import is_country
from orderpipe.domain.rules.findings import Identity

GOODS = "goods"


@dataclass(frozen=True, slots=True)
class Own:
    """What a customer took of an article: how often, the fewest and the most pieces, and the last price in the order's currency."""

    times: int
    fewest: int
    most: int
    last_price: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Norm:
    """
    So many lines that were ordered, with mean and spread of the logarithm of their pieces, for orders grow by factors; and the
    lowest and highest price in the shop's currency (None: none was stated).
    """

    lines: int
    log_mean: float
    log_spread: float
    lowest_price: Decimal | None = None
    highest_price: Decimal | None = None

    def reach(self, spreads: float, *, at_least: float) -> float:
        """The pieces so many spreads above the middle; a spread counts for no less than `at_least`."""
        return math.exp(self.log_mean + spreads * max(self.log_spread, at_least))

    def among(self, others: "Norm", weight: float) -> "Norm":
        """What is to be expected: as here, and as among the others, who count for so many lines; with few lines here mostly as there."""
        lines = self.lines + weight
        mean = (self.lines * self.log_mean + weight * others.log_mean) / lines
        square = self.lines * (self.log_spread**2 + (self.log_mean - mean) ** 2) + weight * (
            others.log_spread**2 + (others.log_mean - mean) ** 2
        )
        return Norm(self.lines, mean, math.sqrt(square / lines))

    @property
    def usual(self) -> tuple[int, int]:
        """The pieces between which most lines lie."""
        return max(1, round(math.exp(self.log_mean - self.log_spread))), max(1, round(math.exp(self.log_mean + self.log_spread)))


@dataclass(frozen=True, slots=True)
class LineToCheck:
    """
    A line as taken down; `known`, `discontinued` and `catalogue_price` are what the shop's products say of its SKU, `own` and
    `article` what this customer and all customers ordered of it before.
    """

    number: int
    sku: str
    kind: str
    description: str
    quantity: int
    unit_price: Decimal | None
    known: bool
    discontinued: bool
    catalogue_price: Decimal | None = None
    own: Own | None = None
    article: Norm | None = None


@dataclass(frozen=True, slots=True)
class Twin:
    """An earlier order of the same customer: its number, how many minutes before, and what share of all lines both have alike."""

    number: str
    minutes: float
    likeness: float


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier order by its number, and the day on which it came."""

    number: str
    on: date


@dataclass(frozen=True, slots=True)
class Known:
    """The customer as last confirmed."""

    email: str = ""
    phone: str = ""
    address: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Memory:
    """
    What earlier orders say about this one: what the customer and the whole shop usually order (of whatever article), the customer
    as known before, orders much like this one, and an earlier one with the same purchase-order number.
    """

    customer: Norm | None = None
    shop: Norm | None = None
    known: Known | None = None
    last_currency: str = ""
    twins: tuple[Twin, ...] = ()
    same_purchase_order: Earlier | None = None


NOTHING = Memory()


@dataclass(frozen=True, slots=True)
class OrderToCheck:
    """
    What is checked of an order. `lines` stand in the order sent, which the pointers `/lines/0/…` count; `country` and
    `shop_currency` are the shop's, `country` for telephone numbers without one; `confirmed` are findings somebody has cleared.

    `ordered_on` is the day in the shop's time zone, `deliveries` the calendar of those who deliver; None: not known.
    """

    customer: Mapping[str, str]
    ship_to: Mapping[str, str] | None
    payment_method: str
    currency: str
    total: Decimal | None
    lines: tuple[LineToCheck, ...]
    country: str = ""
    confirmed: frozenset[Identity] = frozenset()
    shop_currency: str = ""
    purchase_order: str = ""
    requested_on: date | None = None
    ordered_on: date | None = None
    deliveries: WorkingCalendar | None = None
    memory: Memory = field(default=NOTHING)

    @property
    def phone_country(self) -> str:
        """The country in which a telephone number without one is read: where it is shipped, else the shop's."""
        given = self.ship_to.get("country", "") if self.ship_to else ""
        return given if is_country(given) else self.country

    @property
    def in_shop_currency(self) -> bool:
        """Whether its prices can be compared with the shop's own."""
        return self.currency == self.shop_currency
