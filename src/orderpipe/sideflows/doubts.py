"""
The end of an order's doubts: what was asked is settled, what stopped the order is lifted, and time counts again.
"""

from collections.abc import Collection
from datetime import datetime

from orderpipe.flow import Unit, WaitingFor, next_step
from orderpipe.sideflows import clocks
from orderpipe.sideflows.hints import Hint
from orderpipe.store import delays, holds, questions, units
from orderpipe.store.metadata import Tx


def close(tx: Tx, order_ids: Collection[int], *, by: str, now: datetime) -> None:
    """Close questions, findings, holds and delays of orders that are canceled; the caller has locked them."""
    questions.settle(tx, dict.fromkeys(order_ids), state="closed", by=by, how="canceled", now=now)
    holds.clear_findings(tx, order_ids, how="canceled", by=by, now=now)
    holds.close_holds(tx, order_ids, {WaitingFor.QUERY, WaitingFor.OFFICE}, how="canceled", by=by, now=now)
    delays.end(tx, order_ids, "canceled", now)


_ASKED = frozenset({WaitingFor.QUERY})


def lift(
    tx: Tx, order_ids: Collection[int], *, waits: Collection[WaitingFor] = _ASKED, how: str, by: str, now: datetime
) -> tuple[Hint, ...]:
    """
    Let orders whose questions are settled go on, to be checked again where they are not accepted yet; the caller has locked them.

    `waits` are what they may wait for because of the questions.

    Their time targets move by the working time for which they were asked.
    """
    holds.close_holds(tx, order_ids, {WaitingFor.QUERY}, how=how, by=by, now=now)
    clocks.read_anew(tx, order_ids, now=now)
    parts = units.waiting(tx, Unit.FULFILLMENT, order_ids, WaitingFor.QUERY)
    return tuple(
        hint for unit, ids in ((Unit.ORDER, order_ids), (Unit.FULFILLMENT, parts))
        for hint in _woken(tx, unit, units.wake(tx, unit, ids, waits, now))
    )


def _woken(tx: Tx, unit: Unit, ids: Collection[int]) -> list[Hint]:
    steps: dict[tuple[str, str], list[int]] = {}
    for one in units.claim(tx, unit, ids):
        if step := next_step(one.state, appointment=one.appointment):
            steps.setdefault((step.name, one.lane), []).append(one.id)
    return [Hint(name, lane, some) for (name, lane), some in steps.items()]
