"""
Import of a month of Online Retail by the real command: orders and lines per second, and peak memory, which a longer file does not raise.

Measured twice: into a database that nobody else works on, and beside the workers that process what comes in.
"""

import csv
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import psutil

from orderpipe.local.child import Program
from orderpipe.local.processes import Place, product
from orderpipe.local.stack import Stack
from orderpipe.settings import Settings
from orderpipe.store.database import connect
from orderpipe.store.metadata import insert_rows
from orderpipe.store.products import product as products
from orderpipe.store.shops import NewShop, add_shop
from orderpipe.store.stock import location
from tests import customers_file
from tests.needs import REPOSITORY

COLUMNS = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country")
MONTH = "2011-03.csv"
SHORT, LONG = 4_000, 40_000
"""Lines of the two files whose memory is compared."""

Row = dict[str, str]


@dataclass(frozen=True, slots=True)
class Ran:
    """One run of the command."""

    seconds: float
    peak_mb: float
    orders: int
    lines: int


def measure(orders: int | None = None) -> dict[str, float]:
    """Lines and orders per second and peak memory alone, the speed `…_with_workers`, and `import_peak_growth` of ten times the file."""
    rows, what = _month()
    if orders is not None:
        rows = _first(rows, orders)
    print(f"import: {what}", flush=True)
    with tempfile.TemporaryDirectory(prefix="orderpipe-import-") as name:
        folder = Path(name)
        with _stack(folder / "alone", _nobody) as environment:
            alone = _run(environment, folder, rows, "month")
            short, long = (_run(environment, folder, list(_endless(rows, count)), f"{count}-lines") for count in (SHORT, LONG))
        with _stack(folder / "busy", _workers) as environment:
            busy = _run(environment, folder, rows, "month")
    return {
        "import_lines_per_s": round(alone.lines / alone.seconds), "import_orders_per_s": round(alone.orders / alone.seconds),
        "import_peak_mb": round(alone.peak_mb), "import_lines_per_s_with_workers": round(busy.lines / busy.seconds),
        "import_orders_per_s_with_workers": round(busy.orders / busy.seconds),
        "import_peak_growth": round(long.peak_mb / short.peak_mb, 2),
    }


def _month() -> tuple[list[Row], str]:
    """A month of the real data, or one of the same shape."""
    folder = Path(os.environ.get("ORDERPIPE_REAL_DATA") or REPOSITORY.parent / "shared" / "data") / "online_retail"
    if (folder / MONTH).is_file():
        with (folder / MONTH).open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file)), f"Online Retail, {MONTH}"
    return list(_made_up()), "made-up invoices in the shape of Online Retail (ORDERPIPE_REAL_DATA names no folder that has it)"


def _made_up() -> Iterator[Row]:
    """As in the real months: twenty lines an invoice, every seventh a cancellation of few lines, every tenth without a customer."""
    dice, start = random.Random(1), datetime(2011, 3, 1, 8, tzinfo=UTC)
    for number in range(1800):
        back = number % 7 == 6
        customer = "" if number % 10 == 3 else f"{12000 + dice.randrange(900)}.0"
        at = f"{start + timedelta(minutes=number * 20):%Y-%m-%d %H:%M:%S}"
        for _ in range(2 if back else dice.randint(5, 40)):
            article = dice.randrange(2500)
            values = (
                f"{'C' if back else ''}{550000 + number}", f"{20000 + article}", f"ARTICLE {article} IN RED",
                str(-1 if back else dice.randint(1, 24)), at, f"{article % 90 / 10 + 0.4:.2f}", customer, "United Kingdom",
            )
            yield dict(zip(COLUMNS, values, strict=True))


def _first(rows: Sequence[Row], orders: int) -> list[Row]:
    """The rows of the first so many invoices."""
    wanted = set(islice(dict.fromkeys(row["InvoiceNo"] for row in rows), orders))
    return [row for row in rows if row["InvoiceNo"] in wanted]


def _endless(rows: Sequence[Row], count: int) -> Iterator[Row]:
    """So many rows, each time round under new numbers."""
    for place in range(count):
        row = rows[place % len(rows)]
        yield row | {"InvoiceNo": f"{row['InvoiceNo']}-{count}-{place // len(rows)}"}


@contextmanager
def _stack(folder: Path, programs: Callable[[Place], Sequence[Program]]) -> Iterator[Mapping[str, str]]:
    """Private servers, and what is to run beside the import; everything ends with the block."""
    folder.mkdir()
    chosen = Settings(smtp_url="null:", sms_url="null:")
    with Stack(folder, settings=chosen, say=lambda line: print(line, flush=True), programs=programs) as stack:
        stack.start()
        environment = stack.environment()
        with connect(environment["ORDERPIPE_DATABASE_URL"]).begin() as tx:
            shop_id = add_shop(tx, NewShop("bench", "Bench & Sons"))
            insert_rows(tx, location, [{"shop_id": shop_id, "code": "main", "name": "Main", "calendar": "always"}])
            insert_rows(tx, products, [
                {"shop_id": shop_id, "sku": sku, "description": sku} for sku in sorted({row["StockCode"] for row in _month()[0]})
            ])
        yield environment


def _nobody(_place: Place) -> list[Program]:
    return []


def _workers(place: Place) -> list[Program]:
    return [program for program in product(place) if program.name not in ("api", "flower")]


def _run(environment: Mapping[str, str], folder: Path, rows: Sequence[Row], name: str) -> Ran:
    """Import these rows by the command, with customers for them."""
    path, people, told = (folder / f"{name}{ending}" for ending in (".csv", ".customers.csv", ".json"))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    with people.open("w", newline="", encoding="utf-8") as file:
        customers_file.write(customers_file.entries([path]), file)
    command = (str(Path(sys.executable).with_name("orderpipe")), "import", str(path), "--shop", "bench", "--json")
    options = ("--mapping", "online-retail", "--customers", str(people))
    begun = time.perf_counter()
    with told.open("w") as out, subprocess.Popen((*command, *options), env={**os.environ, **environment}, stdout=out) as process:
        peak = _peak(process)
    seconds = time.perf_counter() - begun
    document = json.loads(told.read_text())
    ran = Ran(seconds, peak / 2**20, document["orders"]["references"], document["read"]["rows"])
    print(f"  {name}: {ran.lines} lines, {ran.orders} orders in {seconds:.1f} s, at most {ran.peak_mb:.0f} MB", flush=True)
    return ran


def _peak(process: "subprocess.Popen[bytes]") -> int:
    """The most memory (bytes) that the process is seen to use until it ends; what the kernel counts of it begins with ours."""
    peak = 0
    with suppress(psutil.NoSuchProcess):
        while process.poll() is None:
            peak = max(peak, psutil.Process(process.pid).memory_info().rss)
            time.sleep(0.02)
    return peak
