"""
The HTTP door over a real database, with a clock that the test turns and a broker that only writes down what was sent.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from orderpipe import broker
from orderpipe.api.app import create_app
from orderpipe.assembly import Assembly
from orderpipe.flow import Queue
from orderpipe.settings import Settings
from orderpipe.store import shops
from orderpipe.store.database import Database, connect
from orderpipe.store.policies import ensure_defaults
from orderpipe.store.shops import NewShop, Role
from tests import builders
from tests.floor import Floor


@dataclass
class Clock:
    """A clock that stands still until it is turned."""

    time: datetime = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def turn(self, by: timedelta) -> None:
        self.time += by


@dataclass
class Sent:
    """Takes the place of the broker: what was sent, in order."""

    messages: list[tuple[str, list[int], str]] = field(default_factory=list)

    def __call__(self, step: str, ids: Sequence[int], lane: str) -> None:
        self.messages.append((step, list(ids), lane))

    def task(self, name: str, *args: object, queue: Queue) -> None:
        self.messages.append((name, [], queue.value))


@dataclass
class Shop:
    """A shop with a key for each role, ready to be sent as headers."""

    id: int
    code: str
    keys: dict[Role, str]

    def as_(self, role: Role | str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.keys[Role(role)]}"}


def settle(sent: Sent) -> None:
    """Wait until something was sent."""
    deadline = time.monotonic() + 2
    while not sent.messages and time.monotonic() < deadline:
        time.sleep(0.005)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sent() -> Sent:
    return Sent()


@pytest.fixture
def assembly(database_url: str, clock: Clock, sent: Sent) -> Iterator[Assembly]:
    engine = connect(database_url)
    yield Assembly(Settings.model_validate({"database_url": database_url}), engine, clock, sent, sent.task)
    engine.dispose()


@pytest.fixture
def database(assembly: Assembly) -> Database:
    return assembly.engine


@pytest.fixture
def shop(database: Database) -> Shop:
    return open_shop(database, "demo")


def open_shop(database: Database, code: str) -> Shop:
    """Another shop, with a key for each role."""
    with database.begin() as tx:
        ensure_defaults(tx)
        shop_id = shops.add_shop(tx, NewShop(code, f"The {code} shop", office_email=f"office@{code}.example"))
        return Shop(shop_id, code, {role: shops.create_key(tx, shop_id, role) for role in Role})


@pytest.fixture
def app(assembly: Assembly) -> FastAPI:
    return create_app(assembly)


@pytest.fixture
def http(app: FastAPI, shop: Shop) -> Iterator[TestClient]:
    """A client that calls with the shop's key."""
    with TestClient(app, headers=shop.as_("shop")) as client:
        yield client


def door_of(floor: Floor, role: Role) -> Iterator[TestClient]:
    """The HTTP door on a floor's clock, with a key of this role for its shop."""
    with floor.engine.begin() as tx:
        key = shops.create_key(tx, builders.shop(tx), role)
    parts = Assembly(Settings(), floor.engine, lambda: floor.now, broker.send_stage, broker.send_task)
    with TestClient(create_app(parts), headers={"Authorization": f"Bearer {key}"}) as client:
        yield client
