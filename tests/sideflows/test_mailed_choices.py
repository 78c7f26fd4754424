"""
Replies to the letter about a delay: clear ones choose, unclear ones go to the office and are no silence, late ones are answered.
"""

import pytest
from sqlalchemy import text

from orderpipe.domain.orders import number_of
from tests.floor import Floor
from tests.late import letters_go_out, of, promised, set_lead, until, waiting
from tests.mailed import mail, named, receive

QUOTED = "\n\nOn Tue, Nov 3, 2026 at 1:00 PM Demo <orders@demo.example> wrote:\n> 1. Wait for it.\n> 2. Cancel what is late\n"


@pytest.fixture
def late(floor: Floor) -> int:
    """An order whose customer was told that it is late, and whose silence cancels it."""
    order = waiting(floor, lead_days=5)
    set_lead(floor, 60)
    until(floor, order, state="told")
    return order


def reply(floor: Floor, order: int, words: str, to: str = "delayed", **headers: str) -> dict[str, object]:
    return receive(floor, mail(words + QUOTED, answers=named(floor, order, to), **headers))


def answers(floor: Floor, order: int) -> list[str]:
    return [one["outcome"] for one in floor.told(order, "delay-answer")]


@pytest.mark.parametrize(("words", "choice"), [
    ("1", "wait"), ("I will wait, thanks", "wait"), ("OK", None), ("Please cancel", "cancel"), ("2", "cancel"),
])  # fmt: skip
def test_a_clear_reply_chooses(floor: Floor, late: int, words: str, choice: str | None) -> None:
    came = reply(floor, late, words)
    assert (came["kind"], of(floor, late)["chosen"]) == ("answer" if choice else "about-order", choice)
    if choice:
        (noted,) = [one for one in floor.journal(late) if one["what"] == "delay.chosen"]
        assert (noted["actor"], noted["note"]["how"]) == ("customer", "email")
    assert answers(floor, late) == (["taken"] if choice == "wait" else [])
    assert floor.state(late)[0] == ("canceled" if choice == "cancel" else "promised")


def test_a_reply_in_chinese_chooses(floor: Floor) -> None:
    order = waiting(floor, language="zh")
    until(floor, order, state="told")
    assert reply(floor, order, "您好：\n我愿意等待。\n谢谢")["kind"] == "answer"
    assert of(floor, order)["chosen_by"] == "customer"


def test_a_reply_to_the_reminder_chooses_too(floor: Floor, late: int) -> None:
    with floor.engine.begin() as tx:
        tx.execute(text("UPDATE delay SET remind_at = :now, next_at = :now"), {"now": floor.now})
    floor.project()
    letters_go_out(floor)
    assert reply(floor, late, "1", to="delay-reminder")["kind"] == "answer"
    assert of(floor, late)["chosen"] == "wait"


def test_the_part_that_is_there_goes_by_a_reply(floor: Floor) -> None:
    order = waiting(floor, lead_days=5, lines=[("SKU-1", 5)])
    floor.stock(on_hand=3)
    until(floor, order, state="told")
    assert reply(floor, order, "Send now what is there, and the rest later.")["kind"] == "answer"
    assert floor.parts(order)[2] == ("released", "pick-scans")
    (amended,) = [one for one in floor.journal(order) if one["what"] == "order.amended"]
    assert amended["note"]["how"] == "email"


def test_an_unclear_reply_goes_to_the_office_and_is_no_silence(floor: Floor, late: int) -> None:
    came = reply(floor, late, "What do you mean, late? I need it on Friday!")
    assert (came["kind"], of(floor, late)["state"]) == ("about-order", "told")
    assert "case-received" in floor.letters(late)
    for _ in range(60):
        floor.pass_time(days=1).project()
        letters_go_out(floor)
    assert floor.state(late)[0] == "promised"
    assert "delay-reminder" not in floor.letters(late)
    assert floor.letters(late).count("office-delay-call") > 5


