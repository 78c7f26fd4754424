"""
What a shop's programs are told of mails about an order, and its office of mails that fit none.
"""

import pytest
from fastapi.testclient import TestClient

from orderpipe.domain.orders import internal_id, public_id
from orderpipe.store import mail_in
from orderpipe.store.database import Database
from orderpipe.store.mail_in import Arrived, Letterhead, Settled
from tests.api.conftest import Clock, Shop
from tests.api.test_orders_out import post


def test_lists_the_mails_about_an_order(http: TestClient, database: Database, clock: Clock) -> None:
    order = post(http)
    assert http.get(f"/v1/orders/{order}/mails").json() == {"data": []}
    with database.begin() as tx:
        mail_in.keep(tx, [Arrived("box", 1, 1, 3, b"3\xff\0", b"digest")], clock())
        settled = Settled("about-order", "The office has been told.", internal_id("order", order), 7)
        mail_in.settle(tx, 1, settled, Letterhead("<1@c.example>", "ann@customers.example", "Ann", "<b>Where?</b>"), clock())
    (mail,) = http.get(f"/v1/orders/{order}/mails").json()["data"]
    assert (mail["sender"], mail["subject"], mail["kind"]) == ("ann@customers.example", "<b>Where?</b>", "about-order")
    assert mail["notification"] == public_id("notification", 7)


def kept(database: Database, clock: Clock, number: int, shop_id: int | None) -> None:
    raw = b"From: ann@customers.example\r\nSubject: Hello\r\n\r\nWhere is it?\r\n"
    with database.begin() as tx:
        mail_in.keep(tx, [Arrived("box", 1, number, len(raw), raw, b"digest-%d" % number)], clock())
        head = Letterhead("", "ann@customers.example", "Ann", "Hello")
        mail_in.settle(tx, number, Settled("other", "It fits no order.", open=True, shop_id=shop_id), head, clock())


def test_the_office_sees_its_mails_that_fit_no_order_and_settles_them(
    http: TestClient, database: Database, clock: Clock, shop: Shop
) -> None:
    order, office = post(http), shop.as_("office")
    for number, shop_id in enumerate((shop.id, None, shop.id + 99, shop.id), start=1):
        kept(database, clock, number, shop_id)
    assert [one["id"] for one in http.get("/v1/mails", headers=office).json()["data"]] == [4, 1]
    first = http.get("/v1/mails?limit=1", headers=office).json()
    assert http.get(f"/v1/mails?cursor={first['next_cursor']}", headers=office).json()["data"][0]["id"] == 1
    assert http.get("/v1/mails/1", headers=office).json()["words"] == ["Where is it?"]
    placed = http.post("/v1/mails/1/settle", headers=office, json={"order": order}).json()
    assert (placed["state"], placed["kind"]) == ("done", "about-order")
    assert http.post("/v1/mails/4/settle", headers=office, json={}).json()["state"] == "done"
    assert http.post("/v1/mails/4/settle", headers=office, json={}).status_code == 409
    assert http.get("/v1/mails", headers=office).json()["data"] == []
    assert len(http.get("/v1/mails?open=false", headers=office).json()["data"]) == 2
    (case,) = http.get("/v1/cases", headers=office).json()["data"]
    assert case["kind"] == "enquiry"


@pytest.mark.parametrize("mail_id", [2, 3, 9])
def test_others_mails_are_nobodys_affair(http: TestClient, database: Database, clock: Clock, shop: Shop, mail_id: int) -> None:
    for number, shop_id in enumerate((shop.id, None, shop.id + 99), start=1):
        kept(database, clock, number, shop_id)
    assert http.get(f"/v1/mails/{mail_id}", headers=shop.as_("office")).status_code == 404
    assert http.post(f"/v1/mails/{mail_id}/settle", headers=shop.as_("office"), json={}).status_code == 404
    assert http.get("/v1/mails", headers=shop.as_("shop")).status_code == 403
    assert http.post("/v1/mails/1/settle", headers=shop.as_("office"), json={"order": "100099-1"}).status_code == 404
