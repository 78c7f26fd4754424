"""
Redis restarted, emptied and frozen under load: what was only in a message is made good, and the workers live on.
"""

import time
from functools import partial

import redis

from tests.faults.harness import LANES, Plant


def _flush(plant: Plant) -> None:
    with redis.Redis.from_url(plant.environment["ORDERPIPE_BROKER_URL"], socket_timeout=5) as client:
        client.flushall()


def test_restarted_while_workers_are_busy(plant: Plant) -> None:
    """A worker of Celery 5.7.0 that holds a running message would end when its Redis goes; ours must not."""
    assert plant.redis is not None
    stages = plant.rigged("stages", LANES, {"stage": "validate", "does": "sleep"}, {"stage": "ship", "does": "sleep"})
    pid = None
    for stage in ("validate", "ship"):
        orders = plant.feed(25)
        plant.wait_until(partial(_begun, plant, f"{stage}-sleep"), 60, f"{stage} was in mid-batch")
        pid = pid or stages.pid
        plant.redis.kill()
        time.sleep(1)
        plant.redis.start()
        assert orders
    plant.settle()
    assert stages.pid == pid


def _begun(plant: Plant, what: str) -> bool:
    return any(path.name.startswith(what) for path in plant.folder.glob("rigged-*/*"))


def test_emptied_again_and_again_under_load(plant: Plant) -> None:
    for _ in range(12):
        plant.feed(5)
        _flush(plant)
        time.sleep(0.4)
    plant.settle()


def test_emptied_after_every_fact(plant: Plant) -> None:
    """Each unit still goes on, found by the clock."""
    plant.crew("--flush")
    plant.feed(20)
    plant.settle(200)


def test_frozen_for_a_while(plant: Plant) -> None:
    assert plant.redis is not None
    plant.feed(20)
    time.sleep(1)
    plant.redis.freeze()
    plant.feed(20)
    time.sleep(8)
    plant.redis.thaw()
    plant.settle()
