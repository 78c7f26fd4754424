"""
So many orders arrive while the stage workers are stopped: the clock must not pile up messages on top of those that wait already.

`python -m tests.faults.backlog_200k --orders 200000 --minutes 5` counts the stages' messages against twice what the batches need, and
ends with 0 if there are no more, every order went on as far as it can without a picker, and all rules of the books hold.
"""

import argparse
import math
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from orderpipe.broker import MESSAGE
from orderpipe.flow import Queue
from tests.faults.harness import Plant

STAGES = 5
"""The stages a new order runs through until it waits for its picker: validate, allocate, promise, release, pick."""

WITHOUT_LETTERS = ",".join((Queue.INTAKE, Queue.CARE, Queue.CLOCK))


@dataclass(frozen=True, slots=True)
class Measured:
    """What it took: messages given to stage workers, those that whole batches need, seconds to work off, and what is wrong."""

    messages: int
    needed: int
    seconds: float
    wrong: tuple[str, ...]

    @property
    def well(self) -> bool:
        """No more than twice the messages, and nothing wrong."""
        return not self.wrong and self.messages <= 2 * self.needed


def measure(folder: Path, *, orders: int, stopped: float, patience: float = 3600, pace: dict[str, str] | None = None) -> Measured:
    """Take `orders` down while no stage worker runs, for `stopped` seconds in all; then let two processes work it off."""
    plant = Plant(folder, environment={"ORDERPIPE_LOOK_AGAIN_SECONDS": "30", "ORDERPIPE_SWEEP_SECONDS": "5"} | (pace or {}))
    try:
        plant.stock(10**8)
        plant.worker("rest", WITHOUT_LETTERS, 1)
        plant.beat()
        plant.crew("--orders-only")
        begun = time.monotonic()
        for start in range(0, orders, 1000):
            plant.feed(min(1000, orders - start), plain=True)
        print(f"{orders} orders taken down in {time.monotonic() - begun:.0f} s; no stage worker runs.", flush=True)
        time.sleep(max(0.0, stopped - (time.monotonic() - begun)))
        begun = time.monotonic()
        plant.worker("stages")
        waiting = "SELECT count(*) FROM fulfillment WHERE state = 'released' AND waiting_for = 'pick-scans'"
        plant.wait_until(lambda: plant.value(waiting) >= orders, patience, "every order waited for its picker")
        seconds = time.monotonic() - begun
        time.sleep(2)
        return Measured(plant.messages("stages"), STAGES * math.ceil(orders / MESSAGE), seconds, tuple(plant.findings()))
    finally:
        plant.close()


def main() -> int:
    """Measure, and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=200_000)
    parser.add_argument("--minutes", type=float, default=5.0, help="how long no stage worker runs")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="orderpipe-backlog-") as folder:
        Path(folder).chmod(0o755)
        found = measure(Path(folder) / "plant", orders=chosen.orders, stopped=chosen.minutes * 60)
    print(f"{found.messages} messages to stages, {found.needed} needed by whole batches: {found.messages / found.needed:.2f} times.")
    print(f"Worked off in {found.seconds:.0f} s, {chosen.orders / found.seconds:.0f} orders/s.")
    print("\n".join(found.wrong) or "All rules of the books hold; nothing is stuck.")
    print("Well." if found.well else "NOT well.")
    return 0 if found.well else 1


if __name__ == "__main__":
    sys.exit(main())
