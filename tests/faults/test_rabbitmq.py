"""
RabbitMQ as the broker: one URL is all that differs, also when it is killed under load.
"""

import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from kombu import Connection, Queue

from orderpipe.flow import Lane
from tests.conftest import FOLDER
from tests.faults.harness import Plant
from tests.faults.rabbit import RabbitServer
from tests.needs import require


@pytest.fixture
def rabbit() -> Iterator[RabbitServer]:
    """A RabbitMQ for this test."""
    server = RabbitServer(Path(tempfile.mkdtemp(prefix="rabbit-", dir=os.environ[FOLDER])) / "rabbit", require("rabbitmq"))
    yield server
    server.close()


def is_kept_by_a_quorum(rabbit: RabbitServer) -> bool:
    """Whether a queue refuses to be taken for a classic one."""
    with Connection(rabbit.url) as connection, connection.channel() as channel:
        try:
            Queue(Lane.STANDARD.queue, channel=channel).queue_declare()
        except connection.channel_errors as refusal:
            return "quorum" in str(refusal)
        return False


def test_orders_go_all_the_way_over_rabbitmq(rabbit: RabbitServer) -> None:
    plant = Plant(Path(tempfile.mkdtemp(prefix="plant-", dir=os.environ[FOLDER])), broker_url=rabbit.url)
    try:
        plant.stock()
        plant.open().feed(20)
        plant.settle()
        assert is_kept_by_a_quorum(rabbit)
        plant.feed(20)
        plant.kill_child("stages")
        time.sleep(1)
        plant.kill("stages")
        rabbit.kill()
        plant.feed(10)
        rabbit.start()
        plant.settle()
        plant.verdict()
    finally:
        plant.close()
