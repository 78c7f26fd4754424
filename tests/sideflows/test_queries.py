"""
Questions to customers: asked at once, repeated, handed to the office, and answered or ended; with a clock that the test turns.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from orderpipe.domain.ladder import OnSilence, QueryPolicy
from orderpipe.domain.links import Purpose
from orderpipe.domain.notices import Later
from orderpipe.domain.orders import Contact, public_id
from orderpipe.domain.queries import Answer
from orderpipe.flow import Unit
from orderpipe.sideflows import amendments, queries
from orderpipe.sideflows import asking as ladder
from orderpipe.sideflows.amendments import Asked
from orderpipe.sideflows.queries import AlreadyAnswered, AnswerRefused, How, NoSuchQuery, QuestionExpired
from orderpipe.store import link_keys, notifications, query_policies
from orderpipe.store.holds import finding, query
from orderpipe.store.notifications import notification
from tests import builders
from tests.builders import rows_of
from tests.floor import Floor
from workers import run

REACHABLE = Contact("Ann Ok", "ann@customers.example.com", "07911 123456")


def asked(floor: Floor, **draft: object) -> int:
    """An order that misses how it is paid, and its question."""
    order = floor.order(**({"payment_method": ""} | draft))  # type: ignore[arg-type]
    floor.receive(order)
    assert floor.state(order) == ("received", "query")
    return order


def policy(floor: Floor, on_silence: OnSilence = OnSilence.WAIT, **other: Any) -> None:
    """The demo shop follows its questions up like this."""
    with floor.engine.begin() as tx:
        query_policies.keep(tx, builders.shop(tx), query_policies.EVERY_TYPE, QueryPolicy(on_silence=on_silence, **other))


def questions(floor: Floor, order: int) -> Sequence[str]:
    return [kind for kind in floor.letters(order) if "question" in kind]


def asking(floor: Floor, order: int) -> list[tuple[str, str, str]]:
    """Kind, channel and state of the letters about the order's question."""
    with floor.engine.begin() as tx:
        return [
            (row["kind"], row["channel"], row["state"]) for row in rows_of(tx, notification, order_id=order) if "question" in row["kind"]
        ]


def due(floor: Floor, order: int) -> datetime:
    return floor.row(order)["next_at"]  # type: ignore[no-any-return]


def send(floor: Floor) -> None:
    """Everything in the outbox goes out."""
    with floor.engine.begin() as tx:
        tx.execute(text("UPDATE notification SET state = 'sent', next_at = NULL WHERE state = 'pending'"))


def next_rung(floor: Floor, order: int) -> None:
    """Until the clock looks at the order again, and what comes of it; letters go out."""
    send(floor)
    floor.now = due(floor, order)
    floor.pass_time(seconds=1)


def rows(floor: Floor, order: int) -> list[dict[str, Any]]:
    """The order's questions."""
    with floor.engine.begin() as tx:
        return rows_of(tx, query, order_id=order)


def row_of(floor: Floor, order: int) -> dict[str, Any]:
    """The order's last question."""
    return rows(floor, order)[-1]


def token_in(floor: Floor, order: int, kind: str = "question") -> str:
    return str(floor.told(order, kind)[-1]["link"]).removeprefix("http://shop.example/q/")


def test_asks_at_once_with_a_link_to_this_question_alone(floor: Floor) -> None:
    order = asked(floor)
    assert questions(floor, order) == ["question"]
    facts, = floor.told(order, "question")
    assert facts["doubts"][0]["rule"] == "payment-method-missing"
    with floor.engine.begin() as tx:
        signer = link_keys.signer(tx, floor.now)
    assert signer.read(token_in(floor, order), Purpose.QUESTION, floor.now) == row_of(floor, order)["id"]
    assert row_of(floor, order)["token"] not in facts["link"]


