"""
Orders per second that the door takes down one request at a time, on 64 connections kept open, each answered once it is committed.

Compared with the same app when every request is a transaction of its own. Both doors stand on one database and take turns; the
stages do not run meanwhile.
"""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from statistics import median

from benchmarks.bench_shop import open_shop
from benchmarks.load import Load
from benchmarks.stack import running_stack
from orderpipe.local.child import Program
from orderpipe.local.ports import accepts_connections, free_port
from orderpipe.local.processes import Place, product
from orderpipe.store.shops import Role, create_key

ORDERS = 10_000
"""Orders of one turn of our door; the other one's turn has a quarter of them, so that both take about as long."""
ROUNDS = 5
OURS, SINGLE = "orderpipe.site:create_site", "benchmarks.single_door:create"


class NotTaken(Exception):
    """The door answered an order with something other than 201, so its figures mean nothing."""


def measure(orders: int | None = None) -> dict[str, float]:
    """`post_per_s` and its latencies, the same for single transactions, and the median of the rounds' ratios."""
    most = orders or ORDERS
    doors = {OURS: free_port(), SINGLE: free_port()}
    with running_stack(partial(_doors, ports=doors)) as engine:
        with engine.begin() as tx:
            key = create_key(tx, open_shop(tx), Role.SHOP)
        for factory, port in doors.items():
            _turn(port, key, most // 10, f"warm-up-{factory}")
        rounds = [_round(doors, key, most, number) for number in range(ROUNDS)]
    return _figures("post", [ours for ours, _ in rounds]) | _figures("post_single", [single for _, single in rounds]) | {
        "post_vs_single": round(median(ours.per_second / single.per_second for ours, single in rounds), 2),
    }


def _round(doors: Mapping[str, int], key: str, most: int, number: int) -> tuple[Load, Load]:
    ours = _turn(doors[OURS], key, most, f"group-{number}")
    single = _turn(doors[SINGLE], key, most // 4, f"single-{number}")
    print(f"  {ours} committed together; {single} committed singly", flush=True)
    return ours, single


def _doors(place: Place, *, ports: Mapping[str, int]) -> list[Program]:
    """The HTTP door exactly as `orderpipe up` starts it, once for each app."""
    api = next(program for program in product(place) if program.name == "api")
    own = str(place.ports["api"])
    return [
        replace(
            api, name=f"api-{port}", is_ready=partial(accepts_connections, port),
            command=tuple({OURS: factory, own: str(port)}.get(word, word) for word in api.command),
        )
        for factory, port in ports.items()
    ]


def _turn(port: int, key: str, orders: int, prefix: str) -> Load:
    words = ("--port", str(port), "--key", key, "--orders", str(orders), "--prefix", prefix)
    run = subprocess.run([sys.executable, "-m", "benchmarks.load", *words], stdout=subprocess.PIPE, check=True, timeout=600)
    load = Load(**json.loads(run.stdout))
    if load.taken != orders:
        raise NotTaken(f"Of {orders} orders, by the status of the answer: {load.statuses}.")
    return load


def _figures(name: str, loads: Sequence[Load]) -> dict[str, float]:
    return {
        f"{name}_per_s": round(median(load.per_second for load in loads)),
        f"{name}_p50_ms": round(median(load.p50_ms for load in loads), 1),
        f"{name}_p99_ms": round(median(load.p99_ms for load in loads), 1),
    }
