"""
Parcels as they leave, with their labels, and the last word of carrier or performer on each fulfillment.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orderpipe.store.metadata import Tx, insert_rows, text
from orderpipe.store.tracking import parcel


@dataclass(frozen=True, slots=True)
class Journey:
    """How far a fulfillment has come: its parcel's status, or `performed` for a service that is done; "" without any word."""

    id: int
    appointment: bool
    status: str
    tracking_number: str
    others_live: frozenset[int]
    lines: Sequence[Mapping[str, int]]


def label(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write the parcels with their SSCC and tracking number."""
    insert_rows(tx, parcel, rows)


def journeys_of(tx: Tx, fulfillment_ids: Collection[int]) -> list[Journey]:
    """The last word on each of these fulfillments, and which others of its order are still on their way."""
    rows = tx.execute(
        text("""SELECT f.id, f.kind = 'appointment' AS appointment,
                CASE WHEN f.kind = 'parcel' THEN coalesce(p.status, '')
                    WHEN EXISTS (SELECT FROM scan s WHERE s.fulfillment_id = f.id AND s.phase = 'performed' AND s.accepted)
                    THEN 'performed' ELSE '' END AS status,
                coalesce(p.tracking_number, '') AS tracking_number,
                ARRAY(SELECT o.id FROM fulfillment o WHERE o.order_id = f.order_id AND o.id <> f.id AND o.ended_at IS NULL) AS others_live,
                (SELECT jsonb_agg(jsonb_build_object('number', l.number, 'quantity', l.quantity) ORDER BY l.number)
                    FROM fulfillment_line l WHERE l.fulfillment_id = f.id AND l.quantity > 0) AS lines
            FROM fulfillment f LEFT JOIN parcel p ON p.fulfillment_id = f.id WHERE f.id = ANY(:ids) ORDER BY f.id"""),
        {"ids": list(fulfillment_ids)},
    )
    return [Journey(*(*row[:4], frozenset(row.others_live), row.lines or ())) for row in rows.all()]
