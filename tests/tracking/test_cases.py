"""
What customers say on their pages: something is wrong, something comes back, how satisfied they are.
"""

import json
import re
from datetime import timedelta
from decimal import Decimal

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from orderpipe.domain.case_terms import Terms
from orderpipe.domain.remedies import Remedy, RemedyKind
from orderpipe.sideflows import cases
from orderpipe.store import case_terms, shops
from orderpipe.store import cases as case_store
from orderpipe.tracking.words import words_of
from tests.floor import Floor
from tests.needs import require
from tests.tracking.forms import Page
from tests.tracking.scenes import path_of

EN = words_of("en")


def sent(browser: TestClient, path: str, **written: str) -> Response:
    """The form at this address, filled in and sent."""
    form = Page(browser.get(path).text)
    return browser.post(path.partition("?")[0], data=form.fields | {name.replace("_", "-"): value for name, value in written.items()})


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_says_what_is_wrong_and_sees_the_case(floor: Floor, browser: TestClient, language: str) -> None:
    order_id = floor.delivered({"SKU-1": 2}, language=language)
    path = path_of(floor, order_id)
    assert f'href="{path}/problem"' in browser.get(path).text
    answer = sent(browser, f"{path}/problem?cause=damaged", text="It came <b>in pieces</b>.", pieces_1="1")
    assert answer.status_code == 200
    assert re.search(r"/cases/cas_\w+$", str(answer.url))
    assert "It came <b>in pieces</b>." in Page(answer.text).text
    assert "<b>" not in answer.text
    row = floor.value("SELECT (kind, cause, channel, lines)::text FROM case_file WHERE order_id = :id", id=order_id)
    assert row == '(claim,damaged,page,"[{""number"": 1, ""quantity"": 1}]")'
    assert browser.get(path).text.count("/cases/") == 1


def allow(floor: Floor, daily_words: int) -> None:
    """Let customers write so often about an order within a day."""
    with floor.engine.begin() as tx:
        shop = shops.shop_by_code(tx, "demo")
        assert shop
        case_terms.set_terms(tx, shop.id, Terms(daily_words=daily_words))


def test_what_is_said_about_the_same_joins_the_open_case(floor: Floor, browser: TestClient) -> None:
    path = path_of(floor, floor.delivered({"SKU-1": 3}))
    first = sent(browser, f"{path}/problem?cause=damaged", text="Two are broken.", pieces_1="2")
    again = sent(browser, f"{path}/problem?cause=damaged", pieces_1="1")
    assert again.url == first.url
    assert "1 × Product SKU-1" in Page(again.text).text
    assert "3 × Product SKU-1" in Page(again.text).text
    assert sent(browser, f"{path}/problem?cause=damaged").url == first.url
    assert sent(browser, f"{path}/problem?cause=late").url != first.url
    assert browser.get(path).text.count("/cases/") == 2
    assert floor.value("SELECT count(*) FROM case_file") == 2
    assert floor.value("SELECT count(*) FROM case_message") == 2


def test_takes_so_many_words_a_day_and_says_so_kindly(floor: Floor, browser: TestClient) -> None:
    order_id = floor.delivered({"SKU-1": 2})
    allow(floor, 2)
    path = path_of(floor, order_id)
    case = str(sent(browser, f"{path}/problem?cause=other", text="First.").url.path)
    form = Page(browser.get(case).text).fields | {"text": "Second."}
    assert [browser.post(case, data=form).status_code for _ in range(2)] == [200, 200]
    for address in (case, f"{path}/problem?cause=late"):
        answer = sent(browser, address, text="Third.")
        assert (answer.status_code, Page(answer.text).fields["text"]) == (429, "Third.")
        assert EN["problems"]["too-often"] in Page(answer.text).text
    assert sent(browser, f"{path}/return", cause="changed-mind", pieces_1="1").status_code == 200
    floor.now += timedelta(days=1)
    assert sent(browser, case, text="Third.").status_code == 200


def test_the_same_form_opens_one_case(floor: Floor, browser: TestClient) -> None:
    path = path_of(floor, floor.delivered())
    filled = Page(browser.get(f"{path}/problem").text).fields | {"cause": "late"}
    first, second = (browser.post(f"{path}/problem", data=filled) for _ in range(2))
    assert first.url == second.url
    assert floor.value("SELECT count(*) FROM case_file") == 1


def test_asks_for_what_is_missing_and_keeps_what_was_written(floor: Floor, browser: TestClient) -> None:
    path = path_of(floor, floor.delivered({"SKU-1": 2}))
    answer = sent(browser, f"{path}/problem", text="Hello", pieces_1="3")
    seen = Page(answer.text)
    assert answer.status_code == 422
    assert seen.fields["text"] == "Hello"
    assert seen.invalid == {"cause", "pieces-1"}
    assert EN["problem"]["choose"] in seen.text
    assert sent(browser, f"{path}/problem?cause=question", text="  ").status_code == 422
    assert floor.value("SELECT count(*) FROM case_file") == 0


def test_writes_again_on_the_case(floor: Floor, browser: TestClient) -> None:
    path = path_of(floor, floor.delivered())
    case = str(sent(browser, f"{path}/problem?cause=late").url.path)
    answer = sent(browser, case, text="Is anybody there?")
    assert "Is anybody there?" in Page(answer.text).text
    assert sent(browser, case, text="").status_code == 422
    other = path_of(floor, floor.delivered())
    assert browser.get(other + case.removeprefix(path)).status_code == 404


