"""
The page of preferences: looking changes nothing, one click turns off what can be, and what must be told comes all the same.
"""

from datetime import timedelta
from html import unescape

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from orderpipe.channels.wording import LANGUAGES
from orderpipe.domain.decisions import Tell
from orderpipe.domain.kinds import NECESSARY, OPTIONAL
from orderpipe.domain.links import KEPT, Purpose
from orderpipe.store import contact_preferences, link_keys, notifications
from orderpipe.store.contact_preferences import Preference
from orderpipe.tracking.words import words_of
from tests.floor import Floor
from tests.tracking.forms import Page
from tests.tracking.scenes import path_of

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def link(floor: Floor, order_id: int) -> str:
    with floor.engine.begin() as tx:
        letter = contact_preferences.newest_letter(tx, order_id)
        assert letter
        return f"/u/{link_keys.signer(tx, floor.now).sign(Purpose.UNSUBSCRIBE, letter, floor.now + KEPT)}"


def tell(floor: Floor, order_id: int, *kinds: str) -> list[tuple[str, str, str, str]]:
    """Tell these, and return kind, state, channel and language of what was written."""
    with floor.engine.begin() as tx:
        known = {one.id for one in notifications.of_order(tx, order_id)}
        tells = [(order_id, Tell(kind, {}, f"{order_id} {kind} {len(known)}")) for kind in kinds]
        notifications.enqueue(tx, tells, floor.now, office_default="")
        return [(one.kind, one.state, one.channel, one.language) for one in notifications.of_order(tx, order_id) if one.id not in known]


def chosen(floor: Floor, contact: str = "ann@customers.example") -> Preference:
    with floor.engine.begin() as tx:
        shop_id = tx.execute(text("SELECT id FROM shop WHERE code = 'demo'")).scalar_one()
        return contact_preferences.of_contact(tx, shop_id, contact)


def test_the_brief_link_of_a_text_message_opens_it_for_as_long(floor: Floor, browser: TestClient) -> None:
    order_id = floor.order()
    with floor.engine.begin() as tx:
        letter = contact_preferences.newest_letter(tx, order_id)
        assert letter
        path = f"/u/{link_keys.signer(tx, floor.now).sign_briefly(Purpose.UNSUBSCRIBE, letter)}"
    assert "a…@customers.example" in browser.get(path).text
    assert browser.post(path, data={"choices": "1", "shipped": "1", "none": "1"}).status_code == 200
    assert chosen(floor).declined == frozenset({"*"})
    floor.now += KEPT
    assert browser.get(path).status_code == 410


def test_changes_nothing_when_it_is_looked_at(floor: Floor, browser: TestClient) -> None:
    path = link(floor, floor.order())
    before = browser.get(path)
    assert before.status_code == 200
    assert "a…@customers.example" in before.text
    assert chosen(floor) == Preference()
    assert Page(browser.get(path).text).text == Page(before.text).text


@pytest.mark.parametrize(
    "form", [{"data": ONE_CLICK}, {"files": {"List-Unsubscribe": (None, "One-Click")}}, {}], ids=["form", "parts", "none"]
)
def test_one_click_turns_off_what_can_be_and_nothing_else(floor: Floor, browser: TestClient, form: dict[str, object]) -> None:
    order_id = floor.order()
    answer = browser.post(link(floor, order_id), **form)  # type: ignore[arg-type]
    assert answer.status_code == 200
    assert words_of("en")["notes"]["unsubscribed"]["heading"] in answer.text
    necessary = [kind for kind in NECESSARY if kind != "acknowledgement"]  # which it has already
    states = {kind: state for kind, state, _, _ in tell(floor, order_id, *OPTIONAL, *necessary)}
    assert states == dict.fromkeys(OPTIONAL, "declined") | dict.fromkeys(necessary, "pending")
    other = floor.order()
    assert [state for _, state, _, _ in tell(floor, other, "shipped")] == ["declined"]


