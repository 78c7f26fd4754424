"""
The one path a batch takes through a stage: lock, read, decide, write, journal, outbox, commit; then the hints.

A batch is a set of ids that may be stale: units that moved on, wait or ended fall out. A batch that fails is halved until
the order that breaks stands alone; that one goes to the office with its error, the others go on.
"""

import logging
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from orderpipe import broker
from orderpipe.domain.decisions import Audience, Decision, Hold, Tell
from orderpipe.flow import ENDS, STEP, Owner, Queue, Step, Unit, WaitingFor, next_step
from orderpipe.settings import settings
from orderpipe.stages import STAGES
from orderpipe.store import policies, units
from orderpipe.store.carry_out import Effects, Occasion, carry_out
from orderpipe.store.database import Database, is_transient
from orderpipe.store.metadata import Tx
from orderpipe.store.units import Claimed

log = logging.getLogger(__name__)

TRIES = 5
"""Attempts at a batch whose transaction fails for a transient reason; waits double from 0.1 s."""
MOST_CRASHES = 3
"""How often a unit's message may come back after it ran alone before the unit is parked."""
OFFICE_WITHIN = timedelta(hours=8)


@dataclass(frozen=True, slots=True)
class Run:
    """One message being worked on: the database, the clock (aware UTC), and the task's id."""

    engine: Database
    clock: Callable[[], datetime]
    task_id: str | None = None


def run_stage(run: Run, name: str, ids: Sequence[int], onward: str | None = None) -> list[int]:
    """
    Take these units through the stage called `name`; returns what now stands ready for the stage `onward`.

    What an earlier delivery of the same message moved is returned too, so that its chain is not cut. Raises only transient
    errors that outlasted all tries; whatever was not moved by then is found by the clock.
    """
    step = STEP[name]
    ready: list[int] = []
    for start in range(0, len(ids), step.batch):
        ready += attempt(lambda part: _in_one_transaction(run, step, part, onward),
                         ids[start : start + step.batch], lambda unit_id, error: park(run, step.unit, unit_id, error))
    return ready


def attempt(
    work: Callable[[Sequence[int]], list[int]], ids: Sequence[int], give_up: Callable[[int, BaseException], None]
) -> list[int]:
    """Do the work in one transaction; on an unexpected error halve the set until the unit that breaks stands alone."""
    try:
        return _patiently(lambda: work(ids))
    # MemoryError belongs here: one order may be too large for us, which is no reason to lose the others
    except Exception as error:
        if is_transient(error):
            raise
        log.exception("A batch of %d failed and is halved.", len(ids))
        if len(ids) == 1:
            give_up(ids[0], error)
            return []
    middle = len(ids) // 2
    return [*attempt(work, ids[:middle], give_up), *attempt(work, ids[middle:], give_up)]


def _patiently(work: Callable[[], list[int]]) -> list[int]:
    for tried in range(TRIES):
        try:
            return work()
        except Exception as error:
            if not is_transient(error) or tried == TRIES - 1:
                raise
            log.warning("A transient error, tried again: %s", error)
            time.sleep(0.1 * 2**tried * random.uniform(0.5, 1.5))  # jitter, not a secret
    return []


def _in_one_transaction(run: Run, step: Step, ids: Sequence[int], onward: str | None) -> list[int]:
    with run.engine.begin() as tx:
        effects, orders = _decide_and_write(tx, run, step, ids)
        ready = _ready(tx, step, onward, ids, orders)
    hint(effects)
    return ready


def _decide_and_write(tx: Tx, run: Run, step: Step, ids: Sequence[int]) -> tuple[Effects, set[int]]:
    stage, now = STAGES[step.name], run.clock()
    rules = policies.policies(tx, now)
    found = units.claim(tx, step.unit, ids)
    claimed = {one.id: one for one in found if _may_take(step, one)}
    effects = Effects()
    if claimed:
        facts = stage.read(tx, list(claimed), rules)
        decisions = stage.decide(facts, now=now)
        _check_all_decided(claimed, decisions)
        stage.write(tx, facts, decisions, now)
        occasion = Occasion(now, f"stage:{step.name}", rules, settings().office_email, run.task_id)
        effects = carry_out(tx, step.unit, claimed, decisions, occasion=occasion)
    return effects, {one.order_id for one in found}


