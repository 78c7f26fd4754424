"""
Receipts: deliveries, corrections and stock takes are written down with a movement each, and can never take away what is promised.

The clock gives what has become free to those who have waited longest.
"""

from collections.abc import Sequence
from datetime import datetime

from orderpipe.domain.receipts import Count, Posted, Posting, Receipt, post
from orderpipe.store import stock_receipts
from orderpipe.store.metadata import Tx


def receive(tx: Tx, facts: Sequence[Receipt], *, shop_id: int, by: str, now: datetime) -> list[Posted]:
    """Write deliveries and (negative) corrections of the shop's stock down, however many, with the same few statements."""
    return post_all(tx, facts, shop_id=shop_id, by=by, now=now)


def load(tx: Tx, facts: Sequence[Count], *, shop_id: int, by: str, now: datetime) -> list[Posted]:
    """Bring the shop's stock to what a stock take has counted, however much, with the same few statements."""
    return post_all(tx, facts, shop_id=shop_id, by=by, now=now)


def more_of(posted: Sequence[Posted]) -> list[str]:
    """The SKUs of which there is more now, so that those who wait for them may be served."""
    return sorted({one.posting.sku for one in posted if one.change > 0})


def post_all(tx: Tx, facts: Sequence[Posting], *, shop_id: int, by: str, now: datetime) -> list[Posted]:
    """Write deliveries, corrections and counts down together, in their order; `by` stands in the movements' causes."""
    levels = stock_receipts.lock_levels(tx, shop_id, {(one.location, one.sku) for one in facts})
    posted = post(facts, levels, stock_receipts.locations(tx, shop_id))
    stock_receipts.write(tx, posted, by=by, now=now)
    return posted
