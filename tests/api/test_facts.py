"""
The doors through which the warehouse, the carrier and bookkeeping report facts.
"""

import time
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import text

from orderpipe.domain.orders import number_of, order_of, public_id
from orderpipe.store.database import Database
from orderpipe.store.scans import scan as scans
from tests import builders
from tests.api.conftest import Sent, Shop, open_shop

Post = Callable[..., Any]


def ful(unit: int) -> str:
    return public_id("fulfillment", unit)


@pytest.fixture
def unit(database: Database, shop: Shop) -> int:
    """A released fulfillment of two SKU-1 that waits for the picker, of the first order."""
    with database.begin() as tx:
        return builders.fulfillment(tx, builders.order(tx, shop_id=shop.id), waiting_for="pick-scans")


@pytest.fixture
def post(http: TestClient, shop: Shop) -> Post:
    def send(path: str, body: object, role: str = "warehouse", headers: Mapping[str, str] | None = None) -> Any:
        return http.post(path, json=body, headers={**shop.as_(role), **(headers or {})})

    return send


def scan(client_id: str = "a", **fields: Any) -> dict[str, Any]:
    return {"phase": "pick", "barcode": "SKU-1", "client_id": client_id, "operator": "op-1"} | fields


def test_one_scan_is_answered_by_the_status(post: Post, unit: int) -> None:
    answer = post(f"/v1/fulfillments/{ful(unit)}/scans", scan())
    assert answer.status_code == 200
    assert answer.json() == {
        "status": 200, "detail": "1 of SKU-1 counted; 1 of SKU-1 left.", "fulfillment": ful(unit), "client_id": "a", "sku": "SKU-1",
        "quantity": 1, "left": [{"sku": "SKU-1", "quantity": 1}], "repeated": False,
    }


def test_a_refused_scan_is_a_problem_and_is_written_down(post: Post, unit: int, database: Database) -> None:
    answer = post(f"/v1/fulfillments/{ful(unit)}/scans", scan(quantity=3))
    problem = answer.json()
    assert (answer.status_code, answer.headers["content-type"]) == (409, "application/problem+json")
    assert (problem["title"], problem["code"], problem["left"]) == ("Conflict", "surplus", [{"sku": "SKU-1", "quantity": 2}])
    with database.begin() as tx:
        assert [row["code"] for row in builders.rows_of(tx, scans)] == ["surplus"]
    assert post(f"/v1/fulfillments/{ful(unit)}/scans", scan("b", barcode="4711")).status_code == 422
    assert post(f"/v1/fulfillments/{ful(9001)}/scans", scan("b")).status_code == 404
    assert post("/v1/fulfillments/ful_1/scans", scan("b")).json()["code"] == "not-found"


def test_many_scans_have_an_entry_each_and_one_hint(post: Post, unit: int, http: TestClient, sent: Sent) -> None:
    facts = [scan(str(place), fulfillment=ful(unit)) for place in range(3)]
    facts += [scan("x", fulfillment="ful_1"), scan("y", fulfillment=ful(unit), quantity=0), {"fulfillment": ful(unit)}]
    answer = post("/v1/scans", facts).json()
    assert (answer["accepted"], answer["refused"]) == (2, 4)
    assert [entry["status"] for entry in answer["results"]] == [200, 200, 409, 404, 422, 422]
    assert answer["results"][3]["fulfillment"] == "ful_1"
    assert answer["results"][4]["errors"] == [
        {"pointer": "/4/quantity", "detail": "This must be at least 1.", "code": "greater-than-equal"}
    ]
    assert {error["pointer"] for error in answer["results"][5]["errors"]} >= {"/5/phase", "/5/client_id"}
    _wait_for(lambda: sent.messages == [("pick", [unit], "standard")])


