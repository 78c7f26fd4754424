"""
The OpenAPI document: complete, true, and with examples that work as copied.
"""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import text

from orderpipe.flow import Unit, WaitingFor
from orderpipe.store import delays, holds, promises, units
from orderpipe.store.database import Database
from orderpipe.store.metadata import Tx
from tests import builders
from tests.api.conftest import Clock, Shop

Document = dict[str, Any]
OPEN_TO_ALL = {"/healthz", "/readyz", "/v1/answers/{token}"}
TOKEN = "a-token-that-nobody-can-guess"


@pytest.fixture
def document(app: FastAPI) -> Document:
    return app.openapi()


def operations(document: Document) -> Iterator[tuple[str, str, Document]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield method.upper(), path, operation


def test_every_operation_says_what_it_does_who_may_and_how_it_refuses(document: Document) -> None:
    for method, path, operation in operations(document):
        where = f"{method} {path}"
        assert operation["summary"], where
        assert operation["description"], where
        assert operation["tags"], where
        assert ("security" in operation) == (path not in OPEN_TO_ALL), where
        refusals = {status: answer for status, answer in operation["responses"].items() if status >= "400"}
        assert refusals or path == "/healthz", where
        for status, answer in refusals.items():
            assert list(answer["content"]) == ["application/problem+json"], f"{where} {status}"
        for status, answer in operation["responses"].items():
            assert answer["description"], f"{where} {status}"


def test_every_reference_leads_somewhere(document: Document) -> None:
    names = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(document)))
    assert names <= set(document["components"]["schemas"])
    assert {"Problem", "JsonOrder", "BulkResult"} <= names | set(document["components"]["schemas"])


def test_every_body_has_an_example(document: Document) -> None:
    for method, path, operation in operations(document):
        if "requestBody" in operation:
            assert list(examples_of(document, operation)), f"{method} {path}"


def examples_of(document: Document, operation: Document) -> Iterator[tuple[str, Any]]:
    """The media type and value of each example of a request body, its own or its schema's."""
    for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
        yield from ((media_type, example["value"]) for example in content.get("examples", {}).values())
        name = content["schema"].get("$ref", "").rpartition("/")[2]
        if name and "examples" not in content:
            yield from ((media_type, example) for example in document["components"]["schemas"][name].get("examples", ()))


def _question(tx: Tx, order_id: int, clock: Clock) -> None:
    tx.execute(
        text("""INSERT INTO query (order_id, token, doubts, state, opened_at)
            VALUES (:id, :token, '[{"rule": "name-missing", "field": "/customer/name"}]', 'open', :now)"""),
        {"id": order_id, "token": TOKEN, "now": clock()},
    )
    units.wait(tx, Unit.ORDER, [(order_id, WaitingFor.QUERY, clock())], clock())


def _hold(tx: Tx, order_id: int, clock: Clock) -> None:
    holds.open_holds(tx, [{
        "order_id": order_id, "fulfillment_id": None, "kind": WaitingFor.OFFICE, "stops": "received", "owner": "office",
        "reason": "Nobody to ask.", "opened_at": clock(), "deadline": clock(),
    }])
    units.wait(tx, Unit.ORDER, [(order_id, WaitingFor.OFFICE, clock())], clock())


def _appointment(tx: Tx, order_id: int, clock: Clock) -> None:
    builders.fulfillment(tx, order_id, kind="appointment", waiting_for="performance", now=clock())


def _late(tx: Tx, order_id: int, clock: Clock) -> None:
    unit, until = builders.fulfillment(tx, order_id, now=clock()), clock()
    promises.write(tx, [{
        "fulfillment_id": unit, "revision": 1, "from_at": until, "until_at": until, "arithmetic": [], "reason": "first", "at": clock(),
    }])
    delays.write_new(tx, [{
        "order_id": order_id, "shop_id": 1, "fulfillment_ids": [unit], "state": "told", "round": 1, "warned_round": 1, "warn": False,
        "cause": "stock", "original_until": until, "promised_until": until, "options": ["wait", "cancel"], "found_at": until,
        "next_at": until,
    }])


def _nothing(tx: Tx, order_id: int, clock: Clock) -> None:
    pass


ORDERS: dict[str, Callable[[Tx, int, Clock], None]] = {
    "/v1/orders": _nothing,
    "/v1/orders/bulk": _nothing,
    "/v1/orders/{order}/cancel": _nothing,
    "/v1/orders/{order}/amendments": _nothing,
    "/v1/orders/{order}/decisions": _hold,
    "/v1/orders/{order}/delay-choice": _late,
    "/v1/queries/{query}/answer": _question,
    "/v1/answers/{token}": _question,
    "/v1/fulfillments/{fulfillment}/performed": _appointment,
    "/v1/performed": _appointment,
}
TRIED_ELSEWHERE = {"Warehouse", "Carrier", "Payments", "Stock", "Products", "Cases", "Returns"}
"""The tags of the operations whose examples are tried beside the tests of their doors."""


@pytest.mark.parametrize("path", ORDERS)
def test_examples_about_orders_work_as_copied(
    path: str, http: TestClient, document: Document, database: Database, shop: Shop, clock: Clock
) -> None:
    with database.begin() as tx:
        ORDERS[path](tx, builders.order(tx, shop_id=shop.id, state="received", now=clock()), clock)
    operation = document["paths"][path]["post"]
    address = path
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "path":
            example = parameter["schema"].get("examples", [TOKEN])[0]
            address = address.replace("{" + parameter["name"] + "}", example)
    tried = 0
    for media_type, example in examples_of(document, operation):
        content = example if isinstance(example, str) else json.dumps(example)
        answer = http.post(address, content=content.encode(), headers={"Content-Type": media_type, **shop.as_("office")})
        assert answer.is_success, f"{address} {content}: {answer.text}"
        if path == "/v1/orders/bulk":
            assert [json.loads(line)["status"] for line in answer.text.splitlines()] == [201, 201]
        tried += 1
    assert tried


def test_no_example_is_left_untried(document: Document) -> None:
    for method, path, operation in operations(document):
        if "requestBody" in operation and not TRIED_ELSEWHERE.intersection(operation["tags"]):
            assert path in ORDERS, f"{method} {path}"


def test_the_document_and_its_page_are_served(http: TestClient) -> None:
    assert http.get("/openapi.json").json()["openapi"].startswith("3.1")
    assert http.get("/docs").status_code == 200