def test_reminds_once_then_the_office_calls_every_working_day(floor: Floor) -> None:
    """Half a working day until the reminder, a working day until the call; the clock stands at Tuesday noon."""
    order = asked(floor)
    assert f"{due(floor, order):%a %H:%M}" == "Tue 16:00"
    floor.pass_time(hours=3, minutes=59)
    assert questions(floor, order) == ["question"]
    floor.pass_time(minutes=2)
    assert questions(floor, order) == ["question", "question-reminder"]
    assert f"{due(floor, order):%a %H:%M}" == "Wed 16:01"
    for calls, then in enumerate(("Thu 16:01", "Fri 16:01", "Mon 09:00", "Tue 09:00"), 1):
        floor.now = due(floor, order)
        floor.pass_time()
        assert questions(floor, order)[2:] == ["office-question-unanswered"] * calls
        assert f"{due(floor, order):%a %H:%M}" == then
    assert floor.state(order) == ("received", "query")
    floor.check()


def test_reminds_by_the_other_channel_after_that(floor: Floor) -> None:
    order = asked(floor, customer=REACHABLE)
    next_rung(floor, order)
    next_rung(floor, order)
    assert [one[:2] for one in asking(floor, order)] == [
        ("question", "email"), ("question-reminder", "email"), ("question-reminder", "sms"),
    ]
    assert f"{due(floor, order):%a %H:%M}" == "Wed 16:00"
    next_rung(floor, order)
    assert asking(floor, order)[3:] == [("office-question-unanswered", "email", "pending")]


def test_takes_the_other_channel_at_once_when_the_letter_did_not_arrive(floor: Floor) -> None:
    policy(floor, OnSilence.CANCEL)
    both, mail_only = asked(floor, customer=REACHABLE), asked(floor)
    send(floor)
    for _ in range(2):
        with floor.engine.begin() as tx:
            ladder.undelivered(tx, [both, mail_only], now=floor.now)
    floor.pass_time(seconds=1)
    assert asking(floor, both)[1:] == [("question-reminder", "sms", "pending")]
    assert floor.told(both, "question-reminder")[0]["on_silence"] == "cancel"
    assert questions(floor, mail_only)[1:] == ["office-question-unanswered"]
    with floor.engine.begin() as tx:
        ladder.undelivered(tx, [mail_only], now=floor.now)
    floor.pass_time(seconds=1)
    assert len(questions(floor, mail_only)) == 2


def test_a_shop_may_do_without_the_other_channel(floor: Floor) -> None:
    policy(floor, other_channel_after=0, call_after=60)
    order = asked(floor, customer=REACHABLE)
    next_rung(floor, order)
    assert f"{due(floor, order):%a %H:%M}" == "Wed 09:00"
    next_rung(floor, order)
    assert questions(floor, order) == ["question", "question-reminder", "office-question-unanswered"]


def test_follows_up_sooner_where_the_type_of_order_says_so(floor: Floor) -> None:
    assert f"{due(floor, asked(floor, type='express')):%H:%M}" == "13:00"
    policy(floor, remind_after=30)
    assert f"{due(floor, asked(floor, type='express')):%H:%M}" == "12:30"


def test_asks_the_office_to_call_and_says_how_to_key_the_answer_in(floor: Floor) -> None:
    order = asked(floor, customer=REACHABLE, total=Decimal(5))
    for _ in range(3):
        next_rung(floor, order)
    facts, = floor.told(order, "office-question-unanswered")
    assert facts["contact"] == "Ann Ok, 07911 123456, ann@customers.example.com"
    assert facts["command"].endswith("--set /payment_method=… --confirm totals-differ")
    assert facts["api"] == f"POST /v1/queries/{public_id('query', row_of(floor, order)['id'])}/answer"


def test_nobody_is_asked_twice_by_messages_delivered_twice(floor: Floor) -> None:
    order = asked(floor)
    for name in ("query.ask", "query.ask", "query.remind", "query.escalate"):
        floor._do(name, [order])
    assert questions(floor, order) == ["question"]
    next_rung(floor, order)
    before = due(floor, order)
    for name in ("query.remind", "query.remind", "query.ask", "query.escalate"):
        floor._do(name, [order])
    assert (questions(floor, order), due(floor, order)) == (["question", "question-reminder"], before)


def test_a_question_looked_at_too_early_is_left_until_its_time(floor: Floor) -> None:
    order = asked(floor)
    before = due(floor, order)
    floor.value("UPDATE orders SET next_at = :now WHERE id = :id RETURNING 1", now=floor.now, id=order)
    floor.pass_time(seconds=1)
    assert (questions(floor, order), due(floor, order)) == (["question"], before)


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


