"""
Questions that come of earlier orders, on the customer's page: what is proposed, what may be confirmed, and how to say no.
"""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from fastapi.testclient import TestClient

from orderpipe.domain.orders import DraftLine, number_of
from orderpipe.domain.rules import RuleSetting
from orderpipe.domain.targets import EVERYBODY
from orderpipe.store import memory, rule_settings
from orderpipe.tracking.words import words_of
from tests.floor import Floor
from tests.tracking.test_answering import ANN, LONDON, MUG_AND_POT, doubtful, opened, sent

LANGUAGES = {"en": "How many would you like of", "zh-CN": "您需要多少"}


def known(floor: Floor) -> None:
    """Ann takes 5 to 20 of each."""
    for quantity in (5, 20, 12):
        floor.receive(floor.order({"SKU-1": quantity, "SKU-2": quantity}, customer=ANN))
    floor.now += timedelta(minutes=2)
    with floor.engine.begin() as tx:
        memory.learn(tx, floor.now)


def many(floor: Floor, **draft: Any) -> tuple[int, str]:
    """Ann's order of 2,000 mugs and 3,000 pots."""
    lines = DraftLine("SKU-1", 2_000, "Mug", Decimal(10)), DraftLine("SKU-2", 3_000, "Pot", Decimal(10))
    return doubtful(floor, *lines, total=Decimal(50_000), **draft)


@pytest.mark.parametrize("language", LANGUAGES)
def test_shows_what_is_usual_and_takes_it_with_a_tap(floor: Floor, browser: TestClient, language: str) -> None:
    known(floor)
    order_id, path = many(floor, language=language)
    page = opened(browser, path)
    assert LANGUAGES[language] in page.text
    assert page.choices["question-1"] == ["proposal-0", "confirm", "remove", "other"]
    sent(browser, path, {"question-1": "proposal-0", "question-2": "confirm"})
    assert floor.value("SELECT array_agg(quantity ORDER BY number) FROM order_line WHERE order_id = :id", id=order_id) == [20, 3_000]
    assert floor.row(order_id)["total"] == 30_200
    floor.work()
    assert floor.state(order_id)[1] != "query"


def test_confirming_one_line_says_nothing_about_another(floor: Floor, browser: TestClient) -> None:
    known(floor)
    _, path = many(floor)
    page = sent(browser, path, {"question-1": "confirm"}, 422)
    assert page.invalid == {"/lines/1/quantity"}


def test_asks_twice_before_the_second_of_two_is_canceled(floor: Floor, browser: TestClient) -> None:
    with floor.engine.begin() as tx:
        rule_settings.write(tx, EVERYBODY, rule_settings.EVERY_TYPE, "duplicate-order", RuleSetting())
    first = floor.order(MUG_AND_POT, customer=ANN)
    floor.receive(first)
    floor.now += timedelta(minutes=3)
    order_id, path = doubtful(floor)
    page = opened(browser, path)
    assert f"3 minutes before, you ordered much the same (order {number_of(first)})" in page.text
    assert page.choices["question-1"] == ["confirm", "merge", "cancel"]
    assert "Cancel the order?" in sent(browser, path, {"question-1": "cancel"}).text
    assert floor.row(order_id)["state"] == "received"
    sent(browser, path, {"question-1": "confirm"})
    floor.work()
    assert floor.state(order_id)[1] != "query"


@pytest.mark.parametrize("shipped", [False, True])
def test_adds_the_second_of_two_to_the_first_where_it_still_can(floor: Floor, browser: TestClient, *, shipped: bool) -> None:
    with floor.engine.begin() as tx:
        rule_settings.write(tx, EVERYBODY, rule_settings.EVERY_TYPE, "duplicate-order", RuleSetting())
    for one in MUG_AND_POT:
        floor.stock(one.sku)
    first = floor.order(MUG_AND_POT, customer=ANN)
    floor.receive(first)
    floor.now += timedelta(minutes=3)
    order_id, path = doubtful(floor)
    if shipped:
        floor.deliver_until_shipped(first * 1000 + 1)
    told = sent(browser, path, {"question-1": "merge"})
    assert words_of("en")["notes"]["kept-apart" if shipped else "merged"]["heading"] in told.text
    floor.work()
    assert floor.state(order_id)[0] == ("promised" if shipped else "canceled")
    assert "canceled" in opened(browser, path).text or shipped


def test_offers_no_price_but_the_one_agreed(floor: Floor, browser: TestClient) -> None:
    order_id, path = doubtful(floor, DraftLine("SKU-1", 2, "Mug", Decimal(100)), MUG_AND_POT[1])
    page = opened(browser, path)
    assert page.choices["question-1"] == ["proposal-0", "remove"]
    assert "/lines/0/unit_price" not in page.fields
    sent(browser, path, {"question-1": "proposal-0"})
    assert floor.value("SELECT unit_price FROM order_line WHERE order_id = :id AND number = 1", id=order_id) == 10


def test_takes_another_day_or_none(floor: Floor, browser: TestClient) -> None:
    past = floor.now.date() - timedelta(days=3)
    order_id, path = doubtful(floor, requested_on=past)
    assert opened(browser, path).choices["question-1"] == ["proposal-0", "nothing", "other"]
    assert "2026-12-18" in sent(browser, path, {"question-1": "other", "/requested_on": "soon"}, 422).text
    sent(browser, path, {"question-1": "other", "/requested_on": "2026-11-18"})
    assert str(floor.row(order_id)["requested_on"]) == "2026-11-18"
    order_id, path = doubtful(floor, requested_on=past)
    sent(browser, path, {"question-1": "nothing"})
    assert floor.row(order_id)["requested_on"] is None


def test_takes_an_odd_address_that_is_right(floor: Floor, browser: TestClient) -> None:
    order_id, path = doubtful(floor, ship_to=LONDON | {"postal_code": "90210"})
    assert "cannot be right for United Kingdom" in opened(browser, path).text
    sent(browser, path, {"question-1": "confirm"})
    floor.work()
    assert floor.row(order_id)["ship_to"]["postal_code"] == "90210"
    assert floor.state(order_id)[1] != "query"
