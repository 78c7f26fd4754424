"""
Confirmed orders whose customers were not told: the office hears of each once, in one letter a shop, and can call.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby

from orderpipe.domain.decisions import Audience, Tell
from orderpipe.domain.orders import number_of
from orderpipe.store import clock, notifications, outbox
from orderpipe.store.metadata import Tx
from orderpipe.store.outbox import Untold

JOB = "notify.check"
TOLD_WITHIN = timedelta(minutes=15)
"""So long after an order's confirmation its letter may be on its way."""
AT_FIRST = timedelta(days=1)
"""How far back the first look goes."""
NAMED = 30
"""Orders that one letter names at most."""


def report_untold(tx: Tx, *, office: str, now: datetime) -> int:
    """
    Tell the offices of the orders that were confirmed a quarter of an hour ago without their customers knowing; returns how many.

    Each order is looked at once, so it is never named twice.
    """
    until = now - TOLD_WITHIN
    since = clock.seen_until(tx, JOB, until, now=now) or until - AT_FIRST
    found = outbox.untold(tx, since=since, until=until)
    by_shop = groupby(sorted(found, key=lambda one: one.shop_id), key=lambda one: one.shop_id)
    tells = [_letter(list(some), until) for _, some in by_shop]
    notifications.enqueue(tx, tells, now, office_default=office)
    return len(found)


def _letter(some: Sequence[Untold], until: datetime) -> tuple[int, Tell]:
    facts = {
        "count": len(some), "minutes": round(TOLD_WITHIN.total_seconds() / 60),
        "orders": [{"number": number_of(one.order_id), "reason": one.reason} for one in some[:NAMED]],
    }
    key = f"office-unconfirmed:{some[0].shop_id}:{until:%Y%m%d%H%M%S}"
    return some[0].order_id, Tell("office-unconfirmed", facts, key, Audience.OFFICE)
