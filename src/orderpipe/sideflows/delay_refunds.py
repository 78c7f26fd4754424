"""
Money that comes back to the customer because of a delay: the office is asked to give it, and never for more than what was paid.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from orderpipe.domain.decisions import Audience, Tell
from orderpipe.domain.payments import Account
from orderpipe.settings import settings
from orderpipe.store import journal, notifications, payments
from orderpipe.store.journal import Entry
from orderpipe.store.metadata import Tx


@dataclass(frozen=True, slots=True)
class Due:
    """
    So much, in the order's currency, the customer owes no longer; `whole`: nothing at all. `key` names the delay.

    `in_total`: the order's total has become less by it, so that only what is paid beyond that comes back.
    """

    order_id: int
    key: str
    value: Decimal
    reason: str
    whole: bool = False
    in_total: bool = False


def ask(tx: Tx, dues: Sequence[Due], *, by: str, now: datetime) -> None:
    """Ask the office to give back what was paid of these amounts; what it was asked for before is left to that."""
    if not dues:
        return
    ids = [one.order_id for one in dues]
    accounts, asked = payments.accounts(tx, ids), payments.asked_back(tx, ids)
    amounts = {one.order_id: _amount(one, accounts[one.order_id], asked) for one in dues}
    some = [one for one in dues if amounts[one.order_id] > 0]
    journal.write(tx, [
        Entry(one.order_id, "refund.due", note={"amount": amounts[one.order_id], "currency": accounts[one.order_id].currency})
        for one in some
    ], now=now, actor=by)
    notifications.enqueue(tx, [
        (one.order_id, Tell(
            "office-refund", {"amount": amounts[one.order_id], "reason": one.reason}, f"office-refund:{one.order_id}:{one.key}",
            Audience.OFFICE,
        ))
        for one in some
    ], now, office_default=settings().office_email)


def _amount(due: Due, account: Account, asked: Mapping[int, Decimal]) -> Decimal:
    there = account.paid - max(asked.get(due.order_id, Decimal(0)) - account.refunded, Decimal(0))
    if due.in_total:
        there -= account.total or Decimal(0)
    return there if due.whole else min(there, due.value)
