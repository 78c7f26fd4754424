"""
Mail that comes in: clear answers are taken, bounces lead to another way, and everything else is read by a person, once.
"""

import json
from decimal import Decimal

import pytest
from sqlalchemy import text

from orderpipe.channels.letters import render_mail
from orderpipe.channels.samples import notice
from orderpipe.domain.orders import number_of
from orderpipe.flow import Unit
from orderpipe.sideflows.incoming import MOST_A_DAY
from orderpipe.sideflows.office import DecisionRefused
from orderpipe.store import mail_in, notifications
from orderpipe.store.holds import hold
from tests.bounces import MESSAGE_ID, report
from tests.builders import rows_of
from tests.channels.test_letters import Elements
from tests.floor import Floor
from tests.mailed import ANN, keep, mail, mails, named, receive
from tests.needs import require
from workers import letterbox, run

QUOTED = "\n\nOn Tue, Nov 3, 2026 at 1:00 PM Demo <orders@demo.example> wrote:\n> How would you like to pay?\n"


def asked(floor: Floor, **draft: object) -> int:
    """An order that misses how it is paid, and its question."""
    order = floor.order(**({"payment_method": ""} | draft))  # type: ignore[arg-type]
    floor.stock()
    floor.receive(order)
    assert floor.state(order) == ("received", "query")
    return order


def reply(floor: Floor, order: int, words: str, **headers: str) -> bytes:
    return mail(words + QUOTED, answers=named(floor, order, "question"), **headers)


def of_office(floor: Floor, order: int) -> list[str]:
    return [kind for kind in floor.letters(order) if kind.startswith("office-")]


def test_a_clear_reply_is_the_answer(floor: Floor) -> None:
    order = asked(floor)
    came = receive(floor, reply(floor, order, "invoice"))
    assert (came["kind"], came["state"], came["order_id"]) == ("answer", "done", order)
    assert floor.state(order) == ("promised", "fulfillments")
    assert floor.row(order)["payment_method"] == "invoice"
    assert of_office(floor, order) == []


def test_the_answer_may_be_given_in_the_words_of_the_letter(floor: Floor) -> None:
    order = asked(floor, language="zh")
    receive(floor, reply(floor, order, "您好：\n支付宝\n谢谢"))
    assert floor.row(order)["payment_method"] == "alipay"


@pytest.mark.parametrize(("words", "code"), [("in advance", "prepayment"), ("By bank transfer.", "bank-transfer"), ("card", "card")])
def test_a_way_to_pay_is_known_by_its_words_or_its_code(floor: Floor, words: str, code: str) -> None:
    order = asked(floor)
    receive(floor, reply(floor, order, words))
    assert floor.row(order)["payment_method"] == code


def test_a_confirmation_and_a_cancellation_are_understood(floor: Floor) -> None:
    confirmed = asked(floor, payment_method="invoice", total=Decimal(5))
    receive(floor, reply(floor, confirmed, "Yes, please!"))
    assert floor.state(confirmed) == ("promised", "fulfillments")
    canceled = asked(floor)
    receive(floor, reply(floor, canceled, "Please cancel my order."))
    assert floor.state(canceled) == ("canceled", None)


def test_several_points_are_answered_by_their_numbers(floor: Floor) -> None:
    order = asked(floor, total=Decimal(5))
    facts = floor.told(order, "question")[0]
    assert [doubt["number"] for doubt in facts["doubts"]] == [1, 2]
    places = {doubt["rule"]: doubt["number"] for doubt in facts["doubts"]}
    receive(floor, reply(floor, order, f"{places['payment-method-missing']}. invoice\n{places['totals-differ']}. yes"))
    assert floor.state(order) == ("promised", "fulfillments")


def test_an_unclear_reply_goes_to_the_office_and_the_customer_is_left_in_peace(floor: Floor) -> None:
    order = asked(floor)
    came = receive(floor, reply(floor, order, "however you like"))
    assert (came["kind"], came["state"]) == ("unclear-reply", "done")
    assert floor.state(order) == ("received", "office")
    (facts,) = floor.told(order, "office-unclear-reply")
    assert (facts["reply"], facts["doubts"][0]["field"]) == (["however you like"], "/payment_method")
    floor.pass_time(days=3)
    assert [kind for kind in floor.letters(order) if kind == "question-reminder"] == []
    assert "office-reminder" in floor.letters(order)
    with floor.engine.begin() as tx:
        held = {row["kind"]: row["owner"] for row in rows_of(tx, hold, order_id=order) if row["closed_at"] is None}
    assert held["office"] == "office"