def test_keeps_who_answered_and_how_but_not_what_in_the_journal(floor: Floor) -> None:
    order = asked(floor)
    with floor.engine.begin() as tx:
        given = Answer({"/payment_method": "a secret"})
        queries.answer(tx, token_in(floor, order), given, by="office olga", how=How.PHONE, now=floor.now)
    row = row_of(floor, order)
    assert (row["state"], row["answered_by"], row["answered_how"]) == ("answered", "office olga", "phone")
    entry = floor.journal(order)[-1]
    assert (entry["what"], entry["actor"]) == ("query.answered", "office olga")
    assert entry["note"] == {"changed": ["/payment_method"], "confirmed": [], "how": "phone"}


def test_an_answer_that_leaves_a_doubt_leads_to_another_question(floor: Floor) -> None:
    order = asked(floor, total=None, ship_to=None)
    first = token_in(floor, order)
    send(floor)
    floor.answer(order, {"/payment_method": "invoice"})
    assert floor.state(order) == ("received", "query")
    assert questions(floor, order) == ["question", "question"]
    with floor.engine.begin() as tx, pytest.raises(AlreadyAnswered):
        queries.answer(tx, first, Answer({"/payment_method": "card"}), by="customer", now=floor.now)


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
    order = asked(floor)
    token = token_in(floor, order)
    with floor.engine.begin() as tx:
        page = link_keys.signer(tx, floor.now).sign(Purpose.PAGE, row_of(floor, order)["id"], floor.now + timedelta(days=1))
    for wrong in ("guessed", token[:-1], f"B{token[1:]}", page):
        with floor.engine.begin() as tx, pytest.raises(NoSuchQuery):
            queries.answer(tx, wrong, Answer({"/payment_method": "card"}), by="somebody", now=floor.now)
    floor.now += timedelta(days=31)
    with floor.engine.begin() as tx, pytest.raises(QuestionExpired):
        queries.answer(tx, token, Answer({"/payment_method": "card"}), by="somebody", now=floor.now)
    assert floor.row(order)["payment_method"] == ""


def test_a_link_of_the_release_before_still_leads_to_its_question(floor: Floor) -> None:
    order = asked(floor)
    with floor.engine.begin() as tx:
        queries.answer(tx, row_of(floor, order)["token"], Answer({"/payment_method": "card"}), by="customer", now=floor.now)
    assert floor.row(order)["payment_method"] == "card"


def test_an_order_given_to_the_office_is_not_taken_back_by_a_late_message(floor: Floor) -> None:
    order = floor.order(payment_method="")
    floor.chain("validate", [order])
    late = list(floor.hints)
    floor.forget_hints()
    run.park(floor.run, Unit.ORDER, order, RuntimeError("The question could not be put."))
    floor.hints.extend(late)
    floor.work()
    assert floor.state(order) == ("received", "office")


@pytest.mark.parametrize("ending", ["answered", "canceled"])
def test_takes_back_what_has_not_gone_out_when_it_no_longer_matters(floor: Floor, ending: str) -> None:
    order = asked(floor, customer=REACHABLE)
    next_rung(floor, order)
    if ending == "answered":
        floor.answer(order, {"/payment_method": "invoice"})
    else:
        floor.cancel(order)
    assert asking(floor, order) == [("question", "email", "sent"), ("question-reminder", "email", "withdrawn")]
    for name in ("query.ask", "query.remind", "query.escalate"):
        floor._do(name, [order])
    floor.pass_time(days=9)
    assert len(questions(floor, order)) == 2
    floor.check()


def test_a_reminder_in_the_sender_s_hands_is_never_tried_again_after_the_answer(floor: Floor) -> None:
    order = asked(floor)
    next_rung(floor, order)
    with floor.engine.begin() as tx:
        leased = notifications.lease(tx, "email", limit=9, now=floor.now, lease_seconds=120)
    assert [one.kind for one in leased] == ["question-reminder"]
    floor.answer(order, {"/payment_method": "invoice"})
    with floor.engine.begin() as tx:
        assert notifications.record(tx, [Later(leased[0], "busy", floor.now)], floor.now) == 0
    assert asking(floor, order)[-1] == ("question-reminder", "email", "withdrawn")


