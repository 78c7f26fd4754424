"""
The page on which a customer answers: what it asks, what it takes, and what it says when something is not right.
"""

import re
import secrets
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.exc import OperationalError

from orderpipe.channels.wording import LANGUAGES
from orderpipe.domain.ladder import OnSilence, QueryPolicy
from orderpipe.domain.links import Purpose
from orderpipe.domain.orders import Contact, DraftLine, OrderDraft
from orderpipe.intake.outcomes import Received, Recorded
from orderpipe.intake.record import record
from orderpipe.store import link_keys, query_policies, questions
from orderpipe.tracking.pages import HEADERS
from orderpipe.tracking.words import words_of
from tests import builders
from tests.floor import DESK, Floor
from tests.tracking.forms import Page

ANN = Contact("Ann Ok", "ann@customers.example")
LONDON = {"line1": "1 High Street", "city": "London", "postal_code": "N1 1AA", "country": "GB"}
MUG_AND_POT = (DraftLine("SKU-1", 2, "Mug, blue", Decimal("12.50")), DraftLine("SKU-2", 1, "Tea <pot>", Decimal(20)))


def doubtful(floor: Floor, *lines: DraftLine, **draft: Any) -> tuple[int, str]:
    """An order that the checks ask about, of a shop that has SKU-1 and SKU-2, and the path of the link in its letter."""
    floor.order((("SKU-1", 1), ("SKU-2", 1)))
    with floor.engine.begin() as tx:
        whole: dict[str, Any] = {"customer": ANN, "lines": lines or MUG_AND_POT, "ship_to": LONDON}
        whole |= {"payment_method": "invoice", "currency": "GBP"}
        made = OrderDraft(f"REF-{secrets.token_hex(4)}", **(whole | draft))
        taken_down = record(tx, [Received(builders.shop(tx), made.reference.encode(), made)], floor.now)[0]
        assert isinstance(taken_down, Recorded), taken_down
    floor.receive(taken_down.order_id)
    assert floor.state(taken_down.order_id) == ("received", "query")
    return taken_down.order_id, str(floor.told(taken_down.order_id, "question")[-1]["link"]).removeprefix(DESK.public_url)


def opened(browser: TestClient, path: str) -> Page:
    answer = browser.get(path)
    assert answer.status_code == 200, answer.text
    page = Page(answer.text)
    assert len(page.ids) == len(set(page.ids))
    return page


def sent(browser: TestClient, path: str, changes: dict[str, str], status: int = 200) -> Page:
    """The page that answers to the form, filled in so."""
    fields = opened(browser, path).fields | changes
    answer = browser.post(path, data=fields)
    assert answer.status_code == status, answer.text
    return Page(answer.text)


def test_asks_for_what_is_missing_and_lets_the_order_go_on(floor: Floor, browser: TestClient) -> None:
    order_id, path = doubtful(floor, customer=Contact("", "ann@customers.example"), payment_method="")
    page = opened(browser, path)
    assert page.fields == {"/customer/name": "", "/payment_method": ""}
    assert "The order came without a name." in page.text
    assert page.labels["customer-name"] == "Your full name"
    thanks = sent(browser, path, {"/customer/name": " Ann Roe ", "/payment_method": "by card"})
    assert "Thank you, we have your answer" in thanks.text
    browser.__exit__()  # the hints are sent by a thread of their own, which ends here
    row = floor.work().row(order_id)
    assert (row["customer"]["name"], row["payment_method"]) == ("Ann Roe", "card")
    assert row["state"] != "received"


def test_hints_at_the_check_of_the_answered_order(floor: Floor, browser: TestClient) -> None:
    order_id, path = doubtful(floor, payment_method="")
    sent(browser, path, {"/payment_method": "cash in a blue envelope"})
    browser.__exit__()  # the hints are sent by a thread of their own, which ends here
    assert floor.sent[-1] == ("validate", [order_id], "standard")
    assert floor.row(order_id)["payment_method"] == "cash in a blue envelope"


def test_wants_everything_answered_and_keeps_what_was_written(floor: Floor, browser: TestClient) -> None:
    order_id, path = doubtful(floor, customer=Contact("", "ann@customers.example"), payment_method="")
    page = sent(browser, path, {"/customer/name": "Ann Roe"}, 422)
    assert page.fields["/customer/name"] == "Ann Roe"
    assert page.invalid == {"/payment_method"}
    assert "Please answer this, too." in page.text
    assert floor.row(order_id)["customer"]["name"] == ""
    assert floor.value("SELECT count(*) FROM journal WHERE what = 'query.answered'") == 0
    assert sent(browser, path, {}, 422).invalid == {"/customer/name", "/payment_method"}