def test_the_office_keys_in_what_was_meant_and_the_order_goes_on(floor: Floor) -> None:
    order = asked(floor)
    receive(floor, reply(floor, order, "however you like"))
    floor.answer(order, {"/payment_method": "invoice"})
    assert floor.state(order) == ("promised", "fulfillments")
    with floor.engine.begin() as tx:
        assert [row for row in rows_of(tx, hold, order_id=order) if row["closed_at"] is None] == []


def test_the_office_may_have_the_question_repeated(floor: Floor) -> None:
    order = asked(floor)
    receive(floor, reply(floor, order, "however you like"))
    floor.office(order, "ask-again")
    floor.pass_time(minutes=1)
    assert floor.state(order) == ("received", "query")
    assert "question-reminder" in floor.letters(order)


def test_what_the_office_settles_after_a_reply_is_not_asked_again(floor: Floor) -> None:
    order = asked(floor, payment_method="invoice", total=Decimal(5))
    receive(floor, reply(floor, order, "that is what we agreed on the phone"))
    floor.office(order, "resume")
    floor.pass_time(days=2)
    assert floor.state(order) == ("promised", "fulfillments")
    assert floor.row(order)["total"] == 5
    assert [kind for kind in floor.letters(order) if kind.startswith("question")] == ["question"]
    (answered,) = [one for one in floor.journal(order) if one["what"] == "query.answered"]
    assert (answered["actor"], answered["note"]["how"]) == ("Olga", "email")
    with floor.engine.begin() as tx:
        assert [row for row in rows_of(tx, hold, order_id=order) if row["closed_at"] is None] == []


def test_only_what_has_to_be_put_right_is_asked_about_after_that(floor: Floor) -> None:
    order = asked(floor, payment_method="invoice", total=Decimal(5), lines=[("SKU-1", 2), ("SKU-1", 0)])
    assert len(floor.told(order, "question")[0]["doubts"]) == 2
    receive(floor, reply(floor, order, "as agreed on the phone"))
    floor.office(order, "resume")
    floor.pass_time(minutes=1)
    assert floor.state(order) == ("received", "query")
    assert [[doubt["rule"] for doubt in one["doubts"]] for one in floor.told(order, "question")][1:] == [["quantity-not-positive"]]


def test_a_reply_that_leaves_only_what_has_to_be_put_right_is_asked_again(floor: Floor) -> None:
    order = asked(floor, payment_method="invoice", lines=[("SKU-1", 2), ("SKU-1", 0)])
    receive(floor, reply(floor, order, "some"))
    floor.office(order, "resume")
    floor.pass_time(minutes=1)
    assert (floor.state(order), floor.letters(order).count("question-reminder")) == (("received", "query"), 1)


def test_asking_again_fits_only_after_a_reply(floor: Floor) -> None:
    order = asked(floor)
    run.park(floor.run, Unit.ORDER, order, RuntimeError("Something broke."))
    with pytest.raises(DecisionRefused):
        floor.office(order, "ask-again")


def test_an_answer_that_the_rules_do_not_take_goes_to_the_office_and_changes_nothing(floor: Floor) -> None:
    order = floor.order()
    with floor.engine.begin() as tx:
        tx.execute(text("UPDATE order_line SET sku = 'GONE' WHERE order_id = :id"), {"id": order})
    floor.receive(order)
    before = floor.row(order)
    came = receive(floor, reply(floor, order, "NOTHING-LIKE-THIS"))
    assert (came["kind"], floor.state(order)) == ("unclear-reply", ("received", "office"))
    assert {name: floor.row(order)[name] for name in ("customer", "total", "payment_method")} == {
        name: before[name] for name in ("customer", "total", "payment_method")
    }
    assert floor.value("SELECT sku FROM order_line WHERE order_id = :id", id=order) == "GONE"


