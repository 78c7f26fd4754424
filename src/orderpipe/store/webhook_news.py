"""
What the journal has for webhooks: its new entries become deliveries to the endpoints that want them, each once and none forgotten.

Entries are not committed in the order of their instants. What is new is therefore looked for twice: at once among the last half
minute, and again, up to where nothing can come any more, before it counts as collected.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from orderpipe.store import seals
from orderpipe.store.metadata import Tx, text

AT_ONCE = timedelta(seconds=30)
"""How far back each look goes."""

LOOK_BACK = timedelta(minutes=1)
"""How often all that is not settled yet is looked through."""

SPAN = timedelta(minutes=10)
"""Of what lies further back, so much is looked through in one statement."""

EVENTS_OF = """CROSS JOIN LATERAL (SELECT CASE WHEN j.what = 'hold.opened' AND j.note ->> 'kind' = 'query' THEN 'query.opened'
        ELSE j.what END AS type) t
    JOIN LATERAL (SELECT FROM jsonb_array_elements_text(e.events) p WHERE t.type LIKE replace(p, '*', '%') LIMIT 1) wanted ON true"""
"""Joined to a journal entry `j` and an endpoint `e`: the entry's `type` as shops know it, where the endpoint wants it."""


@dataclass(frozen=True, slots=True)
class Look:
    """What to look through: entries from `begin` on, up to `end` (None: all); what is older than `settled` has been collected."""

    settled: datetime
    begin: datetime
    end: datetime | None
    moves_on: datetime | None
    """Until when the journal counts as collected once this look finds nothing more; None: it goes on counting as before."""


def next_look(tx: Tx, now: datetime) -> Look | None:
    """What to look through now; None while no endpoint is enabled. Whoever looks at the same time waits."""
    first = tx.execute(text("SELECT min(active_since) AS first FROM webhook_endpoint WHERE enabled")).scalar()
    if first is None:
        return None
    tx.execute(
        text("""INSERT INTO webhook_progress (id, collected_until, looked_back_at)
            VALUES (1, CAST(:first AS timestamptz), CAST(:first AS timestamptz)) ON CONFLICT DO NOTHING"""), {"first": first}
    )
    row = tx.execute(text("SELECT collected_until, looked_back_at FROM webhook_progress WHERE id = 1 FOR UPDATE")).one()
    settled = max(row.collected_until, first)
    if now - row.looked_back_at < LOOK_BACK:
        return Look(settled, now - AT_ONCE, None, None)
    closed = seals.settled_until(tx, now)
    end = settled + SPAN if settled + 2 * SPAN < closed else None
    return Look(settled, settled, end, min(end or closed, closed))


def collect(tx: Tx, look: Look, *, now: datetime, limit: int) -> int:
    """Make up to `limit` deliveries of what has not been collected; returns how many."""
    rows = tx.execute(
        text(f"""WITH news AS MATERIALIZED (
                SELECT DISTINCT j.order_id, o.shop_id FROM journal j JOIN orders o ON o.id = j.order_id
                WHERE j.at >= :begin AND (j.at < :end OR CAST(:end AS timestamptz) IS NULL)
                    AND o.shop_id IN (SELECT shop_id FROM webhook_endpoint WHERE enabled))
            INSERT INTO webhook_delivery (endpoint_id, shop_id, order_id, seq, type, at, next_at, created_at)
            SELECT e.id, n.shop_id, j.order_id, j.seq, t.type, j.at, CAST(:now AS timestamptz), :now
            FROM news n JOIN webhook_endpoint e ON e.shop_id = n.shop_id AND e.enabled
            JOIN journal j ON j.order_id = n.order_id AND j.at >= greatest(e.active_since, :settled) {EVENTS_OF}
            WHERE NOT EXISTS (SELECT FROM webhook_delivery d WHERE d.endpoint_id = e.id AND d.order_id = j.order_id AND d.seq = j.seq)
            ORDER BY j.order_id, j.seq LIMIT :limit ON CONFLICT (endpoint_id, order_id, seq) DO NOTHING"""),
        {"begin": look.begin, "end": look.end, "settled": look.settled, "now": now, "limit": limit},
    )
    return int(rows.rowcount)


def move_on(tx: Tx, look: Look, now: datetime) -> bool:
    """Note that a look found all there was; whether there is more to look through at once."""
    if look.moves_on is None:
        return False
    tx.execute(
        text("""UPDATE webhook_progress SET collected_until = greatest(collected_until, :until),
            looked_back_at = CASE WHEN :more THEN looked_back_at ELSE :now END WHERE id = 1"""),
        {"until": look.moves_on, "more": look.end is not None, "now": now},
    )
    return look.end is not None