def test_takes_a_whole_address_and_says_what_it_still_lacks(floor: Floor, browser: TestClient) -> None:
    order_id, path = doubtful(floor, ship_to=None)
    address = {"/ship_to/line1": "1 High Street", "/ship_to/city": "London", "/ship_to/country": "GB"}
    page = sent(browser, path, address, 422)
    assert page.invalid == {"/ship_to/postal_code"}
    assert "The address lacks the postal code." in page.text
    sent(browser, path, address | {"/ship_to/postal_code": "N1 1AA"})
    assert floor.row(order_id)["ship_to"] == {"line1": "1 High Street", "city": "London", "country": "GB", "postal_code": "N1 1AA"}


def test_asks_for_the_missing_parts_of_an_address_at_once(floor: Floor, browser: TestClient) -> None:
    _, path = doubtful(floor, ship_to={"line1": "1 High Street", "country": "XX"})
    page = opened(browser, path)
    assert list(page.fields) == ["/ship_to/city", "/ship_to/postal_code", "/ship_to/country"]
    assert len(page.choices["/ship_to/country"]) > 200
    assert page.text.count("Where shall we deliver?") == 1


def test_offers_the_total_of_the_items_and_that_it_is_right_as_it_is(floor: Floor, browser: TestClient) -> None:
    order_id, path = doubtful(floor, total=Decimal(50))
    page = opened(browser, path)
    assert page.choices["question-1"] == ["proposal-0", "confirm", "other"]
    assert "the total is £45.00" in page.text
    assert "The total of £50.00 is right as it is" in page.text
    sent(browser, path, {"question-1": "confirm"})
    assert floor.row(order_id)["total"] == Decimal(50)
    assert floor.work().row(order_id)["state"] != "received"


def test_takes_the_proposed_total(floor: Floor, browser: TestClient) -> None:
    order_id, path = doubtful(floor, total=Decimal(50))
    sent(browser, path, {"question-1": "proposal-0"})
    assert floor.row(order_id)["total"] == Decimal(45)


def test_takes_another_quantity_when_then_it_adds_up(floor: Floor, browser: TestClient) -> None:
    order_id, path = doubtful(floor, total=Decimal("57.50"))
    page = sent(browser, path, {"question-1": "other", "/lines/0/quantity": "4"}, 422)
    assert "Perhaps: £70.00" in page.text
    assert page.fields["/lines/0/quantity"] == "4"
    sent(browser, path, {"question-1": "other", "/lines/0/quantity": "\uff13"})
    assert floor.value("SELECT quantity FROM order_line WHERE order_id = :id AND number = 1", id=order_id) == 3


@pytest.mark.parametrize("typed", ["50", "50,00", "£50.00", " 50.00 ", "\uff15\uff10"])
def test_reads_amounts_as_people_type_them(floor: Floor, browser: TestClient, typed: str) -> None:
    _, path = doubtful(floor, total=Decimal(60))
    page = sent(browser, path, {"/total": typed}, 422)
    assert "Is the total of £50.00 right?" in page.text


def test_asks_again_for_an_article_that_the_shop_does_not_have_either(floor: Floor, browser: TestClient) -> None:
    wanted = DraftLine("SKU-l", 2, "Mug, blue", Decimal("12.50"))
    order_id, path = doubtful(floor, wanted, MUG_AND_POT[1])
    page = sent(browser, path, {"/lines/0/sku": "SKU-I"}, 422)
    assert "We do not have “SKU-I”." in page.text
    assert page.invalid == {"/lines/0/sku"}
    sent(browser, path, {"/lines/0/sku": "SKU-1"})
    assert floor.value("SELECT sku FROM order_line WHERE order_id = :id AND number = 1", id=order_id) == "SKU-1"


def test_leaves_an_item_out_but_never_all(floor: Floor, browser: TestClient) -> None:
    unknown = (DraftLine("NO-1", 1, "What?"), DraftLine("NO-2", 1, "That!"), DraftLine("SKU-2", 1, "Pot"))
    order_id, path = doubtful(floor, *unknown)
    page = sent(browser, path, {"question-1": "remove"}, 422)
    assert page.invalid == {"/lines/1/sku"}
    sent(browser, path, {"question-1": "remove", "question-2": "remove"})
    assert floor.value("SELECT array_agg(sku) FROM order_line WHERE order_id = :id", id=order_id) == ["SKU-2"]
    _, path = doubtful(floor, *unknown[:2])
    assert "please cancel the order" in sent(browser, path, {"question-1": "remove", "question-2": "remove"}, 422).text
    _, path = doubtful(floor, unknown[0])
    assert "question-1" not in opened(browser, path).choices