def test_shows_what_is_done_about_it(floor: Floor, browser: TestClient) -> None:
    order_id = floor.delivered()
    path = path_of(floor, order_id)
    case = str(sent(browser, f"{path}/problem?cause=damaged").url.path)
    with floor.engine.begin() as tx:
        (one,) = case_store.of_orders(tx, [order_id])
        remedies = [Remedy(RemedyKind.CREDIT, Decimal(5)), Remedy(RemedyKind.APOLOGY)]
        answered = cases.respond(tx, one.id, "We are sorry.", remedies, by="Olga", now=floor.now).case
    assert "You get a credit of £5.00." in Page(browser.get(case).text).text
    assert "done on" not in browser.get(case).text
    with floor.engine.begin() as tx:
        cases.give_credit(tx, one.id, answered.remedies[0]["reference"], by="shop", now=floor.now)
    assert "You get a credit of £5.00. (done on" in Page(browser.get(case).text).text


def test_sends_back_within_the_return_period_and_gets_a_label(floor: Floor, browser: TestClient) -> None:
    order_id = floor.delivered({"SKU-1": 2})
    path = path_of(floor, order_id)
    answer = sent(browser, f"{path}/return", cause="changed-mind", pieces_1="1")
    link = re.search(r'href="([^"]+/return/R-[^"]+)"', answer.text)
    assert link
    label = browser.get(link[1])
    assert link[1].rpartition("/")[2] in Page(label.text).text
    assert browser.get(f"{path_of(floor, floor.delivered())}/return/{link[1].rpartition('/')[2]}").status_code == 404
    assert sent(browser, f"{path}/return", cause="changed-mind", pieces_1="2").status_code == 422
    floor.now += Terms().return_period
    assert EN["notes"]["no-return"]["heading"] in browser.get(f"{path}/return").text
    assert f'href="{path}/return"' not in browser.get(path).text
    floor.check()


def test_opening_the_link_with_a_score_records_nothing(floor: Floor, browser: TestClient) -> None:
    path = path_of(floor, floor.delivered())
    seen = Page(browser.get(f"{path}/rate?score=5&arrived=yes").text)
    assert (seen.fields["score"], seen.fields["arrived"]) == ("5", "yes")
    assert floor.value("SELECT count(*) FROM feedback WHERE score IS NOT NULL OR arrived IS NOT NULL") == 0


def test_rates_with_one_button_and_may_change_it(floor: Floor, browser: TestClient) -> None:
    order_id = floor.delivered()
    path = path_of(floor, order_id)
    assert EN["notes"]["rated"]["heading"] in sent(browser, f"{path}/rate?score=4&arrived=yes").text
    assert EN["notes"]["rated-low"]["heading"] in sent(browser, f"{path}/rate?score=2", comment="Late & <i>cold</i>").text
    assert floor.value("SELECT (score, comment)::text FROM feedback WHERE order_id = :id", id=order_id) == '(2,"Late & <i>cold</i>")'
    assert "<i>" not in browser.get(f"{path}/rate").text
    assert floor.letters(order_id)[-1] == "office-low-score"
    assert browser.post(f"{path}/rate", data={}).status_code == 422


def test_who_misses_something_is_asked_what(floor: Floor, browser: TestClient) -> None:
    order_id = floor.delivered()
    path = path_of(floor, order_id)
    answer = sent(browser, f"{path}/rate", arrived="no")
    assert Page(answer.text).fields["cause"] == "missing-item"
    case = sent(browser, f"{path}/problem?cause=missing-item", pieces_1="1")
    assert "/cases/" in str(case.url)
    assert floor.value("SELECT (arrived) FROM feedback WHERE order_id = :id", id=order_id) is False
    assert floor.value("SELECT kind FROM case_file WHERE order_id = :id", id=order_id) == "claim"


def test_nothing_is_rated_before_the_order_is_complete(floor: Floor, browser: TestClient) -> None:
    path = path_of(floor, floor.order())
    assert EN["notes"]["rate-early"]["heading"] in browser.get(f"{path}/rate").text
    assert EN["notes"]["rate-early"]["heading"] in browser.post(f"{path}/rate", data={"score": "1"}).text


def test_keeps_naughty_words_exactly_and_shows_them_harmlessly(floor: Floor, browser: TestClient) -> None:
    every = json.loads((require("real-data") / "naughty" / "blns.json").read_text())
    words = [one for one in every if one.strip() and "\0" not in one][::3]
    order_id = floor.delivered()
    allow(floor, 1_000)
    path = path_of(floor, order_id)
    case = str(sent(browser, f"{path}/problem?cause=other", text=words[0]).url.path)
    for one in words[1:]:
        assert browser.post(case, data={"text": one}, follow_redirects=False).status_code == 303
    assert list(floor.value("SELECT array_agg(body ORDER BY id) FROM case_message")) == words
    page = browser.get(case).text
    assert not re.search(r"<(script|img|iframe|svg|b|a href=.javascript)\b", page, re.IGNORECASE)
    for one in words[:40]:
        browser.post(f"{path}/rate", data={"score": "4", "comment": one}, follow_redirects=False)
        assert floor.value("SELECT comment FROM feedback WHERE order_id = :id", id=order_id) == one
