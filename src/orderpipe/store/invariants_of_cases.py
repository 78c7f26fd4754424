"""
Rules of cases, returns, refunds and ratings: nobody is forgotten, no piece comes back twice, and money is given back as instructed.
"""

from orderpipe.store.rule import Rule

CASES = (
    Rule(
        "case-is-looked-at",
        "A case that was not answered is looked at again until both its clocks are reported; an answered one until it closes.",
        """SELECT order_id, format('case %s %s, told %s', id, state, told) FROM case_file
            WHERE (state = 'closed') <> (closed_at IS NOT NULL) OR state = 'closed' AND next_at IS NOT NULL
                OR state = 'responded' AND next_at IS NULL
                OR state NOT IN ('responded', 'closed') AND next_at IS NULL AND told & 8 = 0""",
    ),
    Rule(
        "lost-parcel-has-its-claim",
        "A parcel that is lost or came back while cases were kept has one claim.",
        """SELECT f.order_id, format('fulfillment %s %s: %s claims', f.id % 1000, f.state, count(c.id))
            FROM fulfillment f LEFT JOIN case_file c ON c.dedupe_key = 'parcel:' || f.id
            WHERE f.state IN ('lost', 'returned') AND f.ended_at >= (SELECT min(opened_at) FROM case_file)
            GROUP BY f.id HAVING count(c.id) <> 1""",
    ),
    Rule(
        "returned-within-delivered",
        "No more pieces come back than were delivered.",
        """SELECT r.order_id, format('line %s: %s coming back of %s delivered', r.number, r.quantity, coalesce(d.quantity, 0))
            FROM (SELECT a.order_id, i.number, sum(CASE a.state WHEN 'expired' THEN i.received ELSE i.quantity END) AS quantity
                FROM return_authorisation a JOIN return_item i ON i.return_id = a.id GROUP BY a.order_id, i.number) r
            LEFT JOIN (SELECT f.order_id, l.number, sum(l.quantity) AS quantity
                FROM fulfillment f JOIN fulfillment_line l ON l.fulfillment_id = f.id WHERE f.state = 'delivered'
                GROUP BY f.order_id, l.number) d USING (order_id, number)
            WHERE r.quantity > coalesce(d.quantity, 0)""",
    ),
    Rule(
        "received-as-scanned",
        "What came back is the sum of the accepted scans.",
        """SELECT a.order_id, format('return %s, %s: %s received, %s scanned', i.return_id, i.sku, i.received, coalesce(s.quantity, 0))
            FROM (SELECT return_id, sku, sum(received) AS received FROM return_item GROUP BY return_id, sku) i
            JOIN return_authorisation a ON a.id = i.return_id
            LEFT JOIN (SELECT return_id, sku, sum(quantity) AS quantity FROM return_scan WHERE accepted GROUP BY return_id, sku) s
                ON s.return_id = i.return_id AND s.sku = i.sku
            WHERE i.received <> coalesce(s.quantity, 0)""",
    ),
    Rule(
        "restocked-is-in-the-books",
        "What was inspected is in the books, piece for piece: received, and taken off again where it was written off.",
        """SELECT CAST(NULL AS bigint), format('%s: %s put back into stock, %s in the books', sku, i.pieces, coalesce(m.pieces, 0))
            FROM (SELECT sku, sum(restocked) AS pieces FROM return_item GROUP BY sku) i
            LEFT JOIN (SELECT sku, sum(quantity) AS pieces FROM stock_movement
                WHERE cause LIKE 'return R-%' OR cause LIKE 'written off, return R-%' GROUP BY sku) m USING (sku)
            WHERE i.pieces <> coalesce(m.pieces, 0)""",
    ),
    Rule(
        "refund-done-is-booked",
        "A refund is done when a payment of its reference is booked, and only then.",
        """SELECT r.order_id, format('refund %s, done %s', r.reference, coalesce(r.done_at::text, 'not yet'))
            FROM refund r LEFT JOIN payment p ON p.order_id = r.order_id AND p.reference = r.reference AND p.amount < 0
            WHERE r.kind = 'refund' AND (r.done_at IS NULL) <> (p.order_id IS NULL)""",
    ),
    Rule(
        "linked-both-ways",
        "A replacement and a rating belong to an order, and a replacement to a case of the order that it replaces.",
        """SELECT r.order_id, format('replaces %s by case %s', r.replaces, r.case_id) FROM replacement r
            LEFT JOIN orders o ON o.id = r.order_id LEFT JOIN case_file c ON c.id = r.case_id AND c.order_id = r.replaces
            WHERE o.id IS NULL OR c.id IS NULL
            UNION ALL SELECT f.order_id, 'rated, and no such order' FROM feedback f LEFT JOIN orders o ON o.id = f.order_id
            WHERE o.id IS NULL""",
    ),
)
