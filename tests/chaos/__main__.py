"""
Breaks things for a while, then sees whether every order is well, and ends with 0 if it is. The same seed does the same in the same order.
"""

import argparse
import os
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

from sqlalchemy import text

from tests.chaos.faults import FAULTS, cancel_some
from tests.faults.harness import Plant


class Chaos:
    """A plant, a chance with a seed, and a diary on the terminal."""

    def __init__(self, plant: Plant, seed: int) -> None:
        self.plant, self.chance = plant, random.Random(seed)
        self.begun = time.monotonic()
        self.done: dict[str, int] = {}

    def say(self, sentence: str) -> None:
        """A line of the diary."""
        seconds = int(time.monotonic() - self.begun)
        print(f"{seconds // 60:02}:{seconds % 60:02}  {sentence}", flush=True)

    def run(self, seconds: float) -> None:
        """Orders come in all the time, and something breaks every few seconds."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.plant.feed(self.chance.randint(1, 30))
            cancel_some(self.plant, self.chance)
            fault = self.chance.choice(FAULTS)
            self.say((fault.__doc__ or "").strip())
            self.done[fault.__name__] = self.done.get(fault.__name__, 0) + 1
            fault(self.plant, self.chance)
            time.sleep(self.chance.uniform(0.5, 6))
            self.plant.supervise()

    def heal(self) -> None:
        """No more faults."""
        self.plant.restore()

    def wrong(self) -> list[str]:
        """Let everything settle, and say what is wrong."""
        try:
            self.plant.settle(300)
        except TimeoutError as error:
            return [str(error), *self.plant.findings()]
        return self.plant.findings()


def main() -> int:
    """Chaos, then the verdict."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="orderpipe-chaos-", dir=_quick_place()))
    plant = Plant(folder / "plant")
    try:
        wrong = _mix(Chaos(plant, chosen.seed), chosen.minutes * 60)
    finally:
        plant.close()
    if wrong:
        print("\n".join(wrong), f"\nNOT well. The logs are in {folder}.")
        return 1
    shutil.rmtree(folder, ignore_errors=True)
    print("Well: every order has ended, no piece of stock is lost or sold twice, nobody was told the same in two letters.")
    return 0


def _mix(chaos: Chaos, seconds: float) -> list[str]:
    plant = chaos.plant
    plant.repeats_allowed = True
    plant.stock(300)
    plant.open()
    plant.wait_until_ready("stages", "rest")
    chaos.run(seconds)
    chaos.say("No more faults; everything settles.")
    chaos.heal()
    wrong = chaos.wrong()
    with plant.engine.begin() as tx:
        ended = {row.state: row.count for row in tx.execute(text("SELECT state, count(*) AS count FROM orders GROUP BY 1"))}
    chaos.say(f"{len(plant.orders)} orders: {ended}; {len(plant.post.letters)} letters, {len(plant.post.twice())} of them more than once.")
    print("Faults:", ", ".join(f"{count} × {name}" for name, count in sorted(chaos.done.items())))
    return wrong


def _quick_place() -> str | None:
    memory = Path("/dev/shm")
    return str(memory) if memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 3_000_000_000 else None


if __name__ == "__main__":
    sys.exit(main())
