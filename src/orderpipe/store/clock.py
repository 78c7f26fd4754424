"""
What the clock looks at: units whose time has come, ticks claimed by whoever is first, and time targets that were missed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from orderpipe.flow import Unit
from orderpipe.store.metadata import Tx, text

BROKER_DOOR = "door"
"""As what the broker door says among the jobs that it lives."""

_DUE = {
    Unit.ORDER: "t.id, t.id AS order_id, t.state, t.waiting_for, t.attempts, t.lane, t.shop_id, false AS appointment, t.next_at",
    Unit.FULFILLMENT: "t.id, t.order_id, t.state, t.waiting_for, t.attempts, t.lane, t.shop_id, t.kind = 'appointment' AS appointment, "
    "t.next_at",
}
_TABLE = {Unit.ORDER: "orders", Unit.FULFILLMENT: "fulfillment"}


@dataclass(frozen=True, slots=True)
class Due:
    """A unit whose time has come, as it stands now that it was handed out; `attempts` counts the hand-outs before this one."""

    id: int
    order_id: int
    state: str
    waiting_for: str | None
    attempts: int
    lane: str
    shop_id: int
    appointment: bool


def claim_tick(tx: Tx, job: str, *, now: datetime, period: timedelta, owner: str) -> bool:
    """Whether this tick of the job is ours; of several beats' ticks within one period only the first is."""
    # nine tenths, so that a beat's own jitter does not make every second tick come too early
    row = tx.execute(
        text("""INSERT INTO job_clock (name, due, owner) VALUES (:job, :next, :owner)
            ON CONFLICT (name) DO UPDATE SET due = excluded.due, owner = excluded.owner WHERE job_clock.due <= :now RETURNING name"""),
        {"job": job, "now": now, "next": now + 0.9 * period, "owner": owner},
    )
    return row.one_or_none() is not None


def seen_until(tx: Tx, job: str, until: datetime, *, now: datetime) -> datetime | None:
    """
    Note how far a job has looked (UTC), and return how far it had before, None where it never has; another run of it waits for this one.
    """
    tx.execute(text("INSERT INTO job_clock (name, due) VALUES (:job, :now) ON CONFLICT DO NOTHING"), {"job": job, "now": now})
    before: datetime | None = tx.execute(text("SELECT seen_until FROM job_clock WHERE name = :job FOR UPDATE"), {"job": job}).scalar_one()
    tx.execute(text("UPDATE job_clock SET seen_until = greatest(seen_until, :until) WHERE name = :job"), {"job": job, "until": until})
    return before


def ask_again(tx: Tx, job: str, *, now: datetime) -> None:
    """A job has more to do than one tick allows: the next beat's tick is worked on, however soon it comes."""
    tx.execute(text("UPDATE job_clock SET due = :now WHERE name = :job"), {"now": now, "job": job})


def take_due(tx: Tx, unit: Unit, *, now: datetime, lanes: Sequence[str], limit: int, pause: timedelta) -> list[Due]:
    """
    Up to `limit` units of these lanes whose time has come, fair between shops, handed out for `pause`, then twice as long, and so on.

    Units locked by somebody are left for the next tick. Those that waited for a fact are free to be looked at again, save
    the ones whose hold a side flow looks after.
    """
    rows = tx.execute(
        text(f"""WITH candidates AS (
                SELECT d.* FROM shop s CROSS JOIN LATERAL (SELECT {_DUE[unit]} FROM {_TABLE[unit]} t
                    WHERE t.shop_id = s.id AND t.next_at <= :now AND t.lane = ANY(:lanes) ORDER BY t.next_at LIMIT :limit) d),
            ranked AS (SELECT c.*, row_number() OVER (PARTITION BY c.shop_id ORDER BY c.next_at) AS turn FROM candidates c),
            chosen AS (SELECT * FROM ranked ORDER BY turn, next_at LIMIT :limit),
            locked AS (SELECT t.id FROM {_TABLE[unit]} t WHERE t.id IN (SELECT id FROM chosen) AND t.next_at <= :now
                ORDER BY t.id FOR NO KEY UPDATE SKIP LOCKED),
            handed AS (UPDATE {_TABLE[unit]} t SET attempts = least(t.attempts + 1, 30),
                next_at = CAST(:now AS timestamptz) + CAST(:pause AS interval) * power(2, least(t.attempts, 7)),
                waiting_for = CASE WHEN t.waiting_for IN ('query', 'office') THEN t.waiting_for END
                WHERE t.id IN (SELECT id FROM locked) RETURNING t.id, t.state, t.waiting_for)
            SELECT c.id, c.order_id, h.state, h.waiting_for, c.attempts, c.lane, c.shop_id, c.appointment
            FROM chosen c JOIN handed h ON h.id = c.id ORDER BY c.id"""),
        {"now": now, "lanes": list(lanes), "limit": limit, "pause": pause},
    )
    return [Due(*row) for row in rows]


