"""
Every side of the benchmark does the whole work: its orders are completed, the books are in order, and the rows are the same.
"""

from collections.abc import Iterator

import pytest

from benchmarks import contenders, floor, latency, ledger, pipeline
from benchmarks.contenders import Contender
from benchmarks.ground import Ground, ground, point_at
from benchmarks.ledger import Ledger
from benchmarks.measured import TooSlow
from orderpipe import broker

FEW = 8


@pytest.fixture(scope="module")
def here() -> Iterator[Ground]:
    """The servers of the benchmark."""
    before = broker.app.conf.broker_url
    with ground() as made:
        yield made
    point_at(broker.app, before)


@pytest.fixture(scope="module")
def own(here: Ground) -> Ledger:
    """What orderpipe writes for an order."""
    return pipeline.measure_side(here, contenders.orderpipe(), FEW, 0).written


@pytest.mark.parametrize("contender", [
    contenders.orderpipe_unrendered(), contenders.celery(2), contenders.celery_tuned(2), contenders.dramatiq(1, 2),
    contenders.dbos(1, 4),
], ids=lambda contender: contender.name)
def test_a_side_leaves_the_rows_that_orderpipe_leaves(here: Ground, own: Ledger, contender: Contender):
    if contender.missing:
        pytest.skip(contender.missing)
    assert ledger.difference(own, pipeline.measure_side(here, contender, FEW, 0).written) == ""


def test_the_floor_leaves_the_rows_that_orderpipe_leaves(here: Ground, own: Ledger):
    assert ledger.difference(own, floor.measure(here, 600).written) == ""


def test_a_difference_is_told_by_table():
    tables = {"scan": ledger.Written(rows=4), "customer": ledger.Written(rows=1)}
    others = {"scan": ledger.Written(rows=2), "parcel": ledger.Written(rows=1)}
    assert ledger.difference(Ledger(tables, 0, 0), Ledger(others, 0, 0)) == "parcel 0 and 1, scan 4 and 2"


def test_a_side_whose_orders_are_not_done_is_not_measured(here: Ground, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(pipeline, "LONGEST", 0.5)
    idle = Contender("idle", "nobody works", lambda _: (), contenders.tuned_door)
    with (
        pytest.raises(TooSlow, match="Orders or letters were not done"), here.side(idle.name, idle.programs) as side,
        pipeline.run(idle, side) as take,
    ):
        take(FEW, "left")


@pytest.mark.parametrize("contender", [contenders.orderpipe(), *latency.PEERS], ids=lambda contender: contender.name)
def test_an_order_is_timed_up_to_its_release_while_an_import_runs(here: Ground, monkeypatch: pytest.MonkeyPatch, contender: Contender):
    monkeypatch.setattr(latency, "WARM_UP", 1)
    seconds = latency.times(here, contenders.with_import(contender), 3, f"{contender.name}_timed")
    assert len(seconds) == 3
    assert all(0 < one < latency.LONGEST for one in seconds)
