"""
A worker's app whose stages fail on purpose: `celery -A tests.faults.rigged worker …`, told by RIGGED what goes wrong.

RIGGED is a JSON list of {"stage": "pack", "does": one of DOES, "order": 7 (without one: any), "times": 1, "folder": "…"}; `times` counts
over all processes, by files in the folder. RIGGED_TWICE=1 publishes every message twice.
"""

import json
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from signal import SIGKILL
from typing import Any

from orderpipe import broker
from orderpipe.domain.orders import order_of
from orderpipe.flow import STEP, Unit
from orderpipe.stages import STAGES
from workers.celery_app import app

__all__ = ["app"]


class Strange(Exception):
    """What a stage raises on an order that nobody has thought of."""


def _raise() -> None:
    raise Strange("This order is too strange.")


def _run_out_of_memory() -> None:
    raise MemoryError


def _be_killed_for_memory() -> None:
    """What the kernel does to a process that takes too much."""
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (400_000_000, 400_000_000))
    hoard = []
    try:
        while True:
            hoard.append(bytearray(10_000_000))
    except MemoryError:
        os.kill(os.getpid(), SIGKILL)


def _kill_the_whole_worker() -> None:
    os.kill(os.getppid(), SIGKILL)
    os.kill(os.getpid(), SIGKILL)


DOES: dict[str, Callable[[], object]] = {
    "raise": _raise, "memory": _run_out_of_memory, "oom": _be_killed_for_memory, "exit": lambda: os._exit(7),
    "kill": _kill_the_whole_worker, "sleep": lambda: time.sleep(3),
}


def _again(plan: dict[str, Any]) -> bool:
    """Whether it is to happen once more; whoever makes the file first is the one."""
    for number in range(plan.get("times", 1)):
        try:
            (Path(plan["folder"]) / f"{plan['stage']}-{plan['does']}-{number}").touch(exist_ok=False)
            return True
        except FileExistsError:
            continue
    return False


def rig(plan: dict[str, Any]) -> None:
    """Let the stage fail as planned after it has read its facts under lock, before it writes."""
    stage: Any = STAGES[plan["stage"]]
    unit = STEP[plan["stage"]].unit
    original = stage.decide

    def decide(facts: Any, **given: Any) -> Sequence[Any]:
        decisions: Sequence[Any] = original(facts, **given)
        orders = {one.unit_id if unit == Unit.ORDER else order_of(one.unit_id) for one in decisions}
        if ("order" not in plan or plan["order"] in orders) and _again(plan):
            DOES[plan["does"]]()
        return decisions

    stage.decide = decide


def _send_everything_twice() -> None:
    original = broker.OrderpipeCelery.send_task

    def send_task(self: Any, name: str, *args: Any, **options: Any) -> Any:
        original(self, name, *args, **dict(options))
        return original(self, name, *args, **options)

    broker.OrderpipeCelery.send_task = send_task  # type: ignore[method-assign]


if os.environ.get("RIGGED"):
    for _plan in json.loads(os.environ["RIGGED"]):
        rig(_plan)
if os.environ.get("RIGGED_TWICE"):
    _send_everything_twice()