def test_does_not_guess_when_an_item_is_both_changed_and_left_out(floor: Floor, browser: TestClient) -> None:
    _, path = doubtful(floor, DraftLine("NO-1", 1, "What?"), MUG_AND_POT[1])
    page = sent(browser, path, {"question-1": "remove", "/lines/0/sku": "SKU-1"}, 422)
    assert "You chose one thing and wrote another." in page.text


@pytest.mark.parametrize(("pointer", "value", "sentence"), [
    ("/lines/0/quantity", "two", "whole number"), ("/lines/0/quantity", "0", "from 1 to"), ("/lines/0/description", "x" * 2001, "too long"),
    ("/lines/0/description", "\0", "cannot be taken"),
])
def test_says_beside_the_field_what_cannot_be(floor: Floor, browser: TestClient, pointer: str, value: str, sentence: str) -> None:
    _, path = doubtful(floor, DraftLine("SKU-1", 0, "Mug"), DraftLine("NO-1", 1, ""))
    pointer = pointer.replace("0/description", "1/description")
    page = sent(browser, path, {pointer: value}, 422)
    assert sentence in page.text
    assert page.invalid == {pointer}


def test_cancels_only_when_asked_twice(floor: Floor, browser: TestClient) -> None:
    order_id, path = doubtful(floor, payment_method="")
    assert "Cancel the order?" in opened(browser, f"{path}/cancel").text
    assert floor.row(order_id)["state"] == "received"
    answer = browser.post(f"{path}/cancel")
    assert "Your order is canceled" in Page(answer.text).text
    assert floor.row(order_id)["state"] == "canceled"
    assert str(answer.url).endswith(path)
    assert browser.post(f"{path}/cancel").status_code == 200


def test_thanks_again_for_an_answer_given_before(floor: Floor, browser: TestClient) -> None:
    _, path = doubtful(floor, payment_method="")
    fields = {"/payment_method": "card"}
    sent(browser, path, fields)
    for answer in (browser.get(path), browser.post(path, data=fields), browser.get(f"{path}/cancel")):
        assert answer.status_code == 200
        assert "Thank you, we have your answer" in answer.text
    assert floor.value("SELECT count(*) FROM journal WHERE what = 'query.answered'") == 1


def test_opens_one_question_for_its_own_link_alone(floor: Floor, browser: TestClient) -> None:
    order_id, path = doubtful(floor, payment_method="")
    with floor.engine.begin() as tx:
        signer = link_keys.signer(tx, floor.now)
    later = floor.now + timedelta(days=1)
    for wrong in (f"{path}A", path[:-1], f"{path[:-1]}{'A' if path[-1] != 'A' else 'Q'}", f"/q/{signer.sign(Purpose.PAGE, 1, later)}",
                  f"/q/{signer.sign(Purpose.QUESTION, 99_999, later)}"):
        assert browser.get(wrong).status_code == 404
        assert browser.post(wrong, data={"/payment_method": "card"}).status_code == 404
    assert floor.row(order_id)["payment_method"] == ""


def test_says_by_when_and_what_comes_without_an_answer(floor: Floor, browser: TestClient) -> None:
    with floor.engine.begin() as tx:
        query_policies.keep(tx, builders.shop(tx), query_policies.EVERY_TYPE, QueryPolicy(on_silence=OnSilence.CANCEL))
    _, path = doubtful(floor, payment_method="")
    assert "We go on with your order as soon as" in opened(browser, path).text
    floor.pass_time(hours=5)
    assert "If we have not heard from you by then, we will cancel the order." in opened(browser, path).text


def test_says_what_to_do_when_the_link_has_expired(floor: Floor, browser: TestClient) -> None:
    order_id, path = doubtful(floor, payment_method="")
    floor.now += timedelta(days=30, hours=2)
    for answer in (browser.get(path), browser.post(path, data={"/payment_method": "card"}), browser.post(f"{path}/cancel")):
        assert answer.status_code == 410
        assert "Please reply to the message that brought you here" in Page(answer.text).text
    assert "此链接已过期" in browser.get(path, headers={"Accept-Language": "zh-CN"}).text
    assert (floor.row(order_id)["payment_method"], floor.state(order_id)) == ("", ("received", "query"))