def _may_take(step: Step, one: Claimed) -> bool:
    """Whether the unit stands where this step takes it, with nothing to wait for; an appointment skips the warehouse."""
    return one.waiting_for is None and next_step(one.state, appointment=one.appointment) is step


class Undecided(Exception):
    """A stage did not decide about every unit that it took, or about others."""


def _check_all_decided(claimed: Mapping[int, Claimed], decisions: Sequence[Decision]) -> None:
    if sorted(one.unit_id for one in decisions) != sorted(claimed):
        missing = sorted(claimed.keys() - {one.unit_id for one in decisions})
        raise Undecided(f"The stage took {len(claimed)} units and decided {len(decisions)} times; nothing about {missing[:5]}.")


def _ready(tx: Tx, step: Step, onward: str | None, ids: Sequence[int], orders: set[int]) -> list[int]:
    """What the next stage can take: these units, or where it takes the other kind, those of the same orders."""
    if onward is None:
        return []
    then, ours = STEP[onward], set(ids)
    standing = units.standing(tx, then.unit, orders, then.takes)
    return [one for one in standing if one in ours] if then.unit == step.unit else standing


def hint(effects: Effects) -> None:
    """Send what a committed transaction makes worth looking at; what gets lost here is found by the clock."""
    for channel in effects.channels:
        broker.send_task(f"notify.{channel}", queue=Queue.NOTIFY)
    if effects.asked:
        broker.send_task("query.ask", list(effects.asked), queue=Queue.CARE)


def park(run: Run, unit: Unit, unit_id: int, error: BaseException) -> None:
    """Give a unit that breaks its stage to the office, with the error and the order's number; the others go on."""
    sentence = f"{type(error).__name__}: {error}"[:500]
    with run.engine.begin() as tx:
        now = run.clock()
        claimed = {one.id: one for one in units.claim(tx, unit, [unit_id]) if one.state not in ENDS}
        occasion = Occasion(now, "runner", policies.policies(tx, now), settings().office_email, run.task_id)
        parked = [_parked(unit, one, sentence, now) for one in claimed.values()]
        effects = carry_out(tx, unit, claimed, parked, occasion=occasion)
        units.note_error(tx, unit, unit_id, sentence)
    hint(effects)


def _parked(unit: Unit, one: Claimed, sentence: str, now: datetime) -> Hold:
    letter = Tell(
        "office-parked", {"error": sentence, "stage": one.state, "unit": unit},
        f"office-parked:{unit}:{one.id}:{one.state}:{now:%Y%m%d%H}", Audience.OFFICE,
    )
    return Hold(one.id, WaitingFor.OFFICE, Owner.OFFICE, sentence, now + OFFICE_WITHIN, (letter,))


def came_back(run: Run, name: str, ids: Sequence[int]) -> list[list[int]]:
    """
    What to do with a batch whose worker died or whose message was delivered again: the parts to send anew.

    Several units are halved. One alone runs again ([[id]]) until it has come back too often: then it is parked ([]).
    """
    if len(ids) > 1:
        middle = len(ids) // 2
        return [list(ids[:middle]), list(ids[middle:])]
    step = STEP[name]
    # counted in a transaction of its own: the run that follows may take the process with it
    with run.engine.begin() as tx:
        standing = any(_may_take(step, one) for one in units.claim(tx, step.unit, ids))
        crashes = units.note_crash(tx, step.unit, ids[0]) if standing else 0
    if crashes < MOST_CRASHES:
        return [list(ids)]
    park(run, step.unit, ids[0], CrashedTooOften(f"The worker died {crashes} times at this unit's stage {name}."))
    return []


class CrashedTooOften(Exception):
    """A unit took its worker down again and again."""
