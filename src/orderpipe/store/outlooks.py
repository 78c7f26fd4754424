"""
When the promise of each fulfillment is looked at again: each has its instant, so that a tick of the clock reads only what is due.
"""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import BigInteger, Column, DateTime, Index, Table

from orderpipe.store.metadata import Tx, insert_rows, metadata, text

outlook = Table(
    "outlook",
    metadata,
    Column("fulfillment_id", BigInteger, primary_key=True, autoincrement=False),
    Column("look_at", DateTime(timezone=True), nullable=False),
    Index("ix_outlook_look_at", "look_at"),
)
"""A fulfillment that has ended keeps its row until that look."""


def look(tx: Tx, fulfillment_ids: Collection[int], at: datetime) -> None:
    """Look at the promises of these fulfillments at this instant (UTC), whatever was planned before."""
    insert_rows(
        tx, outlook, [{"fulfillment_id": one, "look_at": at} for one in sorted(set(fulfillment_ids))],
        conflict="ON CONFLICT (fulfillment_id) DO UPDATE SET look_at = excluded.look_at",
    )


def due(tx: Tx, *, now: datetime, limit: int) -> list[int]:
    """Up to `limit` fulfillments whose look has come, the longest due first."""
    rows = tx.execute(
        text("SELECT fulfillment_id FROM outlook WHERE look_at <= :now ORDER BY look_at LIMIT :limit"), {"now": now, "limit": limit}
    )
    return [row.fulfillment_id for row in rows]


def looked(tx: Tx, again: Mapping[int, datetime], ended: Collection[int], *, now: datetime) -> None:
    """Note when those that were due are looked at again, and forget those that have ended; a look that was moved meanwhile stays."""
    # by the rows' places: a join by the key would read the table whole for a few thousand of them
    tx.execute(
        text("""WITH held AS MATERIALIZED (SELECT ctid AS place, fulfillment_id FROM outlook
                WHERE fulfillment_id = ANY(CAST(:ids AS bigint[])) AND look_at <= :now ORDER BY fulfillment_id FOR UPDATE)
            UPDATE outlook o SET look_at = u.at FROM held
            JOIN unnest(CAST(:ids AS bigint[]), CAST(:ats AS timestamptz[])) AS u (id, at) ON u.id = held.fulfillment_id
            WHERE o.ctid = held.place"""),
        {"ids": list(again), "ats": list(again.values()), "now": now},
    )
    tx.execute(text("DELETE FROM outlook WHERE fulfillment_id = ANY(:ids)"), {"ids": sorted(ended)})
