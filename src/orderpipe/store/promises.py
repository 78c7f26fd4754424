"""
What was promised, revision by revision, with the arithmetic that led to it; the original is never updated.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Column, DateTime, ForeignKey, Index, SmallInteger, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from orderpipe.domain.promises import APPOINTMENT, FulfillmentPlan, Promised
from orderpipe.flow import FulfillmentState
from orderpipe.store import outlooks
from orderpipe.store.metadata import Tx, as_json, insert_rows, metadata, text
from orderpipe.store.personal import OF_FULFILLMENT, personal

FIRST_LOOK = timedelta(minutes=15)
"""So long after it was given a promise is looked at for the first time; most that can go at once have gone on by then."""

promise = Table(
    "promise",
    metadata,
    Column("fulfillment_id", BigInteger, ForeignKey("fulfillment.id"), primary_key=True),
    Column("revision", SmallInteger, primary_key=True),
    Column("from_at", DateTime(timezone=True), nullable=False),
    Column("until_at", DateTime(timezone=True), nullable=False),
    Column("arithmetic", JSONB, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Index("ix_promise_until_at", "until_at", postgresql_using="brin", postgresql_with={"autosummarize": "on"}),
    info=personal(OF_FULFILLMENT, harmless="arithmetic reason"),
)


@dataclass(frozen=True, slots=True)
class Part:
    """A fulfillment whose date is to be promised; `lead_days` until its stock can be there, when it is not reserved."""

    fulfillment_id: int
    order_id: int
    shop_id: int
    type: str
    kind: str
    reserved: bool
    location_id: int | None
    country: str
    requested_on: date | None
    lead_days: int
    lines: tuple[tuple[int, int], ...]

    @property
    def plan(self) -> FulfillmentPlan:
        """What the promise depends on."""
        return FulfillmentPlan(
            self.shop_id, self.type, self.kind, reserved=self.reserved or self.kind == APPOINTMENT, lead_days=self.lead_days,
            ship_to_country=self.country, requested_on=self.requested_on,
        )


def parts_of(
    tx: Tx, order_ids: Collection[int], states: Collection[FulfillmentState] = (FulfillmentState.PLANNED,)
) -> list[Part]:
    """The fulfillments of these orders in these states, with their lines as (order line number, quantity)."""
    rows = tx.execute(
        text("""SELECT f.id, f.order_id, f.shop_id, o.type, f.kind, f.reserved, f.location_id,
                coalesce(o.ship_to->>'country', '') AS country,
                o.requested_on, max(coalesce(p.lead_days, 0)) AS lead_days,
                array_agg(l.number ORDER BY l.number) AS numbers, array_agg(l.quantity ORDER BY l.number) AS quantities
            FROM fulfillment f JOIN orders o ON o.id = f.order_id JOIN fulfillment_line l ON l.fulfillment_id = f.id
            LEFT JOIN product p ON p.shop_id = o.shop_id AND p.sku = l.sku
            WHERE f.order_id = ANY(:ids) AND f.state = ANY(:states) GROUP BY f.id, o.id ORDER BY f.id"""),
        {"ids": list(order_ids), "states": list(states)},
    )
    return [Part(*(*row[:10], tuple(zip(row.numbers, row.quantities, strict=True)))) for row in rows.all()]


def write(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write promises; a fulfillment's revision that stands already is never changed."""
    insert_rows(tx, promise, rows, conflict="ON CONFLICT DO NOTHING")
    if rows:
        outlooks.look(tx, [row["fulfillment_id"] for row in rows], rows[0]["at"] + FIRST_LOOK)


def copy(tx: Tx, pairs: Sequence[tuple[int, int]], *, reason: str, now: datetime) -> None:
    """Give new fulfillments (second of each pair) the promise that the one they were parted from has."""
    tx.execute(
        text("""INSERT INTO promise (fulfillment_id, revision, from_at, until_at, arithmetic, reason, at)
            SELECT DISTINCT ON (u.new) u.new, 1, p.from_at, p.until_at, p.arithmetic, :reason, :now
            FROM unnest(CAST(:old AS bigint[]), CAST(:new AS bigint[])) AS u (old, new) JOIN promise p ON p.fulfillment_id = u.old
            ORDER BY u.new, p.revision DESC"""),
        {"old": [old for old, _ in pairs], "new": [new for _, new in pairs], "reason": reason, "now": now},
    )
    outlooks.look(tx, [new for _, new in pairs], now)


def revise(tx: Tx, promised: Mapping[int, Promised], *, reason: str, now: datetime) -> list[int]:
    """Promise these fulfillments anew, in a revision of its own; returns those whose end is another than before."""
    rows = tx.execute(
        text("""INSERT INTO promise (fulfillment_id, revision, from_at, until_at, arithmetic, reason, at)
            SELECT u.id, coalesce(p.revision, 0) + 1, u.from_at, u.until_at, CAST(u.arithmetic AS jsonb), :reason, :now
            FROM unnest(CAST(:ids AS bigint[]), CAST(:froms AS timestamptz[]), CAST(:untils AS timestamptz[]), CAST(:steps AS text[]))
                AS u (id, from_at, until_at, arithmetic)
            LEFT JOIN LATERAL (SELECT revision, until_at FROM promise WHERE fulfillment_id = u.id ORDER BY revision DESC LIMIT 1) p
                ON true
            WHERE p.revision IS NULL OR p.until_at <> u.until_at RETURNING fulfillment_id"""),
        {
            "ids": list(promised), "froms": [one.from_at for one in promised.values()],
            "untils": [one.until_at for one in promised.values()], "steps": [as_json(one.arithmetic) for one in promised.values()],
            "reason": reason, "now": now,
        },
    )
    revised = sorted(rows.scalars())
    outlooks.look(tx, revised, now + FIRST_LOOK)
    return revised
