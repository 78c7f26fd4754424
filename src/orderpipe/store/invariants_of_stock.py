"""
Rules of stock, of what the warehouse did with it, and of the parcels: every piece is somewhere, once, and was scanned.
"""

from orderpipe.store.rule import Rule

_HOLDS_STOCK = "f.kind = 'parcel' AND f.reserved AND f.state IN ('planned', 'released', 'picked', 'packed')"
_LEFT = "('shipped', 'delivered', 'returned', 'lost')"
_REPLACED = """f.state IN ('lost', 'returned') AND EXISTS (
    SELECT FROM hold h WHERE h.fulfillment_id = f.id AND h.kind = 'office' AND h.closed_how = 'settled')"""

STOCK = (
    Rule(
        "allocated-is-reserved",
        "What is set aside of an article at a location is what live fulfillments have reserved there.",
        f"""SELECT CAST(NULL AS bigint), format('location %s, %s: %s set aside, %s reserved', location_id, sku,
                coalesce(s.allocated, 0), coalesce(r.quantity, 0))
            FROM stock s FULL JOIN (SELECT f.location_id, l.sku, sum(l.quantity) AS quantity
                FROM fulfillment f JOIN fulfillment_line l ON l.fulfillment_id = f.id WHERE {_HOLDS_STOCK} AND l.quantity > 0
                GROUP BY f.location_id, l.sku) r USING (location_id, sku)
            WHERE coalesce(s.allocated, 0) <> coalesce(r.quantity, 0)""",
    ),
    Rule(
        "stock-equals-movements",
        "What lies at a location, and what of it is set aside, is the sum of its movements.",
        """SELECT CAST(NULL AS bigint), format('location %s, %s: %s on hand and %s set aside, by movements %s and %s',
                location_id, sku, coalesce(s.on_hand, 0), coalesce(s.allocated, 0), coalesce(m.on_hand, 0),
                coalesce(m.allocated, 0))
            FROM stock s FULL JOIN (SELECT location_id, sku,
                    coalesce(sum(quantity) FILTER (WHERE kind IN ('received', 'adjusted', 'shipped')), 0) AS on_hand,
                    coalesce(sum(CASE kind WHEN 'released' THEN -quantity ELSE quantity END)
                        FILTER (WHERE kind IN ('allocated', 'released', 'shipped')), 0) AS allocated
                FROM stock_movement GROUP BY location_id, sku) m USING (location_id, sku)
            WHERE coalesce(s.on_hand, 0) <> coalesce(m.on_hand, 0) OR coalesce(s.allocated, 0) <> coalesce(m.allocated, 0)""",
    ),
    Rule(
        "shipped-once",
        "What left with a parcel left the books, piece for piece, and nothing else did.",
        f"""SELECT coalesce(l.unit, m.unit) / 1000, format('fulfillment %s, %s: %s left, %s left the books',
                coalesce(l.unit, m.unit) % 1000, coalesce(l.sku, m.sku), coalesce(l.quantity, 0), coalesce(m.quantity, 0))
            FROM (SELECT f.id AS unit, l.sku, sum(l.quantity) AS quantity
                FROM fulfillment f JOIN fulfillment_line l ON l.fulfillment_id = f.id
                WHERE f.kind = 'parcel' AND f.state IN {_LEFT} AND l.quantity > 0 GROUP BY f.id, l.sku) l
            FULL JOIN (SELECT fulfillment_id AS unit, sku, -sum(quantity) AS quantity
                FROM stock_movement WHERE kind = 'shipped' GROUP BY fulfillment_id, sku) m
                ON m.unit = l.unit AND m.sku = l.sku
            WHERE coalesce(l.quantity, 0) <> coalesce(m.quantity, 0)""",
    ),
    Rule(
        "waiting-demand-is-listed",
        "Whoever waits for stock stands on the list of waiting demand with what is missing, and nobody else does.",
        """SELECT coalesce(w.unit, b.unit) / 1000, format('fulfillment %s, %s: %s missing, %s on the list',
                coalesce(w.unit, b.unit) % 1000, coalesce(w.sku, b.sku), coalesce(w.quantity, 0), coalesce(b.quantity, 0))
            FROM (SELECT f.id AS unit, l.sku, sum(l.quantity) AS quantity
                FROM fulfillment f JOIN fulfillment_line l ON l.fulfillment_id = f.id
                WHERE f.kind = 'parcel' AND f.state = 'planned' AND NOT f.reserved AND l.quantity > 0 GROUP BY f.id, l.sku) w
            FULL JOIN (SELECT fulfillment_id AS unit, sku, sum(quantity) AS quantity
                FROM backorder WHERE fulfillment_id IS NOT NULL GROUP BY fulfillment_id, sku) b
                ON b.unit = w.unit AND b.sku = w.sku
            WHERE coalesce(w.quantity, 0) <> coalesce(b.quantity, 0)
            UNION ALL SELECT o.id, format('order %s: still on the list as a whole', o.state)
            FROM orders o WHERE o.state <> 'validated'
                AND o.id IN (SELECT order_id FROM backorder WHERE fulfillment_id IS NULL)""",
    ),
)

