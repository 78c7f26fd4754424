"""
What a customer's page of an order shows besides the order itself: what happened, what was promised, and until when to withdraw.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from orderpipe.domain.progress import Happened
from orderpipe.store.metadata import Tx, text


@dataclass(frozen=True, slots=True)
class Revision:
    """What was promised of a fulfillment at one time, and why it was promised then; instants UTC."""

    fulfillment_id: int
    revision: int
    from_at: datetime
    until_at: datetime
    reason: str
    at: datetime


def last_seq(tx: Tx, order_id: int) -> int:
    """The number of the order's last journal entry, which tells whether anything is new; 0 for none."""
    return int(tx.execute(text("SELECT coalesce(max(seq), 0) FROM journal WHERE order_id = :id"), {"id": order_id}).scalar_one())


def happened(tx: Tx, order_id: int) -> list[Happened]:
    """The states that order and fulfillments entered, and what the carrier said, in order."""
    rows = tx.execute(
        text("""SELECT fulfillment_id, coalesce(after, note->>'status') AS what, at FROM journal
            WHERE order_id = :id AND (after IS NOT NULL OR what = 'fulfillment.tracked') ORDER BY seq"""),
        {"id": order_id},
    )
    return [Happened(*row) for row in rows if row.what]


def revisions(tx: Tx, order_id: int) -> list[Revision]:
    """Everything promised of the order's fulfillments, canceled ones left out, the oldest first."""
    rows = tx.execute(
        text("""SELECT p.fulfillment_id, p.revision, p.from_at, p.until_at, p.reason, p.at
            FROM promise p JOIN fulfillment f ON f.id = p.fulfillment_id
            WHERE f.order_id = :id AND f.state <> 'canceled' ORDER BY p.fulfillment_id, p.revision"""),
        {"id": order_id},
    )
    return [Revision(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class Withdrawable:
    """
    What a customer may withdraw from: pieces by line number that are packed, sent or delivered, and were not withdrawn from before.

    `under_way` are the lines of which something has not arrived yet, `until` is when the right ends (UTC), None while not all has
    arrived; `declared_at` when it was last made use of.
    """

    pieces: dict[int, int]
    under_way: frozenset[int]
    until: datetime | None
    declared_at: datetime | None

    def open_at(self, now: datetime) -> bool:
        """Whether there is something to withdraw from at this instant."""
        return bool(self.pieces) and (self.until is None or now < self.until)


def withdrawable(tx: Tx, order_id: int) -> Withdrawable:
    """The right begins with the contract and ends so many days after the last delivery, by the shop's days."""
    row = tx.execute(
        text("""SELECT s.withdrawal_days, s.time_zone, max(f.ended_at) FILTER (WHERE f.state = 'delivered') AS last,
                count(f.id) FILTER (WHERE f.ended_at IS NULL) AS live,
                (SELECT max(j.at) FROM journal j WHERE j.order_id = o.id AND j.what = 'order.withdrawn') AS declared_at
            FROM orders o JOIN shop s ON s.id = o.shop_id LEFT JOIN fulfillment f ON f.order_id = o.id
            WHERE o.id = :id GROUP BY o.id, s.id"""),
        {"id": order_id},
    ).one()
    pieces = tx.execute(
        text("""SELECT l.number, sum(l.quantity)::int - coalesce((SELECT sum((w.line->>'quantity')::int)
                FROM journal j CROSS JOIN jsonb_array_elements(j.note->'lines') AS w (line)
                WHERE j.order_id = :id AND j.what = 'order.withdrawn' AND (w.line->>'number')::int = l.number), 0)::int AS quantity,
                bool_or(f.state <> 'delivered') AS under_way
            FROM fulfillment f JOIN fulfillment_line l ON l.fulfillment_id = f.id
            WHERE f.order_id = :id AND f.state IN ('packed', 'shipped', 'delivered') AND l.quantity > 0
            GROUP BY l.number ORDER BY l.number"""),
        {"id": order_id},
    ).all()
    until = None if row.live or row.last is None else _end_of_day(row.last, row.withdrawal_days, ZoneInfo(row.time_zone))
    left = {one.number: one.quantity for one in pieces if one.quantity > 0}
    return Withdrawable(left, frozenset(one.number for one in pieces if one.under_way), until, row.declared_at)


def _end_of_day(at: datetime, days: int, zone: ZoneInfo) -> datetime:
    """The end of the last of so many days after the day of that instant, there (UTC)."""
    return datetime.combine(at.astimezone(zone).date() + timedelta(days=days + 1), time(0), zone).astimezone(UTC)
