"""
Reports: how satisfied customers are, by shop, order type and punctuality; and what cases are about, month by month.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from orderpipe.store.metadata import Tx, text


@dataclass(frozen=True, slots=True)
class Satisfaction:
    """
    One group of completed orders. `on_time` against the first promise, None where nothing was promised; `asked` orders, `rated` of them;
    shares of the rated: `response` of the asked, `high` with 4 or 5, `low` with 1 or 2; None where there is nothing to divide.
    """

    shop: str
    type: str
    on_time: bool | None
    asked: int
    rated: int
    average: Decimal | None
    response: Decimal | None
    high: Decimal | None
    low: Decimal | None


def satisfaction(tx: Tx, *, shop_id: int | None, since: datetime | None) -> list[Satisfaction]:
    """The groups with orders whose customers were asked (since an instant), with one statement whatever their number."""
    rows = tx.execute(
        text("""WITH asked AS (
                SELECT f.score, s.code, o.type, (SELECT bool_and(p.ended_at <= r.until_at) FROM fulfillment p
                    JOIN promise r ON r.fulfillment_id = p.id AND r.revision = 1
                    WHERE p.order_id = o.id AND p.state = 'delivered') AS on_time
                FROM feedback f JOIN orders o ON o.id = f.order_id JOIN shop s ON s.id = f.shop_id
                WHERE (CAST(:shop AS bigint) IS NULL OR f.shop_id = :shop)
                    AND f.asked_at >= coalesce(CAST(:since AS timestamptz), '-infinity'))
            SELECT code, type, on_time, count(*), count(score), round(avg(score), 2), round(count(score)::numeric / count(*), 3),
                round((count(*) FILTER (WHERE score >= 4))::numeric / nullif(count(score), 0), 3),
                round((count(*) FILTER (WHERE score <= 2))::numeric / nullif(count(score), 0), 3)
            FROM asked GROUP BY code, type, on_time ORDER BY code, type, on_time DESC NULLS LAST"""),
        {"shop": shop_id, "since": since},
    )
    return [Satisfaction(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class Counted:
    """Cases of one cause opened in one month (its first day, UTC), and how many of them are still open."""

    shop: str
    month: date
    cause: str
    kind: str
    count: int
    open: int


def causes(tx: Tx, *, shop_id: int | None, since: datetime | None) -> list[Counted]:
    """What the cases are about, by month, the most frequent first."""
    rows = tx.execute(
        text("""SELECT s.code, date_trunc('month', c.opened_at, 'UTC')::date AS month, c.cause, c.kind, count(*),
                count(*) FILTER (WHERE c.state <> 'closed')
            FROM case_file c JOIN shop s ON s.id = c.shop_id
            WHERE (CAST(:shop AS bigint) IS NULL OR c.shop_id = :shop)
                AND c.opened_at >= coalesce(CAST(:since AS timestamptz), '-infinity')
            GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 5 DESC, 3, 4"""),
        {"shop": shop_id, "since": since},
    )
    return [Counted(*row) for row in rows]
