"""
`orderpipe customer` and `orderpipe shop retention`: data handed out, erased, and kept for so long.
"""

import json
from pathlib import Path

from tests.cli.conftest import Terminal
from tests.floor import Floor

ANN = ("ann@customers.example", "--shop", "demo")


def test_finds_a_customer(orderpipe: Terminal, floor: Floor) -> None:
    floor.order()
    assert orderpipe("customer", "find", *ANN, "--json").json == {"ended": [], "live": ["100001-7"], "remembered_as": []}
    assert "Orders under way: 100001-7." in orderpipe("customer", "find", *ANN).out
    unknown = orderpipe("customer", "find", "bob@customers.example", "--shop", "demo")
    assert (unknown.exit_code, "has nothing of a customer" in unknown.err) == (1, True)


def test_hands_everything_out_in_a_file_for_nobody_else(orderpipe: Terminal, floor: Floor, tmp_path: Path) -> None:
    floor.receive(floor.order())
    answer = orderpipe("customer", "export", *ANN, "--to", str(file := tmp_path / "ann.json"))
    assert answer.exit_code == 0, answer.err
    held = json.loads(file.read_text())["held"]
    assert held["orders"][0]["customer"]["email"] == ANN[0]
    assert file.stat().st_mode & 0o077 == 0
    assert orderpipe("customer", "export", *ANN).json["customer"] == ANN[0]


def test_erases_once_nothing_is_under_way(orderpipe: Terminal, floor: Floor) -> None:
    order_id = floor.order()
    refused = orderpipe("customer", "erase", *ANN, "--yes")
    assert (refused.exit_code, "still under way" in refused.err) == (1, True)
    assert orderpipe("customer", "erase", *ANN, "--yes", "--when-done").exit_code == 0
    assert floor.row(order_id)["customer"]["email"] == ANN[0]
    floor.cancel(order_id)
    assert orderpipe("customer", "erase", *ANN, "--yes", "--json").json == {"orders": ["100001-7"], "waiting": []}
    assert floor.row(order_id)["customer"] == {}


def test_asks_before_it_erases(orderpipe: Terminal, floor: Floor) -> None:
    order_id = floor.order()
    floor.cancel(order_id)
    assert orderpipe("customer", "erase", *ANN, stdin="n\n").exit_code == 1
    assert floor.row(order_id)["customer"]["email"] == ANN[0]
    assert orderpipe("customer", "erase", *ANN, stdin="y\n").exit_code == 0


def test_a_shop_says_how_long_it_keeps_what(orderpipe: Terminal, floor: Floor) -> None:
    floor.order()
    assert orderpipe("shop", "retention", "demo", "--json").json["personal_days"] is None
    orderpipe("shop", "retention", "demo", "--personal-days", "365")
    orderpipe("shop", "retention", "demo", "--letters-days", "90")
    assert orderpipe("shop", "retention", "demo", "--json").json == {"shop": "demo", "personal_days": 365, "letters_days": 90}
    assert "for good, letters for 90 days" in orderpipe("shop", "retention", "demo", "--personal-days", "0").out
