"""
A choice about something late, entered by staff: applied once, refused where it does not fit, and never for another shop's order.
"""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from orderpipe.domain.orders import public_id
from orderpipe.store.shops import Role
from tests.api.conftest import door_of
from tests.floor import Floor
from tests.late import of, until, waiting


@pytest.fixture
def door(floor: Floor) -> Iterator[TestClient]:
    yield from door_of(floor, Role.SHOP)


def test_a_choice_is_taken_once_and_another_is_refused_with_what_fits(floor: Floor, door: TestClient) -> None:
    order_id = waiting(floor)
    path = f"/v1/orders/{public_id('order', order_id)}/delay-choice"
    nothing = door.post(path, json={"choice": "wait"})
    assert (nothing.status_code, nothing.json()["detail"]) == (409, "Nothing of this order is late, so there is nothing to choose.")
    until(floor, order_id, state="told")
    refused = door.post(path, json={"choice": "part"})
    assert (refused.status_code, refused.json()["allowed"]) == (409, ["cancel", "wait"])
    for _ in range(2):
        assert door.post(path, json={"choice": "wait"}).json() == {"order": public_id("order", order_id), "choice": "wait"}
    assert of(floor, order_id)["chosen"] == "wait"
    assert door.post(path, json={"choice": "flowers"}).status_code == 422
    assert door.post(f"/v1/orders/{public_id('order', 77)}/delay-choice", json={"choice": "wait"}).status_code == 404


def test_the_promise_shown_is_the_new_one_with_the_first_beside_it(floor: Floor, door: TestClient) -> None:
    order_id = waiting(floor)
    until(floor, order_id, state="told")
    promise = door.get(f"/v1/orders/{public_id('order', order_id)}").json()["promise"]
    assert promise["revision"] == 2
    assert promise["until_at"] > promise["first_until_at"]


def test_a_product_says_what_may_come_in_its_place(door: TestClient) -> None:
    sent = {"sku": "MUG-BLUE", "description": "Mug", "substitute_sku": "MUG-RED"}
    assert door.post("/v1/products", json=sent).status_code == 200
    assert door.get("/v1/products").json()["data"][0]["substitute_sku"] == "MUG-RED"
