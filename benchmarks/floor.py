"""
Peer (d), the floor: the same rows and row versions by set-based SQL alone, 500 orders a statement, one commit for each stage of a batch.

Nothing is decided, nothing is rendered, no message is sent and nothing is read back: less work cannot lead to the same books.
"""

import threading
from collections.abc import Sequence

import psycopg

from benchmarks import floor_statements as statements
from benchmarks.ground import Ground, Side
from benchmarks.measured import Measured, Watch, check

BATCH = 500
WARM_UP = 500


def measure(here: Ground, orders: int) -> Measured:
    """The better of one connection and two, which is what two cores can do."""
    return max((_measure(here, orders, connections) for connections in (1, 2)), key=lambda one: one.per_s)


def _measure(here: Ground, orders: int, connections: int) -> Measured:
    with here.side(f"floor_{connections}", lambda _: ()) as side:
        _run(side, range(WARM_UP), "warm-up", connections)
        with Watch() as watch:
            _run(side, range(orders), "measured", connections)
        check(side.engine)
    assert side.written is not None
    return watch.measured("floor", f"{connections} connections", orders, side.written.per(orders + WARM_UP))


def _run(side: Side, numbers: range, prefix: str, connections: int) -> None:
    batches = [numbers[start : start + BATCH] for start in range(0, len(numbers), BATCH)]
    failures: list[BaseException] = []

    def work(ours: Sequence[range]) -> None:
        try:
            _take(side, ours, prefix)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(batches[place::connections],)) for place in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def _take(side: Side, batches: Sequence[range], prefix: str) -> None:
    """Take these batches through everything, one after the other, over a connection of their own."""
    with psycopg.connect(side.database_url, autocommit=True, prepare_threshold=0, options="-c timezone=UTC -c jit=off") as connection:
        for numbers in batches:
            given: dict[str, object] = {"shop": side.shop_id, "first": numbers.start, "last": numbers.stop - 1, "prefix": prefix}
            row = connection.execute(statements.RECORD, given).fetchone()
            given["ids"] = row[0] if row else []
            for transaction in statements.AFTERWARDS:
                with connection.transaction(), connection.pipeline():
                    for statement, of_it in transaction:
                        connection.execute(statement, given | of_it)
