"""
Reports: every figure as one would count it by hand, whatever the orders went through and wherever the shop is.
"""

from collections.abc import Iterator
from datetime import date

import pytest
from sqlalchemy import Engine

from orderpipe.domain.reports import Period
from orderpipe.store.metadata import Tx
from orderpipe.store.reports import judged
from orderpipe.store.reports.asked import Asked
from orderpipe.store.reports.catalogue import make
from tests import builders
from tests.store.report_book import NOW, ZONES, Count, chance_book, write

MAY = Period(date(2026, 5, 4), date(2026, 5, 29))
ALL = Asked(MAY, NOW)


@pytest.fixture
def tx(engine: Engine) -> Iterator[Tx]:
    with engine.begin() as tx:
        for shop, zone in ZONES.items():
            builders.shop(tx, shop, time_zone=zone)
        yield tx


@pytest.mark.parametrize("seed", range(12))
def test_every_figure_is_what_counting_order_by_order_gives(tx: Tx, seed: int):
    book = chance_book(seed)
    write(tx, book)
    count = Count(book, MAY)
    assert make(tx, "on-time", ALL).documents == [count.on_time()]
    assert make(tx, "perfect-order", ALL).documents == [count.perfect()]
    assert make(tx, "late-ship", ALL).documents == [count.late_ship()]
    assert set(make(tx, "cycle-time", ALL).rows) == count.cycle_time()
    assert {(row[0], row[1], *row[3:]) for row in make(tx, "breaches", ALL).rows} == count.breaches()
    assert set(make(tx, "cancellations", ALL).rows) == count.cancellations()
    assert make(tx, "questions", ALL).documents == [count.questions()]
    reasons = {one.order.id: one.reasons for one in count.judged()}
    each = judged.each_order(tx, ALL, failed=False, behind=0, limit=1000).documents
    assert {one["order"]: tuple(sorted(one["reasons"])) for one in each} == reasons