def test_the_link_of_an_answered_question_does_not_answer_the_next(floor: Floor, browser: TestClient) -> None:
    order_id, path = doubtful(floor, payment_method="", ship_to=None)
    floor.answer(order_id, {"/payment_method": "invoice"})
    assert floor.state(order_id) == ("received", "query")
    assert "Thank you, we have your answer" in browser.post(f"{path}/cancel").text
    assert floor.state(order_id) == ("received", "query")


def test_opens_for_nobody_without_the_link(floor: Floor, browser: TestClient) -> None:
    doubtful(floor, payment_method="")
    for path in ("/q/unknown", "/q/qry_000000000001", "/q/unknown/cancel"):
        answer = browser.get(path, headers={"Accept-Language": "fr,zh-TW;q=0.8,en;q=0.5"})
        assert answer.status_code == 404
        assert Page(answer.text).language == "zh-Hans"
    assert browser.post("/q/qry_000000000001", data={"/payment_method": "card"}).status_code == 404


def test_is_written_in_the_language_of_the_order(floor: Floor, browser: TestClient) -> None:
    order_id, path = doubtful(floor, language="zh-CN", customer=Contact("", "liwei@customers.example"))
    page = opened(browser, path)
    assert page.language == "zh-Hans"
    assert "请问如何称呼您？" in page.text
    assert "谢谢" in sent(browser, path, {"/customer/name": "李伟"}).text
    assert floor.row(order_id)["customer"]["name"] == "李伟"


def test_escapes_what_others_wrote(floor: Floor, browser: TestClient) -> None:
    evil = '<script>alert(1)</script>"\' {{ 7*7 }} {order}'
    _, path = doubtful(floor, DraftLine(evil, 1, evil), MUG_AND_POT[1], customer=Contact(evil, "ann@customers.example"))
    html = browser.get(path).text
    assert "<script" not in html
    assert "{{ 7*7 }}" in html
    html = browser.post(path, data={"/lines/0/sku": f"{evil}!", "question-1": "remove"}).text
    assert "<script" not in html


def test_is_shut_against_everything_else(floor: Floor, browser: TestClient) -> None:
    _, path = doubtful(floor, payment_method="")
    moved = browser.post(f"{path}/cancel", follow_redirects=False)
    for answer in (browser.get(path), browser.post(path), browser.get("/q/unknown"), moved):
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    html = browser.get("/q/unknown").text
    assert "noindex" in html
    assert not re.search(r"\bstyle=|\bon\w+=|<script|src=|http", html)


def test_says_in_words_when_the_books_cannot_be_reached(floor: Floor, browser: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise OperationalError("SELECT", {}, Exception("server closed the connection unexpectedly"), connection_invalidated=True)

    def broken(*_: object) -> None:
        raise ZeroDivisionError("a secret detail")

    for trouble, status, words in ((away, 503, "One moment, please"), (broken, 500, "Something went wrong on our side")):
        monkeypatch.setattr(questions, "of_old_link", trouble)
        answer = browser.get("/q/any")
        assert answer.status_code == status
        assert words in Page(answer.text).text
        assert "secret" not in answer.text


def test_bears_a_reply_that_no_browser_would_send(floor: Floor, browser: TestClient) -> None:
    order_id, path = doubtful(floor, payment_method="")
    for body in (b"\xff\xfe%00%ff=%zz&&&===", b"&".join(b"a=1" for _ in range(3000)), b"/customer/name=Eve&/total=1&/payment_method=%00"):
        assert browser.post(path, content=body, headers={"Content-Type": "application/x-www-form-urlencoded"}).status_code in (400, 422)
    assert floor.row(order_id)["customer"] == {"name": "Ann Ok", "email": "ann@customers.example", "phone": "", "company": ""}


def test_says_everything_in_every_language() -> None:
    def shape(value: object) -> object:
        if isinstance(value, dict):
            return {name: shape(part) for name, part in value.items()}
        return sorted(re.findall(r"{\w*}", value)) if isinstance(value, str) else type(value)

    assert len({str(shape(dict(words_of(language)) | {"address_order": []})) for language in LANGUAGES}) == 1
    assert len({tuple(sorted(words_of(language)["address_order"])) for language in LANGUAGES}) == 1
