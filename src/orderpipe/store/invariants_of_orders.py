"""
Rules of the orders themselves: the journal tells all, letters go out once, waits have a reason, and ended orders hold nothing.
"""

from orderpipe.store.rule import Rule

BOOKS = (
    Rule(
        "order-state-in-journal",
        "An order's state is the one its journal entered last.",
        """SELECT o.id, format('order %s, by the journal %s', o.state, coalesce(j.after, 'nowhere'))
            FROM orders o LEFT JOIN LATERAL (SELECT j.after FROM journal j
                WHERE j.order_id = o.id AND j.fulfillment_id IS NULL AND j.what = 'order.' || j.after
                ORDER BY j.seq DESC LIMIT 1) j ON true
            WHERE o.state IS DISTINCT FROM j.after""",
    ),
    Rule(
        "fulfillment-state-in-journal",
        "A fulfillment's state is the one the journal entered last, or planned when it never moved.",
        """SELECT f.order_id, format('fulfillment %s %s, by the journal %s', f.id % 1000, f.state, coalesce(j.after, 'planned'))
            FROM fulfillment f LEFT JOIN LATERAL (SELECT j.after FROM journal j
                WHERE j.order_id = f.order_id AND j.fulfillment_id = f.id AND j.what = 'fulfillment.' || j.after
                ORDER BY j.seq DESC LIMIT 1) j ON true
            WHERE f.state <> coalesce(j.after, 'planned')""",
    ),
    Rule(
        "journal-without-gaps",
        "The entries of each order's journal are numbered from 1 without a gap.",
        """SELECT order_id, format('%s entries, numbered %s to %s', count(*), min(seq), max(seq))
            FROM journal GROUP BY order_id HAVING min(seq) <> 1 OR max(seq) <> count(*)""",
    ),
    Rule(
        "journal-in-sequence",
        "Each move begins where the one before it ended.",
        """SELECT order_id, format('entry %s: from %s, but it stood in %s', seq, coalesce(before, 'nothing'),
                coalesce(stood, 'nothing'))
            FROM (SELECT order_id, seq, before, fulfillment_id,
                    lag(after) OVER (PARTITION BY order_id, fulfillment_id ORDER BY seq) AS stood
                FROM journal WHERE after IS NOT NULL AND what IN ('order.' || after, 'fulfillment.' || after)) moves
            WHERE before IS DISTINCT FROM coalesce(stood, CASE WHEN fulfillment_id IS NOT NULL THEN 'planned' END)""",
    ),
)

LETTERS = (
    Rule(
        "told-once",
        "Nobody is told the same twice, unless somebody sent it again, or it did not arrive and went another way.",
        """SELECT order_id, format('%s × %s', count(*), kind) FROM notification
            WHERE kind IN ('acknowledgement', 'delivery-date', 'rejected', 'thank-you') AND dedupe_key !~ ' (again|by) '
            GROUP BY order_id, kind HAVING count(*) > 1""",
    ),
    Rule(
        "thanked",
        "Every order was acknowledged and every completed one thanked for, or the journal says that nobody can be reached.",
        # by the keys, whose index is small beside the letters themselves
        """SELECT o.id, format('order %s without %s', o.state, k.kind)
            FROM orders o CROSS JOIN (VALUES ('acknowledgement'), ('thank-you')) AS k (kind)
            LEFT JOIN notification n ON n.dedupe_key = k.kind || ':' || o.id
            WHERE (k.kind = 'acknowledgement' OR o.state = 'completed') AND n.dedupe_key IS NULL
                AND NOT EXISTS (SELECT FROM journal j WHERE j.order_id = o.id AND j.what = 'unreachable.' || k.kind)""",
    ),
    Rule(
        "told-by-a-newer",
        "A letter that a newer one made superfluous names it, and it is about the same order.",
        """SELECT n.order_id, format('letter %s, %s', n.id, n.kind) FROM notification n
            LEFT JOIN notification newer ON newer.id = n.superseded_by AND newer.order_id = n.order_id AND newer.id > n.id
            WHERE n.state = 'superseded' AND newer.id IS NULL""",
    ),
)

