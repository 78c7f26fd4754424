"""
When each shop's office is written its weekly improvement letter, and the causes that it names.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, Column, DateTime, Table

from orderpipe.domain.improvement import LARGEST, WEEKS_BEFORE, Cause, Trouble
from orderpipe.domain.reports import Period
from orderpipe.store.metadata import Tx, insert_rows, metadata, text
from orderpipe.store.personal import IMPERSONAL
from orderpipe.store.reports.asked import PLACE, Asked, ask
from orderpipe.store.reports.breaches import BREACHES
from orderpipe.store.reports.cancellations import CANCELED

improvement_letter = Table(
    "improvement_letter",
    metadata,
    Column("shop_id", BigInteger, primary_key=True, autoincrement=False),
    Column("next_at", DateTime(timezone=True)),
    info=IMPERSONAL,
)
"""`next_at`: a Monday morning where the shop is, NULL where it wants no letter."""


def unplanned(tx: Tx) -> list[tuple[int, str]]:
    """The (id, time zone) of shops whose letter was never planned."""
    rows = tx.execute(text(
        "SELECT s.id, s.time_zone FROM shop s WHERE NOT EXISTS (SELECT FROM improvement_letter l WHERE l.shop_id = s.id) ORDER BY s.id"
    ))
    return [(row.id, row.time_zone) for row in rows]


def plan(tx: Tx, letters: Mapping[int, datetime | None]) -> None:
    """These shops' next letters are due then (UTC), or (None) never."""
    insert_rows(
        tx, improvement_letter, [{"shop_id": shop, "next_at": at} for shop, at in sorted(letters.items())],
        conflict="ON CONFLICT (shop_id) DO UPDATE SET next_at = excluded.next_at",
    )


def due(tx: Tx, *, now: datetime, limit: int) -> list[int]:
    """Up to so many shops whose letter is due, which this transaction alone works on."""
    rows = tx.execute(
        text("SELECT shop_id FROM improvement_letter WHERE next_at <= :now ORDER BY next_at, shop_id LIMIT :limit FOR UPDATE SKIP LOCKED"),
        {"now": now, "limit": limit},
    )
    return [row.shop_id for row in rows]


def next_of(tx: Tx, shop_id: int) -> tuple[bool, datetime | None]:
    """Whether the shop's letter was planned, and for when; None where it wants none."""
    row = tx.execute(text("SELECT next_at FROM improvement_letter WHERE shop_id = :id"), {"id": shop_id}).one_or_none()
    return (True, row.next_at) if row else (False, None)


_TROUBLE = f"""{BREACHES}, {CANCELED},
    trouble AS (SELECT shop_id, at, order_id, 'breach' AS kind, stage AS what, cause AS waits_for FROM missed
        UNION ALL SELECT shop_id, at, order_id, 'cancellation', reason, '' FROM canceled
        UNION ALL SELECT c.shop_id, c.opened_at, c.order_id, 'case', c.cause, '' FROM case_file c
            WHERE c.opened_at >= :earliest AND c.opened_at < :latest
        UNION ALL SELECT o.shop_id, q.opened_at, q.order_id, 'question', f.rule, '' FROM query q JOIN orders o ON o.id = q.order_id
            JOIN finding f ON f.order_id = q.order_id AND f.severity = 'ask' WHERE q.opened_at >= :earliest AND q.opened_at < :latest),
    counted AS (SELECT t.shop_id, t.kind, t.what, t.waits_for,
            count(DISTINCT t.order_id) FILTER (WHERE t.at AT TIME ZONE p.time_zone >= :monday) AS orders,
            count(DISTINCT t.order_id) FILTER (WHERE t.at AT TIME ZONE p.time_zone < :monday) / {WEEKS_BEFORE}.0 AS usual,
            max(t.order_id) FILTER (WHERE t.at AT TIME ZONE p.time_zone >= :monday) AS example
        FROM trouble t JOIN place p ON p.id = t.shop_id WHERE t.at >= p.begins AND t.at < p.ends AND t.shop_id = ANY(:shops)
        GROUP BY 1, 2, 3, 4),
    ranked AS (SELECT *, row_number() OVER (PARTITION BY shop_id ORDER BY orders DESC, usual DESC, kind, what, waits_for) AS place
        FROM counted WHERE orders > 0)"""


def largest(tx: Tx, shop_ids: Sequence[int], week: Period, now: datetime) -> dict[int, list[Cause]]:
    """The largest causes of trouble in a week at each of these shops, by the orders they cost; shops without any are left out."""
    weeks = Period(week.first - timedelta(weeks=WEEKS_BEFORE), week.last)
    found = ask(tx, Asked(weeks, now), f"""WITH {PLACE}, {_TROUBLE}
        SELECT shop_id, kind, what, waits_for, orders, usual, example FROM ranked WHERE place <= {LARGEST} ORDER BY shop_id, place""",
        shops=list(shop_ids), monday=week.first)
    causes: dict[int, list[Cause]] = {}
    for row in found.rows:
        causes.setdefault(row[0], []).append(Cause(row[0], Trouble(row[1]), *row[2:]))
    return causes
