"""
Explaining: every wait has its sentence, its turn, its next instant, and what may be done.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from orderpipe.domain.explain import Asked, Delayed, Facts, Standing, Stopped, explain, sentences
from orderpipe.domain.ladder import OnSilence, Progress
from orderpipe.domain.payments import PaymentStatus
from orderpipe.flow import WAITS, FulfillmentState, OrderState, Unit, WaitingFor

NOW = datetime(2026, 11, 3, 12, tzinfo=UTC)
THEN, LATER = NOW - timedelta(hours=2), NOW + timedelta(hours=4)
ORDER = Standing(Unit.ORDER, 42, OrderState.PROMISED, WaitingFor.FULFILLMENTS, THEN, LATER, None)
PART = Standing(Unit.FULFILLMENT, 42001, FulfillmentState.RELEASED, WaitingFor.PICK_SCANS, THEN, LATER, None, missing={"SKU-1": 2})


def facts(order: Standing = ORDER, *parts: Standing, **more: object) -> Facts:
    return Facts(order, "demo", "WEB-1", parts, **more)  # type: ignore[arg-type]


def told(given: Facts, now: datetime = NOW) -> str:
    return "\n".join(sentences(explain(given, now=now), lambda instant: f"{instant:%H:%M}"))


def test_tells_of_the_order_and_each_live_fulfillment() -> None:
    done = replace(PART, id=42002, state=FulfillmentState.DELIVERED, waiting_for=None, next_at=None)
    assert told(facts(ORDER, PART, done)) == """\
Order 100042-1 (demo WEB-1) is promised.

The order itself is promised and waits for its fulfillments to end: 100042-1/1.
  Since 10:00; orderpipe goes on by itself.
  By itself next: complete, 16:00.

Fulfillment 100042-1/1 is released and waits for the picker's scans: 2 of SKU-1.
  Since 10:00; it is the warehouse's turn.
  By itself next: pick, 16:00.

