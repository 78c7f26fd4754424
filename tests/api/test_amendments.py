"""
An order changed over HTTP: once per key, only as it was seen, and every refusal says where and what can still be changed.
"""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from orderpipe.store.database import Database
from tests import builders
from tests.api.conftest import Sent, Shop, open_shop, settle
from tests.api.test_orders_out import post


@pytest.fixture
def order(http: TestClient, database: Database, shop: Shop) -> str:
    """An order of two pieces of an article that the shop has."""
    with database.begin() as tx:
        for sku in ("SKU-1", "SKU-2"):
            builders.product(tx, sku, shop.id, price=10)
    return post(http, lines=[{"sku": "SKU-1", "quantity": 2}], total="20.00")


def amend(http: TestClient, order: str, changes: dict[str, Any], **more: Any) -> Any:
    return http.post(f"/v1/orders/{order}/amendments", json={"changes": changes}, **more)


def test_changes_it_and_shows_it_changed(http: TestClient, order: str) -> None:
    before = http.get(f"/v1/orders/{order}")
    assert before.json()["amendable"] == [
        "address", "contact", "fewer-pieces", "more-pieces", "payment-method", "requested-date",
    ]
    done = amend(http, order, {"/lines/0/quantity": 3, "/lines/-": {"sku": "SKU-2", "quantity": 1}, "/ship_to/city": "Leeds"})
    assert done.status_code == 200, done.text
    assert (done.json()["total"], done.json()["question"], done.json()["repeated"]) == ("40.00", False, False)
    after = http.get(f"/v1/orders/{order}")
    assert [(line["sku"], line["quantity"]) for line in after.json()["lines"]] == [("SKU-1", 3), ("SKU-2", 1)]
    assert after.json()["ship_to"]["city"] == "Leeds"
    assert after.headers["ETag"] != before.headers["ETag"]


def test_happens_once_per_key(http: TestClient, order: str) -> None:
    key = {"Idempotency-Key": "amend-1"}
    first = amend(http, order, {"/lines/-": {"sku": "SKU-2", "quantity": 1}}, headers=key)
    again = amend(http, order, {"/lines/-": {"sku": "SKU-2", "quantity": 1}}, headers=key)
    assert (first.status_code, again.status_code, again.headers["Idempotent-Replayed"]) == (200, 200, "true")
    assert len(http.get(f"/v1/orders/{order}").json()["lines"]) == 2
    assert amend(http, order, {"/lines/0/quantity": 9}, headers=key).status_code == 422


def test_only_as_it_was_seen(http: TestClient, order: str) -> None:
    tag = http.get(f"/v1/orders/{order}").headers["ETag"]
    assert amend(http, order, {"/lines/0/quantity": 3}, headers={"If-Match": tag}).status_code == 200
    stale = amend(http, order, {"/lines/0/quantity": 4}, headers={"If-Match": tag})
    assert (stale.status_code, stale.json()["code"]) == (412, "changed-meanwhile")


def test_says_what_is_wrong_and_where(http: TestClient, order: str) -> None:
    refused = amend(http, order, {"/lines/0/quantity": 0, "/lines/-": {"sku": "NONE", "quantity": 1}})
    assert (refused.status_code, refused.json()["code"]) == (422, "amendment-refused")
    assert {one["pointer"]: one["code"] for one in refused.json()["errors"]} == {
        "/lines/0/quantity": "quantity", "/lines/-/sku": "product-unknown",
    }
    http.post(f"/v1/orders/{order}/cancel", json={"reason": "customer"})
    late = amend(http, order, {"/lines/0/quantity": 1})
    assert (late.status_code, late.json()["state"], late.json()["allowed"]) == (409, "canceled", [])


@pytest.mark.parametrize("changes", [
    {}, {"/lines/-": {"sku": "SKU-2"}}, {"/lines/-": {"sku": "SKU-2", "quantity": 1, "kind": "service"}}, {"/note": 1.5},
    {"/customer/name": "Ann\x00"}, {"x" * 201: "y"}, [], None,
])
def test_refuses_what_has_no_form(http: TestClient, order: str, changes: Any) -> None:
    assert amend(http, order, changes).status_code == 422


def test_is_for_the_shop_alone(http: TestClient, order: str, shop: Shop, database: Database) -> None:
    other = open_shop(database, "other")
    assert amend(http, order, {"/lines/0/quantity": 1}, headers=other.as_("shop")).status_code == 404
    assert amend(http, order, {"/lines/0/quantity": 1}, headers=shop.as_("carrier")).status_code == 403


def test_hints_at_what_may_go_on(http: TestClient, sent: Sent, database: Database, shop: Shop) -> None:
    with database.begin() as tx:
        builders.location(tx, shop.id)
        order_id = builders.order(tx, {"SKU-1": 2}, shop_id=shop.id, waiting_for="fulfillments", total=20)
        builders.fulfillment(tx, order_id, [{"sku": "SKU-1", "quantity": 2}], state="released", waiting_for="pick-scans")
        tx.exec_driver_sql(
            "INSERT INTO promise SELECT id, 1, now(), now() + interval '2 days', '[]', 'first promise', now() FROM fulfillment"
        )
    number = http.get("/v1/orders").json()["data"][0]["id"]
    assert amend(http, number, {"/lines/0/quantity": 3}).status_code == 200
    settle(sent)
    assert [step for step, _, _ in sent.messages] == ["release"]
