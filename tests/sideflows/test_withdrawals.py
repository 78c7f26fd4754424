"""
One withdrawal is one letter to the customer and one to the office, joins the case that is open, and counts once.
"""

from typing import Any

import pytest

from orderpipe.domain.cases import Case, Cause, Kind, Outcome, Pieces, State
from orderpipe.sideflows import cases, returns, withdrawals
from orderpipe.sideflows.hearing import Heard
from orderpipe.sideflows.withdrawals import NothingToWithdraw, Statement
from orderpipe.store import cases as case_store
from orderpipe.store import returns as return_store
from orderpipe.store.case_opening import Opening
from tests.floor import Floor

RECEIVED, OFFICE = "withdrawal-received", "office-withdrawal"


def declared(floor: Floor, order_id: int, pieces: dict[int, int], key: str, note: str = "") -> Heard:
    with floor.engine.begin() as tx:
        return withdrawals.declare(tx, order_id, Statement(pieces, key, note), floor.now)


def cases_of(floor: Floor, order_id: int) -> list[Case]:
    with floor.engine.begin() as tx:
        return case_store.of_orders(tx, [order_id])


def letters(floor: Floor, order_id: int) -> list[str]:
    """The letters since the order was complete."""
    return [kind for kind in floor.letters(order_id) if "withdraw" in kind or "case" in kind or "return" in kind]


def test_one_withdrawal_is_one_letter_to_the_customer_and_one_to_the_office(floor: Floor) -> None:
    order_id = floor.delivered({"SKU-1": 3})
    heard = declared(floor, order_id, {1: 2}, "form-1", "It is chipped.")
    assert letters(floor, order_id) == [RECEIVED, OFFICE]
    (told,), (office,) = floor.told(order_id, RECEIVED), floor.told(order_id, OFFICE)
    assert (told["case"], told["at"], told["lines"]) == (heard.number, floor.now.isoformat(), [{"number": 1, "quantity": 2}])
    assert (told["under_way"], told["back"]["label_link"].rpartition("/")[2]) == (False, told["back"]["number"])
    assert (office["case"], office["note"]) == (heard.number, "It is chipped.")
    assert [one["what"] for one in floor.journal(order_id)][-3:] == ["case.opened", "order.withdrawn", "return.authorised"]
    floor.check()


def test_sent_twice_it_is_one(floor: Floor) -> None:
    order_id = floor.delivered({"SKU-1": 3})
    first = declared(floor, order_id, {1: 1}, "form-1")
    again = declared(floor, order_id, {1: 1}, "form-1")
    assert (again.case_id, first.again, again.again) == (first.case_id, False, True)
    assert letters(floor, order_id) == [RECEIVED, OFFICE]
    assert [one["what"] for one in floor.journal(order_id)].count("order.withdrawn") == 1


def test_a_second_one_joins_the_open_case_with_a_letter_of_its_own(floor: Floor) -> None:
    order_id = floor.delivered({"SKU-1": 3, "SKU-2": 1})
    first = declared(floor, order_id, {1: 2}, "form-1", "Too many.")
    second = declared(floor, order_id, {1: 1, 2: 1}, "form-2")
    (case,) = cases_of(floor, order_id)
    assert first.case_id == second.case_id == case.id
    assert case.lines == (Pieces(1, 3), Pieces(2, 1))
    assert letters(floor, order_id) == [RECEIVED, OFFICE, RECEIVED, OFFICE]
    with floor.engine.begin() as tx:
        assert [one.body for one in case_store.messages_of(tx, case.id)] == ["Too many.", "1 × Product SKU-1\n1 × Product SKU-2"]
        assert [[item.quantity for item in one.items] for one in return_store.of_order(tx, order_id)] == [[2], [1, 1]]
    with pytest.raises(NothingToWithdraw):
        declared(floor, order_id, {1: 1}, "form-3")
    floor.check()


def test_a_second_one_takes_up_again_what_was_answered(floor: Floor) -> None:
    order_id = floor.delivered({"SKU-1": 2})
    first = declared(floor, order_id, {1: 1}, "form-1")
    with floor.engine.begin() as tx:
        cases.respond(tx, first.case_id, "The money is on its way.", [], by="Olga", now=floor.now)
    declared(floor, order_id, {1: 1}, "form-2")
    (case,) = cases_of(floor, order_id)
    assert (case.state, case.reopened) == (State.RECEIVED, 1)
    assert letters(floor, order_id) == [RECEIVED, OFFICE, "case-response", RECEIVED, OFFICE]
    floor.check()


def test_a_second_one_opens_another_case_where_the_first_is_closed(floor: Floor) -> None:
    order_id = floor.delivered({"SKU-1": 2})
    first = declared(floor, order_id, {1: 1}, "form-1")
    with floor.engine.begin() as tx:
        cases.close(tx, first.case_id, Outcome.RESOLVED, by="Olga", now=floor.now)
    second = declared(floor, order_id, {1: 1}, "form-2")
    assert [one.id for one in cases_of(floor, order_id)] == [first.case_id, second.case_id]
    assert [told["case"] for told in floor.told(order_id, RECEIVED)] == [first.number, second.number]
    floor.check()


def test_what_is_still_under_way_has_no_label_yet_and_comes_back_under_the_same_case(floor: Floor) -> None:
    floor.stock("SKU-1", 5)
    floor.stock("SKU-2", 5, at="north")
    order_id = floor.order({"SKU-1": 1, "SKU-2": 2})
    floor.receive(order_id)
    floor.deliver(order_id * 1000 + 1).deliver_until_shipped(order_id * 1000 + 2)
    arrived = floor.value("SELECT number FROM fulfillment_line WHERE fulfillment_id = :id", id=order_id * 1000 + 1)
    coming = 3 - arrived
    heard = declared(floor, order_id, {coming: 1}, "form-1")
    assert {name: floor.told(order_id, RECEIVED)[0][name] for name in ("back", "under_way")} == {"back": None, "under_way": True}
    floor.carrier(order_id * 1000 + 2, "delivered")
    said = Opening(order_id, Kind.RETURN, "", "form-2", Cause.CHANGED_MIND, (Pieces(coming, 1),))
    with floor.engine.begin() as tx:
        assert returns.send_back(tx, said, now=floor.now).opened.case_id == heard.case_id
    assert letters(floor, order_id) == [RECEIVED, OFFICE, "office-case", "return-authorised"]
    floor.check()


def test_a_return_is_one_letter_to_the_customer_and_one_to_the_office(floor: Floor) -> None:
    order_id = floor.delivered({"SKU-1": 2})
    said: dict[str, Any] = {"kind": Kind.RETURN, "text": "", "key": "form-1", "lines": (Pieces(1, 1),)}
    with floor.engine.begin() as tx:
        declared = returns.send_back(tx, Opening(order_id, **said), now=floor.now)
    assert letters(floor, order_id) == ["office-case", "return-authorised"]
    assert floor.told(order_id, "return-authorised")[0]["case"] == declared.opened.number
