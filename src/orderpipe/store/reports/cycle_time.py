"""
How long orders take: in each stage, by the day they left it, and whole, from arrival to completion, by the day they were completed.

Times are real time, nights and waits included. Equal whole seconds are counted together first, so a year's percentiles need no sort.
"""

from orderpipe.domain.reports import By
from orderpipe.flow import STEPS
from orderpipe.store.metadata import Tx
from orderpipe.store.reports.asked import GROUPED, OURS, PLACE, Asked, Report, ask

GROUPS = (By.DAY, By.WEEK, By.MONTH, By.SHOP)
_STAGES = ", ".join(f"'{step.takes}'" for step in STEPS)


def cycle_time(tx: Tx, asked: Asked) -> Report:
    """Median, 90th percentile and worst by type and stage, in seconds."""
    keys = "".join(f'"{one.value}", ' for one in asked.by)
    dated = "".join(f'{GROUPED[one].replace("t.type", "o.type")} AS "{one.value}", ' for one in asked.by)
    own = f"{keys}type, stage"
    return ask(tx, asked, f"""WITH {PLACE},
        measured AS (
            SELECT {dated.replace("t.at", "j.at")} o.type, j.before AS stage, ceil(j.spent_seconds) AS seconds, count(*) AS n
            FROM journal j JOIN orders o ON o.id = j.order_id JOIN place p ON p.id = o.shop_id
            WHERE j.at >= :earliest AND j.at < :latest AND j.at >= p.begins AND j.at < p.ends
                AND j.before IS NOT NULL AND j.spent_seconds IS NOT NULL AND {OURS}
            GROUP BY {own}, seconds
            UNION ALL
            SELECT {dated.replace("t.at", "o.ended_at")} o.type, 'whole' AS stage,
                ceil(extract(epoch FROM o.ended_at - o.received_at)::float8) AS seconds, count(*) AS n
            FROM orders o JOIN place p ON p.id = o.shop_id
            WHERE o.state = 'completed' AND o.ended_at >= :earliest AND o.ended_at < :latest
                AND o.ended_at >= p.begins AND o.ended_at < p.ends AND {OURS}
            GROUP BY {own}, seconds),
        ranked AS (SELECT *, sum(n) OVER (PARTITION BY {own} ORDER BY seconds) AS upto, sum(n) OVER (PARTITION BY {own}) AS of
            FROM measured)
        SELECT {keys}type, stage, max(of)::bigint AS count, min(seconds) FILTER (WHERE upto >= 0.5 * of)::bigint AS median_seconds,
            min(seconds) FILTER (WHERE upto >= 0.9 * of)::bigint AS p90_seconds, max(seconds)::bigint AS worst_seconds
        FROM ranked GROUP BY {own} ORDER BY {keys}type, array_position(ARRAY[{_STAGES}], stage) NULLS LAST""")