What may be done now:
  cancel: orderpipe order cancel 100042-1 --reason customer
  pay: POST /v1/orders/ord_00000000001A/payments
  scan: POST /v1/fulfillments/ful_00000000190H/scans"""


def test_tells_who_is_to_answer_and_which_task_follows() -> None:
    hold = Stopped("In doubt: no-name.", NOW - timedelta(hours=1), LATER)
    asked = replace(ORDER, state=OrderState.RECEIVED, waiting_for=WaitingFor.QUERY, hold=hold)
    text = told(facts(asked, question=Asked(7, Progress(THEN, None, None, None), rules=("no-name", "no-name"))))
    assert "waits for the customer's answer to our question: In doubt: no-name.\n" in text
    assert "Since 11:00; it is the customer's turn." in text
    assert "By itself next: query.remind, 16:00 (the customer is reminded)." in text
    staff = "staff by `orderpipe order answer 100042-1` or POST /v1/queries/qry_000000000007/answer"
    assert f"answer: the customer by the link in the letter, {staff}" in text


@pytest.mark.parametrize(("progress", "task", "what"), [
    (Progress(None, None, None, None), "query.ask", "the customer is asked"),
    (Progress(THEN, None, None, None), "query.remind", "the customer is reminded"),
    (Progress(THEN, THEN, None, None, other=True), "query.remind", "the customer is reminded by the other channel"),
    (Progress(THEN, THEN, None, None), "query.escalate", "the office is asked to call"),
    (Progress(THEN, THEN, None, THEN), "query.escalate", "the office is asked again to call"),
    (Progress(THEN, THEN, None, THEN, silence_at=LATER), "query.escalate", "the order is canceled, as the customer was told"),
])
def test_names_the_task_that_follows_up_a_question_and_what_it_does(progress: Progress, task: str, what: str) -> None:
    asked = replace(ORDER, state=OrderState.RECEIVED, waiting_for=WaitingFor.QUERY)
    (unit,) = explain(facts(asked, question=Asked(1, progress, OnSilence.CANCEL)), now=NOW)["units"]
    assert (unit["next"]["task"], unit["next"]["what"]) == (task, what)


def test_tells_what_silence_means_once_the_customer_was_told() -> None:
    asked = replace(ORDER, state=OrderState.RECEIVED, waiting_for=WaitingFor.QUERY)
    said = told(facts(asked, question=Asked(1, Progress(THEN, THEN, None, None, silence_at=LATER), OnSilence.CANCEL)))
    assert "Without an answer by 16:00 the order is canceled, as the customer was told." in said


def test_is_not_late_while_the_customer_is_asked() -> None:
    asked = replace(ORDER, state=OrderState.RECEIVED, waiting_for=WaitingFor.QUERY, due_at=THEN)
    given = facts(asked, question=Asked(1, Progress(THEN, None, None, None)))
    (unit,) = explain(given, now=NOW)["units"]
    assert (unit["paused"], unit["overdue"]) == (True, False)
    assert "stand still meanwhile" in told(given)


def test_names_the_decisions_and_the_last_error_of_what_waits_for_the_office() -> None:
    hold = Stopped("ZeroDivisionError: division by zero", THEN, LATER)
    parked = replace(ORDER, state=OrderState.VALIDATED, waiting_for=WaitingFor.OFFICE, hold=hold, last_error=hold.reason)
    text = told(facts(parked, decisions=("resume", "cancel")))
    assert "Last error: ZeroDivisionError: division by zero" in text
    assert "decide: orderpipe order decide 100042-1 resume|cancel" in text
    assert "By itself next: office.remind" in text


def test_tells_what_is_missing_from_stock_and_what_is_to_pay() -> None:
    short = replace(PART, state=FulfillmentState.PLANNED, waiting_for=WaitingFor.STOCK, missing={"SKU-2": 3})
    unpaid = replace(PART, id=42002, state=FulfillmentState.PLANNED, waiting_for=WaitingFor.PAYMENT)
    text = told(facts(ORDER, short, unpaid, unpaid=Decimal("12.50"), currency="EUR"))
    assert "waits for stock to arrive: 3 of SKU-2." in text
    assert "waits for the payment: 12.50 EUR." in text
    assert "receive-stock: orderpipe stock receive SKU-2 QUANTITY --shop demo --location CODE" in text


def test_says_so_when_the_clock_is_late_and_when_a_target_is_missed() -> None:
    free = replace(ORDER, state=OrderState.VALIDATED, waiting_for=None, next_at=NOW - timedelta(minutes=10), due_at=THEN)
    text = told(facts(free))
    assert "is validated since 10:00 and waits for nothing; allocate takes it next." in text
    assert "allocate should have looked at it 11:50: is everything running? See `orderpipe doctor`." in text
    assert "Its time target was 10:00 and is missed." in text


def test_an_ended_order_waits_for_nothing_and_allows_nothing() -> None:
    ended = replace(ORDER, state=OrderState.COMPLETED, waiting_for=None, next_at=None)
    document = explain(facts(ended, payment=PaymentStatus.PAID), now=NOW)
    assert (document["units"], document["allowed"], document["ended_at"]) == ([], [], THEN)
    assert told(facts(ended)).endswith("It ended 10:00; nothing more happens by itself.")


@pytest.mark.parametrize("reason", WAITS)
def test_every_wait_can_be_explained(reason: WaitingFor) -> None:
    one = replace(PART, waiting_for=reason)
    assert f"waits for {WAITS[reason].sentence}" in told(facts(ORDER, one))


def test_a_service_goes_from_its_release_to_the_performer() -> None:
    visit = replace(PART, waiting_for=WaitingFor.PERFORMANCE, appointment=True)
    document = explain(facts(ORDER, visit), now=NOW)
    assert document["units"][1]["next"]["task"] == "deliver"
    assert {"action": "perform", "how": "POST /v1/fulfillments/ful_00000000190H/performed"} in document["allowed"]


def test_tells_the_first_date_and_the_new_one_and_what_comes_of_silence() -> None:
    late = Delayed("told", "stock", NOW, LATER, "cancels", LATER, None, ("wait", "cancel"))
    text = told(facts(ORDER, delay=late))
    assert "What was promised until 12:00 comes by 16:00 (stock); the customer was told.\n" in text
    assert "  It is the customer's turn; without word what is late is canceled, 16:00.\n" in text
    assert "  choose: orderpipe delay choose 100042-1 wait|cancel" in text
    assert "The customer's choice: wait." in told(facts(ORDER, delay=replace(late, state="chosen", chosen="wait")))
    assert "is at risk (stock); the office was warned." in told(facts(ORDER, delay=Delayed("at-risk", "stock", NOW)))
