"""
Ship: the packed parcel gets its label and tracking number and leaves the house; its stock leaves the books.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from orderpipe.domain.barcodes import sscc18
from orderpipe.domain.decisions import Decision, Move, Tell, Wait
from orderpipe.domain.orders import number_of
from orderpipe.domain.targets import Policies
from orderpipe.flow import FulfillmentState, WaitingFor
from orderpipe.store import allocation, fulfillments, journeys, tracking
from orderpipe.store.allocation import Shift
from orderpipe.store.fulfillments import Line, Place
from orderpipe.store.metadata import Tx

COMPANY_PREFIX = "9999999"
"""GS1 company prefix of the SSCCs; 999 9999 is no company's, for labels that stay in the house."""
_SERIALS = 10**9
"""So many serials fit beside the prefix; the extension digit counts on, so that an SSCC comes again after ten million orders."""
CARRIER_AGAIN = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Facts:
    """The packed parcels, where they stand and what is in them, and of which the carrier has spoken already."""

    places: Mapping[int, Place]
    lines: Mapping[int, Sequence[Line]]
    spoken_of: frozenset[int]


def read(tx: Tx, fulfillment_ids: Collection[int], policies: Policies) -> Facts:  # noqa: ARG001  # every stage reads alike
    """What leaves, and with which carrier."""
    places = fulfillments.places_of(tx, fulfillment_ids)
    early = tracking.spoken_of(tx, {(place.shop_id, tracking_number(one)) for one, place in places.items()})
    return Facts(
        places, fulfillments.lines_of(tx, fulfillment_ids), frozenset(one for one in places if tracking_number(one) in early)
    )


def decide(facts: Facts, *, now: datetime) -> list[Decision]:
    """Every packed parcel leaves; the customer gets the tracking number."""
    return [_decide(place, facts, now) for place in facts.places.values()]


def _decide(place: Place, facts: Facts, now: datetime) -> Decision:
    letter = _shipped(place, facts.lines[place.id])
    then = None if place.id in facts.spoken_of else Wait(place.id, WaitingFor.CARRIER, now + CARRIER_AGAIN)
    return Move(place.id, FulfillmentState.SHIPPED, (letter,), then)


def _shipped(place: Place, lines: Sequence[Line]) -> Tell:
    told = [{"number": line.number, "quantity": line.quantity} for line in lines if line.quantity]
    facts = {"tracking_number": tracking_number(place.id), "carrier": place.carrier, "lines": told, "until": place.until_at}
    return Tell("shipped", facts, f"shipped:{place.id}")


def tracking_number(fulfillment: int) -> str:
    """The tracking number on our label: the fulfillment's own, with a check digit against slips of the pen."""
    return f"OP{number_of(fulfillment).replace('-', '')}"


def sscc(fulfillment: int) -> str:
    """The number of the logistic unit on our label."""
    return sscc18(fulfillment // _SERIALS % 10, COMPANY_PREFIX, fulfillment % _SERIALS)


def write(tx: Tx, facts: Facts, decisions: Sequence[Decision], now: datetime) -> None:  # noqa: ARG001  # all of them ship
    """The parcels with their labels, and the stock that left with them."""
    journeys.label(tx, [
        {
            "fulfillment_id": one, "sscc": sscc(one), "carrier": place.carrier,
            "tracking_number": tracking_number(one), "status": "shipped", "shipped_at": now, "status_at": now,
        }
        for one, place in facts.places.items()
    ])
    allocation.send_out(tx, [
        Shift(place.location_id, line.sku, line.quantity, one)
        for one, place in facts.places.items() for line in facts.lines[one] if line.quantity
    ], now)
    tracking.adopt_early_events(tx, [tracking_number(one) for one in facts.spoken_of], now)
