"""
What a side costs the database: rows and row versions by table, commits, and bytes of WAL, as PostgreSQL itself counts them.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

import psutil
from sqlalchemy import Connection, text

from orderpipe.store.metadata import metadata

OURS = frozenset({"outlook", "watch"})
"""When each promise and each target is looked at again: notes for orderpipe's clock, of no use to a chain that looks at none."""
SHARED = OURS | {
    "customer", "job_clock", "clock_rules", "link_key", "article_memory", "customer_memory", "memory_progress", "memory_waiting",
}
"""Tables whose rows do not grow with the orders (some a customer, some an article, one a job, one for all), or are ours alone."""

_TABLES = text("""SELECT relname, n_tup_ins, n_tup_del, n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables""")
_TOTALS = text("""SELECT (SELECT sum(xact_commit) FROM pg_stat_database) AS commits, pg_current_wal_lsn() - '0/0' AS wal""")


@dataclass(frozen=True, slots=True)
class Written:
    """What happened to one table: rows that stayed, and updates, of them those that touched no index."""

    rows: float = 0
    updates: float = 0
    hot: float = 0


@dataclass(frozen=True, slots=True)
class Ledger:
    """The server's counters, or what was added to them between two readings. `wal` in bytes."""

    tables: Mapping[str, Written]
    commits: float
    wal: float

    def __sub__(self, before: "Ledger") -> "Ledger":
        tables = {name: _minus(one, before.tables.get(name, Written())) for name, one in self.tables.items()}
        return Ledger(tables, self.commits - before.commits, self.wal - before.wal)

    def per(self, orders: int) -> "Ledger":
        """The same for one order."""
        tables = {name: Written(one.rows / orders, one.updates / orders, one.hot / orders) for name, one in self.tables.items()}
        return Ledger(tables, self.commits / orders, self.wal / orders)

    @property
    def rows(self) -> float:
        """Rows in all tables of orderpipe."""
        return sum(one.rows for one in self.tables.values())

    @property
    def updates(self) -> float:
        """Row versions that replaced another."""
        return sum(one.updates for one in self.tables.values())

    @property
    def hot(self) -> float:
        """Of the updates, those that touched no index."""
        return sum(one.hot for one in self.tables.values())

    def by_table(self) -> dict[str, float]:
        """Rows that each order adds to each table, without what orders share."""
        return {name: one.rows for name, one in sorted(self.tables.items()) if one.rows and name not in SHARED}

    def __str__(self) -> str:
        return (
            f"{self.rows:.1f} rows, {self.updates:.1f} updates ({self.hot:.1f} HOT), {self.commits:.2f} commits,"
            f" {self.wal:,.0f} bytes of WAL"
        )


def read(connection: Connection) -> Ledger:
    """The counters as they stand."""
    # what ended a moment ago may not have told yet, and a transaction sees one state of the statistics
    connection.execute(text("SELECT pg_stat_clear_snapshot()"))
    ours = set(metadata.tables)
    tables = {
        row.relname: Written(row.n_tup_ins - row.n_tup_del, row.n_tup_upd, row.n_tup_hot_upd)
        for row in connection.execute(_TABLES) if row.relname in ours
    }
    totals = connection.execute(_TOTALS).one()
    return Ledger(tables, float(totals.commits), float(totals.wal))


def processor_seconds() -> float:
    """How long this process, the servers and whatever else it started have kept the processors busy."""
    spent, here = 0.0, psutil.Process()
    for one in (here, *here.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            times = one.cpu_times()
            spent += times.user + times.system + times.children_user + times.children_system
    return spent


def difference(ours: Ledger, theirs: Ledger) -> str:
    """Where the rows an order leaves differ, in words; "" where they do not."""
    mine, other = ours.by_table(), theirs.by_table()
    lines = [
        f"{name} {mine.get(name, 0):.3g} and {other.get(name, 0):.3g}" for name in sorted(mine.keys() | other.keys())
        if abs(mine.get(name, 0) - other.get(name, 0)) > 0.005
    ]
    return ", ".join(lines)


def _minus(after: Written, before: Written) -> Written:
    return Written(after.rows - before.rows, after.updates - before.updates, after.hot - before.hot)
