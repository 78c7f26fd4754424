"""
A planned fulfillment parted, because what belongs to it lies at several places: each place sends its own parcel.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from orderpipe.domain.stock import Piece
from orderpipe.store import promises
from orderpipe.store.metadata import Tx, text

RELEASE_SOON = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Parted:
    """The new fulfillment that takes these pieces (by the order line's number) off another one, from this location."""

    new: int
    old: int
    location_id: int
    pieces: tuple[Piece, ...]


def part_off(tx: Tx, parted: Sequence[Parted], now: datetime, *, reason: str = "sent from several places") -> None:
    """Write the new fulfillments, planned, reserved and promised as those they are taken from; the stock is set aside already."""
    if not parted:
        return
    tx.execute(
        text("""INSERT INTO fulfillment (id, order_id, shop_id, lane, kind, location_id, reserved, not_before, state, next_at,
                stage_entered_at, due_at)
            SELECT u.new, f.order_id, f.shop_id, f.lane, f.kind, u.location_id, true, f.not_before, f.state, :soon,
                f.stage_entered_at, f.due_at
            FROM unnest(CAST(:new AS bigint[]), CAST(:old AS bigint[]), CAST(:locations AS bigint[])) AS u (new, old, location_id)
            JOIN fulfillment f ON f.id = u.old"""),
        {
            "new": [one.new for one in parted], "old": [one.old for one in parted],
            "locations": [one.location_id for one in parted], "soon": now + RELEASE_SOON,
        },
    )
    _move_lines(tx, parted)
    promises.copy(tx, [(one.old, one.new) for one in parted], reason=reason, now=now)


def _move_lines(tx: Tx, parted: Sequence[Parted]) -> None:
    rows = [(one.new, one.old, piece.number, piece.quantity) for one in parted for piece in one.pieces]
    names = ("new", "old", "numbers", "quantities")
    given = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
    moved = """unnest(CAST(:new AS bigint[]), CAST(:old AS bigint[]), CAST(:numbers AS smallint[]), CAST(:quantities AS int[]))
        AS u (new, old, number, quantity)"""
    tx.execute(
        text(f"""INSERT INTO fulfillment_line (fulfillment_id, number, sku, quantity) SELECT u.new, l.number, l.sku, u.quantity
            FROM {moved} JOIN fulfillment_line l ON l.fulfillment_id = u.old AND l.number = u.number"""),
        given,
    )
    tx.execute(
        text(f"""UPDATE fulfillment_line l SET quantity = l.quantity - u.quantity
            FROM (SELECT old, number, sum(quantity) AS quantity FROM {moved} GROUP BY old, number) u
            WHERE l.fulfillment_id = u.old AND l.number = u.number"""),
        given,
    )