def test_only_the_customer_answers(floor: Floor) -> None:
    order = asked(floor)
    came = receive(floor, reply(floor, order, "invoice", sender="eve@elsewhere.example"))
    assert (came["kind"], floor.state(order)) == ("about-order", ("received", "query"))
    assert of_office(floor, order) == ["office-customer-wrote"]
    floor.pass_time(hours=5)
    assert "question-reminder" in floor.letters(order)


@pytest.mark.parametrize("headers", [
    {"Authentication_Results": "mx.example; dmarc=fail"},
    {"sender": "Ann <ann@customers.example>, eve@elsewhere.example"},
])
def test_a_sender_in_doubt_answers_nothing(floor: Floor, headers: dict[str, str]) -> None:
    order = asked(floor)
    receive(floor, reply(floor, order, "invoice", **headers))
    assert floor.row(order)["payment_method"] == ""


def test_a_made_up_message_id_leads_nowhere(floor: Floor) -> None:
    order = asked(floor)
    letter = named(floor, order, "question")
    forged = f"<{'0' * 40}.{letter.partition('.')[2]}"
    came = receive(floor, mail("invoice", answers=forged))
    assert (came["kind"], came["state"], floor.state(order)) == ("other", "open", ("received", "query"))


def test_a_mail_read_twice_does_nothing_twice(floor: Floor) -> None:
    order = asked(floor)
    raw = reply(floor, order, "however you like")
    receive(floor, raw)
    receive(floor, raw)
    assert (len(mails(floor)), of_office(floor, order)) == (1, ["office-unclear-reply"])
    with floor.engine.begin() as tx:
        assert mail_in.again(tx, mails(floor)[0]["id"])
    letterbox.understand(floor.run, office="")
    assert of_office(floor, order) == ["office-unclear-reply"]


def test_a_reply_to_any_other_letter_opens_a_case(floor: Floor) -> None:
    order = floor.order()
    came = receive(floor, mail("Where is it?", answers=named(floor, order, "acknowledgement")))
    assert (came["kind"], came["order_id"], of_office(floor, order)) == ("about-order", order, ["office-case"])
    assert [row["what"] for row in floor.journal(order)][-1] == "mail.received"


def test_a_late_reply_to_a_question_that_is_answered_opens_a_case(floor: Floor) -> None:
    order = asked(floor)
    late = reply(floor, order, "card")
    floor.answer(order, {"/payment_method": "invoice"})
    receive(floor, late)
    assert (floor.row(order)["payment_method"], of_office(floor, order)) == ("invoice", ["office-case"])


def test_a_mail_that_names_an_order_of_its_sender_opens_a_case(floor: Floor) -> None:
    order = floor.order()
    came = receive(floor, mail("Where is it?", subject=f"My order {number_of(order)}"))
    assert (came["order_id"], of_office(floor, order)) == (order, ["office-case"])
    stranger = receive(floor, mail("Where is it?", subject=f"My order {number_of(order)}", sender="eve@elsewhere.example"))
    assert (stranger["state"], stranger["order_id"], len(of_office(floor, order))) == ("open", None, 1)


def test_an_answer_by_a_program_that_does_not_say_to_what_is_read_by_a_person(floor: Floor) -> None:
    order = asked(floor)
    came = receive(floor, mail("invoice", subject=f"Re: A question about your order {number_of(order)}"))
    assert (came["kind"], floor.state(order)) == ("unclear-reply", ("received", "office"))


def test_what_machines_write_is_kept_and_ignored(floor: Floor) -> None:
    order = asked(floor)
    before = floor.letters(order)
    came = receive(floor, reply(floor, order, "I am away until Monday.", Auto_Submitted="auto-replied"))
    assert (came["kind"], came["state"], came["order_id"]) == ("automatic", "done", order)
    assert (floor.letters(order), floor.state(order)) == (before, ("received", "query"))


def test_our_own_letters_that_come_back_to_us_lead_to_no_letter(floor: Floor) -> None:
    order = asked(floor)
    receive(floor, reply(floor, order, "however you like"))
    before = floor.letters(order)
    letter = named(floor, order, "office-unclear-reply")
    receive(floor, mail("…", sender="orders@demo.example", answers=letter, Auto_Submitted="auto-generated"))
    receive(floor, report().replace(MESSAGE_ID.encode(), letter.encode()))
    assert floor.letters(order) == before
    assert mails(floor)[-1]["state"] == "open"


