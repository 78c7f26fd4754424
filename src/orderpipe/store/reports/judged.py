"""
Each promised order judged: whether everything arrived, when it was due by the first promise and by the last one, and what else was wrong.

An order counts on the day of its first promise, as soon as that has come or the order has ended; late facts change the judgement.
"""

from orderpipe.domain.promises import EARLY_REQUEST_DAYS, LONGEST_LEAD_DAYS
from orderpipe.domain.reports import By
from orderpipe.store.journal import REPORTED
from orderpipe.store.metadata import Tx
from orderpipe.store.reports.asked import COUNTED, OURS, PLACE, Asked, Report, ask, share, tabulate

FEW_DAYS = 92
"""Up to so many days, orders are found one by one; of more it is quicker to read them all."""
GROUPS = (By.DAY, By.WEEK, By.MONTH, By.SHOP, By.TYPE, By.LOCATION)

_FIRST_PROMISE = "'first promise'"

_FEW_DAYS = f"""o.id IN (SELECT fulfillment_id / 1000 FROM promise
            WHERE until_at >= :earliest AND until_at < :latest AND revision = 1 AND reason = {_FIRST_PROMISE})"""
_MANY_DAYS = f"""o.received_at < :latest
            AND o.received_at >= CAST(:earliest AS timestamptz) - interval '{EARLY_REQUEST_DAYS + LONGEST_LEAD_DAYS} days'"""
"""Which orders may be due in the period: found one by one by their promises, or read one and all."""

# later revisions apart, for they are few
_WHOLE = f"""
    whole AS (SELECT o.id, o.shop_id, o.type, o.state, o.ended_at, max(m.until_at) FILTER (WHERE m.reason = {_FIRST_PROMISE}) AS at,
            max(coalesce(later.until_at, m.until_at)) FILTER (WHERE f.state <> 'canceled') AS last_at,
            max(coalesce(CASE WHEN c.status = 'delivered' THEN c.status_at END, f.ended_at)) FILTER (WHERE f.state = 'delivered')
                AS delivered_at,
            count(*) FILTER (WHERE f.ended_at IS NULL) AS live, bool_or(f.state IN ('lost', 'returned')) AS failed,
            bool_or(f.state <> 'delivered') AS doubtful,
            CASE WHEN min(f.location_id) = max(f.location_id) THEN min(f.location_id) END AS location_id
        FROM orders o JOIN fulfillment f ON f.order_id = o.id LEFT JOIN promise m ON m.fulfillment_id = f.id AND m.revision = 1
            LEFT JOIN promise later ON later.fulfillment_id = f.id AND later.revision > 1
                AND NOT EXISTS (SELECT FROM promise n WHERE n.fulfillment_id = later.fulfillment_id AND n.revision > later.revision)
            LEFT JOIN parcel c ON c.fulfillment_id = f.id
        WHERE {{due}} AND {OURS} GROUP BY o.id),
    cut AS (SELECT order_id, bool_or(note ->> 'reason' <> ALL(:theirs)) IS TRUE AS ours FROM journal
        WHERE {REPORTED} AND what IN ('order.canceled', 'order.reduced', 'fulfillment.canceled') GROUP BY order_id),
    tired AS (SELECT DISTINCT order_id FROM delay WHERE chosen = 'cancel'),
    judged AS (SELECT w.*, (w.delivered_at <= w.at AND w.live = 0) IS TRUE AS on_time,
            (w.delivered_at <= w.last_at AND w.live = 0) IS TRUE AS on_last, w.live > 0 AND w.last_at > :now AS pending,
            CASE WHEN cut.ours OR tired.order_id IS NOT NULL OR w.state = 'canceled' THEN false
                WHEN NOT w.doubtful AND cut.order_id IS NULL THEN true
                ELSE (SELECT coalesce(sum(l.quantity), 0) FROM fulfillment f JOIN fulfillment_line l ON l.fulfillment_id = f.id
                    WHERE f.order_id = w.id AND f.state = 'delivered')
                    >= (SELECT sum(l.quantity - l.canceled) FROM order_line l WHERE l.order_id = w.id) END AS in_full
        FROM whole w LEFT JOIN cut ON cut.order_id = w.id LEFT JOIN tired ON tired.order_id = w.id
        WHERE (w.at <= :now OR w.live = 0)
            AND (w.state <> 'canceled' OR w.ended_at > w.at OR cut.ours OR tired.order_id IS NOT NULL OR w.failed) OFFSET 0)"""