def test_a_body_without_form_is_refused_as_a_whole(http: TestClient, post: Post, shop: Shop, unit: int) -> None:
    path, headers = f"/v1/fulfillments/{ful(unit)}/scans", shop.as_("warehouse")
    assert http.post(path, content=b"{", headers=headers).json()["code"] == "not-json"
    assert http.post(path, content=b"x", headers=headers | {"Content-Type": "text/plain"}).status_code == 415
    assert post(path, []).json()["code"] == "empty"
    assert post(path, [scan()] * 2_001).json()["code"] == "too-many"
    one = post(path, scan(barcode="a\0b", surprise=1)).json()
    assert {(error["pointer"], error["code"]) for error in one["errors"]} == {
        ("/barcode", "nul-character"), ("/surprise", "unknown-field"),
    }
    assert post(path, 5).json()["errors"][0]["pointer"] == ""


def test_each_role_has_its_own_doors(post: Post, unit: int, http: TestClient, shop: Shop) -> None:
    doors = {
        "/v1/scans": {"warehouse", "office"}, "/v1/performed": {"warehouse", "office"},
        "/v1/tracking-events": {"carrier", "office"}, "/v1/payments": {"shop", "office"},
        "/v1/stock/receipts": {"warehouse", "shop", "office"}, "/v1/products": {"shop", "office"},
    }
    for path, roles in doors.items():
        for role in ("shop", "warehouse", "carrier", "office"):
            assert (post(path, [{}], role).status_code == 403) == (role not in roles), (path, role)
    assert http.get("/v1/fulfillments", headers=shop.as_("carrier")).status_code == 403
    assert http.get("/v1/parcels", headers=shop.as_("warehouse")).status_code == 403


def test_another_shop_sees_and_changes_nothing(http: TestClient, database: Database, unit: int) -> None:
    other = open_shop(database, "other")
    path = f"/v1/fulfillments/{ful(unit)}"
    assert http.post(f"{path}/scans", json=scan(), headers=other.as_("office")).status_code == 404
    assert http.get(path, headers=other.as_("office")).status_code == 404
    assert http.get("/v1/fulfillments", headers=other.as_("office")).json() == {"data": [], "next_cursor": None}
    order = number_of(order_of(unit))
    assert http.get(f"/v1/orders/{order}/payments", headers=other.as_("office")).status_code == 404
    paid = {"reference": "P", "amount": "1", "currency": "GBP", "method": "card"}
    assert http.post(f"/v1/orders/{order}/payments", json=paid, headers=other.as_("office")).status_code == 404


def test_the_work_list_says_all_that_is_needed_to_pick(http: TestClient, shop: Shop, unit: int, database: Database) -> None:
    with database.begin() as tx:
        builders.fulfillment(tx, order_of(unit), state="delivered")
        picked = builders.fulfillment(tx, order_of(unit), state="picked", waiting_for="pack-scans")
    headers = shop.as_("warehouse")
    listed = http.get("/v1/fulfillments?state=released&waiting_for=pick-scans&location=main", headers=headers).json()["data"]
    assert [one["id"] for one in listed] == [ful(unit)]
    assert listed[0]["lines"] == [{
        "number": 1, "sku": "SKU-1", "description": "Product SKU-1", "gtins": [{"gtin": "09506000134352", "pack_quantity": 1}],
        "quantity": 2, "picked": 0, "short": 0, "packed": 0,
    }]
    assert (listed[0]["order_number"], listed[0]["location"]) == (number_of(order_of(unit)), "main")
    first = http.get("/v1/fulfillments?limit=1", headers=headers).json()
    second = http.get("/v1/fulfillments", params={"limit": 1, "cursor": first["next_cursor"]}, headers=headers).json()
    assert [first["data"][0]["id"], second["data"][0]["id"], second["next_cursor"]] == [ful(unit), ful(picked), None]
    assert http.get("/v1/fulfillments?cursor=x", headers=headers).json()["code"] == "bad-cursor"
    assert http.get("/v1/fulfillments?state=gone", headers=headers).status_code == 422
    later = http.get("/v1/fulfillments", params={"updated_since": "2026-12-01T00:00:00Z"}, headers=headers).json()
    assert later["data"] == []
    assert http.get(f"/v1/fulfillments/{ful(unit)}", headers=headers).json() == listed[0]


