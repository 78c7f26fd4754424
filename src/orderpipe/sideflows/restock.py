"""
Restock: when stock comes free, those that have waited longest for it are woken first and reserve it at their stage.

Found from the stock itself, so nothing has to remember that something arrived.
"""

from datetime import datetime

from orderpipe.domain.orders import order_of
from orderpipe.flow import Unit, WaitingFor
from orderpipe.sideflows.hints import Hint
from orderpipe.store import allocation, units
from orderpipe.store.metadata import Tx

MOST = 2000
"""Units woken at most in one go."""


def wake_waiting(tx: Tx, now: datetime) -> list[Hint]:
    """Wake what the free stock may now serve; returns the stages to hint after the commit."""
    orders, fulfillments = allocation.servable(tx, MOST)
    units.lock_orders(tx, {*orders, *map(order_of, fulfillments)})
    woken = units.wake(tx, Unit.ORDER, orders, {WaitingFor.STOCK}, now)
    freed = units.wake(tx, Unit.FULFILLMENT, fulfillments, {WaitingFor.STOCK}, now)
    return [
        *(Hint("allocate", lane, ids) for lane, ids in units.by_lane(tx, Unit.ORDER, woken).items()),
        *(Hint("release", lane, ids) for lane, ids in units.by_lane(tx, Unit.FULFILLMENT, freed).items()),
    ]
