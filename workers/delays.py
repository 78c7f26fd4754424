"""
The delays' jobs: the clock looks at the promises that may turn out otherwise by now, customers are told, and the ladder goes on.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from time import monotonic

from orderpipe import broker
from orderpipe.flow import Queue
from orderpipe.settings import settings
from orderpipe.sideflows import delay_letters, delays
from orderpipe.sideflows.asking import Desk
from orderpipe.sideflows.delay_letters import Climbed
from orderpipe.store import clock
from orderpipe.store import delays as kept
from workers.run import Run, attempt

JOB = "delay.project"

LOOKS, ORDERS, DUE, MESSAGE = 5_000, 500, 10_000, 100
"""Promises looked at and orders recorded in one transaction; delays that one tick hands out, and orders that one message carries."""

SECONDS = 45
"""After this long no further look is begun; the rest is left to the next tick."""

AGAIN = timedelta(hours=1)
"""When a delay that broke its step is tried again."""


def project(run: Run) -> str:
    """Look at every promise whose instant has come, then hand out the delays that have something to do."""
    enough, looks = monotonic() + SECONDS, 0
    while monotonic() < enough:
        with run.engine.begin() as tx:
            looked = delays.look(tx, now=run.clock(), limit=LOOKS)
        looks += looked.count
        for start in range(0, len(looked.orders), ORDERS):
            attempt(partial(_record, run), looked.orders[start : start + ORDERS], partial(_set_aside, run))
        if looked.count < LOOKS:
            return f"{looks} promises, {_hand_out(run)} delays"
    with run.engine.begin() as tx:
        clock.ask_again(tx, JOB, now=run.clock())
    return f"{looks} promises, {_hand_out(run)} delays, more at the next tick"


def _record(run: Run, order_ids: Sequence[int], _again: bool) -> list[int]:
    with run.engine.begin() as tx:
        delays.record(tx, order_ids, run.clock())
    return list(order_ids)


def _hand_out(run: Run) -> int:
    """Warn the house, and send what is to be told or goes on."""
    with run.engine.begin() as tx:
        warned = delays.warn(tx, office=settings().office_email, now=run.clock())
    if warned:
        broker.send_task("notify.email", queue=Queue.NOTIFY)
    with run.engine.begin() as tx:
        due = kept.due(tx, now=run.clock(), limit=DUE)
    for state, order_ids in due.items():
        for start in range(0, len(order_ids), MESSAGE):
            name = "delay.tell" if state == "late" else "delay.escalate"
            broker.send_task(name, order_ids[start : start + MESSAGE], queue=Queue.CARE)
    return sum(map(len, due.values()))


def tell(run: Run, order_ids: Sequence[int]) -> str:
    """Tell these orders' customers what is late."""
    return f"{len(_take(run, order_ids, delay_letters.tell))} orders"


def escalate(run: Run, order_ids: Sequence[int]) -> str:
    """Go on with these orders' delays, of which there was no word."""
    return f"{len(_take(run, order_ids, delay_letters.escalate))} orders"


def _take(run: Run, order_ids: Sequence[int], step: Callable[..., Climbed]) -> list[int]:
    """One transaction for all; an order that breaks it is set aside for a while, and the others go on."""

    def work(part: Sequence[int], _again: bool) -> list[int]:
        with run.engine.begin() as tx:
            climbed = step(tx, part, desk=Desk(settings().public_url, settings().office_email), now=run.clock())
        _hint(climbed)
        return list(part)

    return attempt(work, order_ids, partial(_set_aside, run))


def _hint(climbed: Climbed) -> None:
    for one in climbed.hints:
        broker.send_stage(one.step, one.ids, one.lane)
    if climbed.stock_freed:
        broker.send_task("restock", queue=Queue.CARE)
    for channel in ("email", "sms"):
        broker.send_task(f"notify.{channel}", queue=Queue.NOTIFY)


def _set_aside(run: Run, order_id: int, error: BaseException) -> None:
    with run.engine.begin() as tx:
        kept.set_aside(tx, order_id, f"{type(error).__name__}: {error}", until=run.clock() + AGAIN)