@pytest.mark.parametrize("headers", [
    {"sender": "eve@elsewhere.example"}, {"Authentication_Results": "mx.demo.example; dmarc=fail"},
])  # fmt: skip
def test_a_sender_in_doubt_chooses_nothing(floor: Floor, late: int, headers: dict[str, str]) -> None:
    reply(floor, late, "2", **headers)
    assert of(floor, late)["chosen"] is None
    assert floor.state(late)[0] == "promised"


def test_a_stranger_does_not_end_the_silence(floor: Floor, late: int) -> None:
    reply(floor, late, "hm", sender="eve@elsewhere.example")
    assert of(floor, late)["silence"] == "cancels"


def test_a_repeated_reply_is_told_that_it_is_noted_and_no_more_than_once(floor: Floor, late: int) -> None:
    for _ in range(3):
        reply(floor, late, "1")
    assert answers(floor, late) == ["taken", "before"]
    assert len([one for one in floor.journal(late) if one["what"] == "delay.chosen"]) == 1


def test_who_waits_may_still_cancel_by_mail(floor: Floor, late: int) -> None:
    reply(floor, late, "1")
    reply(floor, late, "2")
    assert floor.state(late)[0] == "canceled"


def test_a_late_reply_is_told_that_it_came_too_late(floor: Floor, late: int) -> None:
    message = named(floor, late, "delayed")
    until(floor, late, state="settled")
    assert floor.state(late)[0] == "canceled"
    came = receive(floor, mail("1", answers=message))
    assert came["kind"] == "answer"
    assert answers(floor, late) == ["canceled"]


def test_a_cancellation_that_comes_when_it_is_packed_is_told_so(floor: Floor) -> None:
    order = promised(floor)
    until(floor, order, state="told")
    floor.deliver_until_shipped(order * 1000 + 1)
    reply(floor, order, "cancel")
    assert answers(floor, order) == ["gone"]
    floor.pass_time(days=1).project()
    reply(floor, order, "cancel")
    assert answers(floor, order) == ["gone", "over"]
    assert floor.parts(order)[1] == ("shipped", "carrier")


def test_waiting_for_an_earlier_date_is_no_word_about_a_later_one(floor: Floor) -> None:
    order = waiting(floor, lead_days=5)
    until(floor, order, state="told")
    first = named(floor, order, "delayed")
    until(floor, order, state="chosen")
    until(floor, order, state="told")
    receive(floor, mail("1", answers=first))
    (letter,) = floor.told(order, "delay-answer")
    assert (letter["outcome"], letter["options"], of(floor, order)["chosen"]) == ("newer", ["wait", "cancel"], None)
    letters_go_out(floor)
    reply(floor, order, "1", to="delay-answer")
    assert of(floor, order)["chosen"] == "wait"
    assert answers(floor, order) == ["newer", "taken"]


def test_canceling_the_order_is_unclear_where_a_part_of_it_was_sent(floor: Floor) -> None:
    floor.stock("SKU-2", 1)
    order = waiting(floor, lines=[("SKU-1", 2), ("SKU-2", 1)])
    floor.deliver(order * 1000 + 1)
    until(floor, order, state="told")
    reply(floor, order, "cancel my order")
    assert of(floor, order)["state"] == "told"
    reply(floor, order, "cancel what is late")
    assert of(floor, order)["settled_how"] == "canceled"
    assert floor.parts(order)[1][0] == "delivered"


def test_a_mail_that_names_the_order_is_no_silence_either(floor: Floor, late: int) -> None:
    receive(floor, mail("1", subject=f"Your order {number_of(late)} will be late"))
    assert of(floor, late)["silence"] == "calls"
    assert of(floor, late)["chosen"] is None


def test_a_mail_read_twice_chooses_once(floor: Floor, late: int) -> None:
    raw = mail("1" + QUOTED, answers=named(floor, late, "delayed"))
    receive(floor, raw)
    before = (floor.letters(late), len(floor.journal(late)))
    receive(floor, raw)
    assert (floor.letters(late), len(floor.journal(late))) == before
