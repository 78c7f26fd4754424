"""
A whole orderpipe on servers of its own that can be broken: real Celery workers, beat and HTTP door as processes, a mail server,
and a crew that works outside.

Feed it, break it, let it settle, and ask for the verdict: every order has ended or waits for something named with a next time, no
piece of stock is lost or sold twice, nobody was written to twice, and all rules of the books hold.
"""

import json
import re
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from signal import SIGKILL, SIGTERM
from typing import Any

import psutil
from sqlalchemy import text

from orderpipe.domain.orders import Contact, DraftLine, OrderDraft
from orderpipe.flow import Lane, Queue
from orderpipe.intake.outcomes import Received, Recorded
from orderpipe.intake.record import record
from orderpipe.local.child import Child, Program, stop_all
from orderpipe.local.ports import LOOPBACK, accepts_connections, free_port
from orderpipe.store import database, invariants, migrations_runner, policies
from tests import builders
from tests.faults.post import PostOffice
from tests.floor import receive_stock
from tests.needs import REPOSITORY
from tests.servers import PostgresServer, RedisServer

LANES = ",".join(lane.queue for lane in Lane)
REST = ",".join((Queue.INTAKE, Queue.NOTIFY, Queue.CARE, Queue.CLOCK))
QUICK = {
    "ORDERPIPE_SWEEP_SECONDS": "1", "ORDERPIPE_LOOK_AGAIN_SECONDS": "3", "ORDERPIPE_LEASE_SECONDS": "25", "PYTHONWARNINGS": "ignore",
}
SKUS = 20
HOME = {"line1": "1 High Street", "city": "London", "postal_code": "N1 1AA", "country": "GB"}

_UNITS = """SELECT '{0}', state, waiting_for, count(*), min(next_at) - now() AS next, max(attempts) AS attempts, min(last_error)
    FROM {0} WHERE ended_at IS NULL GROUP BY 2, 3 ORDER BY 2, 3"""
STANDING = (
    _UNITS.format("orders"), _UNITS.format("fulfillment"),
    "SELECT channel, kind, state, count(*), min(last_error) FROM notification WHERE state <> 'sent' GROUP BY 1, 2, 3",
)
"""What a report shows of the database."""


