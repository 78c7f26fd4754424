"""
Cases, returns and reports over HTTP: the examples work as copied, refusals say where it stands, words stay as they were written.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from orderpipe import broker
from orderpipe.api.app import create_app
from orderpipe.assembly import Assembly
from orderpipe.settings import Settings
from orderpipe.store import shops
from orderpipe.store.shops import Role
from tests.api.test_openapi import examples_of
from tests.floor import Floor
from tests.needs import require

Document = dict[str, Any]


class Door:
    """The HTTP door of the floor's shop, by role."""

    def __init__(self, floor: Floor, client: TestClient) -> None:
        self._client = client
        self.openapi: Document = client.get("/openapi.json").json()
        with floor.engine.begin() as tx:
            shop = shops.shop_by_code(tx, "demo")
            assert shop
            self._keys = {role.value: shops.create_key(tx, shop.id, role) for role in Role}

    def get(self, path: str, *, by: str = "office", status: int = 200) -> Document:
        return self._answered(self._client.get(path, headers=self._as(by)), status)

    def post(self, path: str, body: object = None, *, by: str = "office", status: int = 200) -> Document:
        content = b"" if body is None else json.dumps(body).encode()
        headers = self._as(by) | ({"Content-Type": "application/json"} if content else {})
        return self._answered(self._client.post(path, content=content, headers=headers), status)

    def example(self, path: str) -> Any:
        """The first example of a body."""
        return next(example for _, example in examples_of(self.openapi, self.openapi["paths"][path]["post"]))

    def _as(self, role: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._keys[role]}"}

    def _answered(self, answer: Any, status: int) -> Document:
        assert answer.status_code == status, answer.text
        document: Document = answer.json()
        return document


@pytest.fixture
def door(floor: Floor) -> Iterator[Door]:
    with TestClient(create_app(Assembly(Settings(), floor.engine, lambda: floor.now, broker.send_stage, broker.send_task))) as client:
        yield Door(floor, client)


@pytest.fixture
def case(floor: Floor, door: Door) -> Document:
    """A claim about a delivered order with two mugs."""
    floor.delivered({"MUG-BLUE": 2})
    return door.post("/v1/orders/ord_000000000001/cases", door.example("/v1/orders/{order}/cases"), by="shop", status=201)


def test_examples_lead_a_case_to_its_end(floor: Floor, door: Door, case: Document) -> None:
    assert (case["state"], case["channel"], case["lines"]) == ("received", "api", [{"number": 1, "quantity": 1}])
    path = f"/v1/cases/{case['id']}"
    assert door.post(f"{path}/acknowledge")["state"] == "acknowledged"
    for step, state in (("assess", "assessed"), ("investigate", "investigated"), ("respond", "responded"), ("close", "closed")):
        assert door.post(f"{path}/{step}", door.example(f"/v1/cases/{{case}}/{step}"))["state"] == state
    whole = door.get(path)
    assert [one["direction"] for one in whole["messages"]] == ["in", "note", "out"]
    assert [one["kind"] for one in whole["remedies"]] == ["replacement", "apology"]
    refusal = door.post(f"{path}/acknowledge", status=409)
    assert (refusal["state"], refusal["allowed"]) == ("closed", [])
    message = door.example("/v1/cases/{case}/messages")
    assert door.post(f"{path}/messages", message | {"from_customer": True}, by="shop")["reopened"] == 1
    assert door.get("/v1/cases?state=received")["data"][0]["number"] == case["number"]
    assert door.get(f"/v1/cases/{case['number']}")["id"] == case["id"]
    floor.work()
    floor.check()