HANDLING = (
    Rule(
        "planned-within-ordered",
        "No more is on its way or delivered than was ordered and not canceled.",
        f"""SELECT o.order_id, format('line %s: %s planned of %s ordered, %s canceled', o.number, p.quantity,
                o.quantity, o.canceled)
            FROM order_line o JOIN (SELECT f.order_id, l.number, sum(l.quantity) AS quantity
                FROM fulfillment f JOIN fulfillment_line l ON l.fulfillment_id = f.id
                WHERE f.state <> 'canceled' AND NOT ({_REPLACED}) GROUP BY f.order_id, l.number) p USING (order_id, number)
            WHERE p.quantity > o.quantity - o.canceled""",
    ),
    Rule(
        "ordered-is-planned",
        "Nothing that was ordered is forgotten: from allocation on, every piece belongs to a fulfillment or is canceled.",
        """SELECT o.id, format('line %s: %s planned of %s ordered, %s canceled', l.number, coalesce(p.quantity, 0),
                l.quantity, l.canceled)
            FROM orders o JOIN order_line l ON l.order_id = o.id
            LEFT JOIN (SELECT f.order_id, l.number, sum(l.quantity) AS quantity
                FROM fulfillment f JOIN fulfillment_line l ON l.fulfillment_id = f.id WHERE f.state <> 'canceled'
                GROUP BY f.order_id, l.number) p ON p.order_id = o.id AND p.number = l.number
            WHERE o.state IN ('allocated', 'promised', 'completed') AND coalesce(p.quantity, 0) < l.quantity - l.canceled""",
    ),
    Rule(
        "scanned-before-leaving",
        "Packed is at most what was picked, picked at most what belongs there; what goes on is picked and packed in full.",
        """SELECT f.order_id, format('fulfillment %s %s, line %s: %s packed, %s picked, %s short of %s', f.id % 1000, f.state,
                l.number, l.packed, l.picked, l.short, l.quantity)
            FROM fulfillment f JOIN fulfillment_line l ON l.fulfillment_id = f.id
            WHERE f.kind = 'parcel' AND (l.packed > l.picked OR l.picked + l.short > l.quantity
                OR f.state IN ('picked', 'packed', 'shipped', 'delivered', 'returned', 'lost') AND l.picked <> l.quantity
                OR f.state IN ('packed', 'shipped', 'delivered', 'returned', 'lost') AND l.packed <> l.quantity)""",
    ),
    Rule(
        "counters-equal-scans",
        "What counts as picked and packed is the sum of the accepted scans.",
        """SELECT coalesce(l.unit, s.unit) / 1000, format('fulfillment %s, %s: %s picked and %s packed, by scans %s and %s',
                coalesce(l.unit, s.unit) % 1000, coalesce(l.sku, s.sku), coalesce(l.picked, 0), coalesce(l.packed, 0),
                coalesce(s.picked, 0), coalesce(s.packed, 0))
            FROM (SELECT fulfillment_id AS unit, sku, sum(picked) AS picked, sum(packed) AS packed
                FROM fulfillment_line GROUP BY fulfillment_id, sku HAVING sum(picked) > 0 OR sum(packed) > 0) l
            FULL JOIN (SELECT fulfillment_id AS unit, sku, coalesce(sum(quantity) FILTER (WHERE phase = 'pick'), 0) AS picked,
                    coalesce(sum(quantity) FILTER (WHERE phase = 'pack'), 0) AS packed
                FROM scan WHERE accepted AND phase IN ('pick', 'pack') GROUP BY fulfillment_id, sku) s
                ON s.unit = l.unit AND s.sku = l.sku
            WHERE coalesce(l.picked, 0) <> coalesce(s.picked, 0) OR coalesce(l.packed, 0) <> coalesce(s.packed, 0)""",
    ),
)