def test_keeps_each_choice(floor: Floor, browser: TestClient) -> None:
    order_id = floor.order()
    path = link(floor, order_id)
    answer = browser.post(path, data={"choices": "1", "shipped": "1", "thank-you": "1", "language": "zh", "channel": "sms"})
    assert words_of("zh")["preferences"]["saved"] in answer.text
    assert chosen(floor) == Preference(frozenset({"out-for-delivery", "part-delivered", "rating-reminder"}), None, "zh")
    assert tell(floor, order_id, "shipped", "out-for-delivery", "canceled") == [
        ("shipped", "pending", "email", "zh"), ("out-for-delivery", "declined", "email", "zh"), ("canceled", "pending", "email", "zh"),
    ]
    browser.post(path, data={"choices": "1", "none": "1", "shipped": "1"})
    assert chosen(floor).declined == {"*"}
    browser.post(path, data={"choices": "1", **dict.fromkeys(OPTIONAL, "1")})
    assert chosen(floor).declined == frozenset()


def test_sends_news_by_text_message_to_whoever_prefers_it(floor: Floor, browser: TestClient) -> None:
    order_id = floor.order()
    with floor.engine.begin() as tx:
        tx.execute(text("UPDATE orders SET customer = customer || '{\"phone\": \"+44 7700 900123\"}'"))
    assert 'value="sms"' in browser.get(link(floor, order_id)).text
    browser.post(link(floor, order_id), data={"choices": "1", "shipped": "1", "channel": "sms"})
    assert [(kind, channel) for kind, _, channel, _ in tell(floor, order_id, "shipped", "delivery-date")] == [
        ("shipped", "sms"), ("delivery-date", "email"),
    ]
    browser.post(link(floor, order_id), data=ONE_CLICK)  # by the link that stands for the text message
    assert chosen(floor).declined == {"*"}


def test_keeps_a_contact_whatever_its_case_and_its_spaces(floor: Floor, browser: TestClient) -> None:
    browser.post(link(floor, floor.order()), data=ONE_CLICK)
    with floor.engine.begin() as tx:
        tx.execute(text("UPDATE orders SET customer = customer || '{\"email\": \" ANN@Customers.Example \"}'"))
    assert [state for _, state, _, _ in tell(floor, floor.value("SELECT max(id) FROM orders"), "shipped")] == ["declined"]
    assert chosen(floor, " Ann@customers.example").declined == {"*"}


def test_opens_nothing_for_a_foreign_or_an_old_link(floor: Floor, browser: TestClient) -> None:
    order_id = floor.order()
    path = link(floor, order_id)
    assert browser.post(f"{path[:-1]}{'B' if path[-1] == 'A' else 'A'}", data=ONE_CLICK).status_code == 404
    page = path_of(floor, order_id).removeprefix("/t/")
    assert browser.post(f"/u/{page}", data=ONE_CLICK).status_code == 404
    floor.now += KEPT + timedelta(days=1)
    assert browser.post(path, data=ONE_CLICK).status_code == 410
    assert chosen(floor) == Preference()


@pytest.mark.parametrize("language", LANGUAGES)
def test_names_every_letter_that_can_be_turned_off(floor: Floor, browser: TestClient, language: str) -> None:
    page = unescape(browser.get(link(floor, floor.order(language=language))).text)
    words = words_of(language)["preferences"]
    assert set(words["kinds"]) == set(OPTIONAL)
    assert set(words["languages"]) == set(LANGUAGES)
    for one in (*words["kinds"].values(), *words["necessary"], words["why"]):
        assert one in page


def test_is_offered_on_the_page_of_the_order(floor: Floor, browser: TestClient) -> None:
    order_id = floor.order()
    path = path_of(floor, order_id)
    assert f'href="{path}/letters"' in browser.get(path).text
    assert "a…@customers.example" in browser.get(f"{path}/letters").text
    with floor.engine.begin() as tx:
        tx.execute(text("UPDATE notification SET audience = 'office'"))
    assert "/letters" not in browser.get(path).text
    assert browser.get(f"{path}/letters").status_code == 404
    with floor.engine.begin() as tx:
        tx.execute(text("UPDATE notification SET audience = 'customer'"))
