"""
Parcels to look up: the carrier's list, and the parcels of a fulfillment.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from orderpipe.domain.tracking import ENDS
from orderpipe.store.metadata import Tx, text


@dataclass(frozen=True, slots=True)
class Sent:
    """A parcel on its way: its label, where it is, and where it goes. Instants UTC, the country ISO 3166-1 alpha-2."""

    id: int
    fulfillment_id: int
    tracking_number: str
    sscc: str
    carrier: str
    status: str
    status_at: datetime
    shipped_at: datetime
    country: str
    postal_code: str


_PARCELS = """SELECT p.id, p.fulfillment_id, p.tracking_number, p.sscc, p.carrier, p.status, p.status_at, p.shipped_at,
        coalesce(coalesce(f.ship_to, o.ship_to) ->> 'country', ''),
        coalesce(coalesce(f.ship_to, o.ship_to) ->> 'postal_code', '')
    FROM parcel p JOIN fulfillment f ON f.id = p.fulfillment_id JOIN orders o ON o.id = f.order_id"""


def of_shop(tx: Tx, shop_id: int, statuses: Collection[str], *, after: int = 0, limit: int = 100) -> list[Sent]:
    """The shop's parcels of these statuses, in the order they were labelled, behind the id `after`."""
    # a parcel under way belongs to a fulfillment that lives, and those are found by an index
    live = "" if ENDS.intersection(statuses) else "AND f.next_at IS NOT NULL"
    rows = tx.execute(
        text(f"""{_PARCELS} WHERE f.shop_id = :shop_id {live} AND p.id > :after AND p.status = ANY(:statuses)
            ORDER BY p.id LIMIT :limit"""),
        {"shop_id": shop_id, "after": after, "statuses": list(statuses), "limit": limit},
    )
    return [Sent(*row) for row in rows]


def of_fulfillments(tx: Tx, fulfillment_ids: Collection[int]) -> dict[int, list[Sent]]:
    """The parcels of each of these fulfillments."""
    rows = tx.execute(text(f"{_PARCELS} WHERE p.fulfillment_id = ANY(:ids) ORDER BY p.id"), {"ids": list(fulfillment_ids)})
    parcels: dict[int, list[Sent]] = {one: [] for one in fulfillment_ids}
    for row in rows:
        parcels[row.fulfillment_id].append(Sent(*row))
    return parcels
