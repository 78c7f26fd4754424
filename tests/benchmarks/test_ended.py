"""
A database full of ended orders for the measurement of growth: its copies are orders like those that went through for real.
"""

from sqlalchemy import text

from benchmarks.bench_shop import open_shop
from benchmarks.ended import COPIED, multiply
from benchmarks.one_process import OneProcess
from orderpipe.store.invariants import check_all
from orderpipe.store.tables import metadata
from tests.floor import Floor

UNTOUCHED = {
    "import_file", "import_order", "import_beside",
    "shop", "api_key", "location", "product", "product_gtin", "stock", "calendar", "order_type", "job_clock", "seal",  # not of one order
    "link_key", "rule_setting", "query_policy", "article_memory", "customer_memory", "memory_progress", "memory_waiting",
    "webhook_progress", "webhook_delivery", "webhook_endpoint", "retention", "erasure", "improvement_letter",
    "mail_in", "address_flag", "contact_preference", "delay", "delay_policy", "shop_template", "case_file", "case_message",
    "case_terms", "case_target", "refund", "replacement", "return_authorisation", "return_item", "return_scan",
    "watch", "clock_rules", "alarm", "missed_target", "desk",  # an ended order's watch goes with the next look at it
    "finding", "hold", "query", "payment", "backorder", "idempotency",  # an order without trouble, paid by invoice, leaves none
}


def test_copies_leave_the_same_rows_as_the_orders_that_went_through_and_the_books_are_right(floor: Floor):
    with floor.engine.begin() as tx:
        shop = OneProcess(floor.engine, open_shop(tx))
    shop.take_through(range(10), "seed")
    before = rows(floor)
    multiply(floor.engine.url.render_as_string(hide_password=False), 3)
    openings = 50
    assert {name: count + openings * 3 * (name == "stock_movement") for name, count in rows(floor).items()} == {
        name: count * 4 for name, count in before.items()
    }
    shop.take_through(range(10), "afterwards")
    with floor.engine.begin() as tx:
        assert check_all(tx) == []
        assert tx.execute(text("SELECT count(*) FROM orders WHERE state = 'completed'")).scalar_one() == 50


def test_every_table_that_an_ordinary_order_leaves_rows_in_is_copied(floor: Floor):
    assert {table.name for table in COPIED} | UNTOUCHED == set(metadata.tables)
    with floor.engine.begin() as tx:
        shop = OneProcess(floor.engine, open_shop(tx))
    shop.take_through(range(10), "seed")
    assert all(rows(floor).values())
    with floor.engine.begin() as tx:
        of_the_shop = {"shop", "location", "product", "stock", "calendar", "order_type", "job_clock"}
        left_out = UNTOUCHED - of_the_shop - {"link_key", "rule_setting", "query_policy", "watch"}
        assert not [name for name in left_out if tx.execute(text(f"SELECT EXISTS (SELECT FROM {name})")).scalar_one()]


def rows(floor: Floor) -> dict[str, int]:
    """How many rows each table has that copies are made of."""
    with floor.engine.begin() as tx:
        return {table.name: tx.execute(text(f"SELECT count(*) FROM {table.name}")).scalar_one() for table in COPIED}
