"""
What is known of an order when it is bought, and what was measured of it afterwards.

All instants carry the wall clock of the destination: a delivery date is a day there.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from math import log2


@dataclass(frozen=True, slots=True)
class Known:
    """An order at the moment of its purchase; what is not known is empty or None, and is an experience of its own."""

    bought_at: datetime
    seller: str = ""
    seller_region: str = ""
    seller_postcode: str = ""
    region: str = ""
    """Where it goes: the state, province or country that the carrier's speed goes by."""
    postcode: str = ""
    carrier: str = ""
    order_type: str = ""
    payment: str = ""
    category: str = ""
    pieces: int | None = None
    grams: float | None = None
    litres: float | None = None
    freight: Decimal | None = None
    value: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    """A past order and when its steps happened; None has not happened, as far as is known."""

    known: Known
    handed_over_at: datetime | None = None
    delivered_at: datetime | None = None


def moment(at: datetime) -> float:
    """The wall clock as days: the whole part is the date's ordinal, the rest the time of day."""
    return at.toordinal() + (at.hour * 3600 + at.minute * 60 + at.second) / 86_400


def _half_octave(amount: float | Decimal | None) -> str:
    """Amounts that differ by less than half are alike."""
    return str(round(2 * log2(amount))) if amount and amount > 0 else ""


SIGNS: dict[str, tuple[float, Callable[[Known], str]]] = {
    "carrier and type": (10, lambda one: f"{one.carrier}/{one.order_type}"),
    "region": (10, lambda one: one.region),
    "lane": (10, lambda one: f"{one.seller_region}>{one.region}"),
    "two digits": (10, lambda one: one.region + one.postcode[:2]),
    "three digits": (10, lambda one: one.postcode[:3]),
    "postcode": (10, lambda one: one.postcode),
    "seller": (8, lambda one: one.seller),
    "seller's three digits": (10, lambda one: one.seller_postcode[:3]),
    "seller to region": (15, lambda one: f"{one.seller}>{one.region}"),
    "payment": (10, lambda one: one.payment),
    "weekday": (10, lambda one: str(one.bought_at.weekday())),
    "hour": (10, lambda one: str(one.bought_at.hour // 4)),
    "weight": (10, lambda one: _half_octave(one.grams)),
    "size": (10, lambda one: _half_octave(one.litres)),
    "freight": (10, lambda one: _half_octave(one.freight)),
    "pieces": (10, lambda one: str(min(one.pieces or 0, 3))),
    "category": (15, lambda one: one.category),
    "value": (10, lambda one: _half_octave(one.value)),
}
"""What may make an order slow or quick, coarse to fine: for each, how many orders weigh as much as the assumption that it makes none."""

SPREADING = ("region", "lane", "seller", "payment", "three digits")
"""The signs by which times differ in how far they spread."""


def signs(known: Known) -> tuple[str, ...]:
    """What an order shows, in the order of SIGNS."""
    return tuple(read(known) for _, read in SIGNS.values())
