"""
What an order costs when a million ended orders lie in the books, with all they left there, compared with none.

Two databases on one server take turns, through every stage in one process; a turn ends with the clock's own jobs, which come about
as often as in a busy shop.
"""

import os
import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import psutil
from sqlalchemy import text

from benchmarks import Skipped
from benchmarks.bench_shop import open_shop
from benchmarks.ended import multiply, settle
from benchmarks.one_process import OneProcess
from benchmarks.stack import running_stack
from orderpipe.store import migrations_runner
from orderpipe.store.database import Database, connect

ENDED = 1_000_000
SEED = 1_000
"""Ended orders that went through every stage; the others are copies of them."""
GROUP = 200
ROOM = 40_000
"""Bytes on the disk for one ended order while they are made, the write-ahead log included."""
BATCHES = 10
"""Batches of one turn."""
TURNS = 10
_ENDED_AND_SIZE = "SELECT count(*), pg_database_size(current_database()) / 1024.0 ^ 3 FROM orders WHERE ended_at IS NOT NULL"


@dataclass(frozen=True, slots=True)
class Cost:
    """What one order cost: milliseconds of time, and of processors, ours and those of the database's processes."""

    wall_ms: float
    cpu_ms: float

    def __str__(self) -> str:
        return f"{self.wall_ms:.2f} ms ({self.cpu_ms:.2f} ms of processors)"


def measure(orders: int | None = None) -> dict[str, float]:
    """`growth_1m`: the median ratio of an order's time, and the same for CPU; named after the number of ended orders. Raises Skipped."""
    ended = orders or ENDED
    if shutil.disk_usage(tempfile.gettempdir()).free < ended * ROOM:
        raise Skipped(f"{ended:,} ended orders need {ended * ROOM / 1e9:.0f} GB in {tempfile.gettempdir()}; TMPDIR may name another place.")
    with running_stack(lambda _: []) as engine:
        few, many = _shop_in(engine), _shop_in(_another_database(engine))
        _fill(many, ended)
        batches = BATCHES if ended >= ENDED else 1
        for side in (few, many):
            _turn(side, batches, "warm-up")
            settle(_url(side.engine))
        turns = [_both_turns(few, many, batches, f"turn-{number}") for number in range(TURNS)]
    return _figures("growth_1m" if ended == ENDED else f"growth_{ended}", turns)


def _figures(name: str, turns: Sequence[tuple[Cost, Cost]]) -> dict[str, float]:
    return {
        name: round(median(after.wall_ms / before.wall_ms for before, after in turns), 3),
        f"{name}_cpu": round(median(after.cpu_ms / before.cpu_ms for before, after in turns), 3),
        f"{name}_none_ms": round(median(before.wall_ms for before, _ in turns), 3),
        f"{name}_ms": round(median(after.wall_ms for _, after in turns), 3),
    }


def _both_turns(few: OneProcess, many: OneProcess, batches: int, prefix: str) -> tuple[Cost, Cost]:
    before, after = _turn(few, batches, prefix), _turn(many, batches, prefix)
    print(f"  an order takes {before} with no ended orders, {after} with many", flush=True)
    return before, after


def _turn(side: OneProcess, batches: int, prefix: str) -> Cost:
    begun, busy = time.perf_counter(), _cpu_seconds(side.engine)
    for batch in range(batches):
        side.take_through(range(batch * GROUP, (batch + 1) * GROUP), prefix)
    side.look_after()
    spent, used = time.perf_counter() - begun, _cpu_seconds(side.engine) - busy
    return Cost(spent * 1000 / batches / GROUP, used * 1000 / batches / GROUP)


def _cpu_seconds(engine: Database) -> float:
    """Of this process and the processes behind its connections to this database, which stay open."""
    with engine.connect() as tx:
        behind = tx.execute(text(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend'"
        )).scalars().all()
    return sum(sum(psutil.Process(pid).cpu_times()[:2]) for pid in (os.getpid(), *behind))


def _shop_in(engine: Database) -> OneProcess:
    with engine.begin() as tx:
        return OneProcess(engine, open_shop(tx))


def _another_database(engine: Database) -> Database:
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as tx:
        tx.execute(text("CREATE DATABASE grown TEMPLATE template0"))
    grown = connect(engine.url.set(database="grown").render_as_string(hide_password=False))
    migrations_runner.upgrade(_url(grown))
    return grown


def _fill(side: OneProcess, ended: int) -> None:
    begun, seed = time.perf_counter(), min(SEED, ended)
    for start in range(0, seed, GROUP):
        side.take_through(range(start, min(start + GROUP, seed)), "seed")
    multiply(_url(side.engine), ended // seed - 1)
    with side.engine.connect() as tx:
        there, size = tx.execute(text(_ENDED_AND_SIZE)).one()
    print(f"  {there:,} ended orders, {size:.1f} GiB, after {time.perf_counter() - begun:.0f} s", flush=True)


def _url(engine: Database) -> str:
    return engine.url.render_as_string(hide_password=False)
