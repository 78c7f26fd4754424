"""
Questions to customers: asked at once, repeated, handed to the office, and answered; with a clock that the test turns.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

import pytest

from orderpipe.domain.queries import ESCALATE_AFTER, REMIND_AFTER, Answer
from orderpipe.flow import Unit
from orderpipe.sideflows import queries
from orderpipe.sideflows.queries import AlreadyAnswered, AnswerRefused, NoSuchQuery
from orderpipe.store.holds import query
from orderpipe.store.notifications import notification
from tests.builders import rows_of
from tests.floor import Floor
from workers import run


def asked(floor: Floor, **draft: object) -> int:
    """An order that misses how it is paid, and its question."""
    order = floor.order(**({"payment_method": ""} | draft))  # type: ignore[arg-type]
    floor.receive(order)
    assert floor.state(order) == ("received", "query")
    return order


def questions(floor: Floor, order: int) -> Sequence[str]:
    return [kind for kind in floor.letters(order) if "question" in kind]


def due(floor: Floor, order: int) -> datetime:
    return floor.row(order)["next_at"]  # type: ignore[no-any-return]


def test_asks_at_once_with_a_link(floor: Floor) -> None:
    order = asked(floor)
    assert questions(floor, order) == ["question"]
    with floor.engine.begin() as tx:
        facts = rows_of(tx, notification, order_id=order, kind="question")[0]["facts"]
        token = rows_of(tx, query, order_id=order)[0]["token"]
    assert facts["link"] == f"http://shop.example/q/{token}"
    assert facts["doubts"][0]["rule"] == "payment-method-missing"


def test_reminds_once_then_the_office_calls_every_day(floor: Floor) -> None:
    """Half a working day until the reminder, a working day until the call; the clock stands at Tuesday noon."""
    assert (REMIND_AFTER, ESCALATE_AFTER) == (240, 480)
    order = asked(floor)
    assert f"{due(floor, order):%a %H:%M}" == "Tue 16:00"
    floor.pass_time(hours=3, minutes=59)
    assert questions(floor, order) == ["question"]
    floor.pass_time(minutes=2)
    assert questions(floor, order) == ["question", "question-reminder"]
    assert f"{due(floor, order):%a %H:%M}" == "Wed 16:01"
    floor.pass_time(days=1)
    assert questions(floor, order)[2:] == ["office-question-unanswered"]
    for day in range(2, 5):
        floor.pass_time(days=1, minutes=1)
        assert questions(floor, order)[2:] == ["office-question-unanswered"] * day
    assert floor.state(order) == ("received", "query")


def test_nobody_is_asked_twice_by_messages_delivered_twice(floor: Floor) -> None:
    order = asked(floor)
    for name in ("query.ask", "query.ask", "query.remind", "query.remind"):
        floor._do(name, [order])
    assert questions(floor, order) == ["question", "question-reminder"]


def test_a_question_whose_message_was_lost_is_asked_by_the_clock(floor: Floor) -> None:
    order = floor.order(payment_method="")
    floor.chain("validate", [order])
    floor.forget_hints()
    assert (floor.state(order), questions(floor, order)) == (("received", "query"), [])
    floor.pass_time(seconds=11)
    assert questions(floor, order) == ["question"]


def test_an_answer_lets_the_order_go_on(floor: Floor) -> None:
    floor.stock()
    order = asked(floor)
    floor.answer(order, {"/payment_method": "invoice"})
    assert (floor.state(order), floor.row(order)["payment_method"]) == (("promised", "fulfillments"), "invoice")
    floor.pass_time(days=3)
    assert questions(floor, order) == ["question"]


def test_an_answer_that_leaves_a_doubt_leads_to_another_question(floor: Floor) -> None:
    order = asked(floor, total=None, ship_to=None)
    floor.answer(order, {"/payment_method": "invoice"})
    assert floor.state(order) == ("received", "query")
    assert questions(floor, order) == ["question", "question"]


def test_a_confirmed_finding_is_not_asked_again(floor: Floor) -> None:
    floor.stock()
    order = asked(floor, payment_method="invoice", total=Decimal(5))
    floor.answer(order, confirmed=frozenset({"totals-differ"}))
    assert floor.state(order) == ("promised", "fulfillments")


def test_the_customer_may_cancel_instead(floor: Floor) -> None:
    order = asked(floor)
    floor.answer(order, cancel=True)
    assert floor.state(order) == ("canceled", None)


def test_an_answer_counts_once(floor: Floor) -> None:
    order = asked(floor)
    floor.answer(order, {"/payment_method": "invoice"})
    with pytest.raises(AlreadyAnswered):
        floor.answer(order, {"/payment_method": "card"})


def test_what_was_not_asked_is_refused_and_changes_nothing(floor: Floor) -> None:
    order = asked(floor)
    before = floor.row(order)
    with pytest.raises(AnswerRefused):
        floor.answer(order, {"/payment_method": "invoice", "/total": "1.00"})
    assert floor.row(order) == before


def test_a_wrong_link_leads_nowhere(floor: Floor) -> None:
    with floor.engine.begin() as tx, pytest.raises(NoSuchQuery):
        queries.answer(tx, "guessed", Answer({}, frozenset()), by="somebody", now=floor.now)


def test_an_order_given_to_the_office_is_not_taken_back_by_a_late_message(floor: Floor) -> None:
    order = floor.order(payment_method="")
    floor.chain("validate", [order])
    late = list(floor.hints)
    floor.forget_hints()
    run.park(floor.run, Unit.ORDER, order, RuntimeError("The question could not be put."))
    floor.hints.extend(late)
    floor.work()
    assert floor.state(order) == ("received", "office")