def test_the_carrier_reads_parcels_and_says_where_they_are(
    http: TestClient, shop: Shop, post: Post, database: Database, sent: Sent
) -> None:
    with database.begin() as tx:
        unit = builders.fulfillment(tx, builders.order(tx, shop_id=shop.id), state="shipped", waiting_for="carrier")
        number = builders.parcel(tx, unit)
        builders.parcel(tx, builders.fulfillment(tx, builders.order(tx, shop_id=shop.id), state="delivered"), status="delivered")
    listed = http.get("/v1/parcels", headers=shop.as_("carrier")).json()["data"]
    assert [(one["tracking_number"], one["country"], one["postal_code"]) for one in listed] == [(number, "GB", "N1 1AA")]
    word = {"tracking_number": number, "event_id": "e-1", "status": "delivered", "at": "2026-11-24T11:00:00+02:00"}
    answer = post("/v1/tracking-events", word, "carrier")
    assert (answer.status_code, answer.json()["merged"]) == (200, True)
    late = post("/v1/tracking-events", word | {"event_id": "e-2", "status": "in_transit"}, "carrier").json()
    assert (late["status"], late["merged"], late["code"]) == (200, False, "parcel-ended")
    assert post("/v1/tracking-events", word | {"status": "lost"}, "carrier").status_code == 409
    assert post("/v1/tracking-events", word | {"tracking_number": "XX"}, "carrier").status_code == 202
    bad = post("/v1/tracking-events", word | {"at": "yesterday"}, "carrier").json()
    assert bad["errors"][0]["code"] == "instant"
    vague = post("/v1/tracking-events", word | {"event_id": "e-3", "expected_on": "tomorrow"}, "carrier").json()
    assert vague["errors"][0]["pointer"] == "/expected_on"
    _wait_for(lambda: sent.messages == [("deliver", [unit], "standard")])


def test_the_carrier_may_name_a_day(post: Post, shop: Shop, database: Database) -> None:
    with database.begin() as tx:
        unit = builders.fulfillment(tx, builders.order(tx, shop_id=shop.id), state="shipped", waiting_for="carrier")
        number = builders.parcel(tx, unit)
    word = {"tracking_number": number, "event_id": "e-1", "status": "delayed", "at": "2026-11-24T11:00:00Z", "expected_on": "2026-11-30"}
    assert post("/v1/tracking-events", word, "carrier").status_code == 200
    with database.begin() as tx:
        assert tx.execute(text("SELECT expected_on FROM tracking_event")).scalars().all() == [date(2026, 11, 30)]


def test_payments_are_booked_once(http: TestClient, shop: Shop, post: Post, unit: int) -> None:
    path = f"/v1/orders/{public_id('order', order_of(unit))}/payments"
    paid = {"reference": "P-1", "amount": "5.00", "currency": "GBP", "method": "card"}
    first, again, other = post(path, paid, "shop"), post(path, paid, "shop"), post(path, paid | {"amount": "6"}, "shop")
    assert [one.status_code for one in (first, again, other)] == [201, 200, 409]
    assert (first.json()["payment_status"], first.json()["paid"], first.json()["total"]) == ("partly-paid", "5.00", "20.00")
    assert post(path, paid | {"reference": "P-2", "currency": "EUR"}, "shop").status_code == 422
    assert post(path, paid | {"amount": 5}, "shop").json()["errors"][0]["code"] == "money-format"
    assert post(path, paid | {"amount": "0.00"}, "shop").status_code == 422
    listed = http.get(path).json()
    assert (Decimal(listed["paid"]), [one["reference"] for one in listed["data"]]) == (Decimal(5), ["P-1"])


def test_a_service_is_said_to_be_performed(post: Post, shop: Shop, database: Database, sent: Sent) -> None:
    with database.begin() as tx:
        visit = builders.fulfillment(
            tx, builders.order(tx, shop_id=shop.id, kind="service"), kind="appointment", waiting_for="performance"
        )
    answer = post(f"/v1/fulfillments/{ful(visit)}/performed", {"client_id": "a", "by": "Bo"})
    assert (answer.status_code, answer.json()["detail"]) == (200, "The service is performed.")
    again = post("/v1/performed", [{"client_id": "a", "by": "Bo", "fulfillment": ful(visit)}]).json()
    assert again["results"][0]["repeated"]
    _wait_for(lambda: sent.messages == [("deliver", [visit], "standard")])


