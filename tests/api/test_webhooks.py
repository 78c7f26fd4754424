"""
Webhook endpoints and deliveries over HTTP.
"""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from orderpipe import broker
from orderpipe.assembly import Assembly
from orderpipe.settings import Settings
from orderpipe.store.database import Database
from orderpipe.store.journal import Entry, write
from tests import builders
from tests.api.conftest import Clock, Sent, Shop, open_shop, settle
from tests.receiver import Receiver
from workers import webhooks as worker
from workers.run import Run

URL = "http://127.0.0.1:9/hooks"


@pytest.fixture
def assembly(assembly: Assembly) -> Assembly:
    settings = assembly.settings.model_copy(update={"webhook_allow": "127.0.0.0/8"})
    return replace(assembly, settings=settings)


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch, sent: Sent) -> Iterator[Receiver]:
    monkeypatch.setattr(broker, "send_task", sent.task)
    monkeypatch.setattr(worker, "settings", lambda: Settings.model_validate({"webhook_allow": "127.0.0.0/8"}))
    with Receiver() as receiver:
        yield receiver


def registered(http: TestClient, url: str = URL, **more: object) -> dict[str, object]:
    answer = http.post("/v1/webhook-endpoints", json={"url": url, **more})
    assert answer.status_code == 201, answer.text
    return answer.json()  # type: ignore[no-any-return]


def test_an_endpoint_is_registered_shown_changed_and_removed(http: TestClient) -> None:
    made = registered(http, events=["order.*"], description="ours")
    assert str(made["secret"]).startswith("whsec_")
    address = f"/v1/webhook-endpoints/{made['id']}"
    shown = http.get(address).json()
    assert (shown["events"], shown["enabled"], "secret" in shown) == (["order.*"], True, False)
    assert http.get("/v1/webhook-endpoints").json()["data"] == [shown]
    changed = http.patch(address, json={"events": ["*"], "enabled": False}).json()
    assert (changed["events"], changed["enabled"], changed["disabled_why"]) == (["*"], False, "It was switched off.")
    assert http.patch(address, json={"enabled": True}).json()["disabled_at"] is None
    assert http.delete(address).status_code == 204
    assert http.get(address).status_code == 404


@pytest.mark.parametrize(("given", "pointer"), [
    ({"url": "https://10.0.0.1/hooks"}, "/url"), ({"url": "https://169.254.169.254/"}, "/url"), ({"url": "nonsense"}, "/url"),
    ({"url": URL, "events": ["Order.%"]}, "/events"), ({"url": URL, "events": []}, "/events"), ({"url": URL, "more": 1}, "/more"),
    ({}, "/url"),
])
def test_an_endpoint_that_cannot_be_is_refused(http: TestClient, given: dict[str, object], pointer: str) -> None:
    answer = http.post("/v1/webhook-endpoints", json=given)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)


def test_another_shop_s_endpoints_are_not_there(http: TestClient, database: Database) -> None:
    address = f"/v1/webhook-endpoints/{registered(http)['id']}"
    other = open_shop(database, "other").as_("shop")
    assert http.get("/v1/webhook-endpoints", headers=other).json() == {"data": []}
    for method, path, body in (
        ("GET", address, None), ("PATCH", address, {"enabled": False}), ("DELETE", address, None), ("POST", f"{address}/test", None),
        ("POST", f"{address}/rotate", None), ("POST", f"{address}/replay", {"since": "2026-11-24T09:00:00Z"}),
    ):
        assert http.request(method, path, json=body, headers=other).status_code == 404, (method, path)
    assert http.get(address).json()["enabled"]
    assert http.get("/v1/webhook-endpoints/whe_nonsense").status_code == 404


