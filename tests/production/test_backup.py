"""
The backups of docs/production.md, taken and restored by the commands that stand there, while orders flow.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from redis import Redis
from sqlalchemy import text

from orderpipe.local.child import stop_all
from orderpipe.local.ports import LOOPBACK
from orderpipe.local.postgres import PASSWORD_FILE, USER, Postgres, server_account
from orderpipe.local.postgres_binaries import binaries
from orderpipe.sideflows import sealing
from orderpipe.store import database
from orderpipe.store.seal_file import SealFile
from orderpipe.store.seals import SETTLED
from tests.documents import Document
from tests.faults.harness import Plant
from tests.needs import REPOSITORY
from tests.production.compose import services
from tests.servers import Server

PAGE = Document.of(REPOSITORY / "docs/production.md")
SMALLER = {"shared_buffers", "effective_cache_size"}


def commands(heading: str) -> str:
    """The shell block under this heading of the page."""
    _, found, rest = PAGE.text.partition(f"\n### {heading}\n")
    assert found, heading
    return Document(PAGE.path, rest).blocks("sh")[0]


class Site:
    """A plant whose PostgreSQL runs with the settings of docker-compose.yml, and somebody who looks after its backups."""

    def __init__(self, folder: Path) -> None:
        self.plant = Plant(folder)
        self.folder = folder / "pg"
        self.account = server_account(self.folder / "postgres")
        for name in ("archive", "backups", "restored"):
            self._give_away(self.folder / name)
        (folder / "seals").mkdir()
        self._configure(self.plant.postgres, self.plant.postgres.admin)
        self.plant.postgres.stop()
        self.plant.postgres.start()
        self.plant.engine.dispose()

    def _give_away(self, folder: Path) -> None:
        folder.mkdir(mode=0o700)
        if self.account:
            os.chown(folder, self.account.uid, self.account.gid)

    def _configure(self, server: Server, admin: Postgres) -> None:
        asked = [word.removeprefix("-c").replace("/archive", f"{self.folder}/archive") for word in services()["postgres"].command[1:]]
        options = [word for one in asked if one.partition("=")[0] not in SMALLER for word in ("-c", one)]
        program = admin.program()
        server.child.program = replace(program, command=(*program.command, *options))

    def run(self, heading: str, **given: str) -> None:
        """Run the commands of the page as the database's owner."""
        password = (self.folder / "postgres" / PASSWORD_FILE).read_text().strip()
        found = f"{binaries(self.account)}{os.pathsep}{os.environ['PATH']}"
        server = {"PGHOST": LOOPBACK, "PGPORT": str(self.plant.postgres.admin.port), "PGUSER": USER, "PGPASSWORD": password}
        folders = {"BACKUPS": f"{self.folder}/backups", "ARCHIVE": f"{self.folder}/archive", "PGDATA": f"{self.folder}/restored"}
        outcome = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", commands(heading)], cwd="/", capture_output=True, text=True, check=False,
            env={"PATH": found, "PGDATABASE": "orderpipe", "LC_ALL": "C", **server, **folders, **given},
            user=self.account.uid if self.account and "SEALS" not in given else None,
        )
        assert outcome.returncode == 0, outcome.stderr

    def seal(self) -> None:
        """Seal what is older than two seconds, as it will be sealed in ten minutes."""
        with self.plant.engine.begin() as tx:
            now = datetime.now(UTC) + SETTLED - timedelta(seconds=2)
            assert sealing.seal_next(tx, SealFile(self.plant.folder / "seals"), now)

    def stop_product(self) -> None:
        stop_all(list(self.plant.processes.values()))

    def restore_instant(self, instant: str) -> Server:
        """The server on the restored folder, at the old address."""
        self.plant.postgres.stop()
        self._connect("orderpipe")
        self.run("Restore an instant", INSTANT=instant)
        admin = Postgres(self.folder / "restored", port=self.plant.postgres.admin.port)
        server = Server(admin.program(), self.plant.folder)
        self._configure(server, admin)
        server.start()
        self.plant.wait_until(lambda: not self.plant.value("SELECT pg_is_in_recovery()"), 60, "the instant was reached")
        return server

    def go_on_with(self, name: str) -> None:
        """After a restore: what the page says, the judges' word, an empty broker, and the workers again."""
        self.run("After a restore", RESTORED=name, SEALS=str(self.plant.folder / "seals"))
        self._connect(name)
        for words in (("check",), ("audit", "verify")):
            self._orderpipe(*words)
        with Redis.from_url(self.plant.environment["ORDERPIPE_BROKER_URL"]) as client:
            client.flushall()
        self.plant.open()
        self.plant.settle()
        self._orderpipe("check")

    def _connect(self, name: str) -> None:
        """From now on everybody speaks to this database over the network, where the restored server listens as the old one did."""
        password = (self.folder / "postgres" / PASSWORD_FILE).read_text().strip()
        url = f"postgresql+psycopg://{USER}:{password}@{LOOPBACK}:{self.plant.postgres.admin.port}/{name}"
        self.plant.engine.dispose()
        self.plant.engine = database.connect.__wrapped__(url, pool_size=8)
        self.plant.environment["ORDERPIPE_DATABASE_URL"] = url

    def _orderpipe(self, *words: str) -> None:
        program = Path(sys.executable).with_name("orderpipe")
        said = subprocess.run([program, *words], env=self.plant.environment, capture_output=True, text=True, check=False)
        assert said.returncode == 0, (words, said.stdout, said.stderr)

    def orders(self) -> set[int]:
        with self.plant.engine.begin() as tx:
            return set(tx.execute(text("SELECT id FROM orders")).scalars())


@pytest.fixture
def site() -> Iterator[Site]:
    """A site in a folder that the database's owner can reach."""
    folder = Path(tempfile.mkdtemp(prefix="orderpipe-backup-"))
    folder.chmod(0o711)
    with ExitStack() as left:
        left.callback(shutil.rmtree, folder, ignore_errors=True)
        site = Site(folder / "site")
        left.callback(lambda: site.plant.close())
        site.plant.stock()
        site.plant.open()
        yield site


@pytest.mark.timeout(400)
def test_a_dump_taken_while_orders_flow_goes_on_as_it_was(site: Site) -> None:
    site.plant.feed(60)
    site.plant.wait_until(lambda: site.plant.ended() > 0)
    site.seal()
    site.run("Take a dump")
    at_least = site.orders()
    site.plant.feed(10)
    site.seal()
    site.stop_product()
    site.run("Restore a dump")
    site.go_on_with("orderpipe_restored")
    assert site.orders() == at_least


@pytest.mark.timeout(400)
def test_an_instant_is_restored_to_exactly_what_it_was(site: Site) -> None:
    site.plant.feed(20)
    site.run("Take a base backup")
    site.plant.feed(30)
    site.seal()
    until_then = site.orders()
    instant = site.plant.value("SELECT clock_timestamp()::text")
    lost = set(site.plant.feed(20))
    site.seal()
    site.plant.wait_until(lambda: site.plant.ended() > 0)
    site.stop_product()
    with site.plant.engine.begin() as tx:
        tx.execute(text("TRUNCATE orders CASCADE"))
    server = site.restore_instant(instant)
    try:
        site.go_on_with("orderpipe")
        assert site.orders() == until_then
        new = site.plant.feed(5)
        assert min(new) > max(lost), "a number that was given away is given again"
        site.plant.settle()
    finally:
        stop_all(list(site.plant.processes.values()))
        server.stop()
