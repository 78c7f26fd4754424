"""
The one path a batch takes through a stage: lock, read, decide, write, journal, outbox, commit; then the hints.

A batch is a set of ids that may be stale: units that moved on, wait or ended fall out. A batch that fails is halved until
the order that breaks stands alone; that one goes to the office with its error, the others go on.
"""

import logging
import random
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

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

Ready = TypeVar("Ready")

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
    Take these units through the stage called `name`; returns which of those it took now stand ready for the stage `onward`.

    What another message took before is left to that message, so that a second hint does not grow into a second chain. Raises only
    transient errors that outlasted all tries; whatever was not moved by then is found by the clock.
    """
    step = STEP[name]
    ready: list[int] = []
    for start in range(0, len(ids), step.batch):
        ready += attempt(lambda part, again: _in_one_transaction(run, step, part, onward, again=again),
                         ids[start : start + step.batch], lambda unit_id, error: _give_up(run, step, unit_id, error))
    return ready


def attempt(
    work: Callable[[Sequence[int], bool], list[int]], ids: Sequence[int], give_up: Callable[[int, BaseException], None]
) -> list[int]:
    """
    Do the work in one transaction; on an unexpected error halve the set until the unit that breaks stands alone.

    The work is told whether it was tried before: the commit may have reached the database and only the answer was lost.
    """
    try:
        return patiently(lambda again: work(ids, again))
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


def patiently(work: Callable[[bool], Ready]) -> Ready:
    """Do the work, again where it failed for a transient reason; it is told whether it was tried before. Raises what outlasts all tries."""
    for tried in range(TRIES):
        try:
            return work(tried > 0)
        except Exception as error:
            if not is_transient(error) or tried == TRIES - 1:
                raise
            log.warning("A transient error, tried again: %s", error)
            time.sleep(0.1 * 2**tried * random.uniform(0.5, 1.5))  # jitter, not a secret
    raise AssertionError("The last try returns or raises.")


def _in_one_transaction(run: Run, step: Step, ids: Sequence[int], onward: str | None, *, again: bool) -> list[int]:
    with run.engine.begin() as tx:
        taken = _take(tx, run, step, ids)
        ready = _ready(tx, step, onward, taken.found) if again else _ready_now(tx, step, onward, taken)
    hint(taken.effects)
    return ready


@dataclass(frozen=True, slots=True)
class Leg:
    """One stage on the way of few units, and the task id under which it is written down."""

    name: str
    task_id: str | None


def run_together(run: Run, legs: Sequence[Leg], ids: Sequence[int], onward: str | None) -> list[list[int]]:
    """
    Take few units through several stages in one transaction; returns for each stage which of them stand ready for the next.

    It ends early where none does. What breaks on the way is taken back whole and goes stage by stage. Raises as `run_stage`.
    """
    try:
        return patiently(lambda _again: _through(run, legs, ids, onward))
    except Exception as error:
        if is_transient(error):
            raise
        log.warning("%d units failed on their way through %d stages and go stage by stage: %s", len(ids), len(legs), error)
    return list(_stage_by_stage(run, legs, list(ids), onward))


def _through(run: Run, legs: Sequence[Leg], ids: Sequence[int], onward: str | None) -> list[list[int]]:
    done: list[tuple[Taken, list[int]]] = []
    with run.engine.begin() as tx:
        for leg, then in _with_next(legs, onward):
            taken = _take(tx, replace(run, task_id=leg.task_id), STEP[leg.name], ids)
            ids = _ready_now(tx, STEP[leg.name], then, taken)
            done.append((taken, ids))
            if not ids:
                break
    for taken, _ in done:
        hint(taken.effects)
    return [ready for _, ready in done]


def _stage_by_stage(run: Run, legs: Sequence[Leg], ids: list[int], onward: str | None) -> Iterator[list[int]]:
    for leg, then in _with_next(legs, onward):
        ids = run_stage(replace(run, task_id=leg.task_id), leg.name, ids, then)
        yield ids
        if not ids:
            return


def _with_next(legs: Sequence[Leg], onward: str | None) -> Iterable[tuple[Leg, str | None]]:
    return zip(legs, [*(leg.name for leg in legs[1:]), onward], strict=True)


@dataclass(frozen=True, slots=True)
class Taken:
    """What a stage found of the units named, which of them it took, and what has to be hinted when that is committed."""

    found: Sequence[Claimed]
    claimed: Mapping[int, Claimed]
    effects: Effects


def _take(tx: Tx, run: Run, step: Step, ids: Sequence[int]) -> Taken:
    found = units.claim(tx, step.unit, ids)
    claimed = {one.id: one for one in found if _may_take(step, one)}
    return Taken(found, claimed, _decide_and_write(tx, run, step, claimed) if claimed else Effects())


def _decide_and_write(tx: Tx, run: Run, step: Step, claimed: Mapping[int, Claimed]) -> Effects:
    stage, now = STAGES[step.name], run.clock()
    rules = policies.policies(tx, now)
    facts = stage.read(tx, list(claimed), rules)
    decisions = stage.decide(facts, now=now)
    _check_all_decided(claimed, decisions)
    stage.write(tx, facts, decisions, now)
    occasion = Occasion(now, f"stage:{step.name}", rules, settings().office_email, run.task_id)
    return carry_out(tx, step.unit, claimed, decisions, occasion=occasion)


def _may_take(step: Step, one: Claimed) -> bool:
    """Whether the unit stands where this step takes it, with nothing to wait for; an appointment skips the warehouse."""
    return one.waiting_for is None and next_step(one.state, appointment=one.appointment) is step


class Undecided(Exception):
    """A stage did not decide about every unit that it took, or about others."""


def _check_all_decided(claimed: Mapping[int, Claimed], decisions: Sequence[Decision]) -> None:
    if sorted(one.unit_id for one in decisions) != sorted(claimed):
        missing = sorted(claimed.keys() - {one.unit_id for one in decisions})
        raise Undecided(f"The stage took {len(claimed)} units and decided {len(decisions)} times; nothing about {missing[:5]}.")


def _ready_now(tx: Tx, step: Step, onward: str | None, taken: Taken) -> list[int]:
    """As `_ready` for units just taken, without looking them up where the next stage takes the same kind."""
    if onward is None or STEP[onward].unit != step.unit:
        return _ready(tx, step, onward, taken.claimed.values())
    return sorted(unit_id for unit_id, state in taken.effects.free if state == STEP[onward].takes)


def _ready(tx: Tx, step: Step, onward: str | None, taken: Collection[Claimed]) -> list[int]:
    """What the next stage can take: these units, or where it takes the other kind, those of the same orders."""
    if onward is None or not taken:
        return []
    then, ours = STEP[onward], {one.id for one in taken}
    standing = units.standing(tx, then.unit, {one.order_id for one in taken}, then.takes)
    return [one for one in standing if one in ours] if then.unit == step.unit else standing


def hint(effects: Effects) -> None:
    """Send what a committed transaction makes worth looking at; what gets lost here is found by the clock."""
    for channel in effects.channels:
        broker.send_task(f"notify.{channel}", queue=Queue.NOTIFY)
    if effects.asked:
        broker.send_task("query.ask", list(effects.asked), queue=Queue.CARE)


def _give_up(run: Run, step: Step, unit_id: int, error: BaseException) -> None:
    """Park the unit that broke, standing alone; but memory may have been short for other reasons, so that is tried a few times."""
    if isinstance(error, MemoryError) and _count_crash(run, step, [unit_id]) < MOST_CRASHES:
        return
    park(run, step.unit, unit_id, error)


def _count_crash(run: Run, step: Step, ids: Sequence[int]) -> int:
    with run.engine.begin() as tx:
        units.claim(tx, step.unit, ids)
        return units.note_crash(tx, step.unit, ids[0])


def park(run: Run, unit: Unit, unit_id: int, error: BaseException) -> None:
    """Give a unit that breaks its stage to the office, with the error and the order's number; the others go on."""
    sentence, kind = f"{type(error).__name__}: {error}"[:500], type(error).__name__
    with run.engine.begin() as tx:
        now = run.clock()
        claimed = {one.id: one for one in units.claim(tx, unit, [unit_id]) if one.state not in ENDS}
        occasion = Occasion(now, "runner", policies.policies(tx, now), settings().office_email, run.task_id)
        parked = [replace(_parked(unit, one, sentence, now), note={"error": kind}) for one in claimed.values()]
        effects = carry_out(tx, unit, claimed, parked, occasion=occasion)
        units.note_error(tx, unit, unit_id, sentence)
    hint(effects)


