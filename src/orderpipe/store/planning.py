"""
Fulfillments planned for what was shared out: what can leave together from one place, with its stock set aside or waited for.

The caller holds the locks of the orders and of the stock rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from orderpipe.domain.orders import MOST_FULFILLMENTS, fulfillment_id
from orderpipe.domain.stock import Piece, Share
from orderpipe.domain.targets import Policies, due_at
from orderpipe.flow import FulfillmentState, WaitingFor
from orderpipe.store import allocation, fulfillments
from orderpipe.store.allocation import Shift
from orderpipe.store.demands import Wanted
from orderpipe.store.metadata import Tx

PROMISE_WITHIN = timedelta(minutes=5)


class NoLocation(Exception):
    """The shop sells goods but has no location to send them from; add one."""


@dataclass(frozen=True, slots=True)
class Part:
    """One fulfillment to be: a parcel from a location, or (location None) an appointment."""

    fulfillment_id: int
    order: Wanted
    location_id: int | None
    reserved: bool
    pieces: tuple[Piece, ...]


def parts_for(one: Wanted, share: Share, home: Mapping[int, int], *, used: int = 0) -> list[Part]:
    """
    The parts for what an order wants and gets; `home` is where each shop waits for stock, `used` the highest number given out.

    Raises NoLocation.
    """
    if share.short and one.shop_id not in home:
        raise NoLocation("The shop has no location to send goods from; add one and resume the order.")
    # each short line goes out when its own stock comes, as long as the order has room for so many fulfillments
    waiting = [(piece,) for piece in share.short] if len(share.short) < MOST_FULFILLMENTS // 2 else [share.short]
    places: list[tuple[int | None, bool, tuple[Piece, ...]]] = [
        *((location, True, pieces) for location, pieces in share.by_location.items()),
        *((home[one.shop_id], False, pieces) for pieces in waiting),
        *([(None, False, one.services)] if one.services else []),
    ]
    return [Part(fulfillment_id(one.order_id, place), one, *rest) for place, rest in enumerate(places, start=used + 1)]


def plan(tx: Tx, parts: Sequence[Part], policies: Policies, now: datetime) -> None:
    """Set the parts' stock aside, write them, and remember the demand that waits; they wait for their promise."""
    allocation.reserve(tx, [
        Shift(part.location_id, piece.sku, piece.quantity, part.fulfillment_id)
        for part in parts if part.reserved and part.location_id is not None for piece in part.pieces
    ], now)
    fulfillments.plan(tx, [_fulfillment(part, policies, now) for part in parts], [
        {"fulfillment_id": part.fulfillment_id, "number": piece.number, "sku": piece.sku, "quantity": piece.quantity}
        for part in parts for piece in part.pieces
    ])
    allocation.wait_for_stock(tx, _waiting(parts))


def _fulfillment(part: Part, policies: Policies, now: datetime) -> dict[str, object]:
    # what waits for stock is not late because nobody works on it; it has its promise
    can_begin = part.reserved or part.location_id is None
    due = due_at(
        policies, part.order.shop_id, order_type=part.order.type, state=FulfillmentState.PLANNED, entered_at=now,
        location_id=part.location_id,
    )
    return {
        "id": part.fulfillment_id, "order_id": part.order.order_id, "shop_id": part.order.shop_id, "lane": part.order.lane,
        "location_id": part.location_id, "reserved": part.reserved,
        "kind": "parcel" if part.location_id is not None else "appointment", "state": FulfillmentState.PLANNED,
        "waiting_for": WaitingFor.PROMISE, "next_at": now + PROMISE_WITHIN, "stage_entered_at": now,
        "due_at": due if can_begin else None,
    }


def _waiting(parts: Sequence[Part]) -> list[dict[str, object]]:
    return [
        {
            "shop_id": part.order.shop_id, "sku": piece.sku, "location_id": part.location_id, "quantity": piece.quantity,
            "order_id": part.order.order_id, "fulfillment_id": part.fulfillment_id, "since": part.order.received_at,
        }
        for part in parts if part.location_id is not None and not part.reserved for piece in part.pieces
    ]
