"""
Promised fulfillments that have not ended, with all that tells whether their promise will be kept.
"""

from collections.abc import Collection, Sequence
from typing import Any

from orderpipe.domain.delays import Underway
from orderpipe.domain.promises import PAID_LATE
from orderpipe.flow import FulfillmentState, WaitingFor
from orderpipe.store.metadata import Tx, text

_UNDERWAY = f"""SELECT f.id, f.order_id, f.shop_id, o.type, f.kind, f.state, f.waiting_for, f.stage_entered_at, f.reserved, f.not_before,
        f.location_id, coalesce(o.ship_to ->> 'country', '') AS country,
        CASE WHEN f.reserved OR f.kind = 'appointment' THEN 0 ELSE coalesce((SELECT max(p.lead_days) FROM fulfillment_line l
            JOIN product p ON p.shop_id = f.shop_id AND p.sku = l.sku WHERE l.fulfillment_id = f.id AND l.quantity > 0), 0) END AS lead,
        c.shipped_at, c.expected_on, now.revision, now.until_at, first.until_at AS first_until, d.state AS delay
    FROM fulfillment f JOIN orders o ON o.id = f.order_id
    JOIN LATERAL (SELECT revision, until_at FROM promise p WHERE p.fulfillment_id = f.id ORDER BY revision DESC LIMIT 1) now ON true
    JOIN LATERAL (SELECT until_at FROM promise p WHERE p.fulfillment_id = f.id
        ORDER BY p.reason <> '{PAID_LATE}', revision LIMIT 1) first ON true
    LEFT JOIN LATERAL (SELECT shipped_at,
            -- an attempt that failed is made again the next day
            greatest(expected_on, CASE status WHEN 'failed_attempt' THEN (status_at AT TIME ZONE 'UTC')::date + 1 END) AS expected_on
        FROM parcel c WHERE c.fulfillment_id = f.id AND f.state = 'shipped'
        ORDER BY c.id DESC LIMIT 1) c ON true
    LEFT JOIN delay d ON d.order_id = f.order_id AND d.state <> 'settled' AND f.id = ANY(d.fulfillment_ids)
    WHERE f.ended_at IS NULL"""


def by_ids(tx: Tx, fulfillment_ids: Collection[int]) -> list[tuple[Underway, str | None]]:
    """Those of these fulfillments that are underway, each with the state of the delay that it is part of, if any."""
    rows = tx.execute(text(f"{_UNDERWAY} AND f.id = ANY(:ids)"), {"ids": list(fulfillment_ids)})
    return [(_underway(row), row.delay) for row in rows]


def of_orders(tx: Tx, order_ids: Collection[int]) -> dict[int, list[Underway]]:
    """What of these orders is underway, by order id."""
    found: dict[int, list[Underway]] = {order_id: [] for order_id in order_ids}
    for row in tx.execute(text(f"{_UNDERWAY} AND f.order_id = ANY(:ids) ORDER BY f.id"), {"ids": sorted(found)}):
        found[row.order_id].append(_underway(row))
    return found


def _underway(row: Sequence[Any]) -> Underway:
    waiting = WaitingFor(row[6]) if row[6] else None
    return Underway(*(*row[:5], FulfillmentState(row[5]), waiting, *row[7:18]))
