"""
Payments that come late: the promise counts from the day of the payment and says so; nobody's stock or warehouse is blamed.
"""

from datetime import datetime

from orderpipe.domain.promises import PAID_LATE
from orderpipe.sideflows import amendments
from orderpipe.sideflows.amendments import Asked
from tests.floor import Floor
from tests.late import letters_go_out, of, promises, until, waiting


def unpaid(floor: Floor) -> int:
    """A prepaid order for what lies in stock, which waits for its payment."""
    floor.stock()
    order = floor.order(type="prepaid", total=20)
    floor.receive(order)
    assert floor.parts(order) == {1: ("planned", "payment")}
    return order


def count_of_delays(floor: Floor, order: int) -> int:
    return int(floor.value("SELECT count(*) FROM delay WHERE order_id = :id", id=order))


def days_pass(floor: Floor, days: int) -> None:
    for _ in range(days):
        floor.pass_time(days=1).project()
        letters_go_out(floor)


def test_the_promise_counts_anew_and_says_why(floor: Floor) -> None:
    order = unpaid(floor)
    days_pass(floor, 8)
    floor.pay(order, "20.00")
    first, second = promises(floor, order * 1000 + 1)
    assert (second["revision"], second["reason"]) == (2, PAID_LATE)
    assert second["arithmetic"][0]["step"] == "payment"
    assert floor.now < second["until_at"] > first["until_at"]
    (letter,) = floor.told(order, "payment-received")
    assert [datetime.fromisoformat(letter[one]) for one in ("was", "until")] == [first["until_at"], second["until_at"]]
    assert [one["note"]["reason"] for one in floor.journal(order) if one["what"] == "promise.revised"] == [PAID_LATE]
    floor.project().deliver(order * 1000 + 1)
    assert count_of_delays(floor, order) == 0
    assert floor.state(order)[0] == "completed"
    floor.check()


def test_what_is_paid_in_time_keeps_its_date(floor: Floor) -> None:
    order = unpaid(floor)
    floor.pass_time(minutes=30).pay(order, "20.00")
    assert len(promises(floor, order * 1000 + 1)) == 1
    assert floor.told(order, "payment-received") == []


def test_a_payment_sent_twice_revises_once(floor: Floor) -> None:
    order = unpaid(floor)
    days_pass(floor, 8)
    for _ in range(2):
        floor.pay(order, "20.00", reference="P-1")
    assert len(promises(floor, order * 1000 + 1)) == 2
    assert len(floor.told(order, "payment-received")) == 1


def test_a_delay_of_ours_counts_from_the_date_since_the_payment(floor: Floor) -> None:
    order = unpaid(floor)
    days_pass(floor, 40)
    floor.pay(order, "20.00")
    until(floor, order, state="told")
    assert of(floor, order)["original_until"] == promises(floor, order * 1000 + 1)[1]["until_at"]
    assert floor.told(order, "delayed")[0]["silence"] == "consents"


def test_a_date_that_was_told_moves_with_the_payment_and_stays_the_only_one(floor: Floor) -> None:
    order = waiting(floor, lead_days=5, type="prepaid", total=20)
    until(floor, order, state="told")
    told = of(floor, order)["revised_until"]
    floor.stock()
    floor.restock()
    assert floor.parts(order) == {1: ("planned", "payment")}
    while floor.now < told:
        days_pass(floor, 1)
    floor.pay(order, "20.00")
    newest = promises(floor, order * 1000 + 1)[-1]
    assert newest["reason"] == PAID_LATE
    assert (of(floor, order)["revised_until"], of(floor, order)["round"]) == (newest["until_at"], 1)
    floor.project().deliver_until_shipped(order * 1000 + 1).pass_time(minutes=20).project()
    assert floor.letters(order).count("delayed") == 1
    assert of(floor, order)["settled_how"] == "shipped"


def test_what_needs_no_payment_any_more_is_promised_anew_too(floor: Floor) -> None:
    order = unpaid(floor)
    floor.pay(order, "10.00")
    days_pass(floor, 8)
    with floor.engine.begin() as tx:
        floor.give(amendments.amend(tx, order, Asked({"/lines/0/quantity": 1}, "less"), by="customer", now=floor.now).hints)
    floor.work()
    newest = promises(floor, order * 1000 + 1)[-1]
    assert newest["reason"] == PAID_LATE
    assert datetime.fromisoformat(floor.told(order, "amended")[0]["until"]) == newest["until_at"]
