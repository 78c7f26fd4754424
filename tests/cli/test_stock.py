"""
`orderpipe stock`: loaded from a file, received by hand, and shown.
"""

from pathlib import Path

from sqlalchemy import Engine

from tests import builders
from tests.cli.conftest import Terminal
from tests.floor import Floor


def shop_with(engine: Engine, *skus: str) -> None:
    with engine.begin() as tx:
        builders.location(tx)
        for sku in skus:
            builders.product(tx, sku)


def test_loads_what_a_stock_take_counted(orderpipe: Terminal, engine: Engine, floor: Floor, tmp_path: Path) -> None:
    shop_with(engine, "SKU-1", "SKU-2")
    file = tmp_path / "take.csv"
    file.write_text("\ufeffsku,location,on_hand,remark\nSKU-1,main,12,\nSKU-2,main,3,ok\n", encoding="utf-8")
    answer = orderpipe("stock", "load", str(file), "--shop", "demo")
    assert (answer.exit_code, answer.out) == (0, "2 of 2 lines are in the books.\n")
    assert floor.free("SKU-1") == (12, 0)
    assert "restock" in [name for name, _, _ in floor.hints]
    assert orderpipe("stock", "load", "-", "--shop", "demo", stdin="sku,location,on_hand\nSKU-1,main,5\n").exit_code == 0
    assert floor.free("SKU-1") == (5, 0)
    floor.check()


def test_says_which_lines_it_could_not_take(orderpipe: Terminal, engine: Engine, floor: Floor) -> None:
    shop_with(engine, "SKU-1")
    take = "sku,location,on_hand\nSKU-1,main,4\nSKU-1,moon,4\nTYPO,main,1\n"
    answer = orderpipe("stock", "load", "-", "--shop", "demo", stdin=take)
    assert (answer.exit_code, answer.out) == (1, "1 of 3 lines are in the books.\n")
    assert answer.err.splitlines() == [
        "Line 3: The shop has no location moon.", "Line 4: TYPO is no article of this shop that can be stocked.",
    ]
    refused = orderpipe("stock", "load", "-", "--shop", "demo", "--json", stdin=take).json["refused"]
    assert [(line["line"], line["code"]) for line in refused] == [(3, "unknown-location"), (4, "unknown-product")]
    assert floor.free("SKU-1") == (4, 0)


def test_refuses_a_file_that_is_no_stock_take(orderpipe: Terminal, engine: Engine, tmp_path: Path) -> None:
    shop_with(engine)
    answer = orderpipe("stock", "load", "-", "--shop", "demo", stdin="sku,place\n")
    assert answer.exit_code == 2
    assert answer.err == "The first line must name the columns sku, location, on_hand; location, on_hand is missing.\n"
    answer = orderpipe("stock", "load", "-", "--shop", "demo", stdin="sku,location,on_hand\nSKU-1,main,many\n")
    assert (answer.exit_code, answer.err) == (2, "Line 2: on_hand must be a number of pieces, not 'many'.\n")
    answer = orderpipe("stock", "load", str(tmp_path / "none.csv"), "--shop", "demo")
    assert (answer.exit_code, answer.err) == (2, f"{tmp_path}/none.csv cannot be read: No such file or directory.\n")


def test_receives_a_delivery_and_serves_those_who_wait(orderpipe: Terminal, engine: Engine, floor: Floor) -> None:
    floor.stock(on_hand=1)
    order_id = floor.order({"SKU-1": 3})
    floor.receive(order_id)
    answer = orderpipe("stock", "receive", "SKU-1", "5", "--shop", "demo", "--location", "main", "--cause", "DN-1")
    assert (answer.exit_code, answer.out) == (0, "6 of SKU-1 at main now.\n")
    floor.hints.clear()
    floor.restock().check()
    assert [state for state, _ in floor.parts(order_id).values()] == ["released", "released"]
    refused = orderpipe("stock", "receive", "--shop", "demo", "--location", "main", "--", "SKU-1", "-5")
    assert (refused.exit_code, refused.err) == (1, "3 of SKU-1 at main are promised to orders; 1 would be too few.\n")


def test_shows_what_lies_where_and_what_is_waited_for(orderpipe: Terminal, floor: Floor) -> None:
    floor.stock(on_hand=1)
    floor.receive(floor.order({"SKU-1": 3}))
    (row,) = orderpipe("stock", "show", "--json").json
    assert (row["shop"], row["on_hand"], row["allocated"], row["waited_for"]) == ("demo", 1, 1, 2)
    assert "SKU-1" in orderpipe("stock", "show", "--sku", "SKU-1").out
    assert "SKU-1" not in orderpipe("stock", "show", "--sku", "SKU-9").out
