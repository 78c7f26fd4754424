"""
The floor's statements: each writes what one stage writes of a whole batch; the texts, numbers and dates are given.
"""

from psycopg.types.json import Jsonb

from benchmarks.given import ARITHMETIC, FACTS, RAW, letter_of

TASK = "2b800d06-e558-4988-972c-76668998ab12"
Statement = tuple[str, dict[str, object]]

RECORD = f"""
WITH n AS (SELECT number, number %% 5000 AS customer FROM generate_series(%(first)s::int, %(last)s::int) AS number
), o AS (
    INSERT INTO orders (shop_id, reference, content_hash, type, lane, channel, language, customer, ship_to, payment_method, prepaid,
        currency, total, backorder_policy, state, next_at, received_at, stage_entered_at, due_at, complete_by)
    SELECT %(shop)s, %(prefix)s || '-' || number, sha256(int4send(number)), 'standard', 'standard', 'http', 'en',
        jsonb_build_object('name', 'Customer ' || customer, 'email', 'customer' || customer || '@example.com', 'phone', '', 'company', ''),
        '{{"city": "London", "line1": "1 High Street", "country": "GB", "postal_code": "N1 1AA"}}', 'invoice', false, 'GBP', 6,
        'as-available', 'received', now() + interval '1 minute', now(), now(), now() + interval '1 day', now() + interval '14 days'
    FROM n RETURNING id, reference, customer
), lines AS (
    INSERT INTO order_line (order_id, number, sku, kind, description, quantity, unit_price)
    SELECT id, place, 'SKU-' || (id * 7 + place) %% 50, 'goods', 'As in the catalogue', place, 2 FROM o, generate_series(1, 2) AS place
), kept AS (
    INSERT INTO intake (shop_id, channel, source_id, parser, raw, state, received_at, order_id)
    SELECT %(shop)s, 'http', encode(sha256(convert_to(reference, 'UTF8')), 'hex'), 'json-order', '\\x{RAW.hex()}', 'recorded', now(), id
    FROM o
), noted AS (
    INSERT INTO journal (order_id, seq, at, actor, what, after, note)
    SELECT id, 1, now(), 'intake', 'order.received', 'received', '{{"by": "", "channel": "http"}}' FROM o
), letters AS (
    INSERT INTO notification (order_id, audience, channel, recipient, kind, language, facts, dedupe_key, next_at, created_at)
    SELECT id, 'customer', 'email', customer ->> 'email', 'acknowledgement', 'en', '{FACTS["acknowledgement"]}',
        'acknowledgement:' || id, now(), now()
    FROM o
)
SELECT array_agg(id ORDER BY id) FROM o
"""

_MOVE_ORDERS = """UPDATE orders SET state = %(after)s, waiting_for = %(waits)s, next_at = now() + interval '1 minute',
    stage_entered_at = now(), due_at = now() + interval '1 day' WHERE id = ANY(%(ids)s)"""
_MOVE_PARCELS = """UPDATE fulfillment SET state = %(after)s, next_at = now() + interval '1 minute', stage_entered_at = now(),
    due_at = now() + interval '1 day' WHERE order_id = ANY(%(ids)s)"""
_WAKE_PARCELS = """UPDATE fulfillment SET waiting_for = %(waits)s, next_at = now() + interval '1 hour' WHERE order_id = ANY(%(ids)s)"""
_END_PARCELS = """UPDATE fulfillment SET state = 'delivered', next_at = NULL, ended_at = now(), stage_entered_at = now(), due_at = NULL
    WHERE order_id = ANY(%(ids)s)"""
_WAKE_ORDERS = "UPDATE orders SET waiting_for = NULL, next_at = now() + interval '10 seconds' WHERE id = ANY(%(ids)s)"
_END_ORDERS = """UPDATE orders SET state = 'completed', waiting_for = NULL, next_at = NULL, ended_at = now(), stage_entered_at = now(),
    due_at = NULL WHERE id = ANY(%(ids)s)"""
_ASK = """INSERT INTO feedback (order_id, shop_id, asked_at, next_at)
    SELECT id, %(shop)s, now(), now() + interval '7 days' FROM unnest(%(ids)s::bigint[]) AS id"""
_NOTE = """INSERT INTO journal (order_id, seq, at, actor, what, fulfillment_id, before, after, note, spent_seconds, target_seconds, task_id)
    SELECT id, %(seq)s, now(), %(actor)s, %(what)s, CASE WHEN %(parcel)s THEN id * 1000 + 1 END, %(before)s, %(after)s, %(note)s, 4.781291,
        48603.866639, %(task)s FROM unnest(%(ids)s::bigint[]) AS id"""
