"""
The statements of the plain stages: each writes all that one stage writes of one order, guarded by the state the order must be in.
"""

_JOURNAL = "INSERT INTO journal (order_id, seq, at, actor, what, fulfillment_id, before, after, note, spent_seconds, target_seconds)"
_SEQ = "(SELECT max(j.seq) + 1 FROM journal j WHERE j.order_id = {order})"
_LETTER = """INSERT INTO notification (order_id, audience, channel, recipient, kind, language, facts, dedupe_key, next_at, created_at)"""


def _journal(unit: str, before: str, after: str, note: str = "NULL") -> str:
    """The journal's line about the unit in `moved`: its stage, and how long it stood in the one before."""
    order, fulfillment = ("moved.id", "NULL::bigint") if unit == "order" else ("moved.order_id", "moved.id")
    return f"""{_JOURNAL} SELECT {order}, {_SEQ.format(order=order)}, %(now)s, 'stage', '{unit}.{after}', {fulfillment}, '{before}',
        '{after}', {note}, extract(epoch FROM %(now)s - since), extract(epoch FROM due - since) FROM moved"""


_OLD = "old.stage_entered_at AS since, old.due_at AS due"


def _fulfillment(before: str, after: str, *, waits: str = "NULL", only: str = "true") -> str:
    """`moved`: the fulfillment that stood in `before`, once the condition is met."""
    return f"""UPDATE fulfillment f SET state = '{after}', waiting_for = {waits}, next_at = %(next)s, stage_entered_at = %(now)s,
        due_at = %(due)s WHERE f.id = %(id)s AND f.state = '{before}' AND {only} RETURNING f.*, {_OLD}"""


RECORD = f"""
WITH o AS (
    INSERT INTO orders (shop_id, reference, content_hash, type, lane, channel, language, customer, ship_to, payment_method, prepaid,
        currency, total, backorder_policy, state, next_at, received_at, stage_entered_at, due_at, complete_by)
    VALUES (%(shop)s, %(reference)s, %(hash)s, %(type)s, %(lane)s, 'http', 'en', %(customer)s, %(ship_to)s, %(payment_method)s, false,
        %(currency)s, %(total)s, 'as-available', 'received', %(soon)s, %(now)s, %(now)s, %(due)s, %(complete_by)s)
    RETURNING id
), lines AS (
    INSERT INTO order_line (order_id, number, sku, kind, description, quantity, unit_price)
    SELECT o.id, u.number, u.sku, coalesce(p.kind, 'goods'), u.description, u.quantity, u.price
    FROM o, unnest(%(skus)s::text[], %(descriptions)s::text[], %(quantities)s::int[], %(prices)s::numeric[])
        WITH ORDINALITY AS u (sku, description, quantity, price, number)
    LEFT JOIN product p ON p.shop_id = %(shop)s AND p.sku = u.sku
), kept AS (
    INSERT INTO intake (shop_id, channel, source_id, parser, raw, state, received_at, order_id)
    SELECT %(shop)s, 'http', %(source)s, 'json-order', %(raw)s, 'recorded', %(now)s, id FROM o
), noted AS (
    {_JOURNAL}
    SELECT id, 1, %(now)s, 'intake', 'order.received', NULL, NULL, 'received', '{{"by": "", "channel": "http"}}', NULL, NULL FROM o
), letter AS (
    {_LETTER} SELECT id, 'customer', 'email', %(email)s, 'acknowledgement', 'en', %(facts)s, 'acknowledgement:' || id, %(now)s, %(now)s
    FROM o RETURNING id
)
SELECT o.id, letter.id FROM o, letter
"""

TO_VALIDATE = """
SELECT o.shop_id, o.customer, o.ship_to, o.total, count(*) AS lines, sum(l.unit_price * l.quantity) AS worth,
    array_agg(l.sku) FILTER (WHERE p.sku IS NULL OR p.discontinued) AS unknown
FROM orders o JOIN order_line l ON l.order_id = o.id LEFT JOIN product p ON p.shop_id = o.shop_id AND p.sku = l.sku
WHERE o.id = %(id)s AND o.state = 'received' GROUP BY o.id
"""

VALIDATE = f"""
WITH moved AS (
    UPDATE orders SET state = 'validated', next_at = %(soon)s, stage_entered_at = %(now)s, due_at = %(due)s
    WHERE id = %(id)s AND state = 'received' RETURNING id, {_OLD}
), known AS (
    INSERT INTO customer AS c (shop_id, contact_key, name, email, phone, language, address, confirmed_at)
    SELECT %(shop)s, %(email)s, %(name)s, %(email)s, %(phone)s, 'en', %(address)s, %(now)s FROM moved
    ON CONFLICT (shop_id, contact_key) DO UPDATE
        SET name = excluded.name, phone = excluded.phone, address = excluded.address, confirmed_at = excluded.confirmed_at
        WHERE (c.name, c.phone, c.address) IS DISTINCT FROM (excluded.name, excluded.phone, excluded.address)
)
{_journal("order", "received", "validated")}
"""

