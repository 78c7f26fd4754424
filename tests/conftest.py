"""
What every test may ask for: a migrated database of its own, a broker of its own, and servers that it may kill.

The process that controls the run starts one PostgreSQL and one Redis while the tests are collected; all test processes share them.
"""

import fcntl
import os
import re
import shlex
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest
import redis
from sqlalchemy import Engine, make_url

from orderpipe.local.child import Child, Program
from orderpipe.local.ports import free_port
from orderpipe.local.postgres import Postgres
from orderpipe.local.redis import Redis
from orderpipe.store import database, migrations_runner
from tests.servers import PostgresServer, RedisServer

if TYPE_CHECKING:
    from tests.floor import Floor

FOLDER = "ORDERPIPE_TEST_FOLDER"
KEPT_VARIABLES = {FOLDER, "ORDERPIPE_REQUIRE", "ORDERPIPE_REAL_DATA"}
SERVERS = pytest.StashKey[Child]()
TEMPLATE = "orderpipe_template"
BROKERS_PER_PROCESS = 16

hypothesis.settings.register_profile("orderpipe", deadline=None)  # how long an example takes depends on what else the machine does
hypothesis.settings.load_profile("orderpipe")


def pytest_configure(config: pytest.Config) -> None:
    """Start the shared servers, without waiting for them, and keep the developer's own settings out of the tests."""
    for name in [name for name in os.environ if name.startswith("ORDERPIPE_") and name not in KEPT_VARIABLES]:
        del os.environ[name]
    if hasattr(config, "workerinput") or config.option.collectonly:
        return
    folder = Path(tempfile.mkdtemp(prefix="orderpipe-tests-", dir=_quick_place()))
    os.environ[FOLDER] = str(folder)
    command = (sys.executable, "-m", "orderpipe.local.servers", "--forgetful", "--data", str(folder))
    config.stash[SERVERS] = Child(Program("servers", command), folder / "servers.log")
    config.stash[SERVERS].start()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the shared servers and remove what they wrote."""
    if SERVERS in config.stash:
        config.stash[SERVERS].stop()
        shutil.rmtree(os.environ.pop(FOLDER), ignore_errors=True)


@pytest.fixture(scope="session")
def shared_postgres() -> Postgres:
    """The PostgreSQL that all tests of this run share; it does not survive a power cut, and is quicker for it."""
    return Postgres(_folder() / "postgres", port=_port_of("DATABASE"), durable=False)


@pytest.fixture(scope="session")
def shared_redis() -> Redis:
    """The Redis that all tests of this run share."""
    return Redis(_folder() / "redis", port=_port_of("BROKER"))


@pytest.fixture(scope="session")
def template_database(shared_postgres: Postgres) -> str:
    """The name of the migrated database that is copied for each test; the first test process that needs it makes it."""
    with _one_at_a_time("template"):
        if not shared_postgres.has_database(TEMPLATE):
            shared_postgres.create_database("half_made")
            migrations_runner.upgrade(shared_postgres.url("half_made"))
            shared_postgres.rename_database("half_made", TEMPLATE)
    return TEMPLATE


@pytest.fixture
def new_database(shared_postgres: Postgres, template_database: str) -> Iterator[Callable[[], str]]:
    """Makes as many migrated, empty databases as the test wants; each call gives the URL of another."""
    names: list[str] = []

    def create() -> str:
        names.append(f"test_{os.getpid()}_{next(_numbers)}")
        shared_postgres.create_database(names[-1], template=template_database)
        return shared_postgres.url(names[-1])

    yield create
    for name in names:
        shared_postgres.drop_database(name)


@pytest.fixture
def database_url(new_database: Callable[[], str]) -> str:
    """The URL of a migrated, empty database that only this test uses."""
    return new_database()


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """Connections to this test's own database, with the product's time-outs; one that a test threw away is closed at its end."""
    engine = database.connect.__wrapped__(database_url, pool_size=8)
    yield engine
    engine.dispose()


@pytest.fixture
def floor(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> "Iterator[Floor]":
    """The whole pipeline in this process; whatever the test did, the rules of the books hold at its end."""
    from tests.floor import Floor  # it reads the settings, so not before the developer's own are out of the way

    floor = Floor(engine, monkeypatch)
    yield floor
    floor.check()


@pytest.fixture
def new_broker(shared_redis: Redis, worker_id: str) -> Callable[[], str]:
    """Gives the URL of another empty Redis database at each call; a test may have up to sixteen."""
    process = int(worker_id.removeprefix("gw")) if worker_id != "master" else 0

    def create() -> str:
        url = shared_redis.url(process * BROKERS_PER_PROCESS + next(_numbers) % BROKERS_PER_PROCESS)
        with redis.Redis.from_url(url) as client:
            client.flushdb()
        return url

    return create


@pytest.fixture
def broker_url(new_broker: Callable[[], str]) -> str:
    """The URL of an empty Redis database that only this test uses."""
    return new_broker()


@pytest.fixture
def private_postgres() -> Iterator[Callable[..., PostgresServer]]:
    """Starts a PostgreSQL for this test alone; with `durable=True` it has the settings of a real one."""
    servers: list[PostgresServer] = []

    def start(*, durable: bool = False) -> PostgresServer:
        servers.append(PostgresServer(_new_folder(), port=free_port(), durable=durable))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def private_redis() -> Iterator[Callable[[], RedisServer]]:
    """Starts a Redis for this test alone."""
    servers: list[RedisServer] = []

    def start() -> RedisServer:
        servers.append(RedisServer(_new_folder(), port=free_port()))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


_numbers = count()


def _quick_place() -> Path | None:
    """Memory, where it can hold a run's databases (copying one takes 15 ms there, 300 ms on a slow disk), or else the usual place."""
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 3_000_000_000
    return memory if roomy else None


def _folder() -> Path:
    return Path(os.environ[FOLDER])


def _new_folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="private-", dir=_folder()))


def _port_of(what: str) -> int:
    """The port that the shared servers printed for ORDERPIPE_<what>_URL, as soon as they have."""
    log = _folder() / "servers.log"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if found := re.search(rf"^export ORDERPIPE_{what}_URL=(.+)$", log.read_text(), re.MULTILINE):
            url = make_url(shlex.split(found[1])[0])
            return url.port or int(str(url.query["port"]))
        time.sleep(0.05)
    raise TimeoutError(f"The test servers did not start within 60 s: {log.read_text()}")


@contextmanager
def _one_at_a_time(what: str) -> Iterator[None]:
    """Only one test process at a time does this."""
    with (_folder() / f"{what}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
