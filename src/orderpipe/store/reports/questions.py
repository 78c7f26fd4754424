"""
Questions to customers: of the orders received, how many led to one, how many were answered, and how long that took.
"""

from orderpipe.domain.reports import By
from orderpipe.store.metadata import Tx
from orderpipe.store.reports.asked import OURS, Asked, Report, share, tabulate

GROUPS = (By.DAY, By.WEEK, By.MONTH, By.SHOP, By.TYPE, By.RULE)

_RECEIVED = f"""received AS (SELECT o.id, o.shop_id, o.type, o.received_at AS at FROM orders o
        WHERE o.received_at >= :earliest AND o.received_at < :latest AND {OURS})"""
_ANSWERED = """q.state, CASE WHEN q.state = 'answered' THEN extract(epoch FROM q.answered_at - coalesce(q.asked_at, q.opened_at)) END"""
_ORDERS = f"""{_RECEIVED},
    t AS (SELECT r.shop_id, r.type, r.at, EXISTS (SELECT FROM query q WHERE q.order_id = r.id) AS asked,
            CAST(NULL AS text) AS state, CAST(NULL AS numeric) AS seconds FROM received r
        UNION ALL SELECT r.shop_id, r.type, r.at, NULL, {_ANSWERED} FROM received r JOIN query q ON q.order_id = r.id)"""

_TIMES = {
    "answered": "count(*) FILTER (WHERE state = 'answered')",
    "open": "count(*) FILTER (WHERE state = 'open')",
    "unanswered": "count(*) FILTER (WHERE state = 'closed')",
} | {
    name: f"ceil(percentile_disc({part}) WITHIN GROUP (ORDER BY seconds))::bigint"
    for name, part in (("median_seconds", 0.5), ("p90_seconds", 0.9), ("worst_seconds", 1))
}
_FIGURES = {
    "orders": "count(asked)",
    "asked": "count(*) FILTER (WHERE asked)",
    "rate": share("count(*) FILTER (WHERE asked)", "count(asked)"),
    "questions": "count(state)",
} | _TIMES

# by the findings, for what a question said of a customer may have been erased
_RULES = f"""{_RECEIVED},
    t AS (SELECT DISTINCT q.id, r.shop_id, r.type, r.at, f.rule, {_ANSWERED} AS seconds
        FROM received r JOIN query q ON q.order_id = r.id JOIN finding f ON f.order_id = q.order_id AND f.severity = 'ask')"""


def questions(tx: Tx, asked: Asked) -> Report:
    """Rate of questions and time to answer by the day the order was received; by rule, the most frequent first."""
    if By.RULE in asked.by:
        return tabulate(tx, asked, relations=_RULES, figures={"questions": "count(*)"} | _TIMES)
    return tabulate(tx, asked, relations=_ORDERS, figures=_FIGURES)
