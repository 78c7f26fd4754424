"""
The clock's hand-out: units whose time has come go to their stage again, or to the side flow that looks after their hold.

It makes good every lost message, ends every wait whose date has come, and is safe to run twice at once.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from orderpipe import broker
from orderpipe.flow import ENDS, Lane, Queue, Unit, WaitingFor, next_step
from orderpipe.settings import settings
from orderpipe.sideflows import asking
from orderpipe.store import clock, units
from orderpipe.store.clock import Due
from workers.run import Run

MOST = 10_000
"""Units of one kind that one tick hands out at most."""


def sweep(run: Run) -> int:
    """Hand out what is due, in batches of one lane and stage; nothing to a lane whose queue is long. Returns how many units."""
    lanes = [lane for lane in Lane if has_room(lane.queue)]
    if not lanes:
        return 0
    due: dict[Unit, list[Due]] = {}
    for unit in (Unit.ORDER, Unit.FULFILLMENT):
        with run.engine.begin() as tx:
            due[unit] = clock.take_due(tx, unit, now=run.clock(), lanes=lanes, limit=MOST, pause=units.look_again())
            held = [one.id for one in due[unit] if one.waiting_for == WaitingFor.QUERY] if unit == Unit.ORDER else []
            asked = asking.next_tasks(tx, held, run.clock()) if held else {}
        for name, order_ids in asked.items():
            broker.send_task(name, order_ids, queue=Queue.CARE)
        _hand_out(due[unit])
    _hand_out_intakes(run)
    return sum(map(len, due.values()))


def has_room(queue: str) -> bool:
    """Whether a queue is short enough to get more; a broker that does not answer has none."""
    length = broker.queue_length(queue)
    return length is not None and length < settings().long_queue


def _hand_out(due: Sequence[Due]) -> None:
    office = sorted({one.order_id for one in due if one.waiting_for == WaitingFor.OFFICE})
    if office:
        broker.send_task("office.remind", office, queue=Queue.CARE)
    batches: dict[tuple[str, str, int], list[int]] = defaultdict(list)
    for one in due:
        step = next_step(one.state, appointment=one.appointment)  # type: ignore[arg-type]  # states compare as their strings
        if step is not None and one.waiting_for is None and one.state not in ENDS:
            batches[step.name, one.lane, _batch_size(one.attempts)].append(one.id)
    for (name, lane, size), ids in batches.items():
        for part in _parts(ids, size):
            # alone by now and still not through: perhaps it takes its whole worker down, which no message survives to tell
            broker.send_stage(name, part, lane, tried=size == 1)


def _batch_size(attempts: int) -> int:
    """Units that come back again and again go in smaller company, so that one that breaks its batch holds up few others."""
    return max(1, broker.MESSAGE >> max(0, attempts - 1) * 2)


def _parts(ids: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    return (ids[start : start + size] for start in range(0, len(ids), size))


def _hand_out_intakes(run: Run) -> None:
    with run.engine.begin() as tx:
        intakes = clock.take_due_intakes(tx, now=run.clock(), limit=MOST, pause=units.look_again())
    if intakes:
        broker.send_stage("receive", intakes, Lane.STANDARD)


