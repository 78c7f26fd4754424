"""
The one place that locks, moves, stops and wakes units. Nobody else writes `state`, `waiting_for` or `next_at`.

Whoever changes anything of an order locks its row first, in id order; so two transactions can never wait for each other.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from orderpipe.domain.orders import order_of
from orderpipe.flow import ENDS, State, Unit, WaitingFor, check_transition
from orderpipe.settings import settings
from orderpipe.store.journal import Addition
from orderpipe.store.metadata import Tx, text


def look_again() -> timedelta:
    """After this long the clock takes the message for a unit to be lost and sends another."""
    return timedelta(seconds=settings().look_again_seconds)


def soon(now: datetime) -> datetime:
    """No live unit is looked at later than this after it moved, should the message that carries it on be lost."""
    return now + 2 * look_again()


def hinted(now: datetime) -> datetime:
    """Until then the clock leaves a unit alone that a message has just been sent for."""
    return now + look_again() / 3

_TABLE = {Unit.ORDER: "orders", Unit.FULFILLMENT: "fulfillment", Unit.INTAKE: "intake"}

_CLAIM = {
    Unit.ORDER: """SELECT o.id, o.id, o.state, o.waiting_for, o.stage_entered_at, o.due_at, o.shop_id, o.type, o.lane, false, NULL
        FROM orders o WHERE o.id = ANY(:ids) ORDER BY o.id FOR NO KEY UPDATE""",
    # after the lock, in a statement of its own: one that waited for it would tell how the fulfillments stood before
    Unit.FULFILLMENT: """SELECT f.id, f.order_id, f.state, f.waiting_for, f.stage_entered_at, f.due_at, o.shop_id, o.type, o.lane,
            f.kind = 'appointment', f.location_id
        FROM fulfillment f JOIN orders o ON o.id = f.order_id WHERE f.id = ANY(:ids) ORDER BY f.id""",
}


@dataclass(frozen=True, slots=True)
class Claimed:
    """A unit as it stood when its order was locked."""

    id: int
    order_id: int
    state: State
    waiting_for: WaitingFor | None
    stage_entered_at: datetime
    due_at: datetime | None
    shop_id: int
    type: str
    lane: str
    appointment: bool
    location_id: int | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """Where a unit goes, and what it then waits for; `until` None means that nothing stops its next stage."""

    id: int
    before: State
    after: State
    due_at: datetime | None
    waiting_for: WaitingFor | None = None
    until: datetime | None = None


def lock_orders(tx: Tx, order_ids: Collection[int]) -> None:
    """Take the orders' locks in id order; every transaction that changes anything of an order begins with this."""
    # NO KEY: the lines and fulfillments that refer to the order may still be inserted by nobody but us, and checks pass
    tx.execute(
        text("SELECT id FROM orders WHERE id = ANY(:ids) ORDER BY id FOR NO KEY UPDATE"), {"ids": sorted(set(order_ids))}
    )


def claim(tx: Tx, unit: Unit, ids: Collection[int]) -> list[Claimed]:
    """Lock the units' orders and read the units, in id order; unknown ids fall out. A lock wait over 2 s raises."""
    if unit == Unit.FULFILLMENT:
        lock_orders(tx, {order_of(fulfillment) for fulfillment in ids})
    rows = tx.execute(text(_CLAIM[unit]), {"ids": sorted(set(ids))})
    return [Claimed(*row) for row in rows.all()]


def move(tx: Tx, unit: Unit, moves: Sequence[Moved], now: datetime, noted: Addition) -> None:
    """
    Move units that stand where `before` says, and write into the journal in the same statement what happened to them.

    The caller holds their orders' locks. Raises NotInTheFlow, LostClaim.
    """
    for before, after in {(moved.before, moved.after) for moved in moves}:
        check_transition(before, after)
    moved = tx.execute(
        text(f"""WITH moved AS (UPDATE {_TABLE[unit]} t SET state = u.after, waiting_for = u.waiting_for,
                next_at = CASE WHEN u.ended THEN NULL WHEN u.until IS NOT NULL THEN u.until ELSE least(t.next_at, :soon) END,
                attempts = 0, crashes = 0, stage_entered_at = :now, due_at = u.due_at, breached = t.breached & 2::smallint,
                ended_at = CASE WHEN u.ended THEN :now END, last_error = NULL
            FROM unnest(CAST(:ids AS bigint[]), CAST(:befores AS text[]), CAST(:afters AS text[]), CAST(:waits AS text[]),
                CAST(:untils AS timestamptz[]), CAST(:dues AS timestamptz[]), CAST(:ended AS boolean[]))
                AS u (id, before, after, waiting_for, until, due_at, ended)
            WHERE t.id = u.id AND t.state = u.before RETURNING t.id), noted AS ({noted.insert}) SELECT count(*) FROM moved"""),
        {
            **noted.parameters, "now": now, "soon": soon(now),
            "ids": [moved.id for moved in moves], "befores": [moved.before for moved in moves],
            "afters": [moved.after for moved in moves], "waits": [moved.waiting_for for moved in moves],
            "untils": [moved.until for moved in moves], "dues": [moved.due_at for moved in moves],
            "ended": [moved.after in ENDS for moved in moves],
        },
    ).scalar_one()
    if moved != len(moves):
        raise LostClaim(f"{len(moves) - moved} of {len(moves)} units moved while they were locked.")


