"""
Restock: when stock comes free, those that have waited longest for it are woken first and reserve it at their stage.

Found from the stock itself, so nothing has to remember that something arrived.
"""

from datetime import datetime

from orderpipe.domain.orders import order_of
from orderpipe.domain.stock import share_out
from orderpipe.flow import Unit, WaitingFor
from orderpipe.sideflows.hints import Hint
from orderpipe.store import allocation, units
from orderpipe.store.metadata import Tx

MOST = 2000
"""Units woken at most in one go."""


def wake_waiting(tx: Tx, now: datetime) -> list[Hint]:
    """Wake what the free stock may now serve; returns the stages to hint after the commit."""
    orders, fulfillments = _servable(tx)
    units.lock_orders(tx, {*orders, *map(order_of, fulfillments)})
    woken = units.wake(tx, Unit.ORDER, orders, {WaitingFor.STOCK}, now)
    freed = units.wake(tx, Unit.FULFILLMENT, fulfillments, {WaitingFor.STOCK}, now)
    return [
        *(Hint("allocate", lane, ids) for lane, ids in units.by_lane(tx, Unit.ORDER, woken).items()),
        *(Hint("release", lane, ids) for lane, ids in units.by_lane(tx, Unit.FULFILLMENT, freed).items()),
    ]


def _servable(tx: Tx) -> tuple[list[int], list[int]]:
    """
    Whoever the free stock would serve in full, the oldest first: (order ids, fulfillment ids).

    Only a first look without locks, shared out as the stages will; they do it again under the locks.
    """
    waiting = allocation.waiting_demand(tx, allocation.wanted_and_there(tx))
    free = allocation.peek_free(tx, {(one.shop_id, piece.sku) for one in waiting for piece in one.pieces})
    shares = share_out(waiting, free)
    served = [one for one in shares if not shares[one].short][:MOST]
    return sorted(-one for one in served if one < 0), sorted(one for one in served if one > 0)