ALLOCATE = f"""
WITH moved AS (
    UPDATE orders SET state = 'allocated', next_at = %(soon)s, stage_entered_at = %(now)s, due_at = %(due)s
    WHERE id = %(id)s AND state = 'validated' RETURNING id, shop_id, lane, {_OLD}
), found AS MATERIALIZED (
    SELECT s.location_id, s.sku, l.number, l.quantity FROM moved JOIN order_line l ON l.order_id = moved.id
        JOIN location p ON p.shop_id = moved.shop_id JOIN stock s ON s.location_id = p.id AND s.sku = l.sku
    WHERE s.on_hand - s.allocated >= l.quantity ORDER BY s.location_id, s.sku FOR NO KEY UPDATE OF s
), taken AS (
    UPDATE stock s SET allocated = s.allocated + found.quantity FROM found WHERE s.location_id = found.location_id AND s.sku = found.sku
), parcel AS (
    INSERT INTO fulfillment (id, order_id, shop_id, lane, kind, location_id, reserved, state, waiting_for, next_at, stage_entered_at,
        due_at)
    SELECT id * 1000 + 1, id, shop_id, lane, 'parcel', (SELECT min(location_id) FROM found), true, 'planned', 'promise', %(soon)s, %(now)s,
        %(due_parcel)s FROM moved
), lines AS (
    INSERT INTO fulfillment_line (fulfillment_id, number, sku, quantity) SELECT %(id)s * 1000 + 1, number, sku, quantity FROM found
), movements AS (
    INSERT INTO stock_movement (location_id, sku, kind, quantity, fulfillment_id, cause, at)
    SELECT location_id, sku, 'allocated', quantity, %(id)s * 1000 + 1, 'order', %(now)s FROM found
), noted AS ({_journal("order", "validated", "allocated")})
SELECT (SELECT count(*) FROM order_line l WHERE l.order_id = moved.id), (SELECT count(*) FROM found) FROM moved
"""

TO_PROMISE = """
SELECT f.id, p.code, o.ship_to ->> 'country', p.carrier, p.country, p.carrier_days,
    (SELECT jsonb_agg(jsonb_build_object('number', l.number, 'quantity', l.quantity) ORDER BY l.number)
        FROM fulfillment_line l WHERE l.fulfillment_id = f.id)
FROM orders o JOIN fulfillment f ON f.order_id = o.id JOIN location p ON p.id = f.location_id WHERE o.id = %(id)s AND o.state = 'allocated'
"""

PROMISE = f"""
WITH moved AS (
    UPDATE orders SET state = 'promised', waiting_for = 'fulfillments', next_at = %(again)s, stage_entered_at = %(now)s, due_at = NULL
    WHERE id = %(id)s AND state = 'allocated' RETURNING id, customer, language, {_OLD}
), promised AS (
    INSERT INTO promise (fulfillment_id, revision, from_at, until_at, arithmetic, reason, at)
    SELECT %(parcel)s, 1, %(from)s, %(until)s, %(arithmetic)s, 'first promise', %(now)s FROM moved
), noted AS ({_journal("order", "allocated", "promised", note="%(note)s::jsonb")})
{_LETTER}
SELECT id, 'customer', 'email', customer ->> 'email', 'delivery-date', language, %(facts)s, 'delivery-date:' || id, %(now)s, %(now)s
FROM moved RETURNING id
"""

_FREE = "f.reserved AND EXISTS (SELECT FROM orders o WHERE o.id = f.order_id AND o.state = 'promised' AND NOT o.prepaid)"
_NONE_LEFT = "NOT EXISTS (SELECT FROM fulfillment_line l WHERE l.fulfillment_id = f.id AND l.{done} < l.quantity)"

RELEASE = f"""WITH moved AS ({_fulfillment("planned", "released", waits="'pick-scans'", only=_FREE)})
{_journal("fulfillment", "planned", "released")}"""

PICK = f"""WITH moved AS ({_fulfillment("released", "picked", only=_NONE_LEFT.format(done="picked"))})
{_journal("fulfillment", "released", "picked")}"""

PACK = f"""WITH moved AS ({_fulfillment("picked", "packed", only=_NONE_LEFT.format(done="packed"))})
{_journal("fulfillment", "picked", "packed")}"""

