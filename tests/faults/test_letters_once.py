"""
The sender killed between the mail server's OK and the record: what it repeats carries the Message-ID it had.
"""

from functools import partial

from tests.faults.harness import REST, Plant
from workers.send import GROUP

KILLS = 3


def _is_dead(plant: Plant, killed: list[int], times: int) -> bool:
    return len(killed) >= times and not plant.processes["rest"].is_running()


def test_killed_between_ok_and_record(plant: Plant) -> None:
    before = plant.post.letters.total()
    killed: list[int] = []

    def kill(letters: int) -> None:
        if len(killed) < KILLS and letters - before >= 25 * (len(killed) + 1):
            killed.append(letters)
            plant.kill("rest")

    plant.repeats_allowed = True
    plant.worker("rest", REST, 2, ORDERPIPE_LEASE_SECONDS="4")
    plant.post.after = kill
    plant.feed(40)
    for number in range(1, KILLS + 1):
        plant.wait_until(partial(_is_dead, plant, killed, number), 90, "the sender was killed")
        plant.processes["rest"].start()
    plant.post.after = None
    plant.settle()
    assert plant.post.twice(), "No kill fell between the OK and the record."
    assert len(plant.post.twice()) <= KILLS * GROUP * 2
    assert all(count <= 1 + KILLS for count in plant.post.letters.values())
