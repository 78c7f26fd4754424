"""
The page on which a customer sees what is late and chooses: it says what was promised, what is now, and what comes of no answer.
"""

import pytest
from fastapi.testclient import TestClient

from orderpipe.channels.wording import LANGUAGES
from orderpipe.tracking.words import words_of
from tests.floor import Floor
from tests.late import of, promised, set_lead, until, waiting
from tests.tracking.forms import Page
from tests.tracking.scenes import path_of


@pytest.mark.parametrize("language", LANGUAGES)
def test_says_what_is_late_and_what_may_be_chosen(floor: Floor, browser: TestClient, language: str) -> None:
    order_id = waiting(floor, language=language)
    set_lead(floor, 60)
    until(floor, order_id, state="told")
    words, path = words_of(language)["delay"], path_of(floor, order_id)
    assert f'<a class="button" href="{path}/delay">' in browser.get(path).text
    page = Page(browser.get(f"{path}/delay").text)
    assert page.language == words_of(language)["tag"]
    for said in (words["why"]["stock"], words["until"], words["choices"]["wait"], words["silence"]["cancels"].split("{")[0]):
        assert said in page.text
    assert page.choices == {"choice": ["wait", "cancel"]}


def test_takes_a_choice_and_lets_it_be_thought_over(floor: Floor, browser: TestClient) -> None:
    order_id = waiting(floor)
    until(floor, order_id, state="told")
    path = f"{path_of(floor, order_id)}/delay"
    assert browser.post(path, data={}).status_code == 422
    taken = browser.post(path, data={"choice": "wait"})
    assert words_of("en")["delay"]["chosen"]["wait"] in Page(taken.text).text
    assert (of(floor, order_id)["chosen"], of(floor, order_id)["chosen_by"]) == ("wait", "customer")
    assert Page(taken.text).choices == {"choice": ["cancel"]}
    assert f'<li><a href="{path}">' in browser.get(path.removesuffix("/delay")).text, "It is urgent no more."


def test_cancels_only_when_asked_once_more(floor: Floor, browser: TestClient) -> None:
    order_id = waiting(floor)
    until(floor, order_id, state="told")
    path = f"{path_of(floor, order_id)}/delay"
    sure = Page(browser.post(path, data={"choice": "cancel"}).text)
    assert words_of("en")["delay"]["sure_text"] in sure.text
    assert floor.state(order_id)[0] == "promised"
    done = Page(browser.post(path, data=sure.fields).text)
    assert words_of("en")["notes"]["canceled-late"]["heading"] in done.text
    assert floor.state(order_id)[0] == "canceled"
    assert words_of("en")["notes"]["on-time"]["heading"] in browser.post(path, data=sure.fields).text
    floor.check()


def test_offers_nothing_where_nothing_is_late(floor: Floor, browser: TestClient) -> None:
    order_id = promised(floor)
    path = path_of(floor, order_id)
    assert "/delay" not in browser.get(path).text
    assert words_of("en")["notes"]["on-time"]["heading"] in browser.get(f"{path}/delay").text
    until(floor, order_id, state="at-risk")
    assert "/delay" not in browser.get(path).text


@pytest.mark.parametrize("language", LANGUAGES)
def test_says_of_what_was_sent_ahead_that_it_was_chosen(floor: Floor, browser: TestClient, language: str) -> None:
    order_id = waiting(floor, language=language, lines=[("SKU-1", 5)])
    floor.stock(on_hand=3)
    until(floor, order_id, state="told")
    path = path_of(floor, order_id)
    browser.post(f"{path}/delay", data={"choice": "part"})
    assert words_of(language)["home"]["reasons"]["sent ahead of the rest"] in Page(browser.get(path).text).text


def test_offers_nothing_once_it_has_come_though_nobody_has_looked_again(floor: Floor, browser: TestClient) -> None:
    order_id = promised(floor)
    until(floor, order_id, state="told")
    path = path_of(floor, order_id)
    floor.deliver_until_shipped(order_id * 1000 + 1)
    assert f'href="{path}/delay"' in browser.get(path).text
    floor.carrier(order_id * 1000 + 1, "delivered")
    assert of(floor, order_id)["state"] == "told"
    assert "/delay" not in browser.get(path).text
    assert words_of("en")["notes"]["on-time"]["heading"] in browser.get(f"{path}/delay").text


def test_says_so_where_it_is_packed_by_now(floor: Floor, browser: TestClient) -> None:
    order_id = promised(floor)
    until(floor, order_id, state="told")
    floor.deliver_until_shipped(order_id * 1000 + 1)
    gone = browser.post(f"{path_of(floor, order_id)}/delay", data={"choice": "cancel", "sure": "yes"})
    assert gone.status_code == 409
    assert floor.parts(order_id)[1] == ("shipped", "carrier")
