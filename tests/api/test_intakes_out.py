"""
The list of what was received: a shop finds its refusals, page by page, and the orders of one message.
"""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from orderpipe.domain.orders import OrderDraft
from orderpipe.intake.json_order import parse
from orderpipe.intake.outcomes import Received
from orderpipe.intake.record import record
from orderpipe.intake.refusals import Malformed
from orderpipe.store.database import Database
from tests.api.conftest import Clock, Shop, open_shop

TASK = "b28258e1-3720-4a1e-a532-f9a7b1cb455e"


def understood(raw: bytes) -> OrderDraft | Malformed:
    try:
        return parse(raw)
    except Malformed as reason:
        return reason


@pytest.fixture
def arrived(database: Database, shop: Shop, clock: Clock) -> None:
    """Through the broker a list of three, of which one is refused; over HTTP another refusal; and a neighbour's."""
    other = open_shop(database, "other")
    some = [
        (shop.id, b'{"reference": "A"}', "broker", f"{TASK}/1"), (shop.id, b'{"reference": "B", "colour": 1}', "broker", f"{TASK}/2"),
        (shop.id, b'{"reference": "C"}', "broker", f"{TASK}/1000"), (shop.id, b"{}", "http", ""),
        (other.id, b"{}", "broker", f"{TASK}/1"),
    ]
    with database.begin() as tx:
        for shop_id, raw, channel, source in some:
            record(tx, [Received(shop_id, raw, understood(raw), channel, "shop key …abcd", source_id=source)], clock())


def listed(http: TestClient, query: str) -> list[dict[str, Any]]:
    answer = http.get(f"/v1/intakes?{query}")
    assert answer.status_code == 200, answer.text
    return list(answer.json()["data"])


def test_shows_refusals_with_the_problem_the_newest_first(http: TestClient, arrived: None) -> None:
    by_http, by_broker = listed(http, "state=refused")
    assert (by_http["channel"], by_broker["channel"]) == ("http", "broker")
    assert by_broker["message"] == f"{TASK}/2"
    assert by_broker["problem"]["errors"][0]["pointer"] == "/colour"
    assert by_broker["order"] is None


def test_shows_the_orders_of_one_message(http: TestClient, arrived: None) -> None:
    found = listed(http, f"task={TASK}")
    assert [one["message"] for one in found] == [f"{TASK}/{place}" for place in (1000, 2, 1)]
    assert [one["order_number"] is None for one in found] == [False, True, False]
    assert listed(http, "task=unknown") == []


def test_combines_what_is_asked_for(http: TestClient, arrived: None) -> None:
    assert len(listed(http, f"task={TASK}&state=refused&channel=broker")) == 1
    assert listed(http, f"task={TASK}&channel=http") == []


def test_comes_in_pages(http: TestClient, arrived: None) -> None:
    found: list[str] = []
    page: dict[str, Any] = {"next_cursor": ""}
    while page["next_cursor"] is not None:
        page = http.get("/v1/intakes", params={"limit": 2, "cursor": page["next_cursor"]}).json()
        found += [one["message"] for one in page["data"]]
    assert len(found) == 4 == len(set(found))


def test_each_can_be_looked_at_alone(http: TestClient, arrived: None) -> None:
    for one in listed(http, ""):
        assert http.get(f"/v1/intakes/{one['id']}").json() == one


@pytest.mark.parametrize("query", ["state=lost", "cursor=x", "limit=0", "limit=501", "task=%00", f"task={'x' * 101}"])
def test_refuses_what_cannot_be_asked(http: TestClient, query: str) -> None:
    answer = http.get(f"/v1/intakes?{query}")
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")


def test_is_not_for_the_warehouse(http: TestClient, shop: Shop) -> None:
    assert http.get("/v1/intakes", headers=shop.as_("warehouse")).status_code == 403


def test_a_field_whose_name_holds_a_nul_character_is_refused_like_any_other(http: TestClient) -> None:
    answer = http.post("/v1/orders", content=b'{"reference": "A", "a\\u0000b": 1}', headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/a\\u0000b"