_RANK = """CASE {0} WHEN 'shipped' THEN 0 WHEN 'in_transit' THEN 1 WHEN 'delayed' THEN 1 WHEN 'out_for_delivery' THEN 2
    WHEN 'failed_attempt' THEN 2 WHEN 'lost' THEN 3 ELSE 4 END"""

CARRIER = (
    Rule(
        "parcel-where-the-carrier-says",
        "A parcel's status is the farthest word of its carrier that counted.",
        f"""SELECT f.order_id, format('parcel %s: %s, the carrier said %s', p.tracking_number, p.status,
                coalesce(e.statuses, 'nothing'))
            FROM parcel p JOIN fulfillment f ON f.id = p.fulfillment_id
            LEFT JOIN (SELECT shop_id, tracking_number, string_agg(status, ', ' ORDER BY id) AS statuses,
                    max({_RANK.format("status")}) AS farthest, array_agg(status) AS said
                FROM tracking_event WHERE merged GROUP BY shop_id, tracking_number) e
                ON e.tracking_number = p.tracking_number AND e.shop_id = f.shop_id
            WHERE coalesce(e.farthest, 0) <> {_RANK.format("p.status")} OR e.said IS NOT NULL AND NOT p.status = ANY(e.said)""",
    ),
    Rule(
        "ended-on-a-word",
        "A parcel that left has a label; delivered, returned or lost it is on its carrier's word, a service on its performer's.",
        f"""SELECT f.order_id, format('fulfillment %s %s, its parcel %s', f.id % 1000, f.state, coalesce(p.status, 'unknown'))
            FROM fulfillment f LEFT JOIN parcel p ON p.fulfillment_id = f.id
            WHERE f.kind = 'parcel' AND f.state IN {_LEFT} AND (p.id IS NULL OR f.state <> 'shipped' AND p.status <> f.state)
            UNION ALL SELECT f.order_id, format('fulfillment %s: delivered without a word', f.id % 1000)
            FROM fulfillment f WHERE f.kind = 'appointment' AND f.state = 'delivered'
                AND NOT EXISTS (SELECT FROM scan s WHERE s.fulfillment_id = f.id AND s.phase = 'performed' AND s.accepted)""",
    ),
    Rule(
        "promised-in-full",
        "Every fulfillment of a promised or completed order has its first promise, unless it was canceled before.",
        """SELECT o.id, format('fulfillment %s: no promise', f.id % 1000) FROM orders o JOIN fulfillment f ON f.order_id = o.id
            LEFT JOIN promise p ON p.fulfillment_id = f.id AND p.revision = 1
            WHERE o.state IN ('promised', 'completed') AND p.fulfillment_id IS NULL AND f.state <> 'canceled'""",
    ),
)
