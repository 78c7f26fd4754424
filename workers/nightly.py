"""
Text messages in the recipient's night: they wait for the morning, and what is no news by then is dropped.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from orderpipe.domain.kinds import kind_of
from orderpipe.domain.notices import STALE_NEWS, Later, Leased, Order, Result, Withdrawn
from orderpipe.domain.quiet_hours import NIGHT, quiet_until, zones_of
from orderpipe.store.letter_rules import LetterRules


def put_off(leased: Sequence[Leased], orders: Mapping[int, Order], rules: Mapping[int, LetterRules], now: datetime) -> list[Result]:
    """What of these text messages must not go out now."""
    results: list[Result] = []
    for notice in leased:
        order = orders.get(notice.about)
        if order is None or notice.kind in rules[order.shop_id].wakes:
            continue
        morning = _morning(notice, order, rules[order.shop_id], now)
        lasts = kind_of(notice.kind).lasts
        if lasts and morning - notice.created_at > lasts:
            results.append(Withdrawn(notice, STALE_NEWS))
        elif morning > now:
            results.append(Later(notice, NIGHT, morning, counts=False))
    return results


def _morning(notice: Leased, order: Order, rules: LetterRules, now: datetime) -> datetime:
    """`now`, or the end of the night."""
    there = str((order.ship_to or {}).get("country") or "")
    zones = zones_of(notice.recipient, home=order.country, there=there, otherwise=order.time_zone)
    return quiet_until(now, zones, rules.quiet)
