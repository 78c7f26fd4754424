"""
The warehouse's work list: fulfillments with their lines, the bar codes that stand for them, and how far each is.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from orderpipe.flow import FULFILLMENT_ENDS
from orderpipe.store.metadata import Tx, text


@dataclass(frozen=True, slots=True)
class Job:
    """A fulfillment as the warehouse sees it; `due_at` is its stage's time target, `promised_until` the customer's date. Instants UTC."""

    id: int
    order_id: int
    kind: str
    state: str
    waiting_for: str | None
    entered_at: datetime
    due_at: datetime | None
    not_before: datetime | None
    promised_until: datetime | None
    location: str | None
    ship_to: Mapping[str, str] | None


@dataclass(frozen=True, slots=True)
class JobLine:
    """One line: what, how many, how far; `gtins` as {gtin, pack_quantity}."""

    fulfillment_id: int
    number: int
    sku: str
    description: str
    quantity: int
    picked: int
    short: int
    packed: int
    gtins: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which fulfillments: those that live when no states are named; `since` is the instant they entered their state at the earliest."""

    states: Collection[str] = ()
    waiting_for: str | None = None
    location: str | None = None
    since: datetime | None = None
    after: int = 0
    limit: int = 100


_CONDITIONS = {
    "states": "f.state = ANY(:states)", "waiting_for": "f.waiting_for = :waiting_for", "location": "l.code = :location",
    "since": "f.stage_entered_at >= :since",
}

_JOBS = """SELECT f.id, f.order_id, f.kind, f.state, f.waiting_for, f.stage_entered_at, f.due_at, f.not_before,
        (SELECT p.until_at FROM promise p WHERE p.fulfillment_id = f.id ORDER BY p.revision DESC LIMIT 1), l.code,
        coalesce(f.ship_to, o.ship_to)
    FROM fulfillment f JOIN orders o ON o.id = f.order_id LEFT JOIN location l ON l.id = f.location_id
    WHERE f.shop_id = :shop_id AND f.id > :after"""


def jobs(tx: Tx, shop_id: int, wanted: Wanted) -> list[Job]:
    """The shop's fulfillments of this kind, the oldest first, behind the id `after`."""
    given = {
        "states": list(wanted.states) or None, "waiting_for": wanted.waiting_for, "location": wanted.location, "since": wanted.since,
    }
    conditions = [_CONDITIONS[name] for name, value in given.items() if value is not None]
    live = [] if FULFILLMENT_ENDS.intersection(wanted.states) else ["f.next_at IS NOT NULL"]  # the index holds what lives
    statement = " AND ".join([_JOBS, *live, *conditions]) + " ORDER BY f.id LIMIT :limit"
    return [Job(*row) for row in tx.execute(text(statement), {
        "shop_id": shop_id, "after": wanted.after, "limit": wanted.limit,
        **{name: value for name, value in given.items() if value is not None},
    })]


def job(tx: Tx, shop_id: int, fulfillment_id: int) -> Job | None:
    """One fulfillment of the shop."""
    row = tx.execute(text(f"{_JOBS} AND f.id = :id"), {"shop_id": shop_id, "after": 0, "id": fulfillment_id}).one_or_none()
    return Job(*row) if row else None


def job_lines(tx: Tx, fulfillment_ids: Collection[int]) -> dict[int, list[JobLine]]:
    """The lines of these fulfillments, with the GTINs of each article."""
    rows = tx.execute(
        text("""SELECT l.fulfillment_id, l.number, l.sku, o.description, l.quantity, l.picked, l.short, l.packed,
                (SELECT jsonb_agg(jsonb_build_object('gtin', g.gtin, 'pack_quantity', g.pack_quantity) ORDER BY g.gtin)
                    FROM product_gtin g WHERE g.shop_id = f.shop_id AND g.sku = l.sku) AS gtins
            FROM fulfillment f JOIN fulfillment_line l ON l.fulfillment_id = f.id
            JOIN order_line o ON o.order_id = f.order_id AND o.number = l.number
            WHERE f.id = ANY(:ids) ORDER BY l.fulfillment_id, l.number"""),
        {"ids": list(fulfillment_ids)},
    )
    lines: dict[int, list[JobLine]] = {one: [] for one in fulfillment_ids}
    for row in rows:
        its = row._asdict()
        lines[row.fulfillment_id].append(JobLine(**its | {"gtins": its["gtins"] or ()}))
    return lines
