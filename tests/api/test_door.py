"""
The door itself: who is let in, what every refusal looks like, and what happens to a request's transaction.
"""

import asyncio
from datetime import UTC, datetime

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import event, text

from orderpipe.api import auth
from orderpipe.api.auth import ByWarehouse
from orderpipe.api.guard import LARGEST_BODY
from orderpipe.api.problems import Problem, response_of
from orderpipe.domain.orders import public_id
from orderpipe.serving.transactions import InWork
from orderpipe.store import notifications, shops
from orderpipe.store.database import Database
from tests import builders
from tests.api.conftest import Sent, Shop, settle


@pytest.fixture
def app(app: FastAPI) -> FastAPI:
    """The app with a few addresses more, on which to see what happens."""

    def insert(work: InWork) -> None:
        work.tx.execute(text("INSERT INTO job_clock (name, due) VALUES ('seen', now())"))
        work.hint("validate", [1, 2], "express")

    @app.post("/try/ok")
    def ok(work: InWork) -> dict[str, str]:
        insert(work)
        return {}

    @app.post("/try/raise")
    def raises(work: InWork) -> dict[str, str]:
        insert(work)
        raise Problem(409, "refused", "No.", state="packed", allowed=["return"])

    @app.post("/try/answer")
    def answers(work: InWork) -> object:
        insert(work)
        return response_of(Problem(409, "refused", "No, but it is written down."))

    @app.post("/try/break/{order_id}")
    def breaks(work: InWork, order_id: str) -> None:
        insert(work)
        raise RuntimeError("a secret detail")

    @app.get("/try/warehouse")
    def warehouse(caller: ByWarehouse) -> dict[str, str]:
        return {"by": caller.by}

    @app.post("/try/body")
    def body(body: dict[str, int]) -> dict[str, int]:
        return body

    return app


def rows(database: Database) -> int:
    with database.begin() as tx:
        return int(tx.execute(text("SELECT count(*) FROM job_clock WHERE name = 'seen'")).scalar_one())


def test_commits_before_the_answer_and_sends_hints_afterwards(http: TestClient, database: Database, sent: Sent) -> None:
    assert http.post("/try/ok").status_code == 200
    assert rows(database) == 1
    settle(sent)
    assert sent.messages == [("validate", [1, 2], "express")]


def test_rolls_back_and_stays_silent_when_a_refusal_is_raised(http: TestClient, database: Database, sent: Sent) -> None:
    answer = http.post("/try/raise")
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "title": "Conflict", "status": 409, "code": "refused", "detail": "No.", "state": "packed", "allowed": ["return"],
    }
    assert rows(database) == 0
    assert sent.messages == []


def test_keeps_what_was_recorded_when_a_refusal_is_answered(http: TestClient, database: Database) -> None:
    assert http.post("/try/answer").status_code == 409
    assert rows(database) == 1


def test_answers_an_incident_without_the_detail(http: TestClient, database: Database) -> None:
    answer = http.post("/try/break/x")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["incident"].startswith("inc_")
    assert "secret" not in answer.text
    assert rows(database) == 0


def test_tells_the_office_when_an_order_is_concerned(http: TestClient, shop: Shop, database: Database) -> None:
    with database.begin() as tx:
        order_id = builders.order(tx, shop_id=shop.id)
    incident = http.post(f"/try/break/{public_id('order', order_id)}").json()["incident"]
    with database.begin() as tx:
        (letter,) = notifications.of_order(tx, order_id)
    assert (letter.kind, letter.audience, letter.recipient) == ("office-parked", "office", "office@demo.example")
    assert incident.startswith("inc_")


@pytest.mark.parametrize("key", ["", "op_wrong", "Bearer", "Basic abc", "Bearer op_wrong"])
def test_refuses_who_has_no_valid_key(app: FastAPI, key: str) -> None:
    with TestClient(app) as client:
        answer = client.get("/try/warehouse", headers={"Authorization": key} if key else {})
    assert answer.status_code == 401
    assert answer.json()["code"] == "unauthorized"
    assert answer.headers["www-authenticate"] == "Bearer"


def test_lets_in_the_roles_that_may(http: TestClient, shop: Shop) -> None:
    assert http.get("/try/warehouse").json()["code"] == "forbidden"
    answer = http.get("/try/warehouse", headers=shop.as_("warehouse"))
    assert answer.json() == {"by": f"warehouse key …{shop.keys[shops.Role.WAREHOUSE][-4:]}"}


def test_a_revoked_key_opens_nothing_once_it_is_forgotten(
    http: TestClient, shop: Shop, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auth, "REMEMBERED_SECONDS", 0.0)
    assert http.get("/try/warehouse", headers=shop.as_("warehouse")).status_code == 200
    now = datetime.now(UTC)
    with database.begin() as tx:
        (key,) = [key for key in shops.keys_of(tx, shop.id) if key.role == shops.Role.WAREHOUSE]
        fresh = shops.rotate(tx, key.id, now)
    assert http.get("/try/warehouse", headers=shop.as_("warehouse")).status_code == 401
    assert http.get("/try/warehouse", headers={"Authorization": f"Bearer {fresh}"}).status_code == 200


def test_every_refusal_of_the_framework_is_a_problem_too(http: TestClient) -> None:
    for answer, status, code in (
        (http.get("/nowhere"), 404, "not-found"),
        (http.delete("/healthz"), 405, "method-not-allowed"),
        (http.post("/try/body", json={"a": "x"}), 422, "invalid"),
        (http.post("/try/body", content=b"{", headers={"content-type": "application/json"}), 422, "invalid"),
        (http.post("/try/body", content=b"x" * (LARGEST_BODY + 1)), 413, "too-large"),
        (http.post("/try/body", content=(b"x" * 65536 for _ in range(20))), 413, "too-large"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
        assert answer.headers["content-type"] == "application/problem+json"
    assert http.post("/try/body", json={"a": "x"}).json()["errors"][0]["pointer"] == "/a"


def test_is_alive_and_ready(http: TestClient) -> None:
    assert http.get("/healthz").json() == {"status": "ok"}
    assert http.get("/readyz").json() == {"status": "ok"}


def test_looks_a_key_up_once_for_all_who_come_meanwhile(engine: Database) -> None:
    with engine.begin() as tx:
        secret = shops.create_key(tx, builders.shop(tx), shops.Role.SHOP)
    looked: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *seen: looked.append(seen[2]))
    keys = auth.Keys(engine)

    async def together() -> list[auth.Caller]:
        return await asyncio.gather(*(keys.caller(secret) for _ in range(30)))

    assert {caller.role for caller in asyncio.run(together())} == {shops.Role.SHOP}
    assert sum("FROM api_key" in statement for statement in looked) == 1


def test_tells_everyone_who_waited_that_a_key_is_none(engine: Database) -> None:
    keys = auth.Keys(engine)

    async def together() -> list[object]:
        return await asyncio.gather(*(keys.caller("op_unknown") for _ in range(3)), return_exceptions=True)

    assert {type(one) for one in asyncio.run(together())} == {auth.Unauthorized}
