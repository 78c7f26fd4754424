"""
Hostile strings at the terminal: keyed in, imported and reported, they are kept as they are, and none steers a terminal or a spreadsheet.
"""

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from orderpipe.domain.orders import number_of
from orderpipe.store.metadata import insert_rows
from orderpipe.store.policies import order_type
from tests import builders, hostile
from tests.cli.conftest import Terminal
from tests.floor import Floor
from tests.importing.files import read, write

FORMULAS = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula."""

COLUMNS = ("reference", "name", "email", "line1", "city", "postal_code", "country", "note", "purchase_order", "payment_method", "sku",
           "description", "quantity")


def _orders(texts: Sequence[str]) -> list[list[str]]:
    """A row for each text, with it in every column that takes words."""
    words = set(COLUMNS) - {"country", "quantity", "reference"}
    fixed = {"country": "GB", "quantity": "1"}
    return [[text[:100] if name in words else fixed.get(name, f"REF-{place}") for name in COLUMNS] for place, text in enumerate(texts)]


def _taken(floor: Floor) -> list[tuple[str, ...]]:
    found = floor.value(
        "SELECT json_agg(json_build_array(customer ->> 'name', customer ->> 'email', ship_to ->> 'line1', ship_to ->> 'city', note,"
        " payment_method, sku, description) ORDER BY substr(reference, 5)::int)"
        " FROM orders o JOIN order_line l ON l.order_id = o.id"
    )
    return [tuple(one) for one in found]


@pytest.fixture(params=["few", "naughty"])
def texts(request: pytest.FixtureRequest) -> list[str]:
    """Without blank ones: an empty column says nothing."""
    return [one for one in (hostile.few() if request.param == "few" else hostile.naughty()) if one.strip()]


def test_imports_every_text_as_it_stands_in_a_file(orderpipe: Terminal, floor: Floor, tmp_path: Path, texts: list[str]) -> None:
    rows = _orders(texts)
    answer = orderpipe("import", str(write(tmp_path / "a.csv", rows, COLUMNS)), "--shop", "demo", "--mapping", "orders", "--json")
    assert answer.json["orders"]["references"] == len(texts), answer.out
    wanted = {name: place for place, name in enumerate(COLUMNS)}
    kept = ("name", "email", "line1", "city", "note", "payment_method", "sku", "description")
    assert _taken(floor) == [tuple(row[wanted[name]].strip() for name in kept) for row in rows]  # columns are often padded


def test_imports_every_text_as_it_stands_in_json_lines(orderpipe: Terminal, floor: Floor, tmp_path: Path, texts: list[str]) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps({
        "reference": f"REF-{place}", "customer": {"name": one, "email": one}, "ship_to": {"line1": one, "city": one, "country": "GB"},
        "note": one, "payment_method": one[:100], "lines": [{"sku": one[:100], "description": one, "quantity": 1}],
    }) + "\n" for place, one in enumerate(texts)))
    assert orderpipe("import", str(path), "--shop", "demo", "--json").json["orders"]["references"] == len(texts)
    assert _taken(floor) == [(one, one, one, one, one, one[:100], one[:100], one) for one in texts]


def test_rejects_come_back_as_they_stood(orderpipe: Terminal, floor: Floor, tmp_path: Path) -> None:
    floor.order()
    rows = [[*row[:-1], "many"] for row in _orders(hostile.few())]
    told = orderpipe("import", str(write(tmp_path / "a.csv", rows, COLUMNS)), "--shop", "demo", "--mapping", "orders", "--json").json
    rejected = read(Path(told["rejects_file"]))
    assert [[one[name] for name in COLUMNS] for one in rejected] == rows
    assert all(one["reason"] and not one["reason"].startswith(FORMULAS) for one in rejected)


def test_keys_in_every_text_as_the_customer_said_it(orderpipe: Terminal, floor: Floor) -> None:
    some = [hostile.STORABLE[name] for name in ("quotes", "header", "astral", "formula", "control", "json", "spaces")]
    orders = [floor.order(payment_method="") for _ in some]
    floor.receive(*orders)
    for order_id, one in zip(orders, some, strict=True):
        assert orderpipe("order", "answer", number_of(order_id), "--set", f"/payment_method={one}").exit_code == 0
        assert orderpipe("order", "amend", number_of(order_id), "--set", f"/customer/company={one}").exit_code == 0
        row = floor.row(order_id)
        assert (row["payment_method"], row["customer"]["company"]) == (one.strip(), one.strip())


def test_no_text_steers_the_terminal(orderpipe: Terminal, floor: Floor) -> None:
    evil = hostile.STORABLE["control"] + hostile.STORABLE["right to left"] + "[bold]\x9b31m"
    person, place = dict.fromkeys(("name", "company", "phone"), evil), dict.fromkeys(("line1", "city", "region"), evil)
    order_id = floor.delivered()
    with floor.engine.begin() as tx:
        builders.shop(tx, "evil", name=evil)
        builders.product(tx, "SKU-7", description=evil)
    floor.stock("SKU-7")
    doubtful = floor.order({"SKU-7": 1}, payment_method="")
    floor.receive(doubtful)
    with floor.engine.begin() as tx:
        tx.exec_driver_sql("UPDATE orders SET reference = %s || id, note = %s, purchase_order = %s", (evil, evil, evil))
        tx.exec_driver_sql("UPDATE orders SET customer = customer || %s, ship_to = ship_to || %s", (json.dumps(person), json.dumps(place)))
        tx.exec_driver_sql("UPDATE order_line SET description = %s", (evil,))
    number = number_of(order_id)
    opened = orderpipe("case", "open", number, "--kind", "claim", "--text", evil, "--json").json["number"]
    orderpipe("case", "assess", opened, "--owner", evil)
    for words in (
        ("order", "show", number), ("order", "list"), ("why", number), ("why", number_of(doubtful)), ("case", "show", opened),
        ("case", "list"), ("shop", "list"), ("stock", "list"), ("mail", "list"), ("query", "list"), ("flagged",), ("report", "causes"),
    ):
        answer = orderpipe(*words)
        assert not {"\x1b", "\x9b", "\x07", "\x08", "\u202e"} & set(answer.out + answer.err), (words, answer.out)


def test_no_report_gives_a_spreadsheet_a_formula(orderpipe: Terminal, floor: Floor) -> None:
    floor.delivered()
    for formula in ("=1+1", "@SUM(1)", "+1", "-1", "\t=1"):
        with floor.engine.begin() as tx:
            insert_rows(tx, order_type, [{"shop_id": 0, "code": formula, "lane": "standard", "prepaid": False, "targets": {}}])
            tx.exec_driver_sql("UPDATE orders SET type = %s", (formula,))
        for report in ("satisfaction", "causes"):
            rows = list(csv.reader(io.StringIO(orderpipe("report", report, "--csv").out)))
            assert not [cell for row in rows for cell in row if cell.startswith(FORMULAS)], rows
