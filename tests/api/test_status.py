"""
Where everything stands: counted for the shop that asks, live or from one order on.
"""

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from orderpipe.domain.decisions import Tell
from orderpipe.domain.orders import number_of, public_id
from orderpipe.store import journal, notifications
from orderpipe.store.database import Database
from orderpipe.store.journal import Entry
from tests import builders
from tests.api.conftest import Clock, Shop, open_shop


@pytest.fixture
def books(database: Database, shop: Shop) -> list[int]:
    """An order that has ended, one with a parcel on its way, two with a question open, and one of another shop."""
    other = open_shop(database, "other").id
    with database.begin() as tx:
        ended = builders.order(tx, shop_id=shop.id, state="completed")
        promised = builders.order(tx, {"SKU-1": 2}, shop_id=shop.id, state="promised", waiting_for="fulfillments")
        builders.fulfillment(tx, promised, state="shipped", waiting_for="carrier")
        asked = [builders.order(tx, shop_id=shop.id, state="received", waiting_for="query") for _ in range(2)]
        builders.order(tx, shop_id=other, state="received", waiting_for="query")
    return [ended, promised, *asked]


def test_counts_what_is_live_and_says_whose_turn_it_is(http: TestClient, books: list[int]) -> None:
    status = http.get("/v1/status").json()
    assert [(one["state"], one["waiting_for"], one["turn"], one["count"]) for one in status["orders"]] == [
        ("promised", "fulfillments", "pipeline", 1), ("received", "query", "customer", 2)
    ]
    assert [(one["state"], one["turn"], one["count"], one["parked"]) for one in status["fulfillments"]] == [("shipped", "carrier", 1, 0)]


def test_counts_from_an_order_on_with_what_has_ended(http: TestClient, books: list[int]) -> None:
    first = public_id("order", books[0])
    assert {one["state"]: one["count"] for one in http.get("/v1/status", params={"from_order": first}).json()["orders"]} == {
        "completed": 1, "promised": 1, "received": 2
    }
    rest = http.get("/v1/status", params={"from_order": number_of(books[3])}).json()
    assert [(one["state"], one["count"]) for one in rest["orders"]] == [("received", 1)]
    assert rest["fulfillments"] == []


def test_counts_letters_by_kind_and_state(http: TestClient, database: Database, books: list[int], clock: Clock) -> None:
    with database.begin() as tx:
        told = [(one, Tell("acknowledgement", {}, f"acknowledgement:{one}")) for one in books]
        notifications.enqueue(tx, told, clock(), office_default="")
    letters = http.get("/v1/status", params={"from_order": public_id("order", books[0])}).json()["letters"]
    assert letters == [{"kind": "acknowledgement", "audience": "customer", "channel": "email", "state": "pending", "count": 4}]
    assert http.get("/v1/status").json()["letters"][0]["count"] == 3


def test_tells_units_that_stopped_with_an_error(http: TestClient, database: Database, shop: Shop) -> None:
    with database.begin() as tx:
        builders.order(tx, shop_id=shop.id, state="received", waiting_for="office", last_error="KeyError: 'x'")
    assert http.get("/v1/status").json()["orders"][0]["parked"] == 1


def test_measures_from_arrival_to_each_state(http: TestClient, database: Database, books: list[int]) -> None:
    with database.begin() as tx:
        for place, order_id in enumerate(books, 1):
            entry = Entry(order_id, "order.validated", before="received", after="validated")
            journal.write(tx, [entry], now=builders.NOW + timedelta(seconds=10 * place), actor="test")
    told = http.get("/v1/status/durations", params={"from_order": public_id("order", books[0])}).json()["data"]
    assert told == [{"until": "validated", "count": 4, "median_seconds": 25.0, "p95_seconds": 38.5}]


def test_refuses_an_order_that_is_none(http: TestClient) -> None:
    assert http.get("/v1/status", params={"from_order": "100001-0"}).status_code == 404
