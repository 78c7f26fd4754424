"""
The customer's page: it opens by the link in a letter alone, shows the way of the order, and offers what may be done now.
"""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from orderpipe.domain.handling import Phase
from orderpipe.domain.links import KEPT, Purpose
from orderpipe.settings import Settings
from orderpipe.store import link_keys
from orderpipe.tracking.words import words_of
from tests.floor import Floor
from tests.tracking import scenes
from tests.tracking.forms import Page
from tests.tracking.scenes import SCENES, path_of
from tests.tracking.test_answering import doubtful

HOME = words_of("en")["home"]


def looked_at(browser: TestClient, path: str) -> Page:
    answer = browser.get(path)
    assert answer.status_code == 200, answer.text
    page = Page(answer.text)
    assert len(page.ids) == len(set(page.ids))
    return page


def test_opens_by_its_link_and_says_how_the_order_stands(floor: Floor, browser: TestClient) -> None:
    order_id = floor.order()
    assert HOME["states"]["received"] in looked_at(browser, path_of(floor, order_id)).text


def test_offers_to_answer_an_open_question_before_anything_else(floor: Floor, browser: TestClient) -> None:
    order_id, _ = doubtful(floor, ship_to=None)
    path = path_of(floor, order_id)
    html = browser.get(path).text
    assert f'<a class="button" href="{path}/question"' in html
    assert html.index(f"{path}/question") < html.index("<ol")
    asked = browser.get(f"{path}/question")
    assert asked.url.path.startswith("/q/")
    assert "Where shall we deliver?" in asked.text
    floor.cancel(order_id)
    assert browser.get(f"{path}/question").url.path == path


def test_opens_nothing_for_a_foreign_or_an_old_link(floor: Floor, browser: TestClient) -> None:
    order_id = floor.order()
    with floor.engine.begin() as tx:
        signer = link_keys.signer(tx, floor.now)
    later = floor.now + timedelta(days=1)
    assert browser.get(f"/t/{signer.sign(Purpose.QUESTION, order_id, later)}").status_code == 404
    assert browser.get(f"/t/{signer.sign(Purpose.PAGE, 99_999, later)}").status_code == 404
    assert browser.get("/t/nothing").status_code == 404
    path = path_of(floor, order_id)
    floor.now += KEPT + timedelta(days=1)
    old = browser.get(path)
    assert old.status_code == 410
    assert words_of("en")["notes"]["expired"]["heading"] in old.text


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("scene", SCENES)
def test_is_whole_in_every_state_and_language(floor: Floor, browser: TestClient, scene: str, language: str) -> None:
    page = looked_at(browser, path_of(floor, SCENES[scene](floor, language)))
    assert page.language == words_of(language)["tag"]
    assert words_of(language)["home"]["progress"] in page.text
    assert "{" not in page.text


def test_tells_what_was_and_when_it_arrives(floor: Floor, browser: TestClient) -> None:
    text = looked_at(browser, path_of(floor, scenes.shipped(floor))).text
    for said in ("Received Tue 3 Nov, 12:00", "Sent Tue 3 Nov, 15:00", "Out for delivery Wed 4 Nov, 06:00"):
        assert said in text
    assert "Arrives Friday, 6 November 2026" in text
    assert "Delivered expected Friday, 6 November 2026" in text
    assert "OP1010016" in text


def test_tells_each_revision_of_the_promise_with_its_reason(floor: Floor, browser: TestClient) -> None:
    text = looked_at(browser, path_of(floor, scenes.revised(floor))).text
    assert "First promised on Tue 3 Nov: by Friday, 6 November 2026" in text
    assert f"Changed on Wed 4 Nov: by Friday, 13 November 2026. {HOME['reasons']['amended']}" in text
    assert "Part 2 of 2" in text


def test_says_why_a_part_was_parted_and_calls_that_no_other_date(floor: Floor, browser: TestClient) -> None:
    order_id = scenes.confirmed(floor)
    unit = order_id * 1000 + 1
    floor.scan(unit, Phase.PICK, {"MUG-BLUE": 1, "POT": 1}).scan(unit, Phase.SHORT, {"MUG-BLUE": 1})
    text = looked_at(browser, path_of(floor, order_id)).text
    assert HOME["reasons"]["not found when picked"] in text
    assert "Changed on" not in text
    floor.pass_time(days=30).project()
    its = looked_at(browser, path_of(floor, order_id)).text.partition("Part 2 of 2")[2]
    first, changed = its.index("First promised on Tue 3 Nov: by Friday, 6 November 2026"), its.index("Changed on")
    assert first < its.index(HOME["reasons"]["not found when picked"]) < changed


def test_leads_to_the_carrier_where_it_is_known(floor: Floor, site: FastAPI, browser: TestClient) -> None:
    path = path_of(floor, scenes.shipped(floor))
    assert "carrier.example" not in browser.get(path).text
    links = {"Parcel Post": "https://carrier.example/{number}?a=1&b"}
    site.state.assembly = replace(site.state.assembly, settings=Settings.model_validate({"tracking_links": links}))
    assert 'href="https://carrier.example/OP1010016?a=1&amp;b"' in browser.get(path).text


def test_says_what_is_to_be_paid_only_where_that_is_waited_for(floor: Floor, browser: TestClient) -> None:
    assert HOME["due"].format(amount="£73.00") in looked_at(browser, path_of(floor, scenes.unpaid(floor))).text
    assert "still to be paid" not in looked_at(browser, path_of(floor, scenes.confirmed(floor))).text


def test_says_what_of_the_order_was_canceled(floor: Floor, browser: TestClient) -> None:
    order_id = scenes.partly(floor)
    assert HOME["canceled"] not in looked_at(browser, path_of(floor, order_id)).text
    floor.cancel(order_id)
    text = looked_at(browser, path_of(floor, order_id)).text
    assert re.search(rf"{HOME['canceled']} \d × ", text)
    whole = scenes.canceled(floor)
    assert HOME["canceled"] not in looked_at(browser, path_of(floor, whole)).text


def test_is_not_drawn_again_without_news(floor: Floor, browser: TestClient) -> None:
    order_id = scenes.confirmed(floor)
    path = path_of(floor, order_id)
    first = browser.get(path)
    tag = first.headers["ETag"]
    assert f'data-tag="{tag.replace(chr(34), "&#34;")}"' in first.text
    again = browser.get(path, headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    floor.deliver_until_shipped(order_id * 1000 + 1)
    news = browser.get(path, headers={"If-None-Match": tag})
    assert news.status_code == 200
    assert news.headers["ETag"] != tag
    assert HOME["states"]["shipped"] in news.text


def test_lets_only_its_own_script_run(floor: Floor, browser: TestClient) -> None:
    policy = browser.get(path_of(floor, floor.order())).headers["Content-Security-Policy"]
    assert "script-src 'sha256-" in policy
    assert "connect-src 'self'" in policy
    assert "unsafe" not in policy
    assert "script-src" not in browser.get("/t/nothing").headers["Content-Security-Policy"]


def test_says_nothing_that_somebody_else_wrote_as_html(floor: Floor, browser: TestClient) -> None:
    order_id = scenes.placed(floor, ship_to=scenes.ENGLISH["ship_to"] | {"line1": "<script>alert(1)</script>"})
    assert "<script>alert" not in browser.get(path_of(floor, order_id)).text