SHIP = f"""
WITH moved AS ({_fulfillment("packed", "shipped", waits="'carrier'")}
), leaving AS MATERIALIZED (
    SELECT s.location_id, s.sku, l.number, l.quantity FROM moved JOIN fulfillment_line l ON l.fulfillment_id = moved.id
        JOIN stock s ON s.location_id = moved.location_id AND s.sku = l.sku ORDER BY s.location_id, s.sku FOR NO KEY UPDATE OF s
), gone AS (
    UPDATE stock s SET allocated = s.allocated - leaving.quantity, on_hand = s.on_hand - leaving.quantity
    FROM leaving WHERE s.location_id = leaving.location_id AND s.sku = leaving.sku
), movements AS (
    INSERT INTO stock_movement (location_id, sku, kind, quantity, fulfillment_id, cause, at)
    SELECT location_id, sku, 'shipped', -quantity, %(id)s, 'shipped', %(now)s FROM leaving
), labelled AS (
    INSERT INTO parcel (fulfillment_id, sscc, carrier, tracking_number, status, shipped_at, status_at)
    SELECT moved.id, %(sscc)s, p.carrier, %(number)s, 'shipped', %(now)s, %(now)s FROM moved JOIN location p ON p.id = moved.location_id
), noted AS ({_journal("fulfillment", "packed", "shipped")})
{_LETTER}
SELECT o.id, 'customer', 'email', o.customer ->> 'email', 'shipped', o.language, jsonb_build_object('tracking_number', %(number)s::text,
        'carrier', l.carrier, 'until', p.until_at,
        'lines', (SELECT jsonb_agg(jsonb_build_object('number', number, 'quantity', quantity) ORDER BY number) FROM leaving)),
    'shipped:' || moved.id, %(now)s, %(now)s
FROM moved JOIN orders o ON o.id = moved.order_id JOIN location l ON l.id = moved.location_id
    JOIN promise p ON p.fulfillment_id = moved.id AND p.revision = 1
RETURNING id
"""

DELIVER = f"""
WITH moved AS (
    UPDATE fulfillment f SET state = 'delivered', waiting_for = NULL, next_at = NULL, ended_at = %(now)s, stage_entered_at = %(now)s,
        due_at = NULL
    WHERE f.id = %(id)s AND f.state = 'shipped' AND EXISTS (SELECT FROM parcel p WHERE p.fulfillment_id = f.id AND p.status = 'delivered')
    RETURNING f.id, f.order_id, {_OLD}
)
{_journal("fulfillment", "shipped", "delivered")}
"""

PAGE_LINK = f"http://127.0.0.1:8000/t/{'a' * 35}"
"""As long as the link in a letter of thanks."""

COMPLETE = f"""
WITH moved AS (
    UPDATE orders o SET state = 'completed', waiting_for = NULL, next_at = NULL, ended_at = %(now)s, stage_entered_at = %(now)s,
        due_at = NULL
    WHERE o.id = %(id)s AND o.state = 'promised'
        AND NOT EXISTS (SELECT FROM fulfillment f WHERE f.order_id = o.id AND f.ended_at IS NULL)
    RETURNING o.id, o.shop_id, o.customer, o.language, {_OLD}
), noted AS ({_journal("order", "promised", "completed")}), asked AS (
    INSERT INTO feedback (order_id, shop_id, asked_at, next_at)
    SELECT id, shop_id, %(now)s, CAST(%(now)s AS timestamptz) + interval '7 days' FROM moved
)
{_LETTER} SELECT id, 'customer', 'email', customer ->> 'email', 'thank-you', language, %(facts)s, 'thank-you:' || id, %(now)s, %(now)s
FROM moved RETURNING id
"""

TO_SEND = """
SELECT n.id, n.order_id, n.audience, n.channel, n.recipient, n.kind, n.language, n.facts, n.dedupe_key, n.attempts + 1, n.created_at,
    o.reference, o.received_at, o.customer, o.ship_to, o.payment_method, o.currency, o.total, s.name, s.mail_from, s.time_zone, s.country
FROM notification n JOIN orders o ON o.id = n.order_id JOIN shop s ON s.id = o.shop_id
WHERE n.id = %(id)s AND n.state = 'pending' FOR NO KEY UPDATE OF n SKIP LOCKED
"""

LINES = """
SELECT number, sku, kind, description, quantity, unit_price FROM order_line WHERE order_id = %(id)s ORDER BY number
"""

SENT = """
UPDATE notification SET state = 'sent', attempts = attempts + 1, next_at = NULL, provider_id = %(reply)s, sent = %(content)s,
    sent_at = %(now)s
WHERE id = %(id)s
"""
