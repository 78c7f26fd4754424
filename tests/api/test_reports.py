"""
Reports over HTTP: one's own figures, as JSON or CSV, and refusals that say what was wrong.
"""

import csv
from datetime import timedelta
from io import StringIO

import pytest
from fastapi.testclient import TestClient

from orderpipe.store.database import Database
from orderpipe.store.reports.catalogue import KINDS
from tests.api.conftest import Clock, Shop, open_shop
from tests.store.report_book import Case, Order, Part, write


@pytest.fixture
def order(database: Database, shop: Shop, clock: Clock) -> Order:
    """An order of the shop that was delivered a day late, damaged."""
    received = clock() - timedelta(days=5)
    due = received + timedelta(days=2)
    part = Part("delivered", 1, [due], ship_by=received, shipped_at=received, ended_at=due + timedelta(days=1))
    order = Order(received, "completed", shop="demo", ended_at=part.ended_at, parts=[part], cases=[Case(clock(), "damaged")])
    with database.begin() as tx:
        write(tx, [order])
    return order


@pytest.mark.parametrize("name", KINDS)
def test_every_report_is_told_as_json_and_as_csv(http: TestClient, order: Order, name: str):
    document = http.get(f"/v1/reports/{name}").json()
    assert document["report"] == name
    assert document["from"] <= document["until"]
    answer = http.get(f"/v1/reports/{name}", headers={"Accept": "text/csv"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert http.get(f"/v1/reports/{name}?format=csv").text == answer.text
    table = list(csv.DictReader(StringIO(answer.text)))
    assert table == [{key: "" if value is None else str(value) for key, value in row.items()} for row in document["data"]]


@pytest.mark.parametrize("name", ["satisfaction", "causes"])
def test_what_customers_say_is_told_as_csv_too(http: TestClient, order: Order, name: str):
    rows = http.get(f"/v1/reports/{name}").json()["data"]
    table = list(csv.DictReader(StringIO(http.get(f"/v1/reports/{name}?format=csv").text)))
    assert len(table) == len(rows) == (name == "causes")
    assert all(list(one) == list(other) for one, other in zip(table, rows, strict=True))


def test_no_cell_is_run_by_a_spreadsheet(http: TestClient, database: Database, shop: Shop, clock: Clock):
    kinds = ["=HYPERLINK(1)", "+1", "-1", "@SUM(1)", "\t=1", "plain"]
    with database.begin() as tx:
        write(tx, [Order(clock() - timedelta(days=1), type=kind) for kind in kinds])
    answer = http.get("/v1/reports/questions?by=type&format=csv")
    assert {row["type"] for row in csv.DictReader(StringIO(answer.text))} == {f"'{kind}" for kind in kinds[:-1]} | {"plain"}
    assert {row["type"] for row in http.get("/v1/reports/questions?by=type").json()["data"]} == set(kinds)


def test_tells_figures_by_group(http: TestClient, order: Order):
    answer = http.get("/v1/reports/on-time?from=2026-11-01&until=2026-11-30&by=month&by=type&type=standard").json()
    assert answer["data"] == [{
        "month": "2026-11", "type": "standard", "orders": 1, "in_full": 1, "on_time": 0, "otif": 0, "pending": 0, "otif_revised": 0,
        "in_full_rate": "1.0000", "on_time_rate": "0.0000", "otif_rate": "0.0000", "otif_revised_rate": "0.0000",
    }]
    assert http.get("/v1/reports/on-time?type=express").json()["data"][0]["orders"] == 0
    assert [next(iter(row)) for row in http.get("/v1/reports/cycle-time?by=week&by=week").json()["data"]] == ["week"]


def test_lists_each_order_judged_page_by_page(http: TestClient, database: Database, order: Order):
    with database.begin() as tx:
        another = Order(order.received_at, "completed", shop="demo", ended_at=order.ended_at, parts=order.parts)
        write(tx, [another])
    first = http.get("/v1/reports/perfect-order/orders?limit=1&failed=true").json()
    assert first["data"] == [{
        "order_id": "ord_000000000001", "number": "100001-7", "type": "standard", "day": "2026-11-21", "perfect": False,
        "reasons": ["late", "damaged"],
    }]
    then = http.get("/v1/reports/perfect-order/orders", params={"limit": 1, "cursor": first["next_cursor"]}).json()
    assert (then["data"][0]["reasons"], then["next_cursor"]) == (["late"], None)


def test_says_what_was_wrong_with_the_question(http: TestClient):
    wrong = http.get("/v1/reports/on-time?from=2026-11-02&until=2026-11-01")
    assert (wrong.status_code, wrong.json()["code"]) == (422, "bad-period")
    assert wrong.json()["detail"] == "The first day 2026-11-02 comes after the last day 2026-11-01."
    assert http.get("/v1/reports/on-time?from=yesterday").json()["errors"][0]["pointer"] == "/query/from"
    assert http.get("/v1/reports/on-time?from=1200-01-01").json()["code"] == "bad-period"
    assert http.get("/v1/reports/on-time?until=0001-01-01").json()["code"] == "bad-period"
    assert http.get("/v1/reports/on-time?until=9999-12-31").json()["code"] == "bad-period"
    assert http.get("/v1/reports/on-time?form=2026-11-01").status_code == 422
    unknown = http.get("/v1/reports/profit")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown-report")
    assert "on-time" in unknown.json()["detail"]
    group = http.get("/v1/reports/cycle-time?by=location")
    assert (group.status_code, group.json()["code"]) == (422, "cannot-group")
    assert http.get("/v1/reports/on-time?type=%00").status_code == 422


def test_a_shop_sees_its_own_figures_only(http: TestClient, database: Database, shop: Shop, order: Order):
    other = open_shop(database, "other")
    assert http.get("/v1/reports/on-time", headers=other.as_("shop")).json()["data"][0]["orders"] == 0
    assert http.get("/v1/reports/on-time", headers=shop.as_("office")).json()["data"][0]["orders"] == 1
    assert http.get("/v1/reports/on-time", headers=shop.as_("warehouse")).status_code == 403
    assert http.get("/v1/reports/on-time", headers={"Authorization": ""}).status_code == 401
