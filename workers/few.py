"""
Few units need no message between their stages: the process that begins with them takes them through the next stages as well.

For one order alone a message takes longer than a stage, and a commit longer than its statements. So few units also share a transaction
between stages, up to one that locks what others want. Each stage still has its own task id in the journal and its own line in Flower;
what a crash leaves undone the clock finds, as it finds what was in a lost message.
"""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from kombu.utils.uuid import uuid

from orderpipe.broker import UNREACHABLE, app, describe
from orderpipe.flow import STEP
from workers.run import Leg

log = logging.getLogger(__name__)

FEW = 10
"""Units at most that go on without a message."""

RunLegs = Callable[[Sequence[Leg], Sequence[int], str | None], list[list[int]]]
"""Takes units through these stages, with the one after them named; returns for each which units stand ready for the next."""


def take_on(request: Any, name: str, ids: Sequence[int], run_legs: RunLegs) -> list[int]:
    """
    Take few units through the stage called `name` and on through the links of the request's chain, for as long as any stand ready.

    `request` is Celery's context of the running task; what is left in its chain is for the units returned. Raises what a stage raises;
    what was committed before stays done.
    """
    ready, ran = list(ids), list[Ran]()
    rest: list[str] = [name, *(link["task"] for link in reversed(request.chain or ()))]
    try:
        while rest and 0 < len(ready) <= FEW:
            stretch, rest = _first_stretch(rest)
            legs = [Leg(one, uuid() if ran or place else request.id) for place, one in enumerate(stretch)]
            began = time.time()
            done = run_legs(legs, ready, rest[0] if rest else None)
            ran += _apart(legs, [ready, *done], began)
            ready = done[-1]
    finally:
        if len(ran) > 1 and app.conf.worker_send_task_events:
            _show(request, ran[1:])
    request.chain = (request.chain or [])[: len(rest)]
    return ready


def _first_stretch(names: list[str]) -> tuple[list[str], list[str]]:
    """The stages that share a transaction, and the others."""
    end = next((place for place, name in enumerate(names, 1) if STEP[name].locks_what_others_want), len(names))
    return names[:end], names[end:]


@dataclass(frozen=True, slots=True)
class Ran:
    """A stage that was run: the units it was given and those it got ready, when it began (seconds since 1970), and the seconds it took."""

    leg: Leg
    ids: Sequence[int]
    ready: Sequence[int]
    began: float
    seconds: float


def _apart(legs: Sequence[Leg], passed: Sequence[Sequence[int]], began: float) -> list[Ran]:
    """Stages that shared a transaction share its time equally; `passed` are the units before the first and after each."""
    each = (time.time() - began) / (len(passed) - 1)
    return [
        Ran(leg, before, after, began + place * each, each)
        for place, (leg, before, after) in enumerate(zip(legs, passed, passed[1:], strict=False))
    ]


def _show(request: Any, ran: Sequence[Ran]) -> None:
    """Let Flower and other monitors see stages that had no message as the tasks they are, all in one message."""
    try:
        with app.events.default_dispatcher(hostname=request.hostname) as events:
            events.buffer_group, events.buffer_limit = frozenset({"task"}), 10 * len(ran)
            for one in ran:
                about = {"name": one.leg.name, "args": describe(one.leg.name, (list(one.ids),)), "kwargs": "{}", "retries": 0}
                origin = {"root_id": request.root_id, "parent_id": request.id}
                events.send("task-received", uuid=one.leg.task_id, timestamp=one.began, **about, **origin)
                events.send("task-started", uuid=one.leg.task_id, timestamp=one.began)
                result = {"result": repr(list(one.ready))[:200], "runtime": one.seconds}
                events.send("task-succeeded", uuid=one.leg.task_id, timestamp=one.began + one.seconds, **result)
            events.flush(errors=False)
    except UNREACHABLE as error:
        log.warning("Nobody could be shown %d stages that ran (%s).", len(ran), error)
