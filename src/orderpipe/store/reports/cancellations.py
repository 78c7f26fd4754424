"""
Cancellations by reason, whole and in part, and orders that were rejected, as a share of what was received in the same time.
"""

from orderpipe.domain.reports import By
from orderpipe.store.journal import REPORTED
from orderpipe.store.metadata import Tx
from orderpipe.store.reports.asked import COUNTED, OURS, PLACE, Asked, Report, ask, groups, share

GROUPS = (By.DAY, By.WEEK, By.MONTH, By.SHOP, By.TYPE)

CANCELED = f"""
    said AS (SELECT j.order_id, o.shop_id, o.type, j.at, o.state = 'canceled' AS canceled, j.what, CASE
            WHEN j.what = 'order.rejected' THEN 'rejected' ELSE coalesce(j.note ->> 'reason', 'nothing is left to deliver') END AS reason
        FROM journal j JOIN orders o ON o.id = j.order_id
        WHERE j.{REPORTED} AND j.what IN ('order.canceled', 'order.rejected', 'order.reduced', 'fulfillment.canceled')
            AND (j.what LIKE 'order.%' OR j.note ? 'reason') AND j.at >= :earliest AND j.at < :latest AND {OURS}),
    canceled AS (SELECT order_id, shop_id, type, at, reason, CASE what WHEN 'order.rejected' THEN 'rejected' ELSE 'whole' END AS extent
            FROM said WHERE what IN ('order.canceled', 'order.rejected')
        UNION ALL SELECT order_id, shop_id, type, min(at), reason, 'part' FROM said
            WHERE what IN ('order.reduced', 'fulfillment.canceled') AND NOT canceled GROUP BY order_id, shop_id, type, reason)"""
"""Every cancellation, as `canceled`: of an order canceled whole only that; of one reduced several times for one reason the first."""


def cancellations(tx: Tx, asked: Asked) -> Report:
    """Canceled, reduced and rejected orders by reason, the most frequent first."""
    keys = groups(asked, {})
    named = "".join(f'{sql} AS "{name}", ' for name, sql in keys.items())
    grouped = f"GROUP BY {', '.join(str(place + 1) for place in range(len(keys)))}" if keys else ""
    chosen = "".join(f'c."{name}", ' for name in keys)
    shared = ", ".join(f'"{name}"' for name in keys)
    joined = f"LEFT JOIN received r USING ({shared})" if keys else "CROSS JOIN received r"
    return ask(tx, asked, f"""WITH {PLACE}, {CANCELED},
        received AS (SELECT {named} count(*) AS orders FROM (SELECT o.shop_id, o.type, o.received_at AS at FROM orders o
            WHERE o.received_at >= :earliest AND o.received_at < :latest AND {OURS}) {COUNTED} {grouped}),
        counted AS (SELECT {named} t.reason, t.extent, count(*) AS orders FROM (SELECT * FROM canceled) {COUNTED}
            GROUP BY {', '.join(str(place + 1) for place in range(len(keys) + 2))})
        SELECT {chosen} c.reason, c.extent, c.orders, coalesce(r.orders, 0) AS received, {share("c.orders", "r.orders")} AS rate
        FROM counted c {joined} ORDER BY {chosen} c.orders DESC, c.reason, c.extent""")
