"""
Customers' data over HTTP: handed out and erased by the office alone.
"""

import pytest
from fastapi.testclient import TestClient

from orderpipe.store.database import Database
from tests import builders
from tests.api.conftest import Clock, Shop

ANN = {"customer": "ann@customers.example"}


@pytest.fixture
def orders(database: Database, shop: Shop, clock: Clock) -> tuple[str, str]:
    """One that has ended and one under way, both Ann's."""
    with database.begin() as tx:
        for state in ("completed", "received"):
            builders.order(tx, shop_id=shop.id, state=state, now=clock())
    return "ord_000000000001", "ord_000000000002"


def test_the_office_hands_out_what_is_held(http: TestClient, shop: Shop, orders: tuple[str, str]) -> None:
    answer = http.post("/v1/customers/export", json=ANN, headers=shop.as_("office"))
    assert answer.status_code == 200, answer.text
    assert [one["customer"]["name"] for one in answer.json()["held"]["orders"]] == ["Ann Ok", "Ann Ok"]


def test_the_office_erases_what_has_ended_and_later_the_rest(http: TestClient, shop: Shop, orders: tuple[str, str]) -> None:
    ended, live = orders
    refused = http.post("/v1/customers/erase", json=ANN, headers=shop.as_("office"))
    assert (refused.status_code, refused.json()["code"]) == (409, "still-under-way")
    done = http.post("/v1/customers/erase", json=ANN | {"when_done": True}, headers=shop.as_("office"))
    assert (done.status_code, done.json()) == (200, {"orders": [ended], "waiting": [live]})
    shown = [http.get(f"/v1/orders/{one}").json() for one in orders]
    assert [one["customer"].get("name") for one in shown] == [None, "Ann Ok"]
    assert shown[0]["ship_to"] is None


def test_nobody_else_may_and_nobody_unknown_is_found(http: TestClient, shop: Shop, orders: tuple[str, str]) -> None:
    for path in ("/v1/customers/export", "/v1/customers/erase"):
        assert http.post(path, json=ANN).status_code == 403
        unknown = http.post(path, json={"customer": "bob@customers.example"}, headers=shop.as_("office"))
        assert unknown.status_code == 404
        assert http.post(path, json={"customer": "x"}, headers=shop.as_("office")).status_code == 422