def test_a_reminder_waits_for_the_answer_being_taken_and_then_does_not_go_out(floor: Floor) -> None:
    order = asked(floor)
    send(floor)
    floor.now = due(floor, order)
    with floor.engine.begin() as tx:
        queries.answer(tx, token_in(floor, order), Answer({"/payment_method": "card"}), by="customer", now=floor.now)
        with pytest.raises(OperationalError, match="lock timeout"):
            floor._do("query.remind", [order])
    floor._do("query.remind", [order])
    assert questions(floor, order) == ["question"]


def test_a_doubt_found_later_is_asked_with_the_others_in_one_message(floor: Floor) -> None:
    order = asked(floor)
    next_rung(floor, order)
    amend(floor, order, {"/ship_to/postal_code": "99"})
    floor.pass_time(seconds=1)
    assert asking(floor, order)[1:] == [("question-reminder", "email", "withdrawn"), ("question", "email", "pending")]
    facts = floor.told(order, "question")[-1]
    assert ([doubt["rule"] for doubt in facts["doubts"]], facts["again"]) == (["payment-method-missing", "address-implausible"], True)
    assert len(rows(floor, order)) == 1
    next_rung(floor, order)
    assert questions(floor, order)[-1] == "question-reminder"
    floor.check()


def test_an_amendment_answers_what_it_puts_right_and_the_rest_is_not_asked_again(floor: Floor) -> None:
    floor.stock()
    order = asked(floor, ship_to=None)
    before = due(floor, order)
    amend(floor, order, {"/payment_method": "invoice"})
    assert ([doubt["rule"] for doubt in row_of(floor, order)["doubts"]], due(floor, order)) == (["address-missing"], before)
    assert questions(floor, order) == ["question"]
    amend(floor, order, {"/ship_to": {"line1": "1 High Street", "city": "London", "postal_code": "N1 1AA", "country": "GB"}})
    assert (row_of(floor, order)["answered_how"], floor.state(order)) == ("amended", ("promised", "fulfillments"))
    floor.check()


def amend(floor: Floor, order: int, changes: dict[str, object]) -> None:
    """Somebody changes the order while the question is open."""
    with floor.engine.begin() as tx:
        floor.give(amendments.amend(tx, order, Asked(changes, " ".join(changes)), by="office olga", now=floor.now).hints)
    floor.work()


def test_an_order_that_the_office_resumes_keeps_its_one_question(floor: Floor) -> None:
    floor.stock()
    order = asked(floor)
    before = due(floor, order)
    for change, letters in (("ship_to = ship_to", 1), ("ship_to = NULL", 2)):
        run.park(floor.run, Unit.ORDER, order, RuntimeError("Something broke."))
        assert floor.state(order) == ("received", "office")
        floor.value(f"UPDATE orders SET {change} WHERE id = :id RETURNING 1", id=order)
        floor.office(order, "resume")
        assert (floor.state(order), due(floor, order)) == (("received", "query"), before if letters == 1 else floor.now)
        floor.pass_time(seconds=1)
        assert (questions(floor, order), len(rows(floor, order))) == (["question"] * letters, 1)
    floor.check()


def test_a_question_that_has_answered_itself_is_closed_when_the_office_resumes(floor: Floor) -> None:
    floor.stock()
    order = asked(floor)
    run.park(floor.run, Unit.ORDER, order, RuntimeError("Something broke."))
    floor.value("UPDATE orders SET payment_method = 'card' WHERE id = :id RETURNING 1", id=order)
    floor.office(order, "resume")
    assert (floor.state(order), row_of(floor, order)["state"]) == (("promised", "fulfillments"), "closed")
    floor.check()


def test_questions_of_one_customer_have_a_link_each(floor: Floor) -> None:
    one, other = asked(floor), asked(floor)
    floor.stock()
    with floor.engine.begin() as tx:
        queries.answer(tx, token_in(floor, one), Answer({"/payment_method": "card"}), by="customer", now=floor.now)
    assert (floor.row(one)["payment_method"], floor.row(other)["payment_method"]) == ("card", "")


