"""
Stock received and counted in the database.
"""

import threading
from datetime import timedelta

from sqlalchemy import Engine

from orderpipe.domain.receipts import Count, Posted, Receipt
from orderpipe.sideflows import receipts
from orderpipe.store import stock_receipts
from orderpipe.store.metadata import Tx
from orderpipe.store.stock import stock_movement
from tests import builders
from tests.builders import NOW


def receive(tx: Tx, *facts: Receipt, code: str = "demo") -> list[Posted]:
    return receipts.receive(tx, facts, shop_id=builders.shop(tx, code), by="shop key …test", now=NOW + timedelta(hours=1))


def on_hand(tx: Tx, sku: str = "SKU-1") -> int:
    return stock_receipts.shelves(tx, builders.shop(tx), skus=[sku])[0].on_hand


def test_receives_at_a_new_place_and_at_an_old_one(engine: Engine) -> None:
    with engine.begin() as tx:
        builders.stock(tx, "SKU-1", 10, 4)
        builders.product(tx, "SKU-2")
        done = receive(tx, Receipt("main", "SKU-1", 5, "DN-7"), Receipt("main", "SKU-2", 3, "DN-7"))
        assert receipts.more_of(done) == ["SKU-1", "SKU-2"]
        assert [(one.sku, one.on_hand, one.allocated) for one in stock_receipts.shelves(tx, builders.shop(tx))] == [
            ("SKU-1", 15, 4), ("SKU-2", 3, 0),
        ]
        assert [(row["kind"], row["quantity"], row["cause"]) for row in builders.rows_of(tx, stock_movement)] == [
            ("received", 5, "DN-7 (shop key …test)"), ("received", 3, "DN-7 (shop key …test)"),
        ]


def test_refuses_to_take_away_what_is_promised(engine: Engine) -> None:
    with engine.begin() as tx:
        builders.stock(tx, "SKU-1", 10, 4)
        done = receive(tx, Receipt("main", "SKU-1", -7, "breakage"), Receipt("main", "SKU-1", -2, "breakage"))
        assert [one.code for one in done] == ["below-allocated", None]
        assert on_hand(tx) == 8
        assert [(row["kind"], row["quantity"]) for row in builders.rows_of(tx, stock_movement)] == [("adjusted", -2)]


def test_a_stock_take_writes_the_difference_only(engine: Engine) -> None:
    with engine.begin() as tx:
        builders.stock(tx, "SKU-1", 10)
        builders.stock(tx, "SKU-2", 4)
        counts = [Count("main", "SKU-1", 12, "count"), Count("main", "SKU-2", 4, "count")]
        done = receipts.load(tx, counts, shop_id=builders.shop(tx), by="office", now=NOW)
        assert ([one.change for one in done], receipts.more_of(done)) == ([2, 0], ["SKU-1"])
        assert len(builders.rows_of(tx, stock_movement)) == 1


def test_services_and_other_shops_places_are_not_stocked(engine: Engine) -> None:
    with engine.begin() as tx:
        builders.location(tx)
        builders.product(tx, "VISIT", kind="service")
        builders.product(tx, "SKU-1", builders.shop(tx, "other"))
        assert receive(tx, Receipt("main", "VISIT", 1, "DN"))[0].code == "unknown-product"
        assert receive(tx, Receipt("main", "SKU-1", 1, "DN"), code="other")[0].code == "unknown-location"
        assert stock_receipts.shelves(tx, builders.shop(tx)) == []


def test_receipts_at_once_add_up(engine: Engine) -> None:
    skus = [f"SKU-{number}" for number in range(8)]
    with engine.begin() as tx:
        builders.location(tx)
        for sku in skus:
            builders.product(tx, sku)
    errors: list[BaseException] = []

    def work(some: list[str]) -> None:
        try:
            for _ in range(5):
                with engine.begin() as tx:
                    receive(tx, *(Receipt("main", sku, 2, "DN") for sku in some))
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(some,)) for some in (skus, skus[::-1], skus[4:] + skus[:4])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    with engine.begin() as tx:
        assert {one.on_hand for one in stock_receipts.shelves(tx, builders.shop(tx))} == {30}
