"""
Files of invoices replayed in time order: taken down by the import, checked by the rules, learned from by the job; counted per rule.

    python -m tests.replay /data/online_retail/*.csv

Every invoice is checked against what the ones before it left in memory, and whatever is found is then taken as confirmed. Customers are
supplied as `tests/customers_file.py` makes them up; an invoice without a customer stays without one and is asked who it is for.
"""

import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Engine, text

from orderpipe.assembly import utc_now
from orderpipe.domain.products import Product
from orderpipe.domain.rules import Finding, Severity
from orderpipe.importing import run
from orderpipe.importing.run import Job
from orderpipe.intake import mapping
from orderpipe.local.child import Child
from orderpipe.local.ports import free_port
from orderpipe.local.postgres import Postgres
from orderpipe.stages import validate
from orderpipe.store import checks, customers, database, memory, migrations_runner, policies, products
from orderpipe.store.metadata import Tx
from orderpipe.store.shops import NewShop, add_shop
from tests import customers_file
from tests.importing.files import customers as customers_of
from tests.importing.files import read

BATCH = 50
"""Invoices that are checked together: what they say is learned after them, as by a job that runs a few times a day."""
TROUBLE = frozenset({Severity.ASK, Severity.REVIEW, Severity.REJECT})


@dataclass
class Replay:
    """What was found of each invoice, by its number; those that the import rejected are not in `found`."""

    rejected: set[str] = field(default_factory=set)
    nobody_s: set[str] = field(default_factory=set)
    found: dict[str, tuple[Finding, ...]] = field(default_factory=dict)
    seconds: float = 0

    @property
    def ordinary(self) -> set[str]:
        """Invoices of known customers about which nothing but history can speak: they hold no fees and give nothing away."""
        plain = {"fee-line", "fee-unknown", "fees-alone", "price-not-positive"}
        return {number for number, found in self.found.items() if number not in self.nobody_s and plain.isdisjoint(_rules(found))}

    def stopped(self, numbers: Collection[str]) -> set[str]:
        """Those of these invoices about which somebody is asked."""
        return {number for number in numbers if any(one.severity in TROUBLE for one in self.found[number])}

    def rates(self, numbers: Collection[str]) -> dict[str, tuple[str, float]]:
        """By rule: its severity, and of these invoices the share that it finds something in."""
        counted: Counter[str] = Counter()
        severity: dict[str, str] = {}
        for number in numbers:
            for one in self.found[number]:
                severity[one.rule] = one.severity.value
            counted.update(_rules(self.found[number]))
        return {rule: (severity[rule], counted[rule] / len(numbers)) for rule, _ in counted.most_common()}


def _rules(found: Sequence[Finding]) -> set[str]:
    return {one.rule for one in found}


def replay(engine: Engine, files: Sequence[Path], folder: Path) -> Replay:
    """Import the files and replay their invoices; `folder` is for what lies beside them."""
    begun = time.monotonic()
    with engine.begin() as tx:
        shop_id = add_shop(tx, NewShop("retail", "Online Retail"))
        products.write(tx, shop_id, [Product(one["sku"], one["description"]) for one in customers_file.products(files)])
    result = Replay()
    people = customers_of(folder / "customers.csv", *files)
    for path in files:
        rejects = folder / f"{path.stem}.rejects.csv"
        job = Job(path, shop_id, "office", mapping.preset("online-retail"), "bulk", rejects, people)
        run.run(job, engine, utc_now, lambda hints, freed: None, lambda position, size, balance: None)
        result.rejected |= {row["InvoiceNo"] for row in read(rejects)} if rejects.exists() else set()
    ids = _in_order(engine)
    for start in range(0, len(ids), BATCH):
        with engine.begin() as tx:
            _check(tx, ids[start : start + BATCH], result)
    result.seconds = time.monotonic() - begun
    return result


def _in_order(engine: Engine) -> list[int]:
    with engine.begin() as tx:
        # the cancellations were applied by the import; at the time of each order nobody knew of them yet
        tx.execute(text("UPDATE orders SET state = 'received', ended_at = NULL, next_at = received_at"))
        tx.execute(text("ANALYZE"))
        rows = tx.execute(text("SELECT o.id FROM orders o JOIN import_order i ON i.order_id = o.id ORDER BY i.placed_at, o.id"))
        return [row.id for row in rows]


def _check(tx: Tx, ids: Sequence[int], result: Replay) -> None:
    now = utc_now()
    subjects = checks.subjects(tx, ids, policies.policies(tx, now))
    rows = tx.execute(text("SELECT id, reference FROM orders WHERE id = ANY(:ids)"), {"ids": list(ids)})
    numbers = {row.id: row.reference for row in rows}
    found = {one.order_id: one.findings() for one in subjects}
    for one in subjects:
        result.found[numbers[one.order_id]] = found[one.order_id]
        if not one.order.customer.get("email"):
            result.nobody_s.add(numbers[one.order_id])
    checks.keep_findings(tx, found, now)
    tx.execute(text("UPDATE finding SET cleared_how = 'confirmed', cleared_at = :now WHERE order_id = ANY(:ids)"),
               {"ids": list(ids), "now": now})
    tx.execute(text("UPDATE orders SET state = 'validated' WHERE id = ANY(:ids)"), {"ids": list(ids)})
    customers.confirm(tx, [validate.customer_of(one, now) for one in subjects if one.order.customer.get("email")])
    memory.learn_from(tx, ids)


def months(result: Replay, files: Sequence[Path]) -> Iterator[tuple[str, int, float]]:
    """By file: how many of its invoices are ordinary, and the share of them about which somebody is asked."""
    ordinary = result.ordinary
    for path in files:
        here = {row["InvoiceNo"] for row in read(path)} & ordinary
        yield path.stem, len(here), len(result.stopped(here)) / len(here)


def table(result: Replay, files: Sequence[Path]) -> str:
    """The rates as Markdown."""
    ordinary = result.ordinary
    known = result.found.keys() - result.nobody_s
    lines = [f"{len(result.found)} orders, {len(result.rejected)} rejected; {len(known)} of known customers, {len(ordinary)} ordinary: "
             f"{len(result.stopped(ordinary))} asked about ({len(result.stopped(ordinary)) / len(ordinary):.2%}); "
             f"{result.seconds:.0f} s", ""]
    lines += [f"{month}: {count} ordinary, {share:.2%} asked about" for month, count, share in months(result, files)]
    of_all = result.rates(known)
    for rule, (severity, share) in result.rates(ordinary).items():
        lines.append(f"| `{rule}` | {severity} | {share:.2%} | {of_all[rule][1]:.2%} |")
    lines += [f"| `{rule}` | {severity} | – | {share:.2%} |" for rule, (severity, share) in of_all.items()
              if rule not in result.rates(ordinary)]
    return "\n".join(lines)


def main(paths: Sequence[str]) -> None:
    """Replay on a PostgreSQL of its own, and print the rates, and every finding as JSON Lines to the file findings.jsonl."""
    files = sorted(map(Path, paths))
    with tempfile.TemporaryDirectory() as folder:
        server = Postgres(Path(folder) / "postgres", port=free_port(), durable=False)
        child = Child(server.program(), Path(folder) / "postgres.log")
        child.start()
        child.wait_until_ready()
        try:
            server.create_database("replay")
            migrations_runner.upgrade(server.url("replay"))
            result = replay(database.connect(server.url("replay"), 2), files, Path(folder))
        finally:
            child.stop()
    print(table(result, files))
    write(result, Path("findings.jsonl"))


def write(result: Replay, path: Path) -> None:
    """Every finding, one a line."""
    with path.open("w") as file:
        for number, found in result.found.items():
            for one in found:
                file.write(json.dumps({"invoice": number, "severity": one.severity, **one.doubt}, default=str) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
