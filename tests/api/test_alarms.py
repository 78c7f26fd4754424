"""
Alarms over HTTP: the office sees what nobody has taken, takes it once, and never another shop's.
"""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from orderpipe.domain.orders import public_id
from orderpipe.store.shops import Role
from tests.api.conftest import door_of
from tests.floor import Floor


@pytest.fixture
def door(floor: Floor) -> Iterator[TestClient]:
    yield from door_of(floor, Role.OFFICE)


def test_an_alarm_is_listed_shown_and_taken_once(floor: Floor, door: TestClient) -> None:
    order, _ = floor.order(), floor.order(shop="other")
    floor.now += timedelta(minutes=61)
    floor.check_targets()
    (listed,) = door.get("/v1/alarms").json()["data"]
    assert (listed["stage"], listed["kind"], listed["orders"], listed["told"]) == ("received", "breached", 1, 1)
    path = f"/v1/alarms/{listed['alarm']}"
    assert [one["order"] for one in door.get(path).json()["late"]] == [public_id("order", order)]
    taken = door.post(f"{path}/acknowledge").json()
    assert taken["acknowledged_by"].startswith("office key")
    again = door.post(f"{path}/acknowledge")
    assert (again.status_code, again.json()["code"]) == (409, "taken")
    assert door.get("/v1/alarms").json()["data"] == []


def test_another_shop_s_alarm_is_not_there(floor: Floor, door: TestClient) -> None:
    floor.order(shop="other")
    floor.now += timedelta(minutes=61)
    floor.check_targets()
    for number in ("A-1", "A-2", "A-x", "nothing"):
        assert door.get(f"/v1/alarms/{number}").status_code == 404
        assert door.post(f"/v1/alarms/{number}/acknowledge").status_code == 404
