"""
The broker door under attack: garbage, floods, giants and kills on real servers harm neither another shop nor the stages.
"""

import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
import redis
from kombu import Queue
from kombu.exceptions import OperationalError

from orderpipe.store import shops
from tests import builders
from tests.conftest import FOLDER
from tests.faults.harness import Plant
from tests.faults.rabbit import RabbitServer
from tests.faults.test_door import document
from tests.needs import require
from tests.shop_system import ShopSystem
from workers.mailbox import Taken
from workers.mailbox_rabbitmq import AmqpMailbox

LEASE = "3"
NOTHING = "SELECT count(*) FROM orders WHERE reference ~ :pattern"
LARGEST_PROCESS = 400_000_000
"""Bytes of memory that the door may hold, whatever lies in the queues."""


class Gate:
    """The door of a plant as a process, and the systems of shops that use it."""

    def __init__(self, plant: Plant, url: str) -> None:
        self.plant = plant
        self.url = url
        self._open = ExitStack()

    def start(self) -> None:
        child = self.plant.start("broker-door", "workers.door", ORDERPIPE_DOOR_URL=self.url, ORDERPIPE_LEASE_SECONDS=LEASE)
        self.plant.wait_until(lambda: "is open" in child.log.read_text(), 60, "the broker door was open")

    def shop(self, code: str) -> ShopSystem:
        with self.plant.engine.begin() as tx:
            shop_id = builders.shop(tx, code)
            builders.location(tx, shop_id)
            system = ShopSystem(self.url, code, shops.create_key(tx, shop_id, "shop"))
        self._open.callback(system.close)
        return system

    def client(self) -> redis.Redis:
        client: redis.Redis = redis.Redis.from_url(self.url)
        self._open.callback(client.close)
        return client

    def pid(self) -> int:
        return self.plant.processes["broker-door"].pid or 0

    def wait_for(self, pattern: str, count: int, seconds: float = 60) -> None:
        self.plant.wait_until(lambda: self.count(pattern) == count, seconds, f"{count} orders like {pattern} were taken down")

    def count(self, pattern: str) -> int:
        return int(self.plant.value(NOTHING, pattern=pattern))

    def close(self) -> None:
        self._open.close()


@pytest.fixture
def gate(plant: Plant) -> Iterator[Gate]:
    assert plant.redis is not None
    gate = Gate(plant, plant.redis.url(1))
    with gate.client() as client:
        client.flushdb()
    yield gate
    gate.close()


def empty(reference: str) -> dict[str, object]:
    """An order for nothing: it is taken down, and rejected at once."""
    return {"reference": reference, "lines": []}


def sent(shop: ShopSystem, reference: str) -> bool:
    try:
        return bool(shop.submit(document(reference)))
    except OperationalError:
        return False


def test_garbage_ends_neither_the_door_nor_the_stages(gate: Gate) -> None:
    shop = gate.shop("demo")
    gate.start()
    pid, client = gate.pid(), gate.client()
    for raw in (b"", b"\xff\x00", b"no json", b"[" * 1_000_000, b"[]", b'{"body": 1}', b'{"headers": {"task": "validate"}}'):
        client.lpush("submit.demo", *[raw] * 10)
    shop.call([[1]], "validate")
    shop.submit(document("garbage-1"), link=shop.celery.signature("sweep"))
    gate.wait_for("^garbage-", 1)
    gate.plant.settle()
    assert gate.pid() == pid
    assert gate.plant.value("SELECT state FROM orders WHERE reference = 'garbage-1'") == "completed"
    assert client.llen("submit.demo") == 0


def test_a_flood_from_one_shop_keeps_no_other_waiting(gate: Gate) -> None:
    flooding, shop, client = gate.shop("flood"), gate.shop("demo"), gate.client()
    flooding.submit([empty("flood-1"), {"reference": "flood-2", "colour": "red"}])
    message = client.lindex("submit.flood", 0) or ""
    for _ in range(20):
        client.lpush("submit.flood", *[message] * 1_000)
    gate.start()
    begun = time.monotonic()
    shop.submit(document("calm-1"))
    gate.wait_for("^calm-", 1, seconds=30)
    waited, left = time.monotonic() - begun, client.llen("submit.flood")
    gate.plant.settle()
    assert left > 1_000, "the flood was over too soon to prove anything"
    assert waited < 10
    gate.plant.wait_until(lambda: client.llen("submit.flood") == 0, 180, "the flood was over")
    assert gate.count("^flood-") == 1


def test_a_giant_is_refused_without_being_fetched(gate: Gate) -> None:
    shop, client = gate.shop("demo"), gate.client()
    gate.start()
    for _ in range(3):
        client.lpush("submit.demo", b"x" * 100_000_000)
    shop.submit(document("giant-1"))
    gate.wait_for("^giant-", 1)
    assert psutil.Process(gate.pid()).memory_info().rss < LARGEST_PROCESS
    assert gate.plant.value("SELECT count(*) FROM intake WHERE state = 'refused' AND result::text LIKE '%too-large%'") == 1
    assert client.memory_usage("orderpipe.held") is None
    gate.plant.settle()


