"""
Orders per second from the door to the thank-you letter, through every stage, with durable commits and every letter rendered.

One run measures orderpipe, its peers that take one order a message, and the floor, each on a fresh database of the same server.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager

from sqlalchemy import text

from benchmarks import contenders, floor, ledger
from benchmarks.contenders import Contender
from benchmarks.facts import Facts
from benchmarks.ground import Ground, Side, ground
from benchmarks.measured import Measured, TooSlow, Watch, check
from orderpipe.store.database import Database

ORDERS, PEER_ORDERS = 10_000, 400
WARM_UP, PEER_WARM_UP = 500, 100
LONGEST = 300.0
"""Seconds after which a side is given up."""

_LEFT = text("""SELECT EXISTS (SELECT FROM orders WHERE next_at IS NOT NULL)
    OR EXISTS (SELECT FROM notification WHERE next_at IS NOT NULL)""")
"""To count them each time would be a thirtieth of all that is measured."""


def measure(orders: int | None = None) -> dict[str, float]:
    """`pipeline_per_s` and `pipeline_unrendered_per_s`, and the first against each peer, the second against the floor."""
    with ground() as here:
        own = measure_side(here, contenders.orderpipe(), orders or ORDERS, WARM_UP)
        given = measure_side(here, contenders.orderpipe_unrendered(), orders or ORDERS, WARM_UP)
        lowest = floor.measure(here, orders or ORDERS)
        figures = {
            "pipeline_per_s": round(own.per_s), "pipeline_unrendered_per_s": round(given.per_s),
            "pipeline_floor_per_s": round(lowest.per_s), "pipeline_vs_floor": round(given.per_s / lowest.per_s, 2),
        }
        sides = [own, given, lowest]
        for name, ways in PEERS.items():
            best = _best(here, ways, min(orders or PEER_ORDERS, PEER_ORDERS))
            if best is not None:
                sides.append(best)
                figures |= {
                    f"pipeline_{name}_per_s": round(best.per_s, 1), f"pipeline_vs_{name}": round(own.per_s / best.per_s, 1),
                    f"pipeline_processor_vs_{name}": round(best.processor_ms / own.processor_ms, 1),
                }
    _report(sides)
    return figures | {f"pipeline_{name}_per_order": figure for name, figure in _costs(own).items()}


PEERS = {
    "celery": [contenders.celery(*shape) for shape in ((2, 1), (3, 1), (4, 1), (4, 2), (8, 2))],
    "celery_tuned": [contenders.celery_tuned(processes) for processes in (2, 3, 4, 8)],
    "dramatiq": [contenders.dramatiq(*shape) for shape in ((1, 4), (2, 2), (2, 4), (3, 2))],
    "dbos": [contenders.dbos(*shape) for shape in ((1, 8), (1, 16), (2, 8))],
}
"""The ways in which each peer is tried; the best counts."""


def _best(here: Ground, ways: Sequence[Contender], orders: int) -> Measured | None:
    if ways[0].missing:
        print(f"pipeline: skipped: {ways[0].missing}", flush=True)
        return None
    return max((measure_side(here, way, orders, PEER_WARM_UP) for way in ways), key=lambda one: one.per_s)


def measure_side(here: Ground, contender: Contender, orders: int, warm_up: int) -> Measured:
    """Measure one side after a warm-up of so many orders. Raises TooSlow, NotEqual."""
    with here.side(contender.name, contender.programs) as side, run(contender, side) as take:
        take(warm_up, "warm-up")
        with Watch() as watch:
            take(orders, "measured")
        check(side.engine)
    assert side.written is not None
    return watch.measured(contender.name, contender.setting, orders, side.written.per(orders + warm_up))


@contextmanager
def run(contender: Contender, side: Side) -> Iterator[Callable[[int, str], None]]:
    """While warehouse and carrier are at work: a function that takes so many orders to their end."""
    with closing(contender.door(side)) as door, Facts(side.engine, side.shop_id, wake=door.wake):
        def take(orders: int, prefix: str) -> None:
            door.take(range(orders), prefix)
            _wait(side.engine)

        yield take


def _wait(engine: Database) -> None:
    """Until every order has ended and every letter is sent. Raises TooSlow."""
    begun = time.perf_counter()
    while time.perf_counter() - begun < LONGEST:
        with engine.connect() as tx:
            if not tx.execute(_LEFT).scalar_one():
                return
        time.sleep(0.1)
    raise TooSlow(f"Orders or letters were not done after {LONGEST:.0f} s.")


def _report(sides: Sequence[Measured]) -> None:
    own = sides[0].written
    print("pipeline: what each side took for an order", flush=True)
    for side in sides:
        print(side, flush=True)
        if unlike := ledger.difference(own, side.written):
            print(f"  {'':>20}  other rows than orderpipe's: {unlike}", flush=True)


def _costs(one: Measured) -> dict[str, float]:
    return {
        "rows": round(one.written.rows, 1), "updates": round(one.written.updates, 1), "commits": round(one.written.commits, 3),
        "wal_bytes": round(one.written.wal), "processor_ms": round(one.processor_ms, 2),
    }