class Plant:
    """
    `redis` is None where another broker is given by its URL. The database keeps what it has committed when it is killed.
    """

    def __init__(self, folder: Path, *, broker_url: str = "", environment: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self.postgres = PostgresServer(_made(folder / "pg"), port=free_port(), durable=True)
        self.redis = None if broker_url else RedisServer(_made(folder / "redis"), port=free_port())
        self.post = PostOffice()
        self.engine = database.connect.__wrapped__(self.postgres.url(), pool_size=8)
        self.environment = {
            "ORDERPIPE_DATABASE_URL": self.postgres.url(), "ORDERPIPE_BROKER_URL": broker_url or (self.redis.url() if self.redis else ""),
            "ORDERPIPE_SMTP_URL": self.post.url, "ORDERPIPE_DATA": str(folder), **QUICK, **(environment or {}),
        }
        self.processes: dict[str, Child] = {}
        self.orders: list[int] = []
        self.repeats_allowed = False
        """Whether this test kills senders between the mail server's OK and the record: a letter may then come twice, as the same."""
        self.parked: set[int] = set()
        """Orders that a test has broken for good, so that nobody waits for them."""
        self._ordinary: dict[str, Child] = {}
        migrations_runner.upgrade(self.postgres.url())
        with self.engine.begin() as tx:
            policies.ensure_defaults(tx)
            self.shop_id = builders.shop(tx, pause_seconds=0)  # nothing is waited for that is not meant to be
            builders.location(tx, self.shop_id)

    def start(self, name: str, *command: str, **environment: str) -> Child:
        """Start a process of this plant, or start it anew."""
        program = Program(
            name, (sys.executable, "-m", *command), {**self.environment, **environment}, folder=REPOSITORY, stop_with=((SIGTERM, 8.0),)
        )
        child = Child(program, self.folder / f"{name}.log")
        if name in self.processes:
            self.processes[name].stop()
        child.log.unlink(missing_ok=True)
        self.processes[name] = child
        child.start()
        return child

    def worker(self, name: str, queues: str = LANES, processes: int = 2, app: str = "workers.celery_app", **environment: str) -> Child:
        """A Celery worker for these queues."""
        options = ("-n", f"{name}@%h", "-Q", queues, "-c", str(processes), "--without-gossip", "--without-mingle", "-l", "info")
        return self.start(name, "celery", "--quiet", "-A", app, "worker", *options, **environment)

    def beat(self, name: str = "beat") -> Child:
        """A clock."""
        return self.start(name, "celery", "--quiet", "-A", "workers.celery_app", "beat", "-s", str(self.folder / name), "-l", "info")

    def crew(self, *options: str) -> Child:
        """The people outside."""
        return self.start("crew", "tests.faults.crew", *options)

    def rigged(self, name: str, queues: str, *plans: Mapping[str, Any]) -> Child:
        """A worker whose stages fail as planned."""
        folder = self.folder / f"rigged-{time.monotonic_ns()}"
        folder.mkdir()
        told = json.dumps([{"folder": str(folder), **plan} for plan in plans])
        return self.worker(name, queues, app="tests.faults.rigged", RIGGED=told)

    def door(self) -> str:
        """The HTTP door; returns its address."""
        port = free_port()
        listen = ("--host", LOOPBACK, "--port", str(port), "--log-level", "warning")
        self.start("door", "uvicorn", "--factory", "orderpipe.api.app:create_app", *listen)
        self.wait_until(lambda: accepts_connections(port), 60, "the door was open")
        return f"http://{LOOPBACK}:{port}"

    def open(self) -> "Plant":
        """Start what an ordinary plant has: stage workers, the other workers, a clock, the crew."""
        self.worker("stages")
        self.worker("rest", REST, 2)
        self.beat()
        self.crew()
        self._ordinary = dict(self.processes)
        return self

    def restore(self) -> None:
        """Run the ordinary processes again, and no others."""
        for name, child in list(self.processes.items()):
            if name not in self._ordinary:
                child.stop()
                del self.processes[name]
            elif child is not self._ordinary[name] or not child.is_running():
                child.stop()
                self.processes[name] = self._ordinary[name]
                self._ordinary[name].start()

    def stock(self, pieces: int = 100_000) -> None:
        """Goods of every SKU arrive."""
        with self.engine.begin() as tx:
            for number in range(SKUS):
                builders.product(tx, f"S{number}", self.shop_id, price=2)
                receive_stock(tx, builders.location(tx, self.shop_id), f"S{number}", pieces, now=datetime.now(UTC))

    def draft(self, number: int, *, plain: bool = False) -> OrderDraft:
        """The nth order: most are plain (if asked, all of them), some doubtful, whole, express or bulk."""
        lines = tuple(DraftLine(f"S{(number * 7 + nth) % SKUS}", 1 + number % 3) for nth in range(1 + number % 3))
        kinds: dict[int, dict[str, Any]] = {
            3: {"payment_method": ""}, 5: {"type": "express"}, 8: {"backorder_policy": "all-at-once"}, 9: {"type": "bulk"},
        }
        usual: dict[str, Any] = {"payment_method": "invoice", "type": "standard", "ship_to": HOME}
        customer = Contact(f"Customer {number}", f"c{number}@customers.example")
        return OrderDraft(f"F-{number}", customer, lines, **(usual | ({} if plain else kinds.get(number % 10, {}))))

    def messages(self, name: str) -> int:
        """How many messages a worker was given since its start."""
        return len(re.findall(r"^.*: INFO/MainProcess\] Task \S+ received", self.processes[name].log.read_text(), re.MULTILINE))

    def feed(self, count: int, *, plain: bool = False) -> list[int]:
        """Take so many orders down; the crew hints at them."""
        drafts = [self.draft(len(self.orders) + number, plain=plain) for number in range(1, count + 1)]
        some = [Received(self.shop_id, one.reference.encode(), one) for one in drafts]
        new: list[int] = []

        def taken_down() -> bool:
            with self.engine.begin() as tx:
                outcomes = record(tx, some, datetime.now(UTC))
            new.extend(one.order_id for one in outcomes if isinstance(one, Recorded))
            assert len(new) == count, outcomes
            return True

        self.wait_until(taken_down, 60, "the orders were taken down")
        self.orders += new
        return new

    def value(self, statement: str, **given: Any) -> Any:
        """The one value that a query gives."""
        with self.engine.begin() as tx:
            return tx.execute(text(statement), given).scalar_one()

    def wait_until(self, what: Callable[[], bool], seconds: float = 60, sentence: str = "it happened") -> None:
        """Wait until something is so; a database that is away is not yet so."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                if what():
                    return
            except database.DatabaseError:
                pass
            time.sleep(0.1)
        raise TimeoutError(f"{seconds:.0f} s passed before {sentence}.\n{self.report()}")

    def ended(self) -> int:
        """How many orders have ended."""
        return int(self.value("SELECT count(*) FROM orders WHERE ended_at IS NOT NULL"))

    def settle(self, seconds: float = 120, *, supervised: bool = True) -> None:
        """Wait until all orders but the parked have ended and all letters are out; meanwhile a process that dies is started again."""
        live = "SELECT count(*) FROM orders WHERE ended_at IS NULL AND id <> ALL(:parked)"
        letters = "SELECT count(*) FROM notification WHERE next_at IS NOT NULL AND channel = 'email'"

        def settled() -> bool:
            if supervised:
                self.supervise()
            return not self.value(live, parked=list(self.parked)) and not self.value(letters)

        self.wait_until(settled, seconds, "every order had ended")

    def supervise(self) -> None:
        """Start again what has died, as `orderpipe up` and systemd do."""
        for child in self.processes.values():
            if not child.is_running():
                child.start()

    def wait_until_ready(self, *names: str) -> None:
        """Wait until these workers take messages."""
        self.wait_until(lambda: all(" ready." in self.processes[name].log.read_text() for name in names), 60, "they were ready")

    def verdict(self) -> None:
        """Raise AssertionError with everything that is wrong."""
        wrong = self.findings()
        assert not wrong, "\n".join(wrong) + "\n" + self.report()
        self.post.forget_repeats()
        self.repeats_allowed = False

    def findings(self) -> list[str]:
        """Everything that is wrong, in sentences."""
        with self.engine.begin() as tx:
            broken = invariants.check_all(tx)
            stuck = invariants.stuck(tx, now=datetime.now(UTC), overdue=timedelta(seconds=60))
            errors = tx.execute(text("SELECT id, waiting_for, last_error FROM orders WHERE last_error IS NOT NULL"
                " UNION ALL SELECT order_id, waiting_for, last_error FROM fulfillment WHERE last_error IS NOT NULL")).all()
            sent = tx.execute(text("SELECT count(*) FROM notification WHERE state = 'sent' AND channel = 'email'")).scalar_one()
            dead = tx.execute(text("SELECT count(*), min(last_error) FROM notification WHERE state = 'dead'")).one()
            locks = tx.execute(text("SELECT sum(deadlocks) FROM pg_stat_database")).scalar_one()
        wrong = [f"{one.rule.sentence} {one.count} times not: {one.offenders[:3]}" for one in (*broken, *((stuck,) if stuck else ()))]
        wrong += [f"Order {row.id} broke: {row.last_error}" for row in errors if row.id not in self.parked]
        wrong += [f"{locks} deadlocks."] if locks else []
        wrong += [f"{dead[0]} dead letters: {dead[1]}"] if dead[0] else []
        if len(self.post.letters) != sent:
            wrong.append(f"{sent} letters are noted as sent, {len(self.post.letters)} different ones came.")
        if self.post.twice() and not self.repeats_allowed:
            wrong.append(f"{len(self.post.twice())} letters came twice: {self.post.twice()[:3]}")
        return wrong

    def report(self) -> str:
        """Where everything stands, and the last words of every process."""
        try:
            with self.engine.begin() as tx:
                lines = [f"{tuple(row)}" for statement in STANDING for row in tx.execute(text(statement))]
        except database.DatabaseError as error:
            lines = [str(error)]
        for name, child in self.processes.items():
            state = "runs" if child.is_running() else f"ended with {child.exit_code}"
            lines.append(f"--- {name} {state}\n{child.last_words(6)}")
        return "\n".join(lines)

    def kill(self, name: str) -> None:
        """kill -9 of a process and whatever it has forked."""
        child = self.processes[name]
        if pid := child.pid:
            for one in [*psutil.Process(pid).children(recursive=True), psutil.Process(pid)]:
                one.send_signal(SIGKILL)
            # not longer: somebody else may have started it again, and that one is to live
            while child.pid == pid and child.is_running():
                time.sleep(0.02)

    def kill_child(self, name: str) -> None:
        """kill -9 of one of the processes that a worker has forked."""
        pid = self.processes[name].pid
        children = psutil.Process(pid).children() if pid else []
        if children:
            children[0].send_signal(SIGKILL)

    def close(self) -> None:
        """Stop everything."""
        stop_all(list(self.processes.values()))
        self.engine.dispose()
        self.post.close()
        if self.redis is not None:
            self.redis.stop()
        self.postgres.stop()


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder
