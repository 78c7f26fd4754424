"""
The ground on which every side is measured: one durable PostgreSQL and one Redis, a fresh database for each side, one side at a time.

Everything listens on the loopback address, on free ports, and ends with the block.
"""

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import redis
from sqlalchemy import text

from benchmarks import ledger
from benchmarks.bench_shop import open_shop
from benchmarks.ledger import Ledger
from orderpipe.local.child import Child, Program, stop_all
from orderpipe.local.ports import free_port
from orderpipe.local.postgres import Postgres
from orderpipe.local.processes import Place
from orderpipe.local.redis import Redis
from orderpipe.settings import settings
from orderpipe.store import database, migrations_runner
from orderpipe.store.database import Database

TEMPLATE = "template_of_sides"
Programs = Callable[[Place], Sequence[Program]]


@dataclass(slots=True)
class Side:
    """One side while it is measured: its database with the shop in it. When its block is over, `written` says what it wrote."""

    engine: Database
    shop_id: int
    place: Place
    written: Ledger | None = None

    @property
    def database_url(self) -> str:
        """The side's database for libpq."""
        return self.place.environment["ORDERPIPE_DATABASE_URL"].replace("+psycopg", "")


class Ground:
    """The two servers. `side` gives one contender a database, a broker and its processes for as long as the block lasts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._postgres = Postgres(folder / "postgres", port=free_port())
        self._redis = Redis(folder / "redis", port=free_port())
        # when each transaction was committed is kept, so that an order's time ends with the commit and nobody has to watch for it
        program = self._postgres.program()
        with (folder / "postgres" / "postgresql.conf").open("a") as settings_of_server:
            settings_of_server.write("track_commit_timestamp = on\n")
        self._servers = [Child(one, folder / f"{one.name}.log") for one in (program, self._redis.program())]

    def start(self) -> None:
        """Start both servers and make the migrated database that every side gets a copy of."""
        for server in self._servers:
            server.start()
        for server in self._servers:
            server.wait_until_ready()
        self._postgres.create_database(TEMPLATE)
        migrations_runner.upgrade(self._postgres.url(TEMPLATE))

    def stop(self) -> None:
        """End both servers."""
        stop_all(self._servers)

    @contextmanager
    def side(self, name: str, programs: Programs) -> Iterator[Side]:
        """A fresh database and an empty broker with these processes; when the block is over, all of it is gone."""
        self._postgres.create_database(name, template=TEMPLATE)
        place = Place(_made(self._folder / name), {"api": 0, "flower": 0}, self._environment(name))
        engine = database.connect.__wrapped__(self._postgres.url(name), pool_size=5)
        try:
            with engine.begin() as tx:
                side = Side(engine, open_shop(tx), place)
            before = self._ledger(engine)
            with _belonging_to(place), self._running(place, programs):
                yield side
            side.written = self._ledger(engine) - before
        finally:
            engine.dispose()
            self._postgres.drop_database(name)  # or it would be vacuumed while the next side is measured

    @contextmanager
    def _running(self, place: Place, programs: Programs) -> Iterator[None]:
        children = [Child(program, place.folder / f"{program.name}.log") for program in programs(place)]
        try:
            for child in children:
                child.start()
            for child in children:
                child.wait_until_ready()
            yield
        finally:
            stop_all(children)

    def _ledger(self, engine: Database) -> Ledger:
        """What stands in the server's statistics, with every connection but ours closed so that nothing is still to be counted."""
        engine.dispose()
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("CHECKPOINT"))
            return ledger.read(connection)

    def _environment(self, name: str) -> dict[str, str]:
        with redis.Redis.from_url(self._redis.url()) as client:
            client.flushall()
        return {
            "ORDERPIPE_DATA": str(self._folder / name), "ORDERPIPE_DATABASE_URL": self._postgres.url(name),
            "ORDERPIPE_BROKER_URL": self._redis.url(), "ORDERPIPE_SMTP_URL": "null:", "ORDERPIPE_SMS_URL": "null:",
        }


@contextmanager
def ground() -> Iterator[Ground]:
    """Private servers in a folder that is removed in the end."""
    with tempfile.TemporaryDirectory(prefix="orderpipe-bench-", ignore_cleanup_errors=True) as folder:
        made = Ground(Path(folder))
        try:
            made.start()
            yield made
        finally:
            made.stop()


def point_at(app: Any, url: str) -> None:
    """Let this process's app send to that broker."""
    if app.conf.broker_url != url:
        app.conf.update(broker_url=url)
        app._after_fork()  # forgets the pools of connections to the broker before; Celery has no public way


@contextmanager
def _belonging_to(place: Place) -> Iterator[None]:
    """Let this process, which stands at the door, belong to the side as well, as long as the block lasts."""
    before = dict(os.environ)
    os.environ.update(place.environment)
    settings.cache_clear()
    try:
        from orderpipe import broker

        point_at(broker.app, settings().broker_url)
        yield
    finally:
        for name in place.environment.keys() - before.keys():
            del os.environ[name]
        os.environ.update(before)
        settings.cache_clear()


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder
