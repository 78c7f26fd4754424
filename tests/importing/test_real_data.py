"""
Real files, whole: every invoice becomes an order, a cancellation or a reject with its reason, and the sums agree with the files.
"""

import csv
from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from orderpipe.assembly import utc_now
from orderpipe.importing import run
from orderpipe.importing.balance import Amount, Fate
from orderpipe.importing.run import Done, Job
from orderpipe.intake import mapping
from orderpipe.intake.receive import PARSERS
from orderpipe.store import invariants
from orderpipe.store.new_orders import find
from tests import builders
from tests.importing.files import customers, read
from tests.needs import require


def take(engine: Engine, path: Path, preset: str, rejects: Path, people: Path | None = None) -> Done:
    """Import the file as the command does; hints go nowhere."""
    with engine.begin() as tx:
        shop_id = builders.shop(tx)
    job = Job(path, shop_id, "office test", mapping.preset(preset), "bulk", rejects, people)
    return run.run(job, engine, utc_now, lambda hints, freed: None, lambda position, size, balance: None)


def amount(rows: Sequence[dict[str, str]]) -> Amount:
    """References (by change of the invoice), rows and pieces, counted without any code of the product."""
    changes = sum(1 for before, row in zip([None, *rows], rows, strict=False) if before is None or before["InvoiceNo"] != row["InvoiceNo"])
    return Amount(changes, len(rows), sum(int(row["Quantity"]) for row in rows))


@pytest.mark.timeout(900)
def test_online_retail_is_taken_down_whole(engine: Engine, tmp_path: Path) -> None:
    files = sorted((require("real-data") / "online_retail").glob("*.csv"))
    assert files
    people = customers(tmp_path / "customers.csv", *files)
    taken = Amount()
    for path in files:
        rows = read(path)
        done = take(engine, path, "online-retail", tmp_path / f"{path.stem}.rejects.csv", people)
        assert done.balance.read == done.balance.dealt_with == amount(rows), path.name
        rejects = read(tmp_path / f"{path.stem}.rejects.csv")
        assert amount(rejects) == done.balance[Fate.REJECT]
        assert all(one["reason"] and int(one["line"]) > 1 for one in rejects)
        # what was rejected stands there as it stood in the file
        assert [{name: one[name] for name in rows[0]} for one in rejects] == [rows[int(one["line"]) - 2] for one in rejects]
        assert done.balance[Fate.KNOWN_ORDER] == Amount()
        assert done.balance[Fate.CANCELLATION].references > 50
        taken += done.balance[Fate.ORDER] + done.balance[Fate.CANCELLATION]
    with engine.begin() as tx:
        books = tx.execute(text("SELECT count(DISTINCT order_id), count(*), sum(quantity), sum(canceled) FROM order_line")).one()
        applied = tx.execute(text("SELECT count(*) FROM intake WHERE source_id LIKE 'cancellation:%'")).scalar_one()
        assert (books[0] + applied, books[2] - books[3]) == (taken.references, taken.pieces)
        assert invariants.check_all(tx) == []
    again = take(engine, files[-1], "online-retail", tmp_path / f"{files[-1].stem}.rejects.csv", people)
    assert again.before
    _evidence_gives_the_orders_again(engine)


def _evidence_gives_the_orders_again(engine: Engine) -> None:
    with engine.begin() as tx:
        kept = tx.execute(text("SELECT shop_id, parser, raw FROM intake WHERE source_id LIKE 'order:%' ORDER BY id LIMIT 300")).all()
        drafts = [(row.shop_id, PARSERS[row.parser](bytes(row.raw))) for row in kept]
        stored = find(tx, {(shop_id, draft.reference) for shop_id, draft in drafts})
    assert len(kept) == 300
    assert all(stored[shop_id, draft.reference].content_hash == draft.content_hash() for shop_id, draft in drafts)


@pytest.mark.timeout(300)
def test_olist_is_taken_down_whole(engine: Engine, tmp_path: Path) -> None:
    folder = require("real-data") / "olist"
    with (folder / "olist_orders_dataset.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for _, row in zip(range(4000), csv.DictReader(file), strict=False)]
    for name in ("order_items", "order_payments", "customers"):
        (tmp_path / f"olist_{name}_dataset.csv").symlink_to(folder / f"olist_{name}_dataset.csv")
    path = tmp_path / "olist_orders_dataset.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    done = take(engine, path, "olist", tmp_path / "rejects.csv", customers(tmp_path / "c.csv", path))
    assert done.balance.read == done.balance.dealt_with
    assert done.balance.read.rows == len(rows)
    ids, with_items = {row["order_id"] for row in rows}, set()
    pieces = 0
    canceled = {row["order_id"] for row in rows if row["order_status"] in ("canceled", "unavailable")}
    for item in read(folder / "olist_order_items_dataset.csv"):
        if item["order_id"] in ids - canceled:
            with_items.add(item["order_id"])
            pieces += 1
    assert done.balance[Fate.ORDER] == Amount(len(with_items), len(with_items), pieces)
    assert {row["reason"] for row in read(tmp_path / "rejects.csv")} == {
        "The shop itself has canceled this order, or could not supply it.",
        "There are no lines for this order in olist_order_items_dataset.csv.",
    }
