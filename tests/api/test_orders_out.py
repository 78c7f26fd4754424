"""
Orders out and the steps taken with them: seen by their own shop only, page by page, and never changed by a refusal.
"""

from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from orderpipe.domain.links import Purpose
from orderpipe.domain.orders import internal_id, number_of, public_id
from orderpipe.flow import Unit, WaitingFor
from orderpipe.intake.receive import receive_pending
from orderpipe.stages import validate
from orderpipe.store import holds, link_keys, policies, units
from orderpipe.store.carry_out import Occasion, carry_out
from orderpipe.store.database import Database
from tests import builders
from tests.api.conftest import Clock, Sent, Shop, open_shop, settle
from tests.intake.conftest import ORDER


def post(http: TestClient, **changed: Any) -> str:
    answer = http.post("/v1/orders", json=ORDER | changed)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def ask(database: Database, order_id: int, clock: Clock) -> tuple[str, str]:
    """Let the order be validated, which opens a question; returns its public id and its token."""
    with database.begin() as tx:
        rules = policies.policies(tx, clock())
        claimed = {one.id: one for one in units.claim(tx, Unit.ORDER, [order_id])}
        facts = validate.read(tx, [order_id], rules)
        decisions = validate.decide(facts, now=clock())
        carry_out(tx, Unit.ORDER, claimed, decisions, occasion=Occasion(clock(), "test", rules, ""))
        validate.write(tx, facts, decisions, clock())
        row = tx.execute(text("SELECT id, token FROM query WHERE order_id = :id"), {"id": order_id}).one()
    return public_id("query", row.id), row.token


@pytest.fixture
def promised(database: Database, shop: Shop) -> int:
    """An order with a shipped parcel and a planned one."""
    with database.begin() as tx:
        order_id = builders.order(tx, {"SKU-1": 2, "SKU-2": 1}, shop_id=shop.id, waiting_for="fulfillments", reference="WEB-9")
        first = builders.fulfillment(tx, order_id, [{"sku": "SKU-1", "quantity": 2}], state="shipped", waiting_for="carrier")
        second = builders.fulfillment(tx, order_id, [{"sku": "SKU-2", "quantity": 1}], state="planned", waiting_for="stock")
        builders.parcel(tx, first, "OP-77")
        tx.execute(
            text("""INSERT INTO promise (fulfillment_id, revision, from_at, until_at, arithmetic, reason, at)
                SELECT f, r, now(), CAST('2026-12-01T00:00Z' AS timestamptz) + r * interval '1 day', '{}', 'revision ' || r, now()
                FROM unnest(CAST(:ids AS bigint[])) f, generate_series(1, 2) r"""),
            {"ids": [first, second]},
        )
    return order_id


def test_shows_an_order_by_id_and_by_number(http: TestClient, promised: int) -> None:
    order = http.get(f"/v1/orders/{public_id('order', promised)}").json()
    assert http.get(f"/v1/orders/{number_of(promised)}").json() == order
    assert (order["state"], order["status"], order["fulfillment_status"]) == ("promised", "partly-shipped", "partial")
    assert (order["payment_status"], order["paid"], order["total"]) == ("unpaid", "0.00", "30.00")
    assert order["promise"]["until_at"] == "2026-12-03T00:00:00Z"
    assert order["promise"]["first_until_at"] == "2026-12-02T00:00:00Z"
    assert [one["state"] for one in order["fulfillments"]] == ["shipped", "planned"]
    assert order["fulfillments"][0]["parcels"][0]["tracking_number"] == "OP-77"
    assert [(one["waiting_for"], one["turn"]) for one in order["waits"]] == [
        ("fulfillments", "pipeline"), ("carrier", "carrier"), ("stock", "shop"),
    ]
    assert order["actions"] == ["cancel", "pay"]
    assert [(one["sku"], one["quantity"], one["unit_price"]) for one in order["lines"]] == [
        ("SKU-1", 2, "10.00"), ("SKU-2", 1, "10.00"),
    ]


