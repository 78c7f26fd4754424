"""
Withdrawals: a customer withdraws from the contract on what has left already, and gets that confirmed at once, with date and time.

What comes of it, the return and the money, is a case of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from orderpipe.domain.cases import Channel, Pieces
from orderpipe.domain.decisions import Audience, Tell
from orderpipe.settings import settings
from orderpipe.sideflows import returns
from orderpipe.store import journal, notifications, units, visiting
from orderpipe.store import returns as returned
from orderpipe.store.journal import Entry
from orderpipe.store.metadata import Tx


@dataclass(frozen=True, slots=True)
class Statement:
    """What the customer declares: the pieces by line number that the withdrawal is about, and anything they would like to add."""

    pieces: Mapping[int, int]
    note: str = ""


class NothingToWithdraw(Exception):
    """The time for it is over, or it was withdrawn from already, or canceled."""


def declare(tx: Tx, order_id: int, statement: Statement, now: datetime) -> None:
    """Take a withdrawal down as it was declared. Raises NothingToWithdraw; then nothing has changed."""
    units.lock_orders(tx, [order_id])
    right = visiting.withdrawable(tx, order_id)
    asked = statement.pieces.items()
    if not asked or not right.open_at(now) or any(not 0 < pieces <= right.pieces.get(number, 0) for number, pieces in asked):
        raise NothingToWithdraw("There is nothing to withdraw from: the time for it is over, or it was done or canceled before.")
    lines = [{"number": number, "quantity": pieces} for number, pieces in sorted(statement.pieces.items())]
    key = f"{order_id}:{now:%Y%m%d%H%M%S}"
    letters = notifications.enqueue(tx, [
        (order_id, Tell("withdrawal-received", {"lines": lines, "at": now}, f"withdrawal-received:{key}")),
        (order_id, Tell(
            "office-withdrawal", {"lines": lines, "at": now, "note": statement.note}, f"office-withdrawal:{key}", Audience.OFFICE
        )),
    ], now, office_default=settings().office_email)
    entries = [Entry(order_id, "order.withdrawn", note={"lines": lines})]
    entries += [Entry(one, f"unreachable.{kind}") for one, kind in letters.unreachable]
    journal.write(tx, entries, now=now, actor="customer")
    _open_case(tx, order_id, statement, now)


def _open_case(tx: Tx, order_id: int, statement: Statement, now: datetime) -> None:
    """A case with a return for what has arrived already; what is still under way is returned when it is there."""
    arrived = returned.returnable(tx, order_id)
    lines = [Pieces(number, min(pieces, arrived[number])) for number, pieces in statement.pieces.items() if arrived.get(number)]
    returns.declare_withdrawal(tx, order_id, text=statement.note, by="customer", channel=Channel.PAGE, now=now, lines=lines)
