"""
What the clock looks at: units whose time has come, and ticks claimed by whoever is first.
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
