"""
`orderpipe case`, `orderpipe return` and `orderpipe report`: a case from the customer's word to its end, at the terminal.
"""

import json

from tests.cli.conftest import Terminal
from tests.floor import Floor
from tests.needs import require


def test_takes_a_case_from_the_customers_word_to_its_end(orderpipe: Terminal, floor: Floor) -> None:
    order_id = floor.delivered({"SKU-1": 2}, total=20)
    floor.pay(order_id, "20.00")
    answer = orderpipe("case", "open", "100001-7", "--kind", "claim", "--text", "It is broken.", "--cause", "damaged", "--line", "1:1")
    assert answer.out == "Case C-100001-7 is received. What may be done now: acknowledge, assess, investigate, respond, close.\n"
    assert orderpipe("case", "ack", "C-100001-7").exit_code == 0
    assert orderpipe("case", "assess", "C-100001-7", "--owner", "Olga", "--severity", "high").exit_code == 0
    assert orderpipe("case", "investigate", "C-100001-7", "Packed too loosely.").exit_code == 0
    assert orderpipe("case", "write", "C-100001-7", "We look into it.").exit_code == 0
    refused = orderpipe("case", "respond", "C-100001-7", "Sorry.", "--remedy", "refund:20.01")
    assert (refused.exit_code, refused.err) == (1, "Only 20.00 GBP can be given back.\n")
    assert orderpipe("case", "respond", "C-100001-7", "Sorry.", "--remedy", "refund:5", "--remedy", "replacement").exit_code == 0
    shown = orderpipe("case", "show", "C-100001-7").out
    for words in ("It is broken.", "Packed too loosely.", "owner Olga", "Remedy: refund 5.00", "Remedy: replacement", "respond, close"):
        assert words in shown
    assert "C-100001-7" in orderpipe("case", "list", "--state", "responded").out
    assert orderpipe("why", "100001-7").out.count("C-100001-7") == 2
    assert "It replaces order 100001-7" in orderpipe("why", "100002-5").out
    assert orderpipe("case", "close", "C-100001-7", "resolved").out == "Case C-100001-7 is closed.\n"
    assert orderpipe("case", "ack", "C-100001-7").exit_code == 1
    assert orderpipe("case", "list", "--json").json == []
    floor.work().check()


def test_receives_and_inspects_what_comes_back(orderpipe: Terminal, floor: Floor) -> None:
    floor.delivered({"SKU-1": 2})
    orderpipe("case", "open", "100001-7", "--kind", "return")
    assert orderpipe("case", "return", "C-100001-7", "--line", "1:2").out.startswith("Return R-100001-7 is authorised")
    assert orderpipe("return", "scan", "R-100001-7", "SKU-1", "--quantity", "2").out == "2 of SKU-1 received; 0 awaited.\n"
    assert orderpipe("return", "scan", "R-100001-7", "SKU-1").exit_code == 1
    assert orderpipe("return", "inspect", "R-100001-7", "--line", "1", "--restock", "1", "--write-off", "1").exit_code == 0
    assert orderpipe("return", "show", "R-100001-7", "--json").json["state"] == "inspected"
    floor.check()


def test_says_what_was_not_understood(orderpipe: Terminal, floor: Floor) -> None:
    floor.delivered()
    for words in (
        ("show", "C-1"), ("show", "C-100009-0"), ("open", "100001-7", "--kind", "claim", "--line", "one"),
        ("open", "100001-7", "--kind", "claim", "--line", "1:9"), ("respond", "C-100001-7", "Sorry.", "--remedy", "gold"),
    ):
        answer = orderpipe("case", *words)
        assert answer.exit_code in (1, 2)
        assert answer.err


def test_sets_terms_and_targets(orderpipe: Terminal, floor: Floor) -> None:
    floor.delivered()
    assert orderpipe("case", "terms", "--shop", "demo", "--low-score", "3", "--return-days", "30").exit_code == 0
    assert orderpipe("case", "target", "--acknowledge", "60", "--resolve", "120", "--kind", "claim").exit_code == 0
    opened = orderpipe("case", "open", "100001-7", "--kind", "claim", "--json").json
    assert opened["acknowledge_by"] < opened["resolve_by"]
    assert orderpipe("case", "target", "--acknowledge", "60", "--resolve", "30").exit_code == 2


def test_reports_in_a_table_and_as_csv(orderpipe: Terminal, floor: Floor) -> None:
    floor.delivered()
    orderpipe("case", "open", "100001-7", "--kind", "complaint", "--cause", "late")
    first, second = orderpipe("report", "satisfaction", "--csv").out.splitlines()
    assert first == "shop,type,on_time,asked,rated,average,response,high,low"
    assert second == "demo,standard,True,1,0,,0.000,,"
    assert "late" in orderpipe("report", "causes", "--shop", "demo").out
    assert orderpipe("report", "causes", "--since", "2999-01-01", "--json").json == []


def test_keeps_naughty_words_exactly(orderpipe: Terminal, floor: Floor) -> None:
    every = [one for one in json.loads((require("real-data") / "naughty" / "blns.json").read_text()) if one.strip()]
    words = every[::12]  # each command has a connection of its own
    floor.delivered()
    orderpipe("case", "open", "100001-7", "--kind", "enquiry")
    for one in words:
        assert orderpipe("case", "write", "C-100001-7", "--note", "--", one).exit_code == 0
    assert [one["body"] for one in orderpipe("case", "show", "C-100001-7", "--json").json["messages"]] == words
    assert orderpipe("case", "show", "C-100001-7").exit_code == 0
