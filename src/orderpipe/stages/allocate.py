"""
Allocate: reserve stock for every line of the order and plan what can leave together from one place.

An order we cannot serve in full is never cut short silently: what is short becomes a fulfillment of its own that waits for
stock, or, under "all at once", the whole order waits; the customer is told either way.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from orderpipe.domain.decisions import Decision, Move, Tell, Wait
from orderpipe.domain.stock import Demand, Free, Piece, Share, share_out
from orderpipe.domain.targets import Policies
from orderpipe.flow import OrderState, WaitingFor
from orderpipe.store import allocation, demands, planning
from orderpipe.store.demands import Wanted
from orderpipe.store.metadata import Tx

STOCK_AGAIN = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Facts:
    """What the orders want, what is free for them once older demand is served, and where the shops keep their goods."""

    wanted: tuple[Wanted, ...]
    shares: Mapping[int, Share]
    home: Mapping[int, int]
    policies: Policies


def read(tx: Tx, order_ids: Collection[int], policies: Policies) -> Facts:
    """All else first, the stock last, so that its rows are locked for as short as can be."""
    wanted = tuple(demands.wanted_by(tx, order_ids))
    home = demands.first_locations(tx, {one.shop_id for one in wanted})
    skus = {(one.shop_id, piece.sku) for one in wanted for piece in one.goods}
    free: Free = allocation.lock_free(tx, skus)
    ours = {-one.order_id for one in wanted}
    waiting = [demand for demand in allocation.waiting_demand(tx, skus) if demand.key not in ours] if skus else []
    newcomers = [Demand(-one.order_id, one.shop_id, one.goods, one.whole, one.waiting_since) for one in wanted]
    return Facts(wanted, share_out([*waiting, *newcomers], free), home, policies)


def decide(facts: Facts, *, now: datetime) -> list[Decision]:
    """On to the promise, unless the order goes out only as a whole and something is short."""
    return [_decide(one, facts.shares[-one.order_id], now) for one in facts.wanted]


def _decide(one: Wanted, share: Share, now: datetime) -> Decision:
    tells = (_backorder(one, share.short, now),) if share.short else ()
    if share.short and one.whole:
        return Wait(one.order_id, WaitingFor.STOCK, now + STOCK_AGAIN, tells, {"short": [piece.sku for piece in share.short]})
    return Move(one.order_id, OrderState.ALLOCATED, tells)


def _backorder(one: Wanted, short: tuple[Piece, ...], now: datetime) -> Tell:
    lines = [{"number": piece.number, "quantity": piece.quantity, "expected_on": _expected(one, piece, now)} for piece in short]
    return Tell("backorder", {"lines": lines}, f"backorder:{one.order_id}")


def _expected(one: Wanted, piece: Piece, now: datetime) -> str | None:
    days = one.lead_days.get(piece.sku, 0)
    return (now + timedelta(days=days)).date().isoformat() if days else None


def write(tx: Tx, facts: Facts, decisions: Sequence[Decision], now: datetime) -> None:
    """Reserve, plan the fulfillments, and remember the demand that waits."""
    moved = {one.unit_id for one in decisions if isinstance(one, Move)}
    parts = [
        part for one in facts.wanted if one.order_id in moved
        for part in planning.parts_for(one, facts.shares[-one.order_id], facts.home)
    ]
    planning.plan(tx, parts, facts.policies, now)
    allocation.served(tx, [-one.order_id for one in facts.wanted if one.waiting_since and one.order_id in moved])
    allocation.wait_for_stock(tx, _waiting_orders(facts, moved, now))


def _waiting_orders(facts: Facts, moved: Collection[int], now: datetime) -> list[dict[str, object]]:
    return [
        {
            "shop_id": one.shop_id, "sku": piece.sku, "location_id": None, "quantity": piece.quantity,
            "order_id": one.order_id, "fulfillment_id": None, "since": now,
        }
        for one in facts.wanted if one.order_id not in moved and one.waiting_since is None for piece in one.goods
    ]
