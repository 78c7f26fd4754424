"""
What will be due at which stage on which of the next days: from what is under way, and from what the same weekdays brought before.

A unit is due in its present stage by its time target, in the later ones by its promise; what is overdue already is due today. Newcomers are
expected as the same weekday of eight earlier weeks brought them, and at each stage as many days later as it was reached then.
"""

from datetime import date, timedelta

from orderpipe.domain.reports import By, Period
from orderpipe.store.metadata import Tx
from orderpipe.store.reports.asked import OURS, Asked, Report, tabulate
from orderpipe.store.reports.late_ship import SHIP_BY

GROUPS = (By.SHOP, By.TYPE, By.LOCATION)
WEEKS = 8
"""Earlier weeks whose weekdays tell what to expect."""
MOST_DAYS = 28
STAGES = ("confirm", "pick", "pack", "ship", "deliver", "perform")

_AHEAD = f"""
    live AS (SELECT o.shop_id, o.type, f.location_id, f.kind, f.state, m.until_at, coalesce({SHIP_BY}, m.until_at) AS ship_by,
            least(f.due_at, coalesce({SHIP_BY}, m.until_at)) AS now_by
        FROM fulfillment f JOIN orders o ON o.id = f.order_id JOIN promise m ON m.fulfillment_id = f.id
        WHERE f.next_at IS NOT NULL AND {OURS}
            AND NOT EXISTS (SELECT FROM promise n WHERE n.fulfillment_id = m.fulfillment_id AND n.revision > m.revision)),
    ahead AS (SELECT l.shop_id, l.type, l.location_id, s.stage, s.due FROM live l CROSS JOIN LATERAL (VALUES
            ('pick', CASE WHEN kind = 'parcel' THEN CASE state WHEN 'planned' THEN ship_by WHEN 'released' THEN now_by END END),
            ('pack', CASE WHEN kind = 'parcel' THEN
                CASE WHEN state IN ('planned', 'released') THEN ship_by WHEN state = 'picked' THEN now_by END END),
            ('ship', CASE WHEN kind = 'parcel' THEN
                CASE WHEN state IN ('planned', 'released', 'picked') THEN ship_by WHEN state = 'packed' THEN now_by END END),
            ('deliver', CASE WHEN kind = 'parcel' THEN until_at END), ('perform', CASE WHEN kind = 'appointment' THEN until_at END)
        ) s (stage, due) WHERE s.due IS NOT NULL
        UNION ALL SELECT o.shop_id, o.type, NULL, 'confirm', coalesce(o.due_at, :now) FROM orders o
        WHERE o.next_at IS NOT NULL AND o.state IN ('received', 'validated', 'allocated') AND {OURS})"""
_BEFORE = f"""
    came AS (SELECT o.id, o.shop_id, o.type, (o.received_at AT TIME ZONE p.time_zone)::date AS day, p.time_zone
        FROM orders o JOIN place p ON p.id = o.shop_id WHERE o.received_at >= :since AND o.received_at < :until AND {OURS}),
    reached AS (SELECT c.shop_id, c.type, f.location_id, c.day, s.stage, (s.at AT TIME ZONE c.time_zone)::date - c.day AS later
        FROM came c JOIN fulfillment f ON f.order_id = c.id LEFT JOIN parcel l ON l.fulfillment_id = f.id CROSS JOIN LATERAL (VALUES
            ('pick', l.shipped_at), ('pack', l.shipped_at), ('ship', l.shipped_at),
            ('deliver', CASE WHEN f.state = 'delivered' THEN CASE WHEN l.status = 'delivered' THEN l.status_at END END),
            ('perform', CASE WHEN f.state = 'delivered' AND f.kind = 'appointment' THEN f.ended_at END)) s (stage, at)
        WHERE s.at IS NOT NULL
        UNION ALL SELECT shop_id, type, NULL, day, 'confirm', 0 FROM came),
    today AS (SELECT p.id AS shop_id, count(o.id) AS orders, (SELECT count(*) / {WEEKS}.0 FROM came c WHERE c.shop_id = p.id
                AND extract(isodow FROM c.day) = extract(isodow FROM CAST(:first AS date))) AS usual
        FROM place p LEFT JOIN orders o ON o.shop_id = p.id AND o.received_at >= p.begins AND {OURS} GROUP BY p.id),
    coming AS (SELECT r.shop_id, r.type, r.location_id, r.stage, CAST(a.day AS date) + r.later AS day,
            CASE WHEN a.day = :first THEN greatest(1 - t.orders / nullif(t.usual, 0), 0) ELSE 1 END / {WEEKS}.0 AS pieces
        FROM reached r JOIN today t ON t.shop_id = r.shop_id
            JOIN generate_series(CAST(:first AS timestamp), CAST(:after AS timestamp) - interval '1 day', '1 day') a (day)
                ON extract(isodow FROM a.day) = extract(isodow FROM r.day) AND CAST(a.day AS date) + r.later < :after),
    t AS (SELECT shop_id, type, location_id, stage, greatest(due, :now) AS at, due <= :now AS late, CAST(NULL AS numeric) AS expected
            FROM ahead
        UNION ALL SELECT c.shop_id, c.type, c.location_id, c.stage, (c.day + interval '12 hours') AT TIME ZONE p.time_zone, NULL, pieces
            FROM coming c JOIN place p ON p.id = c.shop_id)"""

_OWN = {
    "day": "to_char(t.at AT TIME ZONE p.time_zone, 'YYYY-MM-DD')",
    "stage": "t.stage",
}
_FIGURES = {
    "due": "count(*) FILTER (WHERE expected IS NULL)",
    "overdue": "count(*) FILTER (WHERE late)",
    "expected": "round(coalesce(sum(expected), 0), 1)",
    "total": "round(count(*) FILTER (WHERE expected IS NULL) + coalesce(sum(expected), 0), 1)",
}


def ahead(today: date, days: int) -> Period:
    """The days from today on."""
    return Period(today, today + timedelta(days=days - 1))


def workload(tx: Tx, asked: Asked) -> Report:
    """Units due by day and stage, and those expected besides."""
    # as long ago as the days ahead, so that whatever was received then has had the time to reach each stage
    until = asked.period.earliest - timedelta(days=asked.period.days)
    return tabulate(
        tx, asked, relations=f"{_AHEAD}, {_BEFORE}", figures=_FIGURES, own=_OWN, until=until, since=until - timedelta(weeks=WEEKS)
    )