def silent(floor: Floor, order: int) -> None:
    """Nobody says anything until the day that was named."""
    for _ in range(4):
        next_rung(floor, order)
    named = row_of(floor, order)["silence_at"]
    assert named is not None
    while due(floor, order) < named:
        assert floor.state(order) == ("received", "query")
        next_rung(floor, order)


def test_cancels_on_silence_on_the_day_that_the_reminders_named(floor: Floor) -> None:
    policy(floor, OnSilence.CANCEL, silence_after=960)
    order = asked(floor, customer=REACHABLE)
    silent(floor, order)
    named = row_of(floor, order)["silence_at"]
    reminders = floor.told(order, "question-reminder")
    told, again = (datetime.fromisoformat(one["answer_until"]) for one in reminders)
    assert {one["on_silence"] for one in reminders} == {"cancel"}
    assert told == again <= named < told + timedelta(minutes=1)
    assert floor.now < named
    next_rung(floor, order)
    assert floor.state(order) == ("canceled", None)
    letter, = floor.told(order, "canceled")
    assert (letter["reason"], letter["lines"]) == ("unanswered", None)
    assert [row["what"] for row in floor.journal(order)][-2:] == ["query.silent", "order.canceled"]
    floor.check()


def test_goes_on_as_ordered_on_silence_where_that_may_be_right(floor: Floor) -> None:
    floor.stock()
    policy(floor, OnSilence.PROCEED, silence_after=480)
    order = asked(floor, payment_method="invoice", total=Decimal(5))
    silent(floor, order)
    next_rung(floor, order)
    floor.pass_time(minutes=1)
    assert floor.state(order) == ("promised", "fulfillments")
    with floor.engine.begin() as tx:
        found, = rows_of(tx, finding, order_id=order)
    assert (found["cleared_how"], found["cleared_by"]) == ("confirmed", "silence")
    assert row_of(floor, order)["answered_how"] == "silence"
    floor.check()


def test_waits_where_silence_cannot_mean_that_all_is_right(floor: Floor) -> None:
    policy(floor, OnSilence.PROCEED)
    order = asked(floor, total=Decimal(5))
    for _ in range(12):
        next_rung(floor, order)
    assert floor.told(order, "question-reminder")[0]["on_silence"] == "wait"
    assert (floor.state(order), questions(floor, order)[-1]) == (("received", "query"), "office-question-unanswered")


def test_silence_means_nothing_while_nobody_was_told_what_it_means(floor: Floor) -> None:
    policy(floor, OnSilence.CANCEL, silence_after=60)
    order = asked(floor)
    for _ in range(12):
        floor.now = due(floor, order)
        floor.pass_time(seconds=1)
    assert floor.state(order) == ("received", "query")
    assert [row["note"]["outcome"] for row in floor.journal(order) if row["what"] == "query.silent"] == ["wait"]


def test_what_the_customer_was_told_holds_whatever_the_shop_changes_then(floor: Floor) -> None:
    policy(floor, OnSilence.CANCEL, silence_after=480)
    order = asked(floor)
    next_rung(floor, order)
    policy(floor, OnSilence.WAIT)
    late = asked(floor)
    silent(floor, order)
    next_rung(floor, order)
    assert (floor.state(order), floor.state(late)) == (("canceled", None), ("received", "query"))


def test_time_targets_stand_still_while_the_customer_is_asked(floor: Floor) -> None:
    """The clock stands at Tuesday noon: the stage's target is at 13:00, the order's two weeks later."""
    order = floor.order(payment_method="", ship_to=None)
    floor.now += timedelta(minutes=30)
    before = floor.row(order)
    floor.receive(order)
    floor.pass_time(hours=3)
    assert floor.check_targets() == 0
    floor.answer(order, {"/payment_method": "invoice"})
    assert floor.row(order)["due_at"] == before["due_at"] + timedelta(hours=3)
    floor.pass_time(days=1)
    assert floor.check_targets() == 0
    floor.answer(order, {"/ship_to": {"line1": "1 High Street", "city": "London", "postal_code": "N1 1AA", "country": "GB"}})
    after = floor.row(order)
    assert f"{before['complete_by']:%a %d %H:%M}" == "Tue 17 12:00"
    assert f"{after['complete_by']:%a %d %H:%M}" == "Wed 18 15:00"
    floor.check()
