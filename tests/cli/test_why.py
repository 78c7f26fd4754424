"""
`orderpipe why`: the answer for an order as it really stands.
"""

import pytest
from sqlalchemy import Engine, text

from orderpipe.domain.orders import Contact, number_of, public_id
from tests.cli.conftest import Terminal
from tests.floor import Floor


def test_finds_the_order_by_whatever_people_call_it(orderpipe: Terminal, floor: Floor) -> None:
    floor.stock()
    order_id = floor.order()
    floor.receive(order_id)
    answers = [
        orderpipe("why", called).out
        for called in (number_of(order_id), public_id("order", order_id), f"demo:{floor.row(order_id)['reference']}")
    ]
    assert answers[0] == answers[1] == answers[2]
    assert f"Fulfillment {number_of(order_id)}/1 is released and waits for the picker's scans: 2 of SKU-1." in answers[0]


@pytest.mark.parametrize(
    ("called", "sentence"),
    [
        ("100001-3", "'100001-3' is no order number; a digit may be mistyped.\n"),
        ("100009-0", "There is no order 100009-0.\n"),
        ("ord_000000000009", "There is no order ord_000000000009.\n"),
        ("demo:nothing", "There is no order demo:nothing.\n"),
    ],
)
def test_says_that_there_is_no_such_order(orderpipe: Terminal, called: str, sentence: str) -> None:
    answer = orderpipe("why", called)
    assert (answer.exit_code, answer.err, answer.out) == (1, sentence, "")


def test_explains_a_question_that_went_out(orderpipe: Terminal, floor: Floor) -> None:
    order_id = floor.order(customer=Contact("", "ann@customers.example"))
    floor.receive(order_id)
    document = orderpipe("why", number_of(order_id), "--json").json
    (unit,) = document["units"]
    assert (unit["waiting_for"], unit["turn"], unit["next"]["task"]) == ("query", "customer", "query.remind")
    assert unit["detail"].startswith("In doubt: ")
    assert unit["next"]["at"].endswith("Z")
    assert [one["action"] for one in document["allowed"]] == ["cancel", "answer", "pay"]


def test_explains_what_is_short_and_how_to_end_it(orderpipe: Terminal, floor: Floor) -> None:
    floor.stock(on_hand=1)
    order_id = floor.order({"SKU-1": 3})
    floor.receive(order_id)
    answer = orderpipe("why", number_of(order_id)).out
    assert "waits for stock to arrive: 2 of SKU-1." in answer
    assert "receive-stock: orderpipe stock receive SKU-1 QUANTITY --shop demo" in answer


def test_explains_a_parked_order_with_its_error(orderpipe: Terminal, floor: Floor, engine: Engine) -> None:
    order_id = floor.order()
    with engine.begin() as tx:
        tx.execute(text("UPDATE orders SET customer = '{\"name\": 7}'"))
    floor.receive(order_id)
    document = orderpipe("why", number_of(order_id), "--json").json
    (unit,) = document["units"]
    assert (unit["waiting_for"], unit["turn"]) == ("office", "office")
    assert unit["last_error"] == unit["detail"]
    assert document["allowed"][1] == {"action": "decide", "how": f"orderpipe order decide {number_of(order_id)} resume|cancel"}
