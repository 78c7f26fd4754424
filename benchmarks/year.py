"""
A year of a million orders as a shop knows it: most go well, and some are late, come back to the office, are canceled or complained about.

A thousand orders went through every stage for real and were then given their troubles; everything about them is copied again and again.
"""

from sqlalchemy import text

from benchmarks.ended import COPIED, ID, MARKED, OF_ORDER, Copied, multiply
from benchmarks.one_process import OneProcess
from orderpipe.store.cases import case_file
from orderpipe.store.database import Database
from orderpipe.store.holds import query

SEED = 1_000
GROUP = 200
TROUBLED: Copied = COPIED | {
    case_file: {"id": ID, "dedupe_key": MARKED} | OF_ORDER, query: {"id": ID, "token": MARKED} | OF_ORDER,
}
"""What is copied: ordinary rows, and those of cases and questions."""

_TROUBLES = (
    # the seed takes seconds; an order that a shop knows takes days, each stage another part of them
    """UPDATE journal SET spent_seconds = (order_id * 7919 + seq * 104729) % 86400 + 0.25 WHERE spent_seconds IS NOT NULL""",
    "UPDATE parcel SET shipped_at = shipped_at + interval '3 days' WHERE fulfillment_id / 1000 % 25 = 0",
    "UPDATE parcel SET status_at = status_at + interval '20 days' WHERE fulfillment_id / 1000 % 12 = 0",
    """INSERT INTO promise SELECT fulfillment_id, 2, from_at, until_at + interval '30 days', arithmetic, 'delayed', at FROM promise
        WHERE fulfillment_id / 1000 % 12 = 0""",
    """INSERT INTO journal (order_id, seq, at, actor, what, fulfillment_id, note, spent_seconds, target_seconds)
        SELECT order_id, 900, ended_at, 'clock', 'target.breached', id, '{"stage": "picked", "waiting_for": "pack-scans"}', 9000, 7200
        FROM fulfillment WHERE order_id % 15 = 0""",
    "UPDATE orders SET state = 'canceled' WHERE id % 33 = 0",
    "UPDATE fulfillment SET state = 'canceled' WHERE order_id % 33 = 0",
    "DELETE FROM feedback WHERE order_id % 33 = 0",
    """INSERT INTO journal (order_id, seq, at, actor, what, before, after, note)
        SELECT id, 901, ended_at, 'customer', 'order.canceled', 'promised', 'canceled',
            jsonb_build_object('reason', CASE id % 2 WHEN 0 THEN 'customer' ELSE 'inventory' END) FROM orders WHERE id % 33 = 0""",
    """INSERT INTO query (order_id, token, doubts, state, opened_at, asked_at, answered_at)
        SELECT id, 'token-' || id, '[{"rule": "address-new", "field": "/ship_to"}]', 'answered', received_at, received_at,
            received_at + id % 90 * interval '10 minutes' FROM orders WHERE id % 20 = 0""",
    """INSERT INTO case_file (shop_id, order_id, kind, state, cause, channel, opened_by, dedupe_key, opened_at, acknowledge_warn_at,
            acknowledge_by, resolve_warn_at, resolve_by, closed_at, outcome)
        SELECT shop_id, id, 'claim', 'closed', CASE id % 2 WHEN 0 THEN 'damaged' ELSE 'changed-mind' END, 'page', 'customer',
            'claim-' || id, ended_at + interval '3 weeks', ended_at, ended_at, ended_at, ended_at, ended_at + interval '4 weeks', 'resolved'
        FROM orders WHERE id % 40 < 2""",
)


def fill(engine: Database, shop_id: int, orders: int) -> None:
    """Let so many orders of the last year be in the books."""
    seed = min(SEED, orders)
    shop = OneProcess(engine, shop_id)
    for start in range(0, seed, GROUP):
        shop.take_through(range(start, min(start + GROUP, seed)), "seed")
    with engine.begin() as tx:
        for trouble in _TROUBLES:
            tx.execute(text(trouble))
    multiply(engine.url.render_as_string(hide_password=False), orders // seed - 1, TROUBLED)