def _parked(unit: Unit, one: Claimed, sentence: str, now: datetime) -> Hold:
    letter = Tell(
        "office-parked", {"error": sentence, "stage": one.state, "unit": unit},
        f"office-parked:{unit}:{one.id}:{one.state}:{now:%Y%m%d%H}", Audience.OFFICE,
    )
    return Hold(one.id, WaitingFor.OFFICE, Owner.OFFICE, sentence, now + OFFICE_WITHIN, (letter,))


@dataclass(frozen=True, slots=True)
class CameBack:
    """What to do with a message that came back: the units to run again here, the parts to send anew, and what goes on by now."""

    here: tuple[int, ...] = ()
    anew: tuple[tuple[int, ...], ...] = ()
    ready: tuple[int, ...] = ()


def came_back(run: Run, name: str, ids: Sequence[int], onward: str | None = None) -> CameBack:
    """
    Look at a batch whose worker died or whose message was delivered again.

    What was moved goes on. Of what was not, several units are halved; one alone runs again, until it has come back too often: then it
    is parked.
    """
    step = STEP[name]
    # counted in a transaction of its own: the run that follows may take the process with it
    with run.engine.begin() as tx:
        found = units.claim(tx, step.unit, ids)
        left = tuple(one.id for one in found if _may_take(step, one))
        ready = tuple(_ready(tx, step, onward, [one for one in found if one.id not in left]))
        crashes = units.note_crash(tx, step.unit, left[0]) if len(left) == 1 else 0
    if len(left) > 1:
        middle = len(left) // 2
        return CameBack((), (left[:middle], left[middle:]), ready)
    if crashes < MOST_CRASHES:
        return CameBack(left, (), ready)
    park(run, step.unit, left[0], CrashedTooOften(f"The worker died {crashes} times at this unit's stage {name}."))
    return CameBack((), (), ready)


class CrashedTooOften(Exception):
    """A unit took its worker down again and again."""