def test_stock_is_received_once_under_one_key(http: TestClient, post: Post, unit: int, sent: Sent) -> None:
    came = [{"location": "main", "sku": "SKU-1", "quantity": 5, "cause": "DN-1"}]
    key = {"Idempotency-Key": "k-1"}
    first, again = post("/v1/stock/receipts", came, headers=key), post("/v1/stock/receipts", came, headers=key)
    assert (first.json(), again.headers.get("Idempotent-Replayed")) == (again.json(), "true")
    _wait_for(lambda: sent.messages == [("restock", [], "care")])
    assert post("/v1/stock/receipts", came[0], headers=key).json()["code"] == "idempotency-key-reused"
    assert http.get("/v1/stock?sku=SKU-1").json()["data"] == [{
        "location": "main", "sku": "SKU-1", "description": "Product SKU-1", "on_hand": 5, "allocated": 0, "free": 5, "waited_for": 0,
    }]
    assert post("/v1/stock/receipts", came[0] | {"quantity": 0}).status_code == 422
    assert post("/v1/stock/receipts", came[0] | {"counted": 3}).json()["errors"][0]["code"] == "quantity-or-counted"
    assert post("/v1/stock/receipts", {"location": "main", "sku": "SKU-1", "counted": 3, "cause": "count"}).json()["change"] == -2


def test_products_are_listed_with_their_bar_codes(http: TestClient, post: Post) -> None:
    mug = {"sku": "MUG", "description": "Mug", "price": "3.50", "gtins": [{"gtin": "9506000134352", "pack_quantity": 2}]}
    wrong, taken = mug | {"sku": "CUP", "gtins": [{"gtin": "9506000134353"}]}, mug | {"sku": "JUG"}
    answer = post("/v1/products", [mug, wrong, taken], "shop").json()
    assert [(entry["status"], entry.get("code")) for entry in answer["results"]] == [(200, None), (422, "gtin"), (409, "gtin-taken")]
    assert post("/v1/products", mug | {"description": "Big mug"}, "shop").status_code == 200
    assert http.get("/v1/products").json() == {"data": [{
        "sku": "MUG", "description": "Big mug", "kind": "goods", "price": "3.5000", "lead_days": 0, "discontinued": False,
        "gtins": [{"gtin": "09506000134352", "pack_quantity": 2}], "substitute_sku": None,
    }], "next_cursor": None}
    pages = http.get("/v1/products?sku=MUG&sku=CUP&limit=1").json()
    assert [one["sku"] for one in pages["data"]] == ["MUG"]


def test_the_examples_work_as_copied(http: TestClient, app: FastAPI, shop: Shop, database: Database) -> None:
    with database.begin() as tx:
        for kind, gtins in {"MUG-BLUE": {"09506000134352": 1}}.items():
            builders.product(tx, kind, shop.id, gtins=gtins)
        builders.stock(tx, "MUG-BLUE", 20, shop_id=shop.id)
        order_id = builders.order(tx, {"MUG-BLUE": 2}, shop_id=shop.id, total=25)
        builders.fulfillment(tx, order_id)
    assert order_id == 1
    tried = 0
    for path, operations in app.openapi()["paths"].items():
        operation = operations.get("post", {})
        examples = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("examples", {})
        if operation.get("tags", [""])[0] not in {"Warehouse", "Carrier", "Payments", "Stock", "Products"} or "performed" in path:
            continue
        for example in examples.values():
            address = path.replace("{fulfillment}", "ful_0000000000Z9").replace("{order}", "ord_000000000001")
            answer = http.post(address, json=example["value"], headers=shop.as_("office"))
            assert answer.status_code in (200, 201, 202), (path, answer.json())
            tried += 1
    assert tried >= 12


def _wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert condition()