class LostClaim(Exception):
    """A unit changed under a lock that should have kept it: somebody wrote without locking the order."""


def wait(tx: Tx, unit: Unit, waits: Sequence[tuple[int, WaitingFor, datetime]], now: datetime) -> None:
    """Let units wait for something named until an instant (UTC), when the clock looks again."""
    if not waits:
        return
    tx.execute(
        text(f"""UPDATE {_TABLE[unit]} t SET waiting_for = u.waiting_for, next_at = greatest(u.until, :now), attempts = 0, crashes = 0
            FROM unnest(CAST(:ids AS bigint[]), CAST(:waits AS text[]), CAST(:untils AS timestamptz[])) AS u (id, waiting_for, until)
            WHERE t.id = u.id AND t.ended_at IS NULL"""),
        {
            "ids": [unit_id for unit_id, _, _ in waits], "waits": [reason for _, reason, _ in waits],
            "untils": [until for _, _, until in waits], "now": now,
        },
    )


def wake(tx: Tx, unit: Unit, ids: Collection[int], answered: Iterable[WaitingFor], now: datetime) -> list[int]:
    """
    End the waits that a fact answers; the caller has locked the orders and records the fact in the same transaction.

    Returns the ids that now stand free; send them to their stage after the commit. Were that message lost, the clock
    would take them up within seconds.
    """
    if not ids:
        return []
    rows = tx.execute(
        text(f"""UPDATE {_TABLE[unit]} SET waiting_for = NULL, next_at = :soon, attempts = 0
            WHERE id = ANY(:ids) AND waiting_for = ANY(:answered) AND ended_at IS NULL RETURNING id"""),
        {"ids": sorted(set(ids)), "answered": list(answered), "soon": hinted(now)},
    )
    return sorted(row.id for row in rows.all())


def standing(tx: Tx, unit: Unit, order_ids: Collection[int], state: State) -> list[int]:
    """The orders' units that stand in this state with nothing to wait for: what the next stage can take."""
    column = "id" if unit == Unit.ORDER else "order_id"
    rows = tx.execute(
        text(f"SELECT id FROM {_TABLE[unit]} WHERE {column} = ANY(:ids) AND state = :state AND waiting_for IS NULL ORDER BY id"),
        {"ids": sorted(set(order_ids)), "state": state},
    )
    return [row.id for row in rows.all()]


def waiting(tx: Tx, unit: Unit, order_ids: Collection[int], reason: WaitingFor) -> list[int]:
    """The orders' units of this kind that wait for this."""
    column = "id" if unit == Unit.ORDER else "order_id"
    rows = tx.execute(
        text(f"SELECT id FROM {_TABLE[unit]} WHERE {column} = ANY(:ids) AND waiting_for = :reason ORDER BY id"),
        {"ids": sorted(set(order_ids)), "reason": reason},
    )
    return [row.id for row in rows.all()]


def note_crash(tx: Tx, unit: Unit, unit_id: int) -> int:
    """Count that this unit's message came back after it had run alone; returns how often so far."""
    row = tx.execute(
        text(f"UPDATE {_TABLE[unit]} SET crashes = crashes + 1 WHERE id = :id RETURNING crashes"), {"id": unit_id}
    ).one_or_none()
    return int(row.crashes) if row else 0


def note_error(tx: Tx, unit: Unit, unit_id: int, error: str) -> None:
    """Keep the last error beside the unit, for `why` and the office."""
    tx.execute(text(f"UPDATE {_TABLE[unit]} SET last_error = :error WHERE id = :id"), {"id": unit_id, "error": error[:2000]})


def by_lane(tx: Tx, unit: Unit, ids: Collection[int]) -> dict[str, list[int]]:
    """The units sorted into their lanes, for the hints that are sent after a commit."""
    lanes: dict[str, list[int]] = {}
    if ids:
        for row in tx.execute(text(f"SELECT id, lane FROM {_TABLE[unit]} WHERE id = ANY(:ids) ORDER BY id"), {"ids": list(ids)}):
            lanes.setdefault(row.lane, []).append(row.id)
    return lanes
