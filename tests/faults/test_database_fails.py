"""
PostgreSQL restarted and killed under load: no batch is parked for it, nothing is written by halves.
"""

import time

from tests.faults.harness import Plant


def test_restarted_and_killed_under_load(plant: Plant) -> None:
    plant.feed(40)
    time.sleep(2)
    plant.postgres.stop()
    plant.postgres.start()
    plant.feed(20)
    time.sleep(1)
    plant.postgres.kill()
    time.sleep(2)
    plant.postgres.start()
    plant.settle()