_TELL = """INSERT INTO notification (order_id, audience, channel, recipient, kind, language, facts, dedupe_key, next_at, created_at)
    SELECT id, 'customer', 'email', customer ->> 'email', %(kind)s, 'en', %(facts)s, %(kind)s || ':' || id, now(), now()
    FROM orders WHERE id = ANY(%(ids)s)"""

_CUSTOMERS = """INSERT INTO customer AS c (shop_id, contact_key, name, email, language, address, confirmed_at)
    SELECT DISTINCT ON (2) shop_id, customer ->> 'email', customer ->> 'name', customer ->> 'email', 'en', ship_to, now()
    FROM orders WHERE id = ANY(%(ids)s) ORDER BY 2 ON CONFLICT (shop_id, contact_key) DO UPDATE SET name = excluded.name
    WHERE c.name IS DISTINCT FROM excluded.name"""
_PLAN = """INSERT INTO fulfillment (id, order_id, shop_id, lane, kind, location_id, reserved, state, waiting_for, next_at, stage_entered_at,
        due_at)
    SELECT id * 1000 + 1, id, %(shop)s, 'standard', 'parcel', 1, true, 'planned', 'promise', now() + interval '5 minutes',
        now(), now() + interval '1 day' FROM unnest(%(ids)s::bigint[]) AS id"""
_PLAN_LINES = """INSERT INTO fulfillment_line (fulfillment_id, number, sku, quantity)
    SELECT order_id * 1000 + 1, number, sku, quantity FROM order_line WHERE order_id = ANY(%(ids)s)"""
# every batch wants every article: their rows are taken in one order, so that two connections cannot wait for each other
_STOCK = """WITH wanted AS (SELECT sku, sum(quantity) AS quantity FROM order_line WHERE order_id = ANY(%(ids)s) GROUP BY sku),
    locked AS MATERIALIZED (SELECT s.location_id, s.sku, wanted.quantity FROM stock s JOIN wanted ON wanted.sku = s.sku ORDER BY s.sku
        FOR NO KEY UPDATE OF s)
    UPDATE stock s SET allocated = allocated + %(allocated)s * locked.quantity, on_hand = on_hand + %(on_hand)s * locked.quantity
    FROM locked WHERE s.location_id = locked.location_id AND s.sku = locked.sku"""
_MOVEMENTS = """INSERT INTO stock_movement (location_id, sku, kind, quantity, fulfillment_id, cause, at)
    SELECT 1, sku, %(kind)s, %(sign)s * quantity, order_id * 1000 + 1, %(cause)s, now() FROM order_line WHERE order_id = ANY(%(ids)s)"""
_PROMISE = """INSERT INTO promise (fulfillment_id, revision, from_at, until_at, arithmetic, reason, at)
    SELECT id * 1000 + 1, 1, now() + interval '2 days', now() + interval '3 days', %(arithmetic)s, 'first promise', now()
    FROM unnest(%(ids)s::bigint[]) AS id"""
_SCANS = """INSERT INTO scan (fulfillment_id, client_id, phase, barcode, sku, quantity, accepted, reason, operator, station, at)
    SELECT order_id * 1000 + 1, phase || '-' || sku, phase, sku, sku, quantity, true, '1 of ' || sku || ' counted; 2 of SKU-10 left.',
        'bench', 'bench', now() FROM order_line, unnest(ARRAY['pick', 'pack']) AS phase WHERE order_id = ANY(%(ids)s)"""
_COUNT = """UPDATE fulfillment_line SET picked = quantity, packed = quantity
    WHERE fulfillment_id IN (SELECT id * 1000 + 1 FROM unnest(%(ids)s::bigint[]) AS id)"""
_LABEL = """INSERT INTO parcel (fulfillment_id, sscc, carrier, tracking_number, status, shipped_at, status_at)
    SELECT id * 1000 + 1, lpad(id::text, 18, '0'), 'orderpipe-parcel', 'OP' || 1000000 + id, 'shipped', now(), now()
    FROM unnest(%(ids)s::bigint[]) AS id"""
_EVENTS = """INSERT INTO tracking_event (shop_id, tracking_number, event_id, status, at, received_at, merged)
    SELECT %(shop)s, 'OP' || 1000000 + id, 'OP' || 1000000 + id || '-1', 'delivered', now(), now(), true
    FROM unnest(%(ids)s::bigint[]) AS id"""
