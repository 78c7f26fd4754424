"""
Who gets the stock there is: demand that waits already before newcomers, oldest first, and from as few places as possible.

Under "as available" an order takes what there is and the rest waits; under "all at once" it takes everything or nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

AS_AVAILABLE = "as-available"
ALL_AT_ONCE = "all-at-once"

_NEVER = datetime.max.replace(tzinfo=UTC)


Free = dict[tuple[int, int, str], int]
"""Pieces free by (shop id, location id, SKU); sharing out takes from it."""


@dataclass(frozen=True, slots=True)
class Piece:
    """So many of one order line's article."""

    number: int
    sku: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Demand:
    """What one order or waiting fulfillment wants; `since` is when it began to wait, None for a newcomer."""

    key: int
    shop_id: int
    pieces: tuple[Piece, ...]
    whole: bool = False
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Share:
    """What a demand gets, by location, and what it is short of."""

    by_location: Mapping[int, tuple[Piece, ...]]
    short: tuple[Piece, ...]


def share_out(demands: Iterable[Demand], free: Free) -> dict[int, Share]:
    """
    Give each demand its share of the free stock, by key; first those that wait, by the time they have waited, then the others.
    Of several that came at once the older number goes first; the sign of a key does not count.

    A waiting demand that cannot be served yet keeps what there is of its article from those behind it, unless it wants
    everything at once and so takes nothing.
    """
    ranked = sorted(demands, key=lambda demand: (demand.since is None, demand.since or _NEVER, abs(demand.key)))
    return {demand.key: _serve(demand, free) for demand in ranked}


def _serve(demand: Demand, free: Free) -> Share:
    places = sorted({location for shop, location, _ in free if shop == demand.shop_id})
    wanted = {piece.number: piece for piece in demand.pieces}
    taken: dict[int, list[Piece]] = {}
    while wanted and (best := _best_place(demand.shop_id, wanted.values(), places, free)) is not None:
        for piece in list(wanted.values()):
            if _there(demand.shop_id, best, piece, free):  # asked line by line: two lines may want the same article
                _take(demand.shop_id, best, piece, free, taken)
                del wanted[piece.number]
    short = [rest for piece in wanted.values() if (rest := _gather(demand.shop_id, piece, places, free, taken)).quantity]
    if short and demand.whole:
        _put_back(demand.shop_id, taken, free)
        return Share({}, demand.pieces)
    return Share({location: _joined(pieces) for location, pieces in taken.items()}, tuple(short))


def _best_place(shop_id: int, wanted: Iterable[Piece], places: Sequence[int], free: Free) -> int | None:
    """The place that has the most of the wanted lines in full; None when no place has any."""
    wanted = list(wanted)
    counts = [(sum(_there(shop_id, place, piece, free) for piece in wanted), -place) for place in places]
    most, place = max(counts, default=(0, 0))
    return -place if most else None


def _there(shop_id: int, place: int, piece: Piece, free: Free) -> bool:
    return free.get((shop_id, place, piece.sku), 0) >= piece.quantity


def _take(shop_id: int, place: int, piece: Piece, free: Free, taken: dict[int, list[Piece]]) -> None:
    free[shop_id, place, piece.sku] -= piece.quantity
    taken.setdefault(place, []).append(piece)


def _gather(shop_id: int, piece: Piece, places: Sequence[int], free: Free, taken: dict[int, list[Piece]]) -> Piece:
    """Take what there is of a line that no place has in full; returns what is short."""
    missing = piece.quantity
    for place in sorted(places, key=lambda place: -free.get((shop_id, place, piece.sku), 0)):
        quantity = min(missing, free.get((shop_id, place, piece.sku), 0))
        if quantity > 0:
            _take(shop_id, place, Piece(piece.number, piece.sku, quantity), free, taken)
            missing -= quantity
    return Piece(piece.number, piece.sku, missing)


def _put_back(shop_id: int, taken: Mapping[int, Sequence[Piece]], free: Free) -> None:
    for place, pieces in taken.items():
        for piece in pieces:
            free[shop_id, place, piece.sku] += piece.quantity


def _joined(pieces: Sequence[Piece]) -> tuple[Piece, ...]:
    return tuple(sorted(pieces, key=lambda piece: piece.number))
