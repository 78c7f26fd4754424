"""
How long one order takes from the door to the warehouse's pick list, beside the two Celery chains: on an idle machine, and with a large
import running in its own lane.

The time runs from just before the order is taken down until the commit that released it; orders come one after the other.
"""

import time
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from statistics import median, quantiles

from sqlalchemy import Connection, text

from benchmarks import contenders
from benchmarks.contenders import Contender
from benchmarks.doors import Door
from benchmarks.ground import Ground, ground
from benchmarks.measured import TooSlow

ORDERS, WARM_UP, ROUNDS = 150, 20, 5
PAUSE = 0.02
"""Seconds between two orders, and between two looks at one."""
LONGEST = 60.0

_RELEASED = text("""SELECT pg_xact_commit_timestamp(j.xmin) FROM orders o JOIN journal j ON j.order_id = o.id
    WHERE o.reference = :reference AND o.shop_id = :shop AND j.what = 'fulfillment.released'""")

_IMPORTED = text("SELECT count(*) FROM orders WHERE lane = 'bulk' AND state = 'promised'")


PEERS = [contenders.celery_in_lanes(contenders.ORM), contenders.celery_in_lanes(contenders.TUNED)]


def measure(orders: int | None = None) -> dict[str, float]:
    """p50 and p99 in ms of all sides, and orderpipe's as a multiple of each chain's: idle, beside an import, median of five rounds."""
    own = contenders.orderpipe()
    with ground() as here:
        return _compare(here, [own, *PEERS], orders or ORDERS, "latency") | _compare(
            here, [contenders.with_import(one) for one in (own, *PEERS)], orders or ORDERS, "latency_bulk"
        )


def _compare(here: Ground, sides: Sequence[Contender], orders: int, what: str) -> dict[str, float]:
    found: list[list[tuple[float, float]]] = [[] for _ in sides]
    for place in range(ROUNDS):
        # by turns, so that whatever else the machine does meets all
        for side, rounds in zip(sides, found, strict=True):
            rounds.append(_percentiles(times(here, side, orders, f"{side.name}_{place}")))
    figures: dict[str, float] = {}
    for at, name in enumerate(("p50", "p99")):
        ours, *theirs = [[one[at] for one in rounds] for rounds in found]
        figures[f"{what}_{name}_ms"] = round(median(ours), 1)
        for peer, rounds in zip(PEERS, theirs, strict=True):
            figures[f"{what}_{name}_{peer.name}_ms"] = round(median(rounds), 1)
            figures[f"{what}_{name}_vs_{peer.name}"] = round(median(a / b for a, b in zip(ours, rounds, strict=True)), 2)
    print(f"{what}: " + ", ".join(f"{name.removeprefix(what + '_')} {figure}" for name, figure in figures.items()), flush=True)
    return figures


def times(here: Ground, contender: Contender, orders: int, name: str) -> list[float]:
    """The seconds of each order of one run."""
    with here.side(name, contender.programs) as side, closing(contender.door(side)) as door, side.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT")
        for number in range(WARM_UP):
            _time(connection, door, side.shop_id, f"warm-up-{number}")
        begun, imported = time.perf_counter(), connection.execute(_IMPORTED).scalar_one()
        seconds = [_time(connection, door, side.shop_id, f"timed-{number}") for number in range(orders)]
        if beside := connection.execute(_IMPORTED).scalar_one() - imported:
            print(f"  {name}: {beside / (time.perf_counter() - begun):,.0f} orders/s of the import promised beside", flush=True)
        return seconds


def _time(connection: Connection, door: Door, shop_id: int, name: str) -> float:
    begun = time.time()
    door.take([0], name)
    while time.time() - begun < LONGEST:
        time.sleep(PAUSE)
        released: datetime | None = connection.execute(_RELEASED, {"reference": f"{name}-0", "shop": shop_id}).scalar()
        if released is not None:
            return released.timestamp() - begun
    raise TooSlow(f"An order was not released within {LONGEST:.0f} s.")


def _percentiles(seconds: Sequence[float]) -> tuple[float, float]:
    """The 50th and the 99th, in ms."""
    cut = quantiles(seconds, n=100, method="inclusive")
    return cut[49] * 1000, cut[98] * 1000
