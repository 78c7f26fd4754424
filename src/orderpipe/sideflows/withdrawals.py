"""
Withdrawals: a customer withdraws from the contract on what has left already, and gets that confirmed at once, with date and time.

What comes of it, the return and the money, is a case: the one that is open, else a new one. One letter says it all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from orderpipe.domain.cases import Cause, Kind, Pieces
from orderpipe.domain.decisions import Audience, Tell
from orderpipe.settings import settings
from orderpipe.sideflows import returns
from orderpipe.sideflows.cases import CUSTOMER
from orderpipe.sideflows.hearing import Heard, hear
from orderpipe.store import cases, journal, units, visiting
from orderpipe.store import returns as returned
from orderpipe.store.case_opening import Opening
from orderpipe.store.journal import Entry
from orderpipe.store.metadata import Tx
from orderpipe.store.telling import tell
from orderpipe.store.visiting import Withdrawable


@dataclass(frozen=True, slots=True)
class Statement:
    """
    What the customer declares: the pieces by line number that the withdrawal is about, and anything they would like to add. Sent twice
    under one key it is one.
    """

    pieces: Mapping[int, int]
    key: str
    note: str = ""

    @property
    def lines(self) -> tuple[Pieces, ...]:
        """The pieces in the order of their lines."""
        return tuple(Pieces(number, quantity) for number, quantity in sorted(self.pieces.items()))


class NothingToWithdraw(Exception):
    """The time for it is over, or it was withdrawn from already, or canceled."""


def declare(tx: Tx, order_id: int, statement: Statement, now: datetime) -> Heard:
    """Take a withdrawal down as it was declared, once. Raises NothingToWithdraw; then nothing has changed."""
    units.lock_orders(tx, [order_id])
    before = cases.of_keys(tx, [statement.key])
    if statement.key in before:
        return Heard(before[statement.key], again=True)
    right, asked = visiting.withdrawable(tx, order_id), statement.lines
    if not asked or not right.open_at(now) or any(not 0 < one.quantity <= right.pieces.get(one.number, 0) for one in asked):
        raise NothingToWithdraw("There is nothing to withdraw from: the time for it is over, or it was done or canceled before.")
    said = Opening(
        order_id, Kind.WITHDRAWAL, statement.note, statement.key, Cause.CHANGED_MIND, asked, untold=frozenset(Audience)
    )
    heard = hear(tx, said, now=now)
    told = {"case": heard.number, "lines": [asdict(one) for one in asked], "at": now}
    journal.write(tx, [Entry(order_id, "order.withdrawn", note={"lines": told["lines"]})], now=now, actor=CUSTOMER)
    tell(tx, [
        (order_id, Tell("withdrawal-received", told | _way_back(tx, heard, asked, right, now), f"withdrawal-received:{statement.key}")),
        (order_id, Tell("office-withdrawal", told | {"note": statement.note}, f"office-withdrawal:{statement.key}", Audience.OFFICE)),
    ], office=settings().office_email, by=CUSTOMER, now=now)
    return heard


def _way_back(tx: Tx, heard: Heard, asked: Sequence[Pieces], right: Withdrawable, now: datetime) -> dict[str, object]:
    """The label for what has arrived, and whether some of it is still on its way to the customer."""
    order_id = cases.of_ids(tx, [heard.case_id])[heard.case_id].order_id
    arrived = returned.returnable(tx, order_id)
    back = [Pieces(one.number, min(one.quantity, arrived[one.number])) for one in asked if one.number in arrived]
    still = any(one.quantity > arrived.get(one.number, 0) and one.number in right.under_way for one in asked)
    made = returns.allow(tx, heard.case_id, back, by=CUSTOMER, now=now) if back else None
    return {"back": returns.label(tx, made, now) if made else None, "under_way": still}
