"""
`orderpipe import`: every line of a file is taken down, applied or rejected with its reason, once, whatever interrupts it.
"""

import json
from pathlib import Path

import pytest

from orderpipe.importing import run, writing
from orderpipe.intake import receive
from orderpipe.settings import settings
from orderpipe.store import imports, new_orders
from tests import builders
from tests.cli.conftest import Answer, Terminal
from tests.floor import Floor
from tests.importing.files import COLUMNS, customers, line, read, write


@pytest.fixture
def shop(floor: Floor) -> Floor:
    """The demo shop, with two articles."""
    with floor.engine.begin() as tx:
        for sku in ("SKU-1", "SKU-2"):
            builders.product(tx, sku)
    return floor


def take(orderpipe: Terminal, path: Path, *more: str, mapping: str = "online-retail") -> Answer:
    return orderpipe("import", str(path), "--shop", "demo", "--mapping", mapping, "--json", *more)


def orders_in(floor: Floor) -> int:
    return int(floor.value("SELECT count(*) FROM orders"))


def references(answer: Answer) -> dict[str, int]:
    return {name: amount["references"] for name, amount in answer.json.items() if isinstance(amount, dict) and amount["references"]}


def test_makes_an_order_of_each_invoice(orderpipe: Terminal, shop: Floor, tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", [line("1"), line("1", "SKU-2", 3), line("1", "SKU-2", 3), line("2")])
    answer = take(orderpipe, file)
    assert (answer.exit_code, answer.json["even"], answer.json["rejects_file"]) == (0, True, None)
    assert answer.json["orders"] == {"references": 2, "rows": 4, "pieces": 10}
    assert shop.value("SELECT count(*) FROM order_line") == 4
    assert shop.value("SELECT count(*) FROM intake WHERE channel = 'file' AND parser = 'csv:online-retail'") == 2
    assert [(name, lane) for name, _, lane in shop.hints if name == "validate"] == [("validate", "bulk")]


def test_without_customers_every_order_is_asked_about(orderpipe: Terminal, shop: Floor, tmp_path: Path) -> None:
    take(orderpipe, write(tmp_path / "a.csv", [line("1")]))
    shop.work()
    assert shop.value("SELECT state || ' ' || waiting_for FROM orders") == "received office"
    shop.check()


def test_takes_customers_from_a_file_and_marks_what_was_supplied(orderpipe: Terminal, shop: Floor, tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", [line("1"), line("2", CustomerID="")])
    answer = take(orderpipe, file, "--customers", str(customers(tmp_path / "c.csv", file)))
    assert references(answer) == {"read": 2, "orders": 2}
    shop.stock()
    shop.work()
    first, second = (int(shop.value("SELECT id FROM orders WHERE reference = :one", one=one)) for one in "12")
    assert shop.parts(first) == {1: ("released", "pick-scans")}
    assert shop.state(second) == ("received", "office")
    note, = (entry["note"] for entry in shop.journal(first) if entry["what"] == "order.imported")
    assert {"name", "email", "line1", "payment_method"} <= set(note["supplied"])
    assert "country" not in note["supplied"]
    assert shop.value("SELECT count(*) FROM import_beside") == 0
    shop.check()


def test_walk_ins_may_be_named_by_their_invoice(orderpipe: Terminal, shop: Floor, tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", [line("2", CustomerID="")])
    take(orderpipe, file, "--customers", str(customers(tmp_path / "c.csv", file, walk_ins=True)))
    shop.work()
    assert shop.value("SELECT customer->>'email' FROM orders").endswith("@customers.example")


def test_the_same_file_again_adds_nothing(orderpipe: Terminal, shop: Floor, tmp_path: Path) -> None:
    rows = [line("1", quantity=5), line("C2", quantity=-1), line("3", "SKU-2", "many")]
    file = write(tmp_path / "a.csv", rows)
    first = take(orderpipe, file)
    assert references(first) == {"read": 3, "orders": 1, "cancellations": 1, "rejects": 1}
    second = take(orderpipe, file)
    assert (second.exit_code, second.json["imported_before"]) == (1, True)
    renamed = write(tmp_path / "b.csv", rows)
    assert take(orderpipe, renamed, "--rejects", str(tmp_path / "a.rejects.csv")).json["imported_before"]
    longer = take(orderpipe, write(tmp_path / "c.csv", [*rows, line("4")]))
    assert references(longer) == {"read": 4, "orders": 1, "known_orders": 1, "known_cancellations": 1, "rejects": 1}
    assert (orders_in(shop), shop.value("SELECT sum(canceled) FROM order_line")) == (2, 1)
    assert shop.value("SELECT count(*) FROM intake WHERE channel = 'file'") == 3
    shop.check()


def test_a_cancellation_takes_pieces_of_the_latest_order_that_has_them(orderpipe: Terminal, shop: Floor, tmp_path: Path) -> None:
    take(orderpipe, write(tmp_path / "nov.csv", [line("1", quantity=5, at="2010-11-01 10:00:00")]))
    file = write(tmp_path / "dec.csv", [
        line("2", quantity=5, at="2010-12-01 10:00:00"), line("C3", quantity=-4, at="2010-12-02 10:00:00"),
        line("C4", quantity=-4, at="2010-12-02 11:00:00"), line("C5", quantity=-4, at="2010-12-02 12:00:00"),
        line("6", quantity=5, at="2010-12-03 10:00:00"),
    ])
    answer = take(orderpipe, file)
    assert references(answer) == {"read": 5, "orders": 2, "cancellations": 2, "rejects": 1}
    statement = "SELECT canceled FROM order_line JOIN orders ON id = order_id WHERE reference = :one"
    canceled = {one: shop.value(statement, one=one) for one in "126"}
    assert canceled == {"1": 4, "2": 4, "6": 0}
    assert "no earlier order of customer 17850 has 4 of SKU-1 at 2.5 left" in read(tmp_path / "dec.rejects.csv")[0]["reason"]


def test_a_cancellation_of_everything_cancels_the_order(orderpipe: Terminal, shop: Floor, tmp_path: Path) -> None:
    rows = [line("1"), line("1", "SKU-2"), line("C2", quantity=-2), line("C2", "SKU-2", -2)]
    take(orderpipe, write(tmp_path / "a.csv", rows))
    assert shop.value("SELECT state FROM orders") == "canceled"
    shop.check()


def test_a_cancellation_that_finds_only_some_of_its_pieces_is_rejected_whole(orderpipe: Terminal, shop: Floor, tmp_path: Path) -> None:
    answer = take(orderpipe, write(tmp_path / "a.csv", [line("1"), line("C2", quantity=-1), line("C2", "SKU-2", -1)]))
    assert answer.json["rejects"] == {"references": 1, "rows": 2, "pieces": -2}
    assert shop.value("SELECT sum(canceled) FROM order_line") == 0


def test_a_cancellation_that_comes_twice_is_applied_once(orderpipe: Terminal, shop: Floor, tmp_path: Path) -> None:
    back, other = line("C2", quantity=-1), line("C2", quantity=-2)
    file = write(tmp_path / "a.csv", [line("1", quantity=9), back, line("3"), back, line("4"), other])
    assert references(take(orderpipe, file)) == {"read": 6, "orders": 3, "cancellations": 1, "known_cancellations": 1, "rejects": 1}
    assert "with other content" in read(tmp_path / "a.rejects.csv")[0]["reason"]
    assert shop.value("SELECT sum(canceled) FROM order_line") == 1
    lost = line("C9", "SKU-2", quantity=-1)
    assert references(take(orderpipe, write(tmp_path / "b.csv", [lost, line("5"), lost]))) == {"read": 3, "orders": 1, "rejects": 2}


def test_what_is_packed_is_a_return(orderpipe: Terminal, shop: Floor, tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", [line("1")])
    shop.stock()
    take(orderpipe, file, "--customers", str(customers(tmp_path / "c.csv", file)))
    shop.work().deliver_until_shipped(int(shop.value("SELECT id FROM fulfillment")))
    take(orderpipe, write(tmp_path / "b.csv", [line("C2", quantity=-1)]))
    assert "it can be returned, not canceled" in read(tmp_path / "b.rejects.csv")[0]["reason"]
    shop.check()


def test_rejects_can_be_put_right_and_imported_again(orderpipe: Terminal, shop: Floor, tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", [line("1"), line("2", quantity="two"), line("2", "SKU-2"), line("3")])
    answer = take(orderpipe, file)
    assert (answer.exit_code, references(answer)) == (1, {"read": 3, "orders": 2, "rejects": 1})
    rejects = tmp_path / "a.rejects.csv"
    assert answer.json["rejects_file"] == str(rejects)
    told = read(rejects)
    assert [one["line"] for one in told] == ["3", "4"]
    assert "Quantity: 'two' is no number" in told[0]["reason"]
    assert "line 3" in told[1]["reason"]
    rejects.write_text(rejects.read_text().replace(",two,", ",2,"))
    again = take(orderpipe, rejects)
    assert (again.exit_code, references(again)) == (0, {"read": 1, "orders": 1})
    assert orders_in(shop) == 3


def test_an_older_file_of_rejects_is_kept(orderpipe: Terminal, shop: Floor, tmp_path: Path) -> None:
    (tmp_path / "a.rejects.csv").write_text("half put right")
    take(orderpipe, write(tmp_path / "a.csv", [line("1", quantity="x"), line("2")]))
    assert (tmp_path / "a.rejects.csv~").read_text() == "half put right"
    assert len(read(tmp_path / "a.rejects.csv")) == 1


def test_a_reference_that_comes_again_later_is_rejected_with_its_first_place(orderpipe: Terminal, shop: Floor, tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", [line("1"), line("2"), line("1", "SKU-2")])
    assert references(take(orderpipe, file)) == {"read": 3, "orders": 2, "rejects": 1}
    assert "line 2 of a.csv" in read(tmp_path / "a.rejects.csv")[0]["reason"]


def test_lines_that_cannot_be_read_spoil_the_orders_they_may_belong_to(orderpipe: Terminal, shop: Floor, tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", [line("1"), line("2"), line("3"), line("4")])
    with file.open("a", encoding="utf-8") as more:
        more.write('5,"never closed\n6,SKU-1,x,1,2010-12-01 08:26:00,1,1,United Kingdom\n7\0,a\n')
    answer = take(orderpipe, file)
    assert references(answer)["orders"] == 3
    reasons = [one["reason"] for one in read(tmp_path / "a.rejects.csv")]
    assert any("quotation marks" in one for one in reasons)
    assert any("NUL" in one for one in reasons)
    assert any("may belong to this order" in one or "cannot be read, and so" in one for one in reasons)
    assert answer.json["even"]


@pytest.mark.parametrize(("content", "said"), [
    (b"", "is empty"), (b"\n\n", "names its columns"), ("InvoiceNo;x\né\n".encode("latin-1"), "line 2 has the byte e9"),
    ("InvoiceNo,x\n".encode("utf-16"), "UTF-16"), (b"InvoiceNo,Stockcode,Quantity\n", "no column"),
    (b"a,b,c\n", "It has 'a', 'b', 'c'"), ((",".join((*COLUMNS, "Country")) + "\n").encode(), "two columns"),
    ((",".join(COLUMNS).replace("Country", "Contry") + "\n").encode(), "no column 'Country'. Is 'Contry' meant?"),
])
def test_a_file_that_cannot_be_used_is_told_at_once(orderpipe: Terminal, shop: Floor, tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    answer = take(orderpipe, path)
    assert answer.exit_code == 2
    assert said in answer.err
    assert len(answer.err.splitlines()) == 1
    assert shop.value("SELECT count(*) FROM import_file") == 0


def test_mistakes_on_the_command_line_are_told(orderpipe: Terminal, shop: Floor, tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", [line("1")])
    assert take(orderpipe, tmp_path / "none.csv").exit_code == 2
    assert take(orderpipe, tmp_path).exit_code == 2
    assert "olist, online-retail, orders" in take(orderpipe, file, mapping="shoplift").err
    assert "--mapping online-retail" in take(orderpipe, file, mapping="orders").err
    assert "bulk, express" in take(orderpipe, file, "--type", "fast").err
    assert "latin-1" in take(orderpipe, file, "--encoding", "klingon").err
    assert "name another file" in take(orderpipe, file, "--rejects", str(file)).err
    assert "cannot be written" in take(orderpipe, write(tmp_path / "b.csv", [line("")]), "--rejects", str(tmp_path / "no" / "x.csv")).err
    assert "no column 'customer'" in take(orderpipe, file, "--customers", str(file)).err
    unknown = orderpipe("import", str(file), "--shop", "nobody")
    assert (unknown.exit_code, "no shop 'nobody'" in unknown.err) == (1, True)
    assert orders_in(shop) == 0


def test_a_file_with_nothing_but_its_header_is_no_mistake(orderpipe: Terminal, shop: Floor, tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", [])
    answer = orderpipe("import", str(file), "--shop", "demo", "--mapping", "online-retail")
    assert (answer.exit_code, answer.out) == (0, "There is nothing in a.csv but its header.\n")


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_finds_out_what_parts_the_columns(orderpipe: Terminal, shop: Floor, tmp_path: Path, delimiter: str) -> None:
    file = write(tmp_path / "a.csv", [line("1"), line("2", quantity="x")], delimiter=delimiter)
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    assert references(take(orderpipe, file)) == {"read": 2, "orders": 1, "rejects": 1}
    assert read(tmp_path / "a.rejects.csv", delimiter)[0]["line"] == "3"


def test_reads_other_encodings_when_told(orderpipe: Terminal, shop: Floor, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("reference,sku,description,quantity,note\nL1,SKU-1,Théière,1,\nL2,SKU-1,Théière,x,é\n".encode("latin-1"))
    answer = take(orderpipe, path, "--encoding", "latin-1", mapping="orders")
    assert references(answer) == {"read": 2, "orders": 1, "rejects": 1}
    assert shop.value("SELECT description FROM order_line") == "Théière"
    assert "é".encode("latin-1") in (tmp_path / "a.rejects.csv").read_bytes()


def test_a_misspelt_column_is_not_passed_over(orderpipe: Terminal, shop: Floor, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("reference,sku,quantity,e-mail,colour\n1,SKU-1,1,ann@customers.example,red\n")
    answer = take(orderpipe, path, mapping="orders")
    assert (answer.exit_code, "Is 'email' meant?" in answer.err) == (2, True)
    path.write_text(path.read_text().replace("e-mail", "email"))
    assert references(take(orderpipe, path, mapping="orders")) == {"read": 1, "orders": 1}


def test_takes_the_type_from_a_column_or_the_command(orderpipe: Terminal, shop: Floor, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("reference,sku,quantity,type\n1,SKU-1,1,express\n2,SKU-1,1,\n3,SKU-1,1,fast\n")
    take(orderpipe, path, "--type", "standard", mapping="orders")
    assert shop.value("SELECT string_agg(lane, ' ' ORDER BY reference) FROM orders") == "express standard"
    assert "no order type 'fast'" in read(tmp_path / "a.rejects.csv")[0]["reason"]


def test_json_lines_are_orders_as_the_api_takes_them(orderpipe: Terminal, shop: Floor, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    good = {"reference": "J-1", "lines": [{"sku": "SKU-1", "quantity": 2}]}
    path.write_text("\n".join([
        json.dumps(good), "", "{broken", json.dumps(good | {"reference": "J-2", "total": 12.5}), json.dumps({"lines": 3}),
    ]))
    answer = take(orderpipe, path)
    assert references(answer) == {"read": 4, "orders": 1, "rejects": 3}
    assert shop.value("SELECT type || ' ' || channel FROM orders") == "bulk file"
    rejects = [json.loads(one) for one in (tmp_path / "a.rejects.jsonl").read_text().splitlines()]
    assert [one["line"] for one in rejects] == [3, 4, 5]
    assert "not JSON" in rejects[0]["reason"]
    assert "/total: Money is a decimal string" in rejects[1]["reason"]
    rejects[1]["original"]["total"] = "12.50"
    fixed = tmp_path / "fixed.jsonl"
    fixed.write_text(json.dumps(rejects[1]) + "\n")
    assert references(take(orderpipe, fixed)) == {"read": 1, "orders": 1}
    assert orders_in(shop) == 2


def test_a_list_of_json_is_told_apart_from_lines(orderpipe: Terminal, shop: Floor, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('[\n{"reference": "J-1"}\n]\n')
    answer = take(orderpipe, path)
    assert (answer.exit_code, "one order a line" in answer.err) == (2, True)


def test_works_with_a_single_connection(orderpipe: Terminal, shop: Floor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERPIPE_DATABASE_POOL", "1")
    settings.cache_clear()
    assert references(take(orderpipe, write(tmp_path / "a.csv", [line("1")]))) == {"read": 1, "orders": 1}


def test_an_order_that_our_own_code_cannot_write_is_kept_and_stops_nobody(
    orderpipe: Terminal, shop: Floor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    insert = new_orders.insert

    def fails(tx, rows, looks):
        assert not any(row["reference"] == "13" for row in rows)
        return insert(tx, rows, looks)

    file = write(tmp_path / "a.csv", [line(str(number)) for number in range(10, 20)])
    with monkeypatch.context() as patched:
        patched.setattr(new_orders, "insert", fails)
        answer = take(orderpipe, file)
    assert references(answer) == {"read": 10, "orders": 9, "kept": 1}
    assert shop.value("SELECT last_error LIKE 'AssertionError%' FROM intake WHERE state = 'pending'")
    pending = int(shop.value("SELECT id FROM intake WHERE state = 'pending'"))
    with shop.engine.begin() as tx:
        order, = receive.receive_pending(tx, [pending], shop.now)
    assert (shop.row(order)["reference"], shop.row(order)["channel"]) == ("13", "file")


def test_goes_on_where_it_was_interrupted(orderpipe: Terminal, shop: Floor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "MOST_GROUPS", 4)
    rows = [line(str(number), quantity="x" if number % 5 == 0 else 1) for number in range(1, 31)]
    file = write(tmp_path / "a.csv", rows)
    advance, calls = imports.advance, []

    def breaks(*given):
        calls.append(1)
        if len(calls) == 4:
            raise KeyboardInterrupt
        advance(*given)

    with monkeypatch.context() as patched:
        patched.setattr(imports, "advance", breaks)
        assert take(orderpipe, file).exit_code == 130
    assert orders_in(shop) == 10
    answer = take(orderpipe, file)
    assert answer.json["resumed_after_line"] == 13
    assert references(answer) == {"read": 30, "orders": 24, "rejects": 6}
    assert [one["line"] for one in read(tmp_path / "a.rejects.csv")] == ["6", "11", "16", "21", "26", "31"]


def test_a_commit_whose_answer_was_lost_counts(
    orderpipe: Terminal, shop: Floor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_group = writing._take
    lost: list[bool] = []

    def loses(tx, *given):
        done = take_group(tx, *given)
        if not lost:
            lost.append(True)
            tx.commit()
            raise TimeoutError
        return done

    monkeypatch.setattr(writing, "_take", loses)
    answer = take(orderpipe, write(tmp_path / "a.csv", [line("1"), line("2", quantity="x")]))
    assert references(answer) == {"read": 2, "orders": 1, "rejects": 1}
    assert len(read(tmp_path / "a.rejects.csv")) == 1


def test_begins_again_where_the_rejects_are_gone(orderpipe: Terminal, shop: Floor, tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", [line("1"), line("2", quantity="x")])
    take(orderpipe, file)
    (tmp_path / "a.rejects.csv").unlink()
    assert references(take(orderpipe, file)) == {"read": 2, "known_orders": 1, "rejects": 1}
    assert len(read(tmp_path / "a.rejects.csv")) == 1


def test_says_in_a_table_what_became_of_the_file(orderpipe: Terminal, shop: Floor, tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", [line("1"), line("2", quantity="x")])
    answer = orderpipe("import", str(file), "--shop", "demo", "--mapping", "online-retail")
    assert answer.exit_code == 1
    for said in ("new orders", "rejected", "all together", "read from the file", "a.rejects.csv, with line and reason"):
        assert said in answer.out
    assert "imported before" in orderpipe("import", str(file), "--shop", "demo", "--mapping", "online-retail").out