_ON_TIME = {
    "orders": "count(*)",
    "in_full": "count(*) FILTER (WHERE in_full)",
    "on_time": "count(*) FILTER (WHERE on_time)",
    "otif": "count(*) FILTER (WHERE on_time AND in_full)",
    "pending": "count(*) FILTER (WHERE pending)",
    "otif_revised": "count(*) FILTER (WHERE on_last AND in_full)",
    "in_full_rate": share("count(*) FILTER (WHERE in_full)", "count(*)"),
    "on_time_rate": share("count(*) FILTER (WHERE on_time)", "count(*)"),
    "otif_rate": share("count(*) FILTER (WHERE on_time AND in_full)", "count(*)"),
    "otif_revised_rate": share("count(*) FILTER (WHERE on_last AND in_full)", "count(*) FILTER (WHERE NOT pending)"),
}


def _for(asked: Asked, relations: str) -> str:
    """The relations, with the quicker way to the orders that may be due."""
    return relations.replace("{due}", _FEW_DAYS if asked.period.days <= FEW_DAYS else _MANY_DAYS)


def on_time(tx: Tx, asked: Asked) -> Report:
    """On time in full, against the first promise and against the last one."""
    return tabulate(tx, asked, relations=_for(asked, f"{_WHOLE}, t AS (SELECT * FROM judged)"), figures=_ON_TIME)


_PERFECT = f"""{_WHOLE},
    blame AS (SELECT order_id,
            bool_or(cause IN ('wrong-item', 'missing-item', 'not-ordered', 'carrier-lost', 'carrier-returned') OR kind = 'order-error')
                AS wrong,
            bool_or(cause = 'late') AS late, bool_or(cause IN ('damaged', 'quality')) AS damaged, bool_or(cause = 'billing') AS documents
        FROM case_file WHERE outcome IS NULL OR outcome = 'resolved' GROUP BY order_id),
    unread AS (SELECT DISTINCT order_id FROM journal
        WHERE {REPORTED} AND what = 'notice.undelivered' AND note ->> 'then' = 'office'),
    t AS (SELECT j.*, array_remove(ARRAY[
            CASE WHEN NOT in_full THEN 'short' END, CASE WHEN blame.wrong THEN 'wrong' END,
            CASE WHEN NOT on_time OR blame.late THEN 'late' END, CASE WHEN blame.damaged THEN 'damaged' END,
            CASE WHEN blame.documents OR unread.order_id IS NOT NULL THEN 'documents' END], NULL) AS reasons
        FROM judged j LEFT JOIN blame ON blame.order_id = j.id LEFT JOIN unread ON unread.order_id = j.id)"""

def perfect(asked: Asked) -> str:
    """The relation `t` of all orders judged, with the reasons that they are not perfect."""
    return _for(asked, _PERFECT)


RATES = {
    "otif_rate": _ON_TIME["otif_rate"], "otif_revised_rate": _ON_TIME["otif_revised_rate"],
    "perfect_rate": share("count(*) FILTER (WHERE reasons = '{}')", "count(*)"),
}
"""The shares of `perfect` that an overview shows."""

REASONS = ("short", "wrong", "late", "damaged", "documents")
"""What keeps an order from being perfect."""

_PERFECT_FIGURES = {
    "orders": "count(*)",
    "perfect": "count(*) FILTER (WHERE reasons = '{}')",
    "perfect_rate": RATES["perfect_rate"],
} | {reason: f"count(*) FILTER (WHERE '{reason}' = ANY(reasons))" for reason in REASONS}


def perfect_order(tx: Tx, asked: Asked) -> Report:
    """How many orders were complete, on time, undamaged and with the right documents, and how many failed by which reason."""
    return tabulate(tx, asked, relations=perfect(asked), figures=_PERFECT_FIGURES)


def each_order(tx: Tx, asked: Asked, *, failed: bool, behind: int, limit: int) -> Report:
    """Every order judged (or only those that failed), by id behind one: id, shop, type, its day, and the reasons it is not perfect."""
    statement = f"""WITH {PLACE}, {perfect(asked)} SELECT t.id AS order, p.code AS shop, t.type,
            to_char(t.at AT TIME ZONE p.time_zone, 'YYYY-MM-DD') AS day, reasons = '{{}}' AS perfect, reasons
        FROM {COUNTED} AND t.id > :behind AND (NOT :failed OR reasons <> '{{}}') ORDER BY t.id LIMIT :limit"""
    return ask(tx, asked, statement, failed=failed, behind=behind, limit=limit)
