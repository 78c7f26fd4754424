"""
The real command, killed in the middle of a file and started again: everything is there, once; and its memory does not grow.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from signal import SIGKILL

import psutil
import pytest
from sqlalchemy import Engine, text

from orderpipe.store import database, invariants, migrations_runner
from tests import builders
from tests.importing.files import customers, line, read, write
from tests.servers import PostgresServer

COMMAND = str(Path(sys.executable).with_name("orderpipe"))


@pytest.fixture
def environment(engine: Engine, database_url: str, broker_url: str) -> Mapping[str, str]:
    """What the command finds: a shop, a database and a broker."""
    with engine.begin() as tx:
        builders.location(tx)
        builders.stock(tx, "SKU-1", 0)
    return {"ORDERPIPE_DATABASE_URL": database_url, "ORDERPIPE_BROKER_URL": broker_url, "PATH": "/usr/bin:/bin"}


def begin(environment: Mapping[str, str], file: Path, *more: str) -> subprocess.Popen[str]:
    words = (COMMAND, "import", str(file), "--shop", "demo", "--mapping", "online-retail", "--json", *more)
    return subprocess.Popen(words, env=dict(environment), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def invoices(count: int) -> list[list[str]]:
    """Invoices of five lines; every tenth cannot be read, every seventh takes a piece of the one before it back."""
    rows: list[list[str]] = []
    for number in range(1, count + 1):
        at = f"2010-12-{1 + number // 1440 % 28:02} {number // 60 % 24:02}:{number % 60:02}:00"
        if number % 7 == 0:
            rows.append(line(f"C{number}", quantity=-1, at=at))
        else:
            rows += [line(f"{number}", quantity="x" if number % 10 == 0 and part == 4 else 2, at=at) for part in range(5)]
    return rows


def test_killed_again_and_again_it_goes_on_where_it_stood(engine: Engine, environment: Mapping[str, str], tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", invoices(3000))
    options = ("--customers", str(customers(tmp_path / "c.csv", file)))
    seen = []
    for wanted in (1, 800, 1600):
        process = begin(environment, file, *options)
        while process.poll() is None and _orders(engine) < wanted:
            time.sleep(0.02)
        process.send_signal(SIGKILL)
        process.communicate()
        seen.append(_orders(engine))
    assert seen == sorted(set(seen)), "each run got further than the one before"
    process = begin(environment, file, *options)
    out, err = process.communicate(timeout=100)
    told = json.loads(out)
    assert (process.returncode, err) == (1, "")
    assert told["resumed_after_line"] > 1
    assert told["even"]
    whole = _whole(file)
    assert {name: told[name] for name in whole} == whole
    assert _orders(engine) == whole["orders"]["references"]
    with engine.begin() as tx:
        assert tx.execute(text("SELECT sum(canceled) FROM order_line")).scalar_one() == -whole["cancellations"]["pieces"]
        taken = told["orders"]["references"] + told["cancellations"]["references"]
        assert tx.execute(text("SELECT count(*) FROM intake")).scalar_one() == taken
        assert invariants.check_all(tx) == []
    rejected = [one["line"] for one in read(tmp_path / "a.rejects.csv")]
    assert len(rejected) == len(set(rejected)) == whole["rejects"]["rows"]


def test_a_database_that_dies_meanwhile_costs_seconds(
    private_postgres: Callable[..., PostgresServer], broker_url: str, tmp_path: Path
) -> None:
    server = private_postgres(durable=True)
    migrations_runner.upgrade(server.url())
    engine = database.connect.__wrapped__(server.url())
    with engine.begin() as tx:
        builders.location(tx)
    file = write(tmp_path / "a.csv", invoices(2000))
    process = begin({"ORDERPIPE_DATABASE_URL": server.url(), "ORDERPIPE_BROKER_URL": broker_url}, file)
    while process.poll() is None and not _orders(engine):
        time.sleep(0.02)
    server.kill()
    time.sleep(1)
    server.start()
    out, err = process.communicate(timeout=100)
    told, whole = json.loads(out), _whole(file)
    assert (err, {name: told[name] for name in whole}) == ("", whole)
    assert _orders(engine) == whole["orders"]["references"]
    engine.dispose()


def _whole(file: Path) -> dict[str, dict[str, int]]:
    """What is to become of the file, told from the file itself; a cancellation finds an order of these equal ones in any case."""
    rows = read(file)
    spoiled = {row["InvoiceNo"] for row in rows if row["Quantity"] == "x"}
    parted = {
        "orders": [row for row in rows if row["InvoiceNo"] not in spoiled and row["InvoiceNo"][0] != "C"],
        "cancellations": [row for row in rows if row["InvoiceNo"][0] == "C"],
        "rejects": [row for row in rows if row["InvoiceNo"] in spoiled],
        "read": rows,
    }
    return {
        name: {
            "references": len({row["InvoiceNo"] for row in some}), "rows": len(some),
            "pieces": sum(int(row["Quantity"]) for row in some if row["Quantity"] != "x"),
        }
        for name, some in parted.items()
    }


def test_two_at_once_of_the_same_file_take_everything_once(engine: Engine, environment: Mapping[str, str], tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", invoices(1200))
    both = [begin(environment, file, "--rejects", str(tmp_path / f"{name}.csv")) for name in "xy"]
    ended = [(process.communicate(timeout=100), process.returncode) for process in both]
    assert [code for _, code in ended] == [1, 1], "one had rejects, the other was stopped, or had nothing to do any more"
    assert all(not err or err.startswith("Another process imports the same file") for (_, err), _ in ended), ended
    last = begin(environment, file, "--rejects", str(tmp_path / "c.csv"))
    assert json.loads(last.communicate(timeout=100)[0])["even"]
    whole = _whole(file)
    assert _orders(engine) == whole["orders"]["references"]
    with engine.begin() as tx:
        assert tx.execute(text("SELECT sum(canceled) FROM order_line")).scalar_one() == -whole["cancellations"]["pieces"]


def test_memory_stays_flat(environment: Mapping[str, str], tmp_path: Path) -> None:
    short = _peak(begin(environment, write(tmp_path / "short.csv", invoices(600))))
    long = _peak(begin(environment, write(tmp_path / "long.csv", [*invoices(6000), *[line("99999")] * 20_000])))
    assert long < short * 1.25 + 8e6


def _peak(process: subprocess.Popen[str]) -> float:
    peak = 0
    while process.poll() is None:
        try:
            peak = max(peak, psutil.Process(process.pid).memory_info().rss)
        except psutil.NoSuchProcess:
            break
        time.sleep(0.02)
    process.communicate()
    return float(peak)


def _orders(engine: Engine) -> int:
    with engine.begin() as tx:
        return int(tx.execute(text("SELECT count(*) FROM orders")).scalar_one())