WAITS = (
    Rule(
        "live-is-looked-at",
        "Whatever has not ended has an instant when the clock looks at it again, and whatever has ended has none.",
        """SELECT id, format('order %s', state) FROM orders
            WHERE (state IN ('completed', 'canceled', 'rejected')) = (next_at IS NOT NULL)
            UNION ALL SELECT order_id, format('fulfillment %s %s', id % 1000, state) FROM fulfillment
            WHERE (state IN ('delivered', 'canceled', 'returned', 'lost')) = (next_at IS NOT NULL)""",
    ),
    Rule(
        "waits-for-an-open-hold",
        "Whatever waits for an answer or for the office has that hold open.",
        """SELECT o.id, format('order %s waits for %s', o.state, o.waiting_for) FROM orders o
            WHERE o.next_at IS NOT NULL AND o.waiting_for IN ('query', 'office') AND NOT EXISTS (SELECT FROM hold h
                WHERE h.order_id = o.id AND h.fulfillment_id IS NULL AND h.kind = o.waiting_for AND h.closed_at IS NULL)
            UNION ALL SELECT f.order_id, format('fulfillment %s %s waits for %s', f.id % 1000, f.state, f.waiting_for)
            FROM fulfillment f WHERE f.next_at IS NOT NULL AND f.waiting_for IN ('query', 'office') AND NOT EXISTS (SELECT FROM hold h
                WHERE h.order_id = f.order_id AND coalesce(h.fulfillment_id, f.id) = f.id
                    AND h.kind = f.waiting_for AND h.closed_at IS NULL)
            UNION ALL SELECT o.id, 'waits for an answer without a question' FROM orders o
            WHERE o.next_at IS NOT NULL AND o.waiting_for = 'query'
                AND NOT EXISTS (SELECT FROM query q WHERE q.order_id = o.id AND q.state = 'open')""",
    ),
    Rule(
        "open-hold-stops",
        "An open hold stops what it is about, which is still live.",
        """SELECT h.order_id, format('hold %s on %s', h.kind, coalesce('fulfillment ' || h.fulfillment_id % 1000, 'the order'))
            FROM hold h JOIN orders o ON o.id = h.order_id LEFT JOIN fulfillment f ON f.id = h.fulfillment_id
            WHERE h.closed_at IS NULL AND coalesce(
                CASE WHEN h.fulfillment_id IS NULL THEN o.waiting_for ELSE f.waiting_for END, '') NOT IN ('query', 'office')""",
    ),
)

ENDS = (
    Rule(
        "ended-holds-nothing",
        "An ended order has nothing on its way, holds no stock, waits for none, and has no question or hold open.",
        """SELECT o.id, format('order %s: %s', o.state, open.what) FROM orders o JOIN (
                SELECT order_id, format('fulfillment %s %s', id % 1000, state) AS what FROM fulfillment WHERE ended_at IS NULL
                UNION ALL SELECT order_id, format('waits for %s × %s', quantity, sku) FROM backorder
                UNION ALL SELECT order_id, format('hold %s', kind) FROM hold WHERE closed_at IS NULL
                UNION ALL SELECT order_id, 'question open' FROM query WHERE state = 'open'
            ) open ON open.order_id = o.id WHERE o.ended_at IS NOT NULL""",
    ),
    Rule(
        "ended-as-its-parts",
        "A completed order has delivered something, a canceled one nothing, and a rejected one has no fulfillment.",
        """SELECT o.id, format('order %s with %s delivered of %s fulfillments', o.state,
                count(*) FILTER (WHERE f.state = 'delivered'), count(f.id))
            FROM orders o LEFT JOIN fulfillment f ON f.order_id = o.id WHERE o.ended_at IS NOT NULL GROUP BY o.id
            HAVING CASE o.state WHEN 'completed' THEN count(*) FILTER (WHERE f.state = 'delivered') = 0
                WHEN 'canceled' THEN count(*) FILTER (WHERE f.state = 'delivered') > 0 ELSE count(f.id) > 0 END""",
    ),
)
