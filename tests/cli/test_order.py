"""
`orderpipe order`: orders looked at, canceled and decided about.
"""

from decimal import Decimal

from orderpipe.domain.handling import Phase
from orderpipe.domain.orders import number_of
from tests.cli.conftest import Terminal
from tests.floor import Floor


def test_shows_an_order_whole(orderpipe: Terminal, floor: Floor) -> None:
    floor.stock()
    order_id = floor.order()
    floor.receive(order_id).deliver(order_id * 1000 + 1)
    document = orderpipe("order", "show", number_of(order_id), "--json").json
    assert (document["state"], document["shop"], document["customer"]["name"]) == ("completed", "demo", "Ann Ok")
    assert [part["state"] for part in document["fulfillments"]] == ["delivered"]
    assert [letter["kind"] for letter in document["letters"]] == ["acknowledgement", "delivery-date", "shipped", "thank-you"]
    assert document["journal"][-1]["what"] == "order.completed"
    shown = orderpipe("order", "show", number_of(order_id)).out
    for words in ("Ann Ok, ann@customers.example", "SKU-1", f"{number_of(order_id)}/1", "thank-you", "order.promised"):
        assert words in shown


def test_lists_the_newest_first_and_what_waits(orderpipe: Terminal, floor: Floor) -> None:
    floor.stock(on_hand=2)
    first, second = floor.order(), floor.order()
    other = floor.order(shop="other")
    floor.receive(first, second)
    assert [row["number"] for row in orderpipe("order", "list", "--json").json] == [number_of(one) for one in (other, second, first)]
    assert [row["number"] for row in orderpipe("order", "list", "--waiting-for", "stock", "--json").json] == [number_of(second)]
    assert [row["shop"] for row in orderpipe("order", "list", "--state", "received", "--json").json] == ["other"]
    assert [row["number"] for row in orderpipe("order", "list", "--shop", "demo", "--limit", "1", "--json").json] == [number_of(second)]
    assert number_of(first) in orderpipe("order", "list").out
    assert orderpipe("order", "list", "--shop", "nobody").err == "There is no shop 'nobody'; there is demo, other.\n"
    assert orderpipe("order", "list", "--state", "lost").exit_code == 2


def test_cancels_and_wakes_those_who_wait_for_the_stock(orderpipe: Terminal, floor: Floor) -> None:
    floor.stock(on_hand=2)
    first, second = floor.order(), floor.order()
    floor.receive(first, second)
    answer = orderpipe("order", "cancel", number_of(first), "--reason", "customer")
    assert (answer.exit_code, answer.out) == (0, f"Order {number_of(first)} is canceled.\n")
    assert [name for name, _, _ in floor.hints] == ["restock", "notify.email", "notify.sms"]
    assert floor.journal(first)[-1]["actor"].startswith("office ")
    again = orderpipe("order", "cancel", number_of(first), "--reason", "customer")
    assert (again.exit_code, again.err) == (1, "The order is canceled already.\n")
    floor.check()


def test_says_what_of_an_order_is_packed_already(orderpipe: Terminal, floor: Floor) -> None:
    floor.stock(on_hand=1)
    order_id = floor.order({"SKU-1": 3})
    floor.receive(order_id).deliver_until_shipped(order_id * 1000 + 1)
    number = number_of(order_id)
    answer = orderpipe("order", "cancel", number, "--reason", "staff")
    assert answer.out == f"Of order {number} {number}/2 is canceled; the rest is packed already and goes on its way.\n"


def test_decides_about_a_lost_parcel(orderpipe: Terminal, floor: Floor) -> None:
    floor.stock()
    order_id = floor.order()
    floor.receive(order_id).scan(order_id * 1000 + 1, Phase.PICK).scan(order_id * 1000 + 1, Phase.PACK)
    floor.carrier(order_id * 1000 + 1, "lost")
    wrong = orderpipe("order", "decide", number_of(order_id), "resume")
    assert (wrong.exit_code, wrong.err) == (1, "resume does not fit here.\n")
    assert orderpipe("order", "decide", number_of(order_id), "resend").exit_code == 0
    assert {name for name, _, _ in floor.hints} >= {"release"}
    floor.work().check()
    assert floor.parts(order_id)[2][0] == "released"
    assert orderpipe("order", "decide", number_of(order_id), "maybe").exit_code == 2


def test_changes_an_order(orderpipe: Terminal, floor: Floor) -> None:
    floor.stock()
    floor.stock("SKU-2")
    order_id, _ = floor.order({"SKU-1": 2, "SKU-2": 1}), floor.order({"SKU-3": 1})
    number = number_of(order_id)
    done = orderpipe(
        "order", "amend", number, "--set", "/lines/0/quantity=3", "--set", "/ship_to/city=Leeds", "--add", "SKU-3=1", "--remove", "2",
        "--by", "staff:KIM",
    )
    assert (done.exit_code, done.out) == (0, f"Order {number} is changed: /ship_to/city, /lines/-/0, /lines/0/quantity, /lines/1.\n")
    assert floor.journal(order_id)[-1]["actor"] == "staff:KIM"
    document = orderpipe("order", "show", number, "--json").json
    assert [(line["sku"], line["quantity"]) for line in document["lines"]] == [("SKU-1", 3), ("SKU-3", 1)]
    late = orderpipe("order", "amend", number, "--set", "/lines/0/quantity=0")
    assert (late.exit_code, late.err) == (1, "This must be from 1 to 1000000.\n")
    for words in (("--set", "city"), ("--add", "SKU-3"), ("--remove", "7")):
        assert orderpipe("order", "amend", number, *words).exit_code == 2


def test_keys_in_what_the_customer_said(orderpipe: Terminal, floor: Floor) -> None:
    order_id = floor.order({"SKU-1": 2, "SKU-2": 1}, payment_method="", total=Decimal(5))
    number = number_of(order_id)
    nothing = orderpipe("order", "answer", number, "--set", "/payment_method=card")
    assert nothing.exit_code == 1
    assert nothing.err == f"Nothing is asked about order {number}; `orderpipe why {number}` tells how it stands.\n"
    floor.receive(order_id)
    assert f"orderpipe order answer {number}" in orderpipe("why", number).out
    wrong = orderpipe("order", "answer", number, "--set", "payment_method:card")
    assert (wrong.exit_code, wrong.err) == (2, "'payment_method:card' is no value by its pointer; write it as /lines/0/quantity=2.\n")
    refused = orderpipe("order", "answer", number, "--set", "/customer/name=Eve")
    assert (refused.exit_code, refused.err.partition(":")[0]) == (1, "/customer/name")
    taken = orderpipe("order", "answer", number, "--set", "/payment_method=card", "--confirm", "totals-differ", "--how", "email", "--json")
    assert taken.json == {"order": number, "canceled": False, "earlier": None, "separate": False}
    assert [name for name, _, _ in floor.hints] == ["validate", "notify.email", "notify.sms"]
    entry = floor.journal(order_id)[-1]
    assert entry["actor"].startswith("office ")
    assert entry["note"] == {"changed": ["/payment_method"], "confirmed": ["totals-differ /total"], "how": "email"}
    assert floor.work().row(order_id)["payment_method"] == "card"


def test_keys_in_that_the_order_is_no_longer_wanted(orderpipe: Terminal, floor: Floor) -> None:
    order_id = floor.order(payment_method="")
    floor.receive(order_id)
    assert orderpipe("order", "answer", number_of(order_id), "--cancel").out == f"Order {number_of(order_id)} is canceled.\n"
    assert floor.state(order_id) == ("canceled", None)