def take_due_intakes(tx: Tx, *, now: datetime, limit: int, pause: timedelta) -> list[int]:
    """Intakes that are still to be taken down and whose time has come."""
    rows = tx.execute(
        text("""UPDATE intake t SET attempts = t.attempts + 1,
                next_at = CAST(:now AS timestamptz) + CAST(:pause AS interval) * power(2, least(t.attempts, 7))
            WHERE t.id IN (SELECT id FROM intake WHERE next_at <= :now ORDER BY next_at LIMIT :limit FOR NO KEY UPDATE SKIP LOCKED)
            RETURNING t.id"""),
        {"now": now, "limit": limit, "pause": pause},
    )
    return sorted(row.id for row in rows)


@dataclass(frozen=True, slots=True)
class Breach:
    """A unit, or (whole) an order, that is past its time target; instants UTC. `waits_for`: what it, or a part of it, waited for."""

    id: int
    order_id: int
    shop_id: int
    stage: str
    since: datetime
    due_at: datetime
    whole: bool
    waits_for: str | None = None


_OVERDUE = {
    Unit.ORDER: """SELECT t.id, t.id AS order_id, t.shop_id, t.state, t.stage_entered_at, t.due_at, t.complete_by, t.received_at,
            t.breached, CASE WHEN t.waiting_for = 'fulfillments' THEN coalesce((SELECT f.waiting_for FROM fulfillment f
                WHERE f.order_id = t.id AND f.next_at IS NOT NULL ORDER BY f.stage_entered_at, f.id LIMIT 1), t.waiting_for)
            ELSE t.waiting_for END AS waits_for
        FROM orders t WHERE t.next_at IS NOT NULL AND t.waiting_for IS DISTINCT FROM 'query'
        AND (t.due_at < :now AND t.breached & 1 = 0 OR t.complete_by < :now AND t.breached & 2 = 0) LIMIT :limit""",
    Unit.FULFILLMENT: """SELECT t.id, t.order_id, t.shop_id, t.state, t.stage_entered_at, t.due_at, NULL AS complete_by,
            t.stage_entered_at AS received_at, t.breached, t.waiting_for AS waits_for
        FROM fulfillment t WHERE t.next_at IS NOT NULL AND t.due_at < :now AND t.breached & 1 = 0 LIMIT :limit""",
}


def note_breaches(tx: Tx, unit: Unit, *, now: datetime, limit: int) -> list[Breach]:
    """
    Find units past their target, mark them so that each is reported once, and return them; orders in use are left for later.

    An order whose customer is being asked is not late: its clocks stand still.
    """
    overdue = tx.execute(text(_OVERDUE[unit]), {"now": now, "limit": limit}).all()
    locked = {
        row.id for row in tx.execute(
            text("SELECT id FROM orders WHERE id = ANY(:ids) ORDER BY id FOR NO KEY UPDATE SKIP LOCKED"),
            {"ids": sorted({row.order_id for row in overdue})},
        )
    }
    found: list[Breach] = []
    for row in overdue:
        if row.order_id in locked and row.due_at and row.due_at < now and not row.breached & 1:
            found.append(Breach(row.id, row.order_id, row.shop_id, row.state, row.stage_entered_at, row.due_at, False, row.waits_for))
        if row.order_id in locked and row.complete_by and row.complete_by < now and not row.breached & 2:
            found.append(Breach(row.id, row.order_id, row.shop_id, row.state, row.received_at, row.complete_by, True, row.waits_for))
    _mark(tx, unit, found)
    return found


def _mark(tx: Tx, unit: Unit, found: Sequence[Breach]) -> None:
    tx.execute(
        text(f"""UPDATE {_TABLE[unit]} t SET breached = t.breached | u.bit FROM
            (SELECT id, bit_or(bit)::smallint AS bit FROM unnest(CAST(:ids AS bigint[]), CAST(:bits AS int[])) AS v (id, bit) GROUP BY id) u
            WHERE t.id = u.id AND t.ended_at IS NULL"""),
        {"ids": [one.id for one in found], "bits": [2 if one.whole else 1 for one in found]},
    )