def test_an_endpoint_is_tried(http: TestClient, receiver: Receiver, assembly: Assembly, sent: Sent, clock: Clock) -> None:
    made = registered(http, receiver.url())
    tried = http.post(f"/v1/webhook-endpoints/{made['id']}/test")
    assert tried.status_code == 202
    settle(sent)
    assert sent.messages == [("notify.webhook", [], "notify")]
    worker.send(Run(assembly.engine, clock))
    (message,) = receiver.messages
    assert (message.content["type"], message.content["data"]) == ("webhook.test", {})
    delivery = http.get(f"/v1/webhook-deliveries/{tried.json()['id']}").json()
    assert (delivery["state"], delivery["status"], delivery["said"]) == ("sent", 200, "200 from /hooks")
    assert delivery["event"] == message.id


def test_deliveries_are_listed_and_sent_again(
    http: TestClient, receiver: Receiver, assembly: Assembly, clock: Clock, shop: Shop, database: Database
) -> None:
    made = registered(http, receiver.url(), events=["order.*"])
    with database.begin() as tx:
        order_id = builders.order(tx, shop_id=shop.id, now=clock())
        write(tx, [Entry(order_id, "order.received"), Entry(order_id, "order.validated"), Entry(order_id, "hold.opened")],
              now=clock(), actor="test")
    run = Run(assembly.engine, clock)
    worker.collect(run)
    worker.send(run)
    first = http.get("/v1/webhook-deliveries", params={"limit": 1}).json()
    rest = http.get("/v1/webhook-deliveries", params={"cursor": first["next_cursor"]}).json()
    assert [one["type"] for one in first["data"] + rest["data"]] == ["order.validated", "order.received"]
    assert rest["next_cursor"] is None
    for wanted, count in (
        ({"endpoint": made["id"]}, 2), ({"endpoint": "whe_000000000999"}, 0), ({"order": first["data"][0]["order"]}, 2),
        ({"state": "dead"}, 0), ({"type": "order.received"}, 1),
    ):
        assert len(http.get("/v1/webhook-deliveries", params=wanted).json()["data"]) == count, wanted  # type: ignore[arg-type]
    again = http.post(f"/v1/webhook-deliveries/{first['data'][0]['id']}/replay")
    assert (again.status_code, again.json()["state"]) == (202, "pending")
    worker.send(run)
    since = http.post(f"/v1/webhook-endpoints/{made['id']}/replay", json={"since": clock().isoformat()})
    assert (since.status_code, since.json()) == (202, {"events": 2, "next_since": None})
    worker.send(run)
    ids = [message.id for message in receiver.messages]
    assert (len(ids), len(set(ids))) == (5, 2)


def test_a_message_carries_the_order_as_it_is_shown(
    http: TestClient, receiver: Receiver, assembly: Assembly, clock: Clock
) -> None:
    registered(http, receiver.url())
    order = http.post("/v1/orders", json={"reference": "W-1", "lines": [{"sku": "MUG", "quantity": 1}]}).json()
    run = Run(assembly.engine, clock)
    worker.collect(run)
    worker.send(run)
    data = receiver.messages[0].content["data"]
    shown = http.get(f"/v1/orders/{order['id']}").json()
    assert {name: data[name] for name in shown} == shown
    assert data.keys() - shown.keys() == {"sequence", "as_of", "event"}
    assert (data["sequence"], data["event"]["after"]) == (1, "received")


def test_a_secret_is_rotated(http: TestClient) -> None:
    made = registered(http)
    new = http.post(f"/v1/webhook-endpoints/{made['id']}/rotate").json()
    assert new["secret"] != made["secret"]
    assert new["old_secret_until"] == "2026-11-26T10:00:00Z"


def test_a_shop_has_not_more_endpoints_than_can_be_told(http: TestClient, database: Database) -> None:
    for _ in range(20):
        registered(http)
    assert "at most 20" in http.post("/v1/webhook-endpoints", json={"url": URL}).json()["errors"][0]["detail"]
    with database.begin() as tx:
        assert tx.execute(text("SELECT count(*) FROM webhook_endpoint")).scalar_one() == 20


def test_the_warehouse_s_key_opens_none_of_it(http: TestClient, shop: Shop) -> None:
    assert http.get("/v1/webhook-endpoints", headers=shop.as_("warehouse")).status_code == 403