def test_examples_bring_goods_back(floor: Floor, door: Door, case: Document) -> None:
    coming = door.post(f"/v1/cases/{case['id']}/returns", door.example("/v1/cases/{case}/returns"), status=201)
    path = f"/v1/returns/{coming['number']}"
    scan = door.example("/v1/returns/{return}/scans")
    assert door.post(f"{path}/scans", scan, by="warehouse").get("code") is None
    assert door.post(f"{path}/scans", scan, by="warehouse")["repeated"] is True
    assert door.post(f"{path}/scans", scan | {"client_id": "b"}, by="warehouse", status=409)["code"] == "surplus"
    assert door.post(f"{path}/inspections", door.example("/v1/returns/{return}/inspections"), by="warehouse")["state"] == "inspected"
    assert door.get(path)["items"][0]["restocked"] == 1
    too_many = {"lines": [{"number": 1, "quantity": 2}]}
    assert door.post(f"/v1/cases/{case['id']}/returns", too_many, status=409)["code"] == "more-than-delivered"
    floor.check()


def test_refuses_what_does_not_fit_and_changes_nothing(floor: Floor, door: Door, case: Document) -> None:
    path = f"/v1/cases/{case['id']}"
    answer = {"text": "Sorry.", "remedies": [{"kind": "apology"}, {"kind": "refund", "amount": "1.00"}]}
    refusal = door.post(f"{path}/respond", answer, status=422)
    assert (refusal["code"], refusal["errors"][0]["pointer"]) == ("remedy-does-not-fit", "/remedies/1")
    assert door.get(path)["state"] == "received"
    door.post(f"{path}/respond", {"text": "Sorry.", "remedies": [{"kind": "re-delivery"}]}, status=409)
    door.post("/v1/orders/ord_000000000001/cases", {"kind": "claim", "lines": [{"number": 1, "quantity": 3}]}, status=422)
    door.post("/v1/orders/ord_000000000001/cases", {"kind": "rant"}, status=422)
    door.post(f"{path}/acknowledge", by="shop", status=403)
    door.get("/v1/cases/cas_000000000099", status=404)
    door.get("/v1/returns/R-100001-7", status=404)
    assert floor.letters(1).count("case-response") == 0


def test_a_credit_is_instructed_and_given(floor: Floor, door: Door, case: Document) -> None:
    path = f"/v1/cases/{case['id']}"
    door.post(f"{path}/respond", {"text": "Sorry.", "remedies": [{"kind": "credit", "amount": "5.00"}]})
    (due,) = door.get(path)["refunds"]
    assert (due["kind"], due["amount"], due["done_at"]) == ("credit", "5.00", None)
    assert door.post(f"{path}/credits", door.example("/v1/cases/{case}/credits"), by="shop")["number"] == case["number"]
    assert door.get(path)["refunds"][0]["done_at"] is not None
    assert door.post(f"{path}/credits", {"reference": "C-9/9"}, by="shop", status=404)["code"] == "not-found"


def test_reports_satisfaction_and_causes(floor: Floor, door: Door, case: Document) -> None:
    (row,) = door.get("/v1/reports/satisfaction", by="shop")["data"]
    assert (row["type"], row["on_time"], row["asked"], row["rated"], row["average"]) == ("standard", True, 1, 0, None)
    (cause,) = door.get("/v1/reports/causes", by="shop")["data"]
    assert (cause["cause"], cause["kind"], cause["count"], cause["month"]) == ("damaged", "claim", 1, "2026-11-01")
    assert door.get("/v1/reports/causes?since=2027-01-01T00:00:00Z")["data"] == []


def test_keeps_naughty_words_exactly_and_sends_them_harmlessly(floor: Floor, door: Door, case: Document) -> None:
    every = json.loads((require("real-data") / "naughty" / "blns.json").read_text())
    words = [one for one in every if one.strip() and "\0" not in one][::3]
    path = f"/v1/cases/{case['id']}"
    for one in words:
        door.post(f"{path}/messages", {"text": one})
        door.post(f"{path}/messages", {"text": one, "note": True})
    kept = [one["body"] for one in door.get(path)["messages"][1:]]
    assert kept == [one for one in words for _ in range(2)]
    assert len(floor.told(1, "case-progress")) == len(words)
