"""
What can be broken in a plant, each by a name that says what is done.
"""

import random
import time
from collections.abc import Callable
from datetime import UTC, datetime

import redis

from orderpipe.sideflows import cancellations
from orderpipe.stages import STAGES
from orderpipe.store.database import DatabaseError
from tests.faults.harness import LANES, Plant

Fault = Callable[[Plant, random.Random], object]


def _redis(plant: Plant) -> "redis.Redis":
    return redis.Redis.from_url(plant.environment["ORDERPIPE_BROKER_URL"], socket_timeout=5)


def flush_redis(plant: Plant, chance: random.Random) -> None:
    """Empty Redis."""
    with _redis(plant) as client:
        client.flushall()


def restart_redis(plant: Plant, chance: random.Random) -> None:
    """Kill Redis and start it again after a while."""
    assert plant.redis is not None
    plant.redis.kill()
    time.sleep(chance.uniform(0, 4))
    plant.redis.start()


def freeze_redis(plant: Plant, chance: random.Random) -> None:
    """Let Redis hang for a while."""
    assert plant.redis is not None
    plant.redis.freeze()
    time.sleep(chance.uniform(1, 8))
    plant.redis.thaw()


def restart_database(plant: Plant, chance: random.Random) -> None:
    """Stop PostgreSQL in good order and start it again."""
    plant.postgres.stop()
    time.sleep(chance.uniform(0, 3))
    plant.postgres.start()


def kill_database(plant: Plant, chance: random.Random) -> None:
    """Kill PostgreSQL and start it again."""
    plant.postgres.kill()
    time.sleep(chance.uniform(0, 2))
    plant.postgres.start()


def freeze_database(plant: Plant, chance: random.Random) -> None:
    """Let the main process of PostgreSQL hang for a while: no new connection is let in."""
    plant.postgres.freeze()
    time.sleep(chance.uniform(1, 4))
    plant.postgres.thaw()


def kill_worker_process(plant: Plant, chance: random.Random) -> None:
    """Kill one process of a worker."""
    plant.kill_child(chance.choice(("stages", "rest")))


def kill_worker(plant: Plant, chance: random.Random) -> None:
    """Kill a whole worker; it is started again."""
    plant.kill(chance.choice(("stages", "rest")))


def kill_clock(plant: Plant, chance: random.Random) -> None:
    """Kill beat; it is started again."""
    plant.kill("beat")


def stop_clock_for_a_while(plant: Plant, chance: random.Random) -> None:
    """Stop beat for some seconds."""
    plant.processes["beat"].stop()
    time.sleep(chance.uniform(2, 6))


def rig_stages(plant: Plant, chance: random.Random) -> None:
    """Exchange the stage workers for some that fail in mid-batch: by os._exit, out of memory, or killed whole."""
    deeds = chance.sample(("exit", "memory", "oom", "kill"), 2)
    plant.rigged("stages", LANES, *({"stage": chance.choice(list(STAGES)), "does": does} for does in deeds))


def ordinary_stages(plant: Plant, chance: random.Random) -> None:
    """Exchange the stage workers for ordinary ones, in good order."""
    plant.worker("stages")


def second_worker(plant: Plant, chance: random.Random) -> None:
    """A second worker for the stages, which sends everything twice."""
    plant.worker("stages-2", LANES, 1, "tests.faults.rigged", RIGGED_TWICE="1")


def cancel_some(plant: Plant, chance: random.Random) -> None:
    """Customers cancel some of the newest orders."""
    for order_id in chance.sample(plant.orders[-60:], min(5, len(plant.orders))):
        try:
            with plant.engine.begin() as tx:
                cancellations.cancel(tx, order_id, reason="customer", by="customer", now=datetime.now(UTC))
        except (cancellations.CancelRefused, DatabaseError):
            continue


FAULTS: tuple[Fault, ...] = (
    flush_redis, restart_redis, freeze_redis, restart_database, kill_database, freeze_database, kill_worker_process, kill_worker,
    kill_clock, stop_clock_for_a_while, rig_stages, ordinary_stages, second_worker, cancel_some,
)