def test_an_etag_changes_with_what_happens(http: TestClient, database: Database) -> None:
    order = post(http)
    tag = http.get(f"/v1/orders/{order}").headers["etag"]
    assert http.get(f"/v1/orders/{order}", headers={"If-None-Match": tag}).status_code == 304
    stale = http.post(f"/v1/orders/{order}/cancel", json={"reason": "customer"}, headers={"If-Match": '"99"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "changed-meanwhile")
    done = http.post(f"/v1/orders/{order}/cancel", json={"reason": "customer"}, headers={"If-Match": tag})
    assert done.status_code == 200
    assert http.get(f"/v1/orders/{order}", headers={"If-None-Match": tag}).status_code == 200


def test_a_shop_sees_nothing_of_another(http: TestClient, database: Database, promised: int) -> None:
    other = open_shop(database, "other").as_("shop")
    order = public_id("order", promised)
    for path in (f"/v1/orders/{order}", f"/v1/orders/{order}/timeline", f"/v1/orders/{order}/notifications",
                 f"/v1/orders/{order}/findings", f"/v1/orders/{order}/mails"):
        assert http.get(path).status_code == 200
        assert http.get(path, headers=other).status_code == 404
    assert http.post(f"/v1/orders/{order}/cancel", json={}, headers=other).status_code == 404
    assert http.get("/v1/orders", headers=other).json() == {"data": [], "next_cursor": None}
    for nonsense in ("ord_0", "100001-1", "ord_ZZZZZZZZZZZZ", "%00", "x" * 30):
        assert http.get(f"/v1/orders/{nonsense}").status_code == 404


def test_pages_through_a_list(http: TestClient) -> None:
    orders = [post(http, reference=f"WEB-{number}") for number in range(5)]
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = http.get("/v1/orders", params={"limit": 2, "cursor": cursor}).json()
        seen += [one["id"] for one in page["data"]]
        cursor = page["next_cursor"]
    assert seen == orders[::-1]
    assert http.get("/v1/orders", params={"cursor": "nonsense"}).status_code == 422


def test_finds_orders_by_what_is_known_of_them(http: TestClient, promised: int, clock: Clock) -> None:
    clock.turn(timedelta(hours=1))
    new = post(http)

    def found(**params: str) -> list[str]:
        answer = http.get("/v1/orders", params=params)
        assert answer.status_code == 200, answer.text
        return [one["id"] for one in answer.json()["data"]]

    assert found(state="received") == [new]
    assert found(reference="WEB-9") == [public_id("order", promised)]
    assert found(waiting_for="carrier") == [public_id("order", promised)]
    assert found(waiting_for="query") == []
    assert found(updated_since=clock().isoformat()) == [new]
    assert http.get("/v1/orders", params={"state": "lost"}).status_code == 422
    assert http.get("/v1/orders", params={"reference": "\0"}).status_code == 422
    assert http.get("/v1/orders", params={"updated_since": "2026-11-24"}).status_code == 422


def test_tells_what_happened_and_what_was_told(http: TestClient) -> None:
    order = post(http)
    (event,) = http.get(f"/v1/orders/{order}/timeline").json()["data"]
    assert (event["seq"], event["what"], event["after"]) == (1, "order.received", "received")
    (letter,) = http.get(f"/v1/orders/{order}/notifications").json()["data"]
    assert (letter["kind"], letter["recipient"], letter["state"]) == ("acknowledgement", "ann@customers.example", "pending")


def test_tells_what_was_found_in_it(http: TestClient, database: Database, clock: Clock) -> None:
    order = post(http)
    assert http.get(f"/v1/orders/{order}/findings").json() == {"data": []}
    found = {"rule": "fee-line", "severity": "note", "field": "/lines/0/sku", "evidence": {"have": "POST"}, "found_at": clock()}
    with database.begin() as tx:
        holds.write_findings(tx, [found | {"order_id": internal_id("order", order), "cleared_at": clock(), "cleared_how": "noted"}])
    (told,) = http.get(f"/v1/orders/{order}/findings").json()["data"]
    assert (told["rule"], told["evidence"], told["cleared_how"], told["cleared_by"]) == ("fee-line", {"have": "POST"}, "noted", None)


def test_cancels_once_and_says_then_where_it_stands(http: TestClient) -> None:
    order = post(http)
    done = http.post(f"/v1/orders/{order}/cancel", json={"reason": "customer"})
    assert done.json() == {"order": order, "whole": True, "fulfillments": []}
    again = http.post(f"/v1/orders/{order}/cancel", json={"reason": "customer"})
    assert (again.status_code, again.json()["state"], again.json()["allowed"]) == (409, "canceled", [])
    assert http.post(f"/v1/orders/{order}/cancel", json={"reason": "boredom"}).status_code == 422
    shown = http.get(f"/v1/orders/{order}").json()
    assert (shown["status"], shown["actions"], shown["waits"]) == ("canceled", [], [])


def test_a_step_is_taken_once_per_key(http: TestClient) -> None:
    first, second = post(http), post(http, reference="WEB-2")
    key = {"Idempotency-Key": "cancel-1"}
    done = http.post(f"/v1/orders/{first}/cancel", json={"reason": "customer"}, headers=key)
    again = http.post(f"/v1/orders/{first}/cancel", json={"reason": "customer"}, headers=key)
    assert (done.status_code, again.status_code, again.json()) == (200, 200, done.json())
    assert again.headers["idempotent-replayed"] == "true"
    for path, reason in ((second, "customer"), (first, "fraud")):
        other = http.post(f"/v1/orders/{path}/cancel", json={"reason": reason}, headers=key)
        assert (other.status_code, other.json()["code"]) == (422, "key-reused")
    fresh = {"Idempotency-Key": "cancel-2"}
    assert http.post(f"/v1/orders/{first}/cancel", json={}, headers=fresh).status_code == 409
    assert http.post(f"/v1/orders/{second}/cancel", json={}, headers=fresh).status_code == 200


def test_an_answer_lets_the_order_go_on(http: TestClient, database: Database, clock: Clock, sent: Sent) -> None:
    order = post(http, payment_method="")
    settle(sent)
    sent.messages.clear()
    query, _ = ask(database, 1, clock)
    shown = http.get(f"/v1/orders/{order}").json()
    assert (shown["status"], shown["questions"][0]["id"], shown["actions"][:2]) == ("question-open", query, ["cancel", "answer"])
    wrong = http.post(f"/v1/queries/{query}/answer", json={"changes": {"/total": "1.00"}})
    assert (wrong.status_code, wrong.json()["code"], len(wrong.json()["errors"])) == (422, "answer-refused", 1)
    assert http.post(f"/v1/queries/{query}/answer", json={"changes": {"/payment_method": "invoice"}, "how": "phone"}).json() == {
        "order": order, "canceled": False, "earlier": None, "separate": False,
    }
    assert http.get(f"/v1/orders/{order}/timeline").json()["data"][-1]["note"]["how"] == "phone"
    settle(sent)
    assert sent.messages == [("validate", [1], "standard")]
    late = http.post(f"/v1/queries/{query}/answer", json={"changes": {"/payment_method": "card"}})
    assert (late.status_code, late.json()["code"]) == (409, "already-answered")


def test_a_customer_answers_by_the_link_alone(http: TestClient, database: Database, clock: Clock) -> None:
    post(http, payment_method="")
    query, token = ask(database, 1, clock)
    nobody = {"Authorization": ""}
    assert http.post("/v1/answers/" + "x" * 32, json={}, headers=nobody).status_code == 404
    assert http.post(f"/v1/answers/{query}", json={}, headers=nobody).status_code == 422
    other = open_shop(database, "other").as_("shop")
    assert http.post(f"/v1/queries/{query}/answer", json={"cancel": True}, headers=other).status_code == 404
    with database.begin() as tx:
        signer = link_keys.signer(tx, clock())
    query_id, later = internal_id("query", query), clock() + timedelta(days=1)
    foreign = signer.sign(Purpose.PAGE, query_id, later)
    assert http.post(f"/v1/answers/{foreign}", json={"cancel": True}, headers=nobody).status_code == 404
    old = http.post(f"/v1/answers/{signer.sign(Purpose.QUESTION, query_id, clock())}", json={"cancel": True}, headers=nobody)
    assert (old.status_code, old.json()["code"]) == (410, "link-expired")
    link = signer.sign(Purpose.QUESTION, query_id, later)
    done = http.post(f"/v1/answers/{link}", json={"changes": {"/payment_method": "invoice"}}, headers=nobody)
    assert (done.status_code, done.json()["canceled"]) == (200, False)
    again = http.post(f"/v1/answers/{token}", json={"cancel": True}, headers=nobody)
    assert (again.status_code, again.json()["code"]) == (409, "already-answered")


def test_the_office_decides_what_waits_for_it(http: TestClient, database: Database, shop: Shop, clock: Clock, sent: Sent) -> None:
    order = post(http)
    settle(sent)
    sent.messages.clear()
    office = shop.as_("office")
    early = http.post(f"/v1/orders/{order}/decisions", json={"decision": "resume"}, headers=office)
    assert (early.status_code, early.json()["code"], early.json()["state"]) == (409, "decision-does-not-fit", "received")
    with database.begin() as tx:
        holds.open_holds(tx, [{
            "order_id": 1, "fulfillment_id": None, "kind": WaitingFor.OFFICE, "stops": "received", "owner": "office",
            "reason": "Nobody to ask.", "opened_at": clock(), "deadline": clock(),
        }])
        units.wait(tx, Unit.ORDER, [(1, WaitingFor.OFFICE, clock())], clock())
    assert http.get(f"/v1/orders/{order}").json()["actions"] == ["cancel", "decide", "pay"]
    assert http.post(f"/v1/orders/{order}/decisions", json={"decision": "resume"}).status_code == 403
    unfit = http.post(f"/v1/orders/{order}/decisions", json={"decision": "resend"}, headers=office)
    assert (unfit.status_code, unfit.json()["allowed"]) == (409, ["cancel", "resume"])
    done = http.post(f"/v1/orders/{order}/decisions", json={"decision": "resume"}, headers=office)
    assert done.json() == {"order": order, "decision": "resume"}
    settle(sent)
    assert sent.messages == [("validate", [1], "standard")]


def test_says_what_became_of_a_kept_message(http: TestClient, database: Database, clock: Clock) -> None:
    intake = http.post("/v1/orders", json=ORDER, headers={"Prefer": "respond-async"}).json()["intake"]
    refused = http.post("/v1/orders", json={}, headers={"Prefer": "respond-async"}).json()["intake"]
    assert http.get(f"/v1/intakes/{intake}").json()["state"] == "pending"
    with database.begin() as tx:
        receive_pending(tx, [1, 2], clock())
    told = http.get(f"/v1/intakes/{intake}").json()
    assert (told["state"], told["order"], told["order_number"]) == ("recorded", "ord_000000000001", "100001-7")
    assert http.get(f"/v1/intakes/{refused}").json()["problem"]["code"] == "malformed"
    assert http.get("/v1/intakes/int_0").status_code == 404