_BRING_FORWARD = """UPDATE parcel SET status = 'delivered', status_at = now()
    WHERE fulfillment_id IN (SELECT id * 1000 + 1 FROM unnest(%(ids)s::bigint[]) AS id)"""
_LEASE = """UPDATE notification SET state = 'sending', next_at = now() + interval '2 minutes', attempts = attempts + 1
    WHERE order_id = ANY(%(ids)s) AND state = 'pending'"""
_SENT = """UPDATE notification SET state = 'sent', next_at = NULL, provider_id = 'swallowed', sent_at = now(), sent = %(content)s
    WHERE order_id = ANY(%(ids)s) AND state = 'sending'"""


def _note(seq: int, what: str, before: str | None = None, after: str | None = None, *, by: str = "", note: object = None) -> Statement:
    actor = by or f"stage:{after}"
    return _NOTE, {
        "seq": seq, "actor": actor, "what": what, "parcel": what.startswith("fulfillment"), "before": before, "after": after,
        "note": Jsonb(note) if note else None, "task": None if by else TASK,
    }


def _tell(kind: str) -> Statement:
    return _TELL, {"kind": kind, "facts": FACTS[kind]}


def _post(kind: str) -> list[list[Statement]]:
    """A letter goes out: leased, then recorded with what was sent."""
    return [[(_LEASE, {})], [(_SENT, {"content": letter_of(kind)})]]


_SCANNED = {"accepted": 2, "refused": 0}

AFTERWARDS: list[list[Statement]] = [
    *_post("acknowledgement"),
    [(_MOVE_ORDERS, {"after": "validated", "waits": None}), (_CUSTOMERS, {}), _note(2, "order.validated", "received", "validated")],
    [
        (_MOVE_ORDERS, {"after": "allocated", "waits": None}), (_PLAN, {}), (_PLAN_LINES, {}), (_STOCK, {"allocated": 1, "on_hand": 0}),
        (_MOVEMENTS, {"kind": "allocated", "sign": 1, "cause": "order"}), _note(3, "order.allocated", "validated", "allocated"),
    ],
    [
        (_MOVE_ORDERS, {"after": "promised", "waits": "fulfillments"}), (_PROMISE, {"arithmetic": ARITHMETIC}),
        (_WAKE_PARCELS, {"waits": None}), _tell("delivery-date"),
        _note(4, "order.promised", "allocated", "promised", note={"until": "2026-11-27T20:00:00+00:00"}),
    ],
    *_post("delivery-date"),
    [(_MOVE_PARCELS, {"after": "released"}), _note(5, "fulfillment.released", "planned", "released")],
    [(_WAKE_PARCELS, {"waits": "pick-scans"})],
    [
        (_SCANS, {}), (_COUNT, {}), (_WAKE_PARCELS, {"waits": None}),
        _note(6, "fulfillment.pick-scanned", by="warehouse", note=_SCANNED),
        _note(7, "fulfillment.pack-scanned", by="warehouse", note=_SCANNED),
    ],
    [(_MOVE_PARCELS, {"after": "picked"}), _note(8, "fulfillment.picked", "released", "picked")],
    [(_MOVE_PARCELS, {"after": "packed"}), _note(9, "fulfillment.packed", "picked", "packed")],
    [
        (_MOVE_PARCELS, {"after": "shipped"}), (_LABEL, {}), (_STOCK, {"allocated": -1, "on_hand": -1}),
        (_MOVEMENTS, {"kind": "shipped", "sign": -1, "cause": "shipped"}), _tell("shipped"),
        _note(10, "fulfillment.shipped", "packed", "shipped"),
    ],
    *_post("shipped"),
    [(_WAKE_PARCELS, {"waits": "carrier"})],
    [
        (_EVENTS, {}), (_BRING_FORWARD, {}), (_WAKE_PARCELS, {"waits": None}),
        _note(11, "fulfillment.tracked", by="carrier", note={"status": "delivered"}),
    ],
    [(_END_PARCELS, {}), (_WAKE_ORDERS, {}), _note(12, "fulfillment.delivered", "shipped", "delivered")],
    [(_END_ORDERS, {}), (_ASK, {}), _tell("thank-you"), _note(13, "order.completed", "promised", "completed")],
    *_post("thank-you"),
]
"""Every transaction after the orders are taken down, as its statements with what is given to them."""