def test_a_kill_in_the_middle_loses_nothing_and_doubles_nothing(gate: Gate) -> None:
    shop = gate.shop("kill")
    for part in range(4):
        shop.submit([empty(f"kill-{part}-{number}") for number in range(900)])
    for number in range(300):
        shop.submit(empty(f"kill-single-{number}"))
    gate.start()
    for goal in (1, 1_500, 3_000):
        gate.plant.wait_until(lambda goal=goal: gate.count("^kill-") >= goal, 60, "the door was at work")  # type: ignore[misc]
        gate.plant.kill("broker-door")
        gate.start()
    gate.wait_for("^kill-", 3_900, seconds=120)
    gate.plant.wait_until(lambda: not gate.client().exists("orderpipe.held"), 60, "everything was done")
    assert gate.plant.value("SELECT count(*) FROM intake i JOIN shop s ON s.id = shop_id WHERE code = 'kill'") == 3_900
    assert gate.plant.value("SELECT count(*) FROM intake i JOIN shop s ON s.id = shop_id WHERE code = 'kill' AND state = 'refused'") == 0
    gate.plant.settle()


def test_waits_for_a_database_or_broker_that_is_away(gate: Gate) -> None:
    shop = gate.shop("demo")
    gate.start()
    pid = gate.pid()
    gate.plant.postgres.kill()
    shop.submit(document("away-db-1"))
    time.sleep(6)
    gate.plant.postgres.start()
    gate.wait_for("^away-db-", 1)
    assert gate.plant.redis is not None
    gate.plant.redis.kill()
    time.sleep(2)
    gate.plant.redis.start()
    shop.submit(document("away-broker-1"))
    gate.wait_for("^away-broker-", 1)
    assert gate.pid() == pid
    gate.plant.settle()


@pytest.fixture(scope="module")
def rabbit() -> Iterator[RabbitServer]:
    server = RabbitServer(Path(tempfile.mkdtemp(prefix="rabbit-", dir=os.environ[FOLDER])) / "rabbit", require("rabbitmq"))
    yield server
    server.close()


def test_a_rabbitmq_that_ends_while_messages_are_done_with_is_listened_to_again(rabbit: RabbitServer) -> None:
    mailbox, shop = AmqpMailbox(rabbit.url), ShopSystem(rabbit.url, "again", "key")
    try:
        for number in range(5):
            shop.submit(document(f"again-{number}"))
        taken = taken_from(mailbox, "submit.again", 5)
        rabbit.kill()
        with pytest.raises(mailbox.away):
            done_slowly(mailbox, taken)
        rabbit.start()
        assert {one.times for one in taken_from(mailbox, "submit.again")} == {2}
    finally:
        shop.close()
        mailbox.close()


def done_slowly(mailbox: AmqpMailbox, taken: Sequence[Taken]) -> None:
    for one in taken:  # the first word may still go into the socket's buffer
        mailbox.done([one])
        time.sleep(0.1)


def taken_from(mailbox: AmqpMailbox, queue: str, at_least: int = 1) -> list[Taken]:
    taken: list[Taken] = []
    for _ in range(300):
        with suppress(*mailbox.away):  # as the door does while RabbitMQ comes up
            taken += mailbox.take([queue])
        if len(taken) >= at_least:
            break
        time.sleep(0.1)
    return taken


def test_a_vhost_of_rabbitmq_is_a_door_too(plant: Plant, rabbit: RabbitServer) -> None:
    server = rabbit
    gate = Gate(plant, server.url)
    try:
        shop, flooding, spoiler = gate.shop("demo"), gate.shop("flood"), gate.shop("spoiler")
        spoiler.call({}, queue=Queue("submit.spoiler", queue_arguments={"x-max-length": 5}))
        for number in range(1_000):
            flooding.call({"number": number})
        gate.start()
        pid = gate.pid()
        shop.submit([document("rabbit-1"), {"reference": "rabbit-2", "colour": "red"}], link=shop.celery.signature("validate"))
        gate.wait_for("^rabbit-", 1)
        with spoiler.celery.connection_for_write() as connection:
            channel: Any = connection.channel()
            channel.queue_delete("submit.spoiler")
        log = plant.processes["broker-door"].log
        plant.wait_until(lambda: "submit.spoiler cannot be used" in log.read_text(), 10, "the queue was left alone")
        assert "The door waits" not in log.read_text()
        server.kill()
        server.start()
        plant.wait_until(lambda: sent(shop, "rabbit-3"), 60, "RabbitMQ took messages again")
        gate.wait_for("^rabbit-", 2)
        plant.settle()
        assert gate.pid() == pid
        assert plant.value("SELECT count(*) FROM intake WHERE state = 'refused' AND channel = 'broker' AND order_id IS NULL"
            " AND result::text LIKE '%/colour%' AND shop_id = :shop", shop=plant.shop_id) >= 1
    finally:
        gate.close()
