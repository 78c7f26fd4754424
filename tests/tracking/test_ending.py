"""
An order given up by its customer: canceled while it is not packed, withdrawn from as long as the law says, in two steps each.
"""

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from orderpipe.sideflows import withdrawals
from orderpipe.tracking.words import words_of
from tests.floor import Floor
from tests.tracking import scenes
from tests.tracking.scenes import path_of
from tests.tracking.test_home import looked_at

NOTES, SAID = words_of("en")["notes"], words_of("en")["withdraw"]


def test_cancels_in_two_steps_and_confirms_with_the_time(floor: Floor, browser: TestClient) -> None:
    order_id = scenes.confirmed(floor)
    home = path_of(floor, order_id)
    assert words_of("en")["stop"]["whole"] in looked_at(browser, f"{home}/cancel").text
    assert floor.state(order_id)[0] == "promised"
    done = browser.post(f"{home}/cancel")
    assert NOTES["canceled"]["heading"] in done.text
    assert floor.state(order_id) == ("canceled", None)
    assert floor.told(order_id, "canceled")[0]["at"] == floor.now.isoformat()
    assert NOTES["canceled"]["heading"] in browser.post(f"{home}/cancel").text
    floor.check()


def test_cancels_what_is_not_packed_and_names_it(floor: Floor, browser: TestClient) -> None:
    order_id = scenes.partly(floor)
    home = path_of(floor, order_id)
    page = looked_at(browser, f"{home}/cancel")
    assert "1 × Tea pot, cast iron" in page.text
    assert "Mug" not in page.text
    assert NOTES["partly-canceled"]["heading"] in browser.post(f"{home}/cancel").text
    assert floor.parts(order_id)[2] == ("canceled", None)


def test_withdraws_from_what_has_left_in_two_steps(floor: Floor, browser: TestClient) -> None:
    order_id = scenes.delivered(floor)
    home = path_of(floor, order_id)
    assert words_of("en")["offers"]["withdraw"] in looked_at(browser, home).text
    page = looked_at(browser, browser.get(f"{home}/cancel").url.path)
    assert page.choices == {"line-1": ["2"], "line-2": ["1"]}
    for words in ("Ann Okafor", "ann@customers.example", "until the end of Wednesday, 18 November 2026"):
        assert words in page.text
    assert "order.withdrawn" not in [one["what"] for one in floor.journal(order_id)]
    done = browser.post(f"{home}/withdraw", data={"line-2": "1", "note": "It is chipped.\x00"})
    assert NOTES["withdrawn"]["heading"] in done.text
    assert "08:00:00" in done.text
    happened = {one["what"]: one["note"] for one in floor.journal(order_id)}
    assert happened["order.withdrawn"] == {"lines": [{"number": 2, "quantity": 1}]}
    assert {"case.opened", "return.authorised"} <= happened.keys()
    assert floor.told(order_id, "withdrawal-received")[0]["at"] == floor.now.isoformat()
    assert floor.told(order_id, "office-withdrawal")[0]["note"] == "It is chipped."
    assert looked_at(browser, f"{home}/withdraw").choices == {"line-1": ["2"]}
    floor.check()


def test_wants_something_chosen_and_takes_nothing_that_is_not_there(floor: Floor, browser: TestClient) -> None:
    order_id = scenes.delivered(floor)
    home = path_of(floor, order_id)
    wrong = browser.post(f"{home}/withdraw", data={"line-9": "1"})
    assert wrong.status_code == 422
    assert SAID["choose"] in wrong.text
    browser.post(f"{home}/withdraw", data={"line-1": "2", "line-2": "1"})
    assert browser.post(f"{home}/withdraw", data={"line-1": "1"}).status_code == 409
    assert browser.get(f"{home}/withdraw").status_code == 409


def test_the_right_ends_with_the_shops_days_after_the_last_delivery(floor: Floor, browser: TestClient) -> None:
    order_id = scenes.delivered(floor)
    home = path_of(floor, order_id)
    floor.now += timedelta(days=14)
    assert browser.get(f"{home}/withdraw").status_code == 200
    floor.now += timedelta(days=1)
    assert browser.get(f"{home}/withdraw").status_code == 409
    assert words_of("en")["offers"]["withdraw"] not in browser.get(home).text
    with floor.engine.begin() as tx:
        tx.execute(text("UPDATE shop SET withdrawal_days = 30"))
    assert browser.get(f"{home}/withdraw").status_code == 200


def test_there_is_nothing_to_withdraw_from_before_anything_is_packed(floor: Floor, browser: TestClient) -> None:
    order_id = scenes.confirmed(floor)
    assert browser.get(f"{path_of(floor, order_id)}/withdraw").status_code == 409
    with floor.engine.begin() as tx, pytest.raises(withdrawals.NothingToWithdraw):
        withdrawals.declare(tx, order_id, withdrawals.Statement({1: 1}, "form"), floor.now)