def test_the_office_is_not_flooded(floor: Floor) -> None:
    order = floor.order()
    letter = named(floor, order, "acknowledgement")
    for number in range(MOST_A_DAY + 3):
        keep(floor, mail(f"mail {number}", answers=letter))
    letterbox.read(floor.run, office="")
    assert len(of_office(floor, order)) == MOST_A_DAY
    assert [row["state"] for row in mails(floor)].count("open") == 3


@pytest.mark.parametrize("raw", [
    b"", b"\0" * 1_000, b"\xff\xfe", b"From: " + b"x" * 100_000, b"Content-Type: multipart/mixed\r\n\r\n",
    b"Subject: =?x?b?!!!?=\r\n\r\n\x00",
    b"Content-Type: text/plain; charset=nonsense\r\nContent-Transfer-Encoding: base64\r\n\r\n@@@@",
    b"MIME-Version: 1.0\r\n" + b"".join(b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (n, n) for n in range(3_000)),
])
def test_no_mail_stops_the_reader(floor: Floor, raw: bytes) -> None:
    keep(floor, raw)
    order = asked(floor)
    keep(floor, reply(floor, order, "invoice"))
    letterbox.read(floor.run, office="")
    strange, answer = mails(floor)
    assert (strange["state"], bytes(strange["raw"]), answer["kind"]) == ("open", raw, "answer")


def test_a_mail_of_which_only_the_beginning_was_read_answers_nothing(floor: Floor) -> None:
    order = asked(floor)
    came = receive(floor, reply(floor, order, "invoice"), size=20_000_000)
    assert (came["kind"], floor.row(order)["payment_method"]) == ("unclear-reply", "")


def test_a_mail_that_breaks_its_reader_is_left_to_a_person(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(_raw: bytes) -> None:
        raise MemoryError

    monkeypatch.setattr("orderpipe.sideflows.incoming.mails.parse", breaks)
    came = receive(floor, b"From: a@b.example\r\n\r\n3")
    assert (came["state"], came["kind"]) == ("open", "unreadable")


def test_a_mail_that_ends_its_reader_each_time_is_left_to_a_person(floor: Floor) -> None:
    keep(floor, mail("3"))
    with floor.engine.begin() as tx:
        tx.execute(text("UPDATE mail_in SET attempts = :most"), {"most": letterbox.MOST_TRIES})
    letterbox.read(floor.run, office="")
    (came,) = mails(floor)
    assert (came["state"], came["kind"]) == ("open", "unreadable")


def test_naughty_strings_are_kept_exactly_and_shown_harmlessly(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each as a reply, as the subject and as the sender's name, to a question that none of them answers."""
    monkeypatch.setattr("orderpipe.sideflows.incoming.MOST_A_DAY", 1_000)
    strings = json.loads((require("real-data") / "naughty" / "blns.json").read_text(encoding="utf-8"))
    order = asked(floor)
    raws = [_naughty(one, named(floor, order, "question")) for one in strings[::4]]
    for raw in raws:
        keep(floor, raw)
    letterbox.read(floor.run, office="")
    assert [bytes(row["raw"]) for row in mails(floor)] == raws
    assert floor.row(order)["payment_method"] == ""
    told = floor.told(order, "office-unclear-reply")
    assert len(told) > len(raws) * 0.9
    with floor.engine.begin() as tx:
        spoken_of = notifications.orders_to_tell_of(tx, [order])[order]
    for facts in told:
        shown = render_mail(notice("office-unclear-reply", facts=facts), spoken_of)
        page = Elements(shown.html)
        assert not {"script", "img", "iframe", "svg", "a", "input"} & set(page.tags)
        assert not {"\0", "\u202e", "\x1b"} & set(shown.text + shown.html)


def _naughty(words: str, letter: str) -> bytes:
    line = " ".join(words.split()).encode("utf-8", "replace")
    name = bytes(octet for octet in line if octet not in b'<>,"')
    head = b"From: %s <%s>\r\nIn-Reply-To: %s\r\nSubject: %s\r\n" % (name, ANN.encode(), letter.encode(), line)
    return head + b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + words.encode("utf-8", "replace")
