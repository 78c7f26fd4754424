"""
Duplicates: the same order is canceled and linked, its lines may go with the earlier one, and what comes too late stays on its own.
"""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from orderpipe.domain.orders import DraftLine, number_of, public_id
from orderpipe.domain.queries import Answer
from orderpipe.domain.rules import RuleSetting
from orderpipe.domain.targets import EVERYBODY
from orderpipe.sideflows import duplicates
from orderpipe.sideflows.hearing import hear_mail
from orderpipe.sideflows.queries import AlreadyAnswered, AnswerRefused, How
from orderpipe.store import rule_settings
from tests.floor import Floor
from tests.mailed import mail, named, receive

LINES = [DraftLine("SKU-1", 2, unit_price=Decimal(10))]


@pytest.fixture
def careful(floor: Floor) -> Floor:
    """A floor with the rules as they come."""
    with floor.engine.begin() as tx:
        rule_settings.write(tx, EVERYBODY, rule_settings.EVERY_TYPE, "duplicate-order", RuleSetting())
    floor.stock(on_hand=20)
    return floor


def twice(floor: Floor, **second: object) -> tuple[int, int]:
    """The same ordered twice within three minutes; the second order is asked about."""
    first = floor.order(LINES, total=Decimal(20))
    floor.receive(first).pass_time(minutes=3)
    again = floor.order(**({"lines": LINES, "total": Decimal(20)} | second))  # type: ignore[arg-type]
    floor.receive(again)
    assert floor.state(again) == ("received", "query")
    return first, again


def noted(floor: Floor, order: int, what: str) -> list[object]:
    return [one["note"] for one in floor.journal(order) if one["what"] == what]


def test_the_same_order_is_canceled_as_a_duplicate_and_linked(careful: Floor) -> None:
    first, again = twice(careful)
    careful.answer(again, cancel=True)
    assert careful.state(again) == ("canceled", None)
    assert noted(careful, again, "order.canceled") == [{"reason": "duplicate", "of": number_of(first)}]
    assert noted(careful, first, "order.ordered-twice") == [{"order": number_of(again)}]
    (letter,) = careful.told(again, "canceled")
    assert (letter["reason"], letter["of"]) == ("duplicate", number_of(first))
    assert careful.state(first) == ("promised", "fulfillments")
    careful.check()


def test_its_lines_are_added_to_the_earlier_order_as_an_amendment(careful: Floor) -> None:
    first, again = twice(careful, lines=[*LINES, DraftLine("SKU-2", 1, unit_price=Decimal(9))], total=Decimal(29))
    careful.stock("SKU-2", 5)
    careful.answer(again, merge=True)
    assert careful.state(again) == ("canceled", None)
    assert (careful.row(first)["total"], careful.free(), careful.free("SKU-2")) == (49, (20, 4), (5, 1))
    (amended,) = noted(careful, first, "order.amended")
    assert amended["merged"] == number_of(again)  # type: ignore[index]
    assert careful.told(first, "amended")[0]["lines"][0]["after"] == 4
    assert careful.told(again, "canceled")[0]["reason"] == "merged"
    assert noted(careful, first, "order.took-over") == [{"order": number_of(again)}]
    careful.deliver(first * 1000 + 1)
    assert careful.state(first)[0] == "completed"
    careful.check()


def test_what_comes_too_late_stays_an_order_of_its_own_and_the_customer_is_told(careful: Floor) -> None:
    first, again = twice(careful)
    careful.deliver_until_shipped(first * 1000 + 1)
    careful.answer(again, merge=True)
    assert careful.state(again) == ("promised", "fulfillments")
    assert careful.told(again, "kept-apart") == [{"of": number_of(first)}]
    assert noted(careful, again, "order.kept-apart")[0]["of"] == number_of(first)  # type: ignore[index]
    assert noted(careful, first, "order.amended") == []
    careful.check()


def test_another_address_keeps_them_apart(careful: Floor) -> None:
    first, again = twice(careful)
    careful.value("UPDATE orders SET ship_to = ship_to || '{\"city\": \"York\"}' WHERE id = :id RETURNING 1", id=again)
    careful.answer(again, merge=True)
    assert careful.told(again, "kept-apart") == [{"of": number_of(first)}]


def test_the_same_as_an_order_that_is_gone_by_now_is_only_canceled(careful: Floor) -> None:
    first, again = twice(careful)
    careful.cancel(first)
    careful.answer(again, cancel=True)
    assert noted(careful, again, "order.canceled") == [{"reason": "customer"}]


def test_cases_about_it_are_closed_and_their_customer_told(careful: Floor) -> None:
    _, again = twice(careful)
    with careful.engine.begin() as tx:
        hear_mail(tx, again, "I ordered twice by mistake.", "Oops", sender="ann@customers.example", mail_id="1", now=careful.now)
    careful.answer(again, cancel=True)
    assert "case-closed" in careful.letters(again)
    assert careful.value("SELECT state FROM case_file WHERE order_id = :id", id=again) == "closed"


def test_an_answer_given_twice_is_carried_out_once(careful: Floor) -> None:
    first, again = twice(careful)
    careful.answer(again, merge=True)
    with pytest.raises(AlreadyAnswered):
        careful.answer(again, merge=True)
    assert careful.free() == (20, 4)
    assert len(noted(careful, first, "order.amended")) == 1


def test_who_adds_it_at_once_in_several_ways_adds_it_once(careful: Floor) -> None:
    first, again = twice(careful)
    query = public_id("query", careful.value("SELECT id FROM query WHERE order_id = :id", id=again))

    def merge(_: int) -> bool:
        try:
            with careful.engine.begin() as tx:
                return bool(duplicates.answer(tx, query, Answer({}, merge=True), by="customer", how=How.PAGE, now=careful.now).earlier)
        except AlreadyAnswered:
            return False

    with ThreadPoolExecutor(4) as at_once:
        assert sum(at_once.map(merge, range(4))) == 1
    assert careful.free() == (20, 4)
    assert len(noted(careful, first, "order.amended")) == 1


def test_nothing_is_added_where_no_earlier_order_was_asked_about(floor: Floor) -> None:
    order = floor.order(payment_method="")
    floor.receive(order)
    with pytest.raises(AnswerRefused):
        floor.answer(order, merge=True)
    assert floor.state(order) == ("received", "query")


@pytest.mark.parametrize(("words", "state"), [
    ("Add it to that order, please", "received"), ("Please add it to that order.", "canceled"), ("请并入那份订单", "canceled"),
    ("It's the same order", "canceled"), ("yes", "promised"),
])  # fmt: skip
def test_a_reply_by_mail_may_say_so(careful: Floor, words: str, state: str) -> None:
    first, again = twice(careful)
    receive(careful, mail(words, answers=named(careful, again, "question")))
    assert careful.state(again)[0] == state
    assert len(noted(careful, first, "order.amended")) == ("dd it to that order." in words or "并入" in words)
