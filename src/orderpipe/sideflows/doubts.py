"""
The end of an order's doubts: what was asked is settled, what stopped the order is lifted, and time counts again.
"""

from collections.abc import Collection
from datetime import datetime

from orderpipe.domain.targets import after_pause
from orderpipe.flow import OrderState, Unit, WaitingFor
from orderpipe.sideflows.hints import Hint
from orderpipe.store import holds, pauses, policies, questions, units
from orderpipe.store.metadata import Tx


def close(tx: Tx, order_ids: Collection[int], *, by: str, now: datetime) -> None:
    """Close questions, findings and holds of orders that are canceled; the caller has locked them."""
    questions.settle(tx, dict.fromkeys(order_ids), state="closed", by=by, how="canceled", now=now)
    holds.clear_findings(tx, order_ids, how="canceled", by=by, now=now)
    holds.close_holds(tx, order_ids, {WaitingFor.QUERY, WaitingFor.OFFICE}, how="canceled", by=by, now=now)


def lift(tx: Tx, order_ids: Collection[int], *, how: str, by: str, now: datetime) -> tuple[Hint, ...]:
    """
    Let orders whose questions are settled be checked again; the caller has locked them.

    Their time targets move by the working time for which they were asked.
    """
    rules = policies.policies(tx, now)
    pauses.end(tx, [
        pauses.Moved(one.order_id, *(
            after_pause(rules.calendar(one.shop_id, rules.order_type(one.shop_id, one.type).calendar), due, since=one.since, until=now)
            for due in (one.due_at, one.complete_by)
        ))
        for one in pauses.of(tx, order_ids)
    ])
    holds.close_holds(tx, order_ids, {WaitingFor.QUERY}, how=how, by=by, now=now)
    units.wake(tx, Unit.ORDER, order_ids, {WaitingFor.QUERY}, now)
    lanes: dict[str, list[int]] = {}
    for one in units.claim(tx, Unit.ORDER, order_ids):
        if one.state == OrderState.RECEIVED and one.waiting_for is None:
            lanes.setdefault(one.lane, []).append(one.id)
    return tuple(Hint("validate", lane, ids) for lane, ids in lanes.items())
