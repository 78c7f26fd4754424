"""
The private PostgreSQL starts where and after whatever it must.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from orderpipe.local import postgres_binaries
from orderpipe.local.child import Account, Child
from orderpipe.local.ports import free_port
from orderpipe.local.postgres import Postgres, server_account
from tests.servers import PostgresServer

only_root = pytest.mark.skipif(os.geteuid() != 0, reason="Only root has to run PostgreSQL as somebody else.")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PostgresServer]:
    tmp_path.chmod(0o700)
    server = PostgresServer(tmp_path / "data", port=free_port())
    yield server
    server.stop()


def _ask(server: PostgresServer, question: str) -> object:
    with psycopg.connect(server.url().replace("+psycopg", "")) as connection:
        answer = connection.execute(question.encode()).fetchone()
        return answer[0] if answer else None


@only_root
def test_runs_as_nobody_below_a_folder_that_only_root_may_enter(server: PostgresServer) -> None:
    assert psutil.Process(server.child.pid).uids().effective == 65534
    assert _ask(server, "SELECT pg_read_file('PG_VERSION')") == "18\n"


@only_root
def test_runs_as_whoever_owns_the_cluster(tmp_path: Path) -> None:
    os.chown(tmp_path, 65533, 65532)
    assert server_account(tmp_path) == Account(65533, 65532)


def test_wants_the_password(server: PostgresServer) -> None:
    address = server.url().replace("+psycopg", "")
    password = address.split(":")[2].split("@")[0]
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(address.replace(password, "guessed"))


def test_has_the_settings_of_a_laptop(server: PostgresServer) -> None:
    assert _ask(server, "SHOW listen_addresses") == "127.0.0.1"
    assert _ask(server, "SELECT current_setting('server_encoding') || ' ' || current_setting('TimeZone')") == "UTF8 UTC"


def test_starts_although_the_number_in_a_stale_note_belongs_to_another_process(server: PostgresServer) -> None:
    server.kill()
    account = server_account(server.admin.cluster)
    other = subprocess.Popen(["sleep", "1000"], user=account.uid if account else None)
    note = server.admin.cluster / "postmaster.pid"
    note.write_text("\n".join([str(other.pid), *note.read_text().splitlines()[1:]]) + "\n")
    server.start()
    assert _ask(server, "SELECT 1") == 1
    other.kill()
    other.wait()


def test_takes_over_from_a_server_that_outlived_its_supervisor(server: PostgresServer) -> None:
    old = server.child.pid
    successor = Postgres(server.admin.cluster, port=free_port(), durable=False)
    child = Child(successor.program(), server.child.log)
    child.start()
    child.wait_until_ready()
    assert server.child.pid is None
    assert child.pid != old
    assert successor.has_database("orderpipe")
    child.stop()


def test_makes_the_cluster_anew_when_it_was_interrupted_while_making_it(tmp_path: Path) -> None:
    half_made = tmp_path / "postgres.new" / "cluster"
    half_made.mkdir(parents=True)
    (half_made / "PG_VERSION").write_text("18\n")
    postgres = Postgres(tmp_path / "postgres", port=free_port(), durable=False)
    postgres.program()
    assert (postgres.cluster / "PG_VERSION").exists()
    assert not half_made.parent.exists()


def test_stops_at_once_although_clients_are_connected(server: PostgresServer) -> None:
    with psycopg.connect(server.url().replace("+psycopg", "")):
        server.stop()
    assert server.child.exit_code == 0


@only_root
def test_copies_the_programs_when_their_user_cannot_reach_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed, original = tmp_path / "closed", postgres_binaries._site_packages()
    for name in (f"{postgres_binaries.PACKAGE}/{postgres_binaries.INSTALL}", f"{postgres_binaries.PACKAGE}.libs"):
        shutil.copytree(original / name, closed / name, symlinks=True, ignore=shutil.ignore_patterns("include"))
    closed.chmod(0o700)
    open_place = Path(tempfile.mkdtemp(prefix="orderpipe-copies-"))
    open_place.chmod(0o755)
    monkeypatch.setattr(postgres_binaries, "_site_packages", lambda: closed)
    monkeypatch.setattr(postgres_binaries, "COPIES", open_place / "cache")
    found = postgres_binaries.binaries(Account(65534, 65534))
    assert found.is_relative_to(open_place / "cache")
    assert found == postgres_binaries.binaries(Account(65534, 65534))
    version = subprocess.run([found / "postgres", "--version"], user=65534, group=65534, extra_groups=[], cwd="/", stdout=subprocess.PIPE)
    assert b"PostgreSQL" in version.stdout
    shutil.rmtree(open_place)
