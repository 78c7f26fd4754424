"""
The two servers as a developer starts them: one command, Ctrl-C, and everything as before at the next start.
"""

import shlex
import subprocess
import sys
import time
from pathlib import Path
from signal import SIGINT, SIGKILL

import psycopg

from orderpipe.local.leftovers import servers_in


class Servers:
    """The command, running; its address lines were read."""

    def __init__(self, data: Path) -> None:
        command = [sys.executable, "-m", "orderpipe.local.servers", "--forgetful", "--data", str(data)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self.process.stdout is not None
        lines = [self.process.stdout.readline() for _ in range(2)]
        self.urls = [shlex.split(line)[1].partition("=")[2] for line in lines]

    def end(self, number: int) -> float:
        """Send a signal; the seconds until the command ended."""
        started = time.monotonic()
        self.process.send_signal(number)
        self.process.communicate(timeout=20)
        return time.monotonic() - started


def test_keep_address_and_data_over_a_stop_and_over_a_kill(tmp_path: Path) -> None:
    first = Servers(tmp_path)
    with psycopg.connect(first.urls[0].replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1001 AS number")
    assert first.end(SIGINT) < 10
    assert first.process.returncode == 0
    assert not servers_in(tmp_path / "postgres", "postgres") + servers_in(tmp_path / "redis", "redis-server")
    second = Servers(tmp_path)
    second.end(SIGKILL)
    third = Servers(tmp_path)
    assert first.urls == second.urls == third.urls
    with psycopg.connect(third.urls[0].replace("+psycopg", "")) as connection:
        assert connection.execute("SELECT number FROM kept").fetchone() == (1001,)
    third.end(SIGINT)


def test_refuse_a_folder_that_is_in_use(tmp_path: Path) -> None:
    first = Servers(tmp_path)
    command = [sys.executable, "-m", "orderpipe.local.servers", "--data", str(tmp_path)]
    second = subprocess.run(command, capture_output=True, text=True, timeout=20)
    assert second.returncode == 1
    assert second.stderr.strip() == (
        f"The data folder {tmp_path} is in use by process {first.process.pid}: stop that one first, or name another folder with --data."
    )
    first.end(SIGINT)
