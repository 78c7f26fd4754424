"""
Letters beside the flow: put into the outbox, and noted in the journal where the customer left no way to be reached.
"""

from collections.abc import Sequence
from datetime import datetime

from orderpipe.domain.decisions import Tell
from orderpipe.store import journal, notifications
from orderpipe.store.journal import Entry
from orderpipe.store.metadata import Tx


def tell(tx: Tx, tells: Sequence[tuple[int, Tell]], *, office: str, by: str, now: datetime) -> None:
    """Tell (order id, what); the caller holds the orders' locks. `office` is the address of the office of shops without one."""
    told = notifications.enqueue(tx, tells, now, office_default=office)
    journal.write(tx, [Entry(order_id, f"unreachable.{kind}") for order_id, kind in told.unreachable], now=now, actor=by)
