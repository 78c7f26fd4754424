"""
The late-ship rate as marketplaces count it: orders that left after the day on which they were to leave by their first promise.
"""

from orderpipe.domain.reports import By
from orderpipe.store.metadata import Tx
from orderpipe.store.reports.asked import OURS, Asked, Report, share, tabulate

GROUPS = (By.DAY, By.WEEK, By.MONTH, By.SHOP, By.TYPE, By.LOCATION)

_UNTIL = "CAST(jsonb_path_query_first(m.arithmetic, '$[*] ? (@.step == \"{0}\").until') #>> '{{}}' AS timestamptz)"
SHIP_BY = f"""({_UNTIL.format("prepare")} + (m.until_at - {_UNTIL.format("carrier")}))"""
"""When a parcel is to leave by its promise `m`: as soon as it is prepared, or later where a day was asked for, by as much."""

# OFFSET 0, so that each arithmetic is read once and does not travel through the joins
LATE = f"""
    parcels AS (SELECT o.id, o.shop_id, o.type, f.location_id, c.shipped_at, s.time_zone, m.ship_by
        FROM (SELECT m.fulfillment_id, {SHIP_BY} AS ship_by FROM promise m WHERE m.until_at >= :earliest AND m.at < :latest
                AND m.revision = 1 AND m.reason = 'first promise' OFFSET 0) m
            JOIN fulfillment f ON f.id = m.fulfillment_id JOIN orders o ON o.id = f.order_id JOIN place s ON s.id = o.shop_id
            LEFT JOIN parcel c ON c.fulfillment_id = f.id
        WHERE f.kind = 'parcel' AND (f.state <> 'canceled' OR c.shipped_at IS NOT NULL) AND {OURS}),
    t AS (SELECT id, shop_id, type, max(ship_by) AS at, CASE WHEN min(location_id) = max(location_id) THEN min(location_id) END
                AS location_id,
            bool_or((coalesce(shipped_at, :now) AT TIME ZONE time_zone)::date > (ship_by AT TIME ZONE time_zone)::date) AS late,
            bool_or(shipped_at IS NULL) AS waits
        FROM parcels GROUP BY id, shop_id, type HAVING max(ship_by) <= :now OR NOT bool_or(shipped_at IS NULL))"""

_FIGURES = {
    "orders": "count(*)",
    "late": "count(*) FILTER (WHERE late)",
    "late_and_here": "count(*) FILTER (WHERE late AND waits)",
    "late_rate": share("count(*) FILTER (WHERE late)", "count(*)"),
}


def late_ship(tx: Tx, asked: Asked) -> Report:
    """Orders that were to leave in the period, and how many left late or still stand there late."""
    return tabulate(tx, asked, relations=LATE, figures=_FIGURES)
