"""
The clocks of time targets stand still while a customer is asked: since when, and to when the targets move afterwards.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from orderpipe.store.metadata import Tx, text


@dataclass(frozen=True, slots=True)
class Paused:
    """An order whose clocks stand still `since` its question was opened, with its targets (UTC, None where it has none)."""

    order_id: int
    shop_id: int
    type: str
    since: datetime
    due_at: datetime | None
    complete_by: datetime | None


@dataclass(frozen=True, slots=True)
class Moved:
    """To when an order's targets move (UTC)."""

    order_id: int
    due_at: datetime | None
    complete_by: datetime | None


def of(tx: Tx, order_ids: Collection[int]) -> list[Paused]:
    """Those of the orders whose customers are being asked."""
    rows = tx.execute(
        text("""SELECT o.id, o.shop_id, o.type, h.opened_at, o.due_at, o.complete_by FROM orders o JOIN hold h ON h.order_id = o.id
            WHERE o.id = ANY(:ids) AND h.kind = 'query' AND h.fulfillment_id IS NULL AND h.closed_at IS NULL ORDER BY o.id"""),
        {"ids": list(order_ids)},
    )
    return [Paused(*row) for row in rows]


def end(tx: Tx, moved: Sequence[Moved]) -> None:
    """Move the orders' targets; the caller closes their questions' holds in the same transaction, so it happens once."""
    tx.execute(
        text("""UPDATE orders o SET due_at = u.due_at, complete_by = u.complete_by
            FROM unnest(CAST(:ids AS bigint[]), CAST(:dues AS timestamptz[]), CAST(:wholes AS timestamptz[])) AS u (id, due_at, complete_by)
            WHERE o.id = u.id"""),
        {
            "ids": [one.order_id for one in moved], "dues": [one.due_at for one in moved], "wholes": [one.complete_by for one in moved],
        },
    )
