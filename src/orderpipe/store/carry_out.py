"""
Carries decisions out: units move or wait, holds open, the journal says so, and notifications go into the outbox.

All of it is part of the caller's transaction, so a decision is carried out whole or not at all.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from orderpipe.domain.decisions import Decision, Hold, Move, Tell, Wait
from orderpipe.domain.targets import Policies, due_at
from orderpipe.flow import FULFILLMENT_ENDS, WAITS, State, Unit, WaitingFor
from orderpipe.store import fulfillments, holds, journal, notifications, units
from orderpipe.store.journal import Entry
from orderpipe.store.metadata import Tx
from orderpipe.store.units import Claimed, Moved


@dataclass(frozen=True, slots=True)
class Occasion:
    """When, by whom, in which task, and by which rules something is carried out; `office` is the default office address."""

    now: datetime
    actor: str
    policies: Policies
    office: str
    task_id: str | None = None


@dataclass(frozen=True, slots=True)
class Effects:
    """
    What has to be hinted after the commit: channels on which letters wait, orders with a question to put, those that may complete,
    and the units that moved and wait for nothing, with their new state.
    """

    channels: frozenset[str] = frozenset()
    asked: tuple[int, ...] = ()
    completable: tuple[int, ...] = ()
    free: tuple[tuple[int, State], ...] = ()


@dataclass(slots=True)
class _Work:
    """The rows of one transaction, collected decision by decision."""

    moves: list[Moved] = field(default_factory=list)
    waits: list[tuple[int, WaitingFor, datetime]] = field(default_factory=list)
    holds: list[dict[str, object]] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    tells: list[tuple[int, Tell]] = field(default_factory=list)


def carry_out(
    tx: Tx, unit: Unit, claimed: Mapping[int, Claimed], decisions: Iterable[Decision], *, occasion: Occasion
) -> Effects:
    """Write what was decided about these claimed units of one kind, with one statement per table."""
    work = _Work()
    for decision in decisions:
        one = claimed[decision.unit_id]
        work.tells += [(one.order_id, tell) for tell in decision.tells]
        _note(work, unit, one, decision, occasion)
    letters = notifications.enqueue(tx, work.tells, occasion.now, office_default=occasion.office)
    work.entries += [Entry(order_id, f"unreachable.{kind}") for order_id, kind in letters.unreachable]
    noted = journal.addition(work.entries, now=occasion.now, actor=occasion.actor, task_id=occasion.task_id)
    if work.moves:
        units.move(tx, unit, work.moves, occasion.now, noted)
    elif work.entries:
        journal.append(tx, noted)
    units.wait(tx, unit, work.waits, occasion.now)
    holds.open_holds(tx, work.holds)
    asked = tuple(row["order_id"] for row in work.holds if row["kind"] == WaitingFor.QUERY)
    free = tuple((moved.id, moved.after) for moved in work.moves if moved.waiting_for is None)
    return Effects(letters.channels, asked, _completable(tx, unit, claimed, work.moves, occasion), free)  # type: ignore[arg-type]


def _note(work: _Work, unit: Unit, one: Claimed, decision: Decision, occasion: Occasion) -> None:
    if isinstance(decision, Move):
        work.moves.append(_moved(one, decision, occasion))
        work.entries.append(_entry(unit, one, decision, occasion))
    elif isinstance(decision, Wait):
        work.waits.append((one.id, decision.waiting_for, decision.until))
        if not WAITS[decision.waiting_for].routine:
            work.entries.append(_about(unit, one, f"{unit}.waits", {"for": decision.waiting_for, **(decision.note or {})}))
    else:
        work.waits.append((one.id, decision.kind, decision.until))
        work.holds.append(_hold(unit, one, decision, occasion))
        work.entries.append(_about(unit, one, "hold.opened", {"kind": decision.kind, **(decision.note or {"reason": decision.reason})}))


def _moved(one: Claimed, decision: Move, occasion: Occasion) -> Moved:
    then = decision.then
    return Moved(
        one.id, one.state, decision.to, _due(one, decision.to, occasion),
        waiting_for=then.waiting_for if then else None, until=then.until if then else None,
    )


def _due(one: Claimed, state: State, occasion: Occasion) -> datetime | None:
    key = "performed" if one.appointment and state == "released" else state
    return due_at(
        occasion.policies, one.shop_id, order_type=one.type, state=key, entered_at=occasion.now, location_id=one.location_id
    )


def _entry(unit: Unit, one: Claimed, decision: Move, occasion: Occasion) -> Entry:
    target = (one.due_at - one.stage_entered_at).total_seconds() if one.due_at else None
    return Entry(
        one.order_id, f"{unit}.{decision.to}",
        fulfillment_id=one.id if unit == Unit.FULFILLMENT else None,
        before=one.state, after=decision.to, note=decision.note,
        spent_seconds=(occasion.now - one.stage_entered_at).total_seconds(), target_seconds=target,
    )


def _about(unit: Unit, one: Claimed, what: str, note: Mapping[str, object]) -> Entry:
    return Entry(one.order_id, what, fulfillment_id=one.id if unit == Unit.FULFILLMENT else None, note=note)


def _hold(unit: Unit, one: Claimed, decision: Hold, occasion: Occasion) -> dict[str, object]:
    return {
        "order_id": one.order_id, "fulfillment_id": one.id if unit == Unit.FULFILLMENT else None, "kind": decision.kind,
        "stops": one.state, "owner": decision.owner, "reason": decision.reason, "opened_at": occasion.now,
        "deadline": decision.until,
    }


def _completable(
    tx: Tx, unit: Unit, claimed: Mapping[int, Claimed], moves: Sequence[Moved], occasion: Occasion
) -> tuple[int, ...]:
    """Wake the orders whose last fulfillment has just ended."""
    if unit != Unit.FULFILLMENT:
        return ()
    ended = {claimed[moved.id].order_id for moved in moves if moved.after in FULFILLMENT_ENDS}
    finished = fulfillments.without_live(tx, ended) if ended else []
    return tuple(units.wake(tx, Unit.ORDER, finished, {WaitingFor.FULFILLMENTS}, occasion.now))
