"""
What is known of an order when it is bought, and what was measured of it afterwards.

All instants carry the wall clock of the destination: a delivery date is a day there.
"""

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


SIGNS = {
    "carrier and type": 10, "region": 10, "lane": 10, "two digits": 10, "three digits": 10, "postcode": 10, "seller": 8,
    "seller's three digits": 10, "seller to region": 15, "payment": 10, "weekday": 10, "hour": 10, "weight": 10, "size": 10, "freight": 10,
    "pieces": 10, "category": 15, "value": 10,
}  # fmt: skip
"""What may make an order slow or quick, coarse to fine: for each, how many orders weigh as much as the assumption that it makes none."""

SPREADING = ("region", "lane", "seller", "payment", "three digits")
"""The signs by which times differ in how far they spread."""


def signs(known: Known) -> tuple[str, ...]:
    """What an order shows, in the order of SIGNS."""
    region, postcode, seller, at = known.region, known.postcode, known.seller, known.bought_at
    return (
        f"{known.carrier}/{known.order_type}", region, f"{known.seller_region}>{region}", region + postcode[:2], postcode[:3], postcode,
        seller, known.seller_postcode[:3], f"{seller}>{region}", known.payment, str(at.weekday()), str(at.hour // 4),
        _half_octave(known.grams), _half_octave(known.litres), _half_octave(known.freight), str(min(known.pieces or 0, 3)), known.category,
        _half_octave(known.value),
    )  # fmt: skip
