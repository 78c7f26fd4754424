"""
The customer's page: it opens by the link in a letter alone, and offers what may be done now.
"""

from datetime import timedelta

from fastapi.testclient import TestClient

from orderpipe.domain.links import KEPT, Purpose
from orderpipe.store import link_keys
from orderpipe.tracking.visits import page_link
from orderpipe.tracking.words import words_of
from tests.floor import Floor
from tests.tracking.test_answering import doubtful


def path_of(floor: Floor, order_id: int) -> str:
    with floor.engine.begin() as tx:
        return page_link(link_keys.signer(tx, floor.now), "", order_id, floor.now)


def test_opens_by_its_link_and_says_how_the_order_stands(floor: Floor, browser: TestClient) -> None:
    order_id = floor.order()
    answer = browser.get(path_of(floor, order_id))
    assert answer.status_code == 200
    assert words_of("en")["home"]["states"]["received"] in answer.text


def test_offers_to_answer_an_open_question(floor: Floor, browser: TestClient) -> None:
    order_id, _ = doubtful(floor, ship_to=None)
    path = path_of(floor, order_id)
    assert f'href="{path}/question"' in browser.get(path).text
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
