"""
What can be done at once for those whose goods are late: send the part that has come, or something else that is there.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from orderpipe.domain.delays import Underway
from orderpipe.domain.orders import order_of
from orderpipe.domain.stock import Demand, Piece, Share, share_out
from orderpipe.store import allocation, fulfillments, substitutes
from orderpipe.store.delays import Delay
from orderpipe.store.metadata import Tx
from orderpipe.store.substitutes import Instead

_SUBSTITUTES = -(10**18)
"""Below the keys of all other demand begin those of the substitutes."""


@dataclass(frozen=True, slots=True)
class Offers:
    """By fulfillment: the pieces that have come (by location, by order line), and what can come instead of everything missing."""

    parts: Mapping[int, Mapping[int, tuple[Piece, ...]]] = field(default_factory=dict)
    instead: Mapping[int, tuple[Instead, ...]] = field(default_factory=dict)

    def part(self, some: Collection[int]) -> list[int]:
        """Those of these fulfillments of which a part can go at once."""
        return sorted(set(some) & self.parts.keys())

    def substitute(self, some: Collection[int]) -> list[Instead]:
        """What can be put in the place of what these fulfillments wait for."""
        return [piece for one in sorted(set(some) & self.instead.keys()) for piece in self.instead[one]]


def named(some: Iterable[Instead]) -> list[dict[str, object]]:
    """What can come instead, as letters and pages tell it: with its price where that is lower than what was ordered at."""
    return [
        {
            "number": one.number, "quantity": one.quantity, "name": one.description or one.instead,
            "price": one.price if one.saved else None,
        }
        for one in some if one.instead
    ]


def named_for(tx: Tx, some: Collection[Delay]) -> dict[int, list[dict[str, object]]]:
    """What can come instead in these delays, as letters and pages tell it, by order id."""
    found: dict[int, list[Instead]] = {}
    for piece in substitutes.offered(tx, [part for one in some for part in one.fulfillment_ids]) if some else ():
        found.setdefault(order_of(piece.fulfillment_id), []).append(piece)
    return {order_id: named(its) for order_id, its in found.items()}


def offers_for(tx: Tx, some: Collection[Underway], *, locked: bool = False) -> Offers:
    """
    What can be offered for these fulfillments.

    `locked`: the stock is locked, so that it can be set aside at once; else it may be gone the next moment.
    """
    waiting = {one.id: one.shop_id for one in some if one.awaits_stock}
    if not waiting:
        return Offers()
    lines = {one: [line for line in its if line.quantity] for one, its in fulfillments.lines_of(tx, waiting).items()}
    instead: dict[int, list[Instead]] = {}
    for piece in substitutes.offered(tx, waiting):
        instead.setdefault(piece.fulfillment_id, []).append(piece)
    offered = {one: its for one, its in instead.items() if all(piece.instead for piece in its)}
    skus = {(shop, line.sku) for one, shop in waiting.items() for line in lines[one]}
    skus |= {(piece.shop_id, piece.instead) for its in offered.values() for piece in its}
    free = allocation.lock_free(tx, skus) if locked else allocation.peek_free(tx, skus)
    shares = share_out([*allocation.waiting_demand(tx, skus), *_newcomers(offered)], free)
    parts = {
        one: {place: tuple(Piece(lines[one][piece.number].number, piece.sku, piece.quantity) for piece in pieces)
              for place, pieces in shares[one].by_location.items()}
        for one in waiting if one in shares and shares[one].by_location and shares[one].short
    }
    return Offers(parts, {one: tuple(its) for one, its in offered.items() if not _short(shares, one)})


def _newcomers(offered: Mapping[int, Sequence[Instead]]) -> list[Demand]:
    """Substitutes come only after everybody who waits for them already."""
    return [
        Demand(_key(one), its[0].shop_id, tuple(Piece(piece.number, piece.instead, piece.quantity) for piece in its), whole=True)
        for one, its in offered.items()
    ]


def _key(fulfillment_id: int) -> int:
    return _SUBSTITUTES - fulfillment_id


def _short(shares: Mapping[int, Share], fulfillment_id: int) -> bool:
    share = shares[_key(fulfillment_id)]
    return bool(share.short) or not share.by_location
