"""
The weekly improvement letter: the three largest causes with their trend, once for each shop and week, on Monday morning.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text

from orderpipe.domain.improvement import next_letter
from orderpipe.domain.reports import zone_of
from orderpipe.sideflows import improvement
from orderpipe.store import improvement_letters, shops
from orderpipe.store.metadata import Tx
from orderpipe.store.notifications import notification
from tests import builders
from tests.store.report_book import ZONES, Case, Happened, Order, Question, write

OFFICE = "office@orderpipe.example"
MONDAY = datetime(2026, 6, 1, 7, 30, tzinfo=UTC)
LAST_WEEK = MONDAY - timedelta(days=4)
WEEK = timedelta(weeks=1)


@pytest.fixture
def tx(engine: Engine) -> Iterator[Tx]:
    with engine.begin() as tx:
        for shop, zone in ZONES.items():
            builders.shop(tx, shop, time_zone=zone)
        improvement.write_letters(tx, office=OFFICE, now=MONDAY - WEEK + timedelta(days=1))
        yield tx


def letters(tx: Tx) -> list[dict[str, Any]]:
    return [{"order": row["order_id"], **row["facts"]} for row in builders.rows_of(tx, notification, kind="office-improvement")]


def breached(at: datetime, count: int = 1, **order: Any) -> list[Order]:
    note = {"stage": "picked", "waiting_for": "pack-scans"}
    return [Order(at, journal=[Happened(at, "target.breached", note)] * 2, **order) for _ in range(count)]


def test_names_the_three_that_cost_most_orders_and_their_trend(tx: Tx):
    book = [
        *breached(LAST_WEEK, 4), *(one for weeks in range(1, 5) for one in breached(LAST_WEEK - weeks * WEEK, 2)),
        *(Order(LAST_WEEK, cases=[Case(LAST_WEEK, "damaged")]) for _ in range(3)), Order(LAST_WEEK, cases=[Case(LAST_WEEK, "late")]),
        *(Order(LAST_WEEK, questions=[Question(LAST_WEEK, rules=("address-new",))]) for _ in range(2)),
        Order(LAST_WEEK, "canceled", ended_at=LAST_WEEK, journal=[Happened(LAST_WEEK, "order.canceled", {"reason": "inventory"})]),
    ]
    write(tx, book)
    assert improvement.write_letters(tx, office=OFFICE, now=MONDAY) == 2  # it is not Monday morning in the west yet
    (letter,) = letters(tx)
    assert (letter["order"], letter["first"], letter["last"]) == (book[3].id, "2026-05-25", "2026-05-31")
    assert [(one["kind"], one["what"], one["orders"], one["usual"], one["trend"]) for one in letter["causes"]] == [
        ("breach", "picked", 4, "2", "more"), ("case", "damaged", 3, "0", "new"), ("question", "address-new", 2, "0", "new"),
    ]


def test_is_written_once_however_often_and_late_the_job_runs(tx: Tx):
    write(tx, breached(LAST_WEEK))
    assert improvement.write_letters(tx, office=OFFICE, now=MONDAY - timedelta(hours=1)) == 1  # far's Monday began before
    for hours in (0, 0, 1, 30):
        improvement.write_letters(tx, office=OFFICE, now=MONDAY + timedelta(hours=hours))
    assert len(letters(tx)) == 1
    tx.execute(text("UPDATE improvement_letter SET next_at = :now"), {"now": MONDAY})
    assert improvement.write_letters(tx, office=OFFICE, now=MONDAY + timedelta(hours=31)) == 3
    assert len(letters(tx)) == 1
    assert improvement.write_letters(tx, office=OFFICE, now=MONDAY + WEEK) == 2
    assert len(letters(tx)) == 1  # nothing went wrong since


def test_counts_the_week_of_the_place_where_the_shop_is(tx: Tx):
    begins = next_letter(MONDAY - WEEK, zone_of(ZONES["far"])) - WEEK - timedelta(hours=7)
    write(tx, [*breached(begins, shop="far"), *breached(begins - timedelta(seconds=1), 4, shop="far")])
    improvement.write_letters(tx, office=OFFICE, now=MONDAY)
    ((cause,),) = (one["causes"] for one in letters(tx))
    assert (cause["orders"], cause["usual"]) == (1, "1")


def test_a_shop_that_wants_none_gets_none_until_it_does(tx: Tx):
    write(tx, breached(LAST_WEEK))
    demo = shops.shop_by_code(tx, "demo")
    assert demo
    improvement.want(tx, demo, MONDAY - WEEK, wanted=False)
    improvement.write_letters(tx, office=OFFICE, now=MONDAY)
    assert letters(tx) == []
    assert improvement_letters.next_of(tx, demo.id) == (True, None)
    improvement.want(tx, demo, MONDAY - timedelta(hours=3), wanted=True)
    improvement.write_letters(tx, office=OFFICE, now=MONDAY)
    assert len(letters(tx)) == 1


def test_goes_to_the_office_in_the_shops_language(tx: Tx):
    tx.execute(text("UPDATE shop SET language = 'zh', office_email = 'bu@shop.example' WHERE code = 'demo'"))
    write(tx, breached(LAST_WEEK))
    improvement.write_letters(tx, office=OFFICE, now=MONDAY)
    (row,) = builders.rows_of(tx, notification, kind="office-improvement")
    assert (row["audience"], row["recipient"], row["language"], row["channel"]) == ("office", "bu@shop.example", "zh", "email")
